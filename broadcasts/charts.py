"""The geometry of the report's charts: numbers in, coordinates out. Pure; templates draw what this says as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

# The area in which lines are drawn. Browsers stretch it to the width there is; the words stand beside it as HTML.
WIDTH, HEIGHT = 600, 160


@dataclass(frozen=True, slots=True)
class Line:
    """One line as an SVG path, and the area under it."""

    name: str
    path: str
    area: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle."""

    name: str
    x: float
    y: float
    width: float
    height: float
    count: int


def lines(values: Mapping[str, Sequence[int]], most: int) -> list[Line]:
    """Cumulated counts as steps from left to right; `most` is the height of the whole."""
    made = []
    for name, counts in values.items():
        across = WIDTH / max(len(counts), 1)
        points = [(0.0, float(HEIGHT))]
        points += [(across * (at + 1), HEIGHT * (1 - count / max(most, 1))) for at, count in enumerate(counts)]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        made.append(Line(name, path, f"{path} L{points[-1][0]:.1f} {HEIGHT} Z"))
    return made


def beside(values: Mapping[str, Sequence[int]], most: int) -> list[Bar]:
    """Counts of each stretch as bars one beside the other: not on each other, because one person may be in several."""
    number = max((len(counts) for counts in values.values()), default=0)
    stretch = WIDTH / max(number, 1)
    across = stretch * 0.8 / max(len(values), 1)
    made = []
    for place, (name, counts) in enumerate(values.items()):
        for at, count in enumerate(counts):
            if count:
                height = HEIGHT * count / max(most, 1)
                x = stretch * (at + 0.1) + across * place
                bar = Bar(name, round(x, 2), round(HEIGHT - height, 2), round(across, 2), round(height, 2), count)
                made.append(bar)
    return made


def ticks(most: int) -> list[int]:
    """Two to five round numbers up the side, 0 and at least `most` among them."""
    if most <= 1:
        return [0, 1]
    rough = most / 4
    unit = 10 ** floor(log10(rough)) if rough >= 1 else 1
    step = next(int(unit * nice) for nice in (1, 2, 5, 10) if unit * nice >= rough or unit * nice >= most)
    return [step * number for number in range(ceil(most / step) + 1)]


def percent(share: float | None) -> str:
    """A share as people read it: 0 %, < 0.1 %, 4.2 %, 96 %, 100 %, and nothing where there is none."""
    if share is None:
        return ""
    value = share * 100
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    return f"{value:.1f} %".replace(".0 %", " %")
