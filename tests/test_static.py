"""The static files by rule: contrast, layers, directions, sizes, and other people's files unchanged."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
CSS = STATIC / "css"
TOKENS = (CSS / "tokens.css").read_text()
SHEETS = sorted(CSS.rglob("*.css"))
OF_PAGES = sorted((CSS / "pages").glob("*.css"))  # linked by the pages that need them, on top of app.css
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
KIB = 1024

PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
COLOURS = {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS)}

TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
GROUNDS = ("canvas", "surface", "raised", "hover", "selected", "sunken")
ON = [
    *itertools.product(("text", "text-2", "text-3"), GROUNDS, (TEXT,)),
    *itertools.product(("text", "text-2", "link", "bad"), ("bubble-in", "bubble-out"), (TEXT,)),
    *itertools.product(("text-2", "text-3"), ("thread",), (TEXT,)),
    *itertools.product(("accent", "link", "ok", "warn", "bad", "info"), ("surface", "canvas"), (TEXT,)),
    *itertools.product(("accent", "link"), ("selected", "raised"), (TEXT,)),
    *[(name, f"{name}-bg", TEXT) for name in ("ok", "warn", "bad", "info")],
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-bad", "bad-solid", TEXT),
    ("canvas", "text", TEXT),  # toasts are drawn inverted
    *[(f"hue-{number}", "surface", TEXT) for number in range(1, 7)],
    *itertools.product(("control",), ("surface", "canvas", "raised"), (SHAPE,)),
    *itertools.product(("focus",), ("surface", "canvas", "selected", "bubble-in", "bubble-out", "thread"), (SHAPE,)),
    ("read-tick", "bubble-out", SHAPE),
    *itertools.product(("text", "phone-link", "phone-faint"), ("phone-bubble",), (TEXT,)),
    ("phone-faint", "phone-wall", TEXT),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def rules(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)


@pytest.mark.parametrize(("ink", "ground", "least"), ON)
def test_every_pair_of_colours_in_use_can_be_read_in_both_themes(ink: str, ground: str, least: float) -> None:
    for theme in (0, 1):
        assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= least


def test_every_stylesheet_is_in_a_layer_of_the_one_that_is_linked() -> None:
    app = (CSS / "app.css").read_text()
    imported = set(re.findall(r'@import url\("([^"]+)"\) layer\(\w+\);', app))
    assert imported == {str(sheet.relative_to(CSS)) for sheet in SHEETS if sheet not in OF_PAGES} - {"app.css"}
    assert "@layer reset, tokens, base, layout, components, screens, utilities;" in app


@pytest.mark.parametrize("sheet", OF_PAGES, ids=lambda sheet: sheet.name)
def test_a_stylesheet_of_few_pages_joins_the_layers_and_is_linked(sheet: Path) -> None:
    assert re.fullmatch(r"\s*@layer (?:components|screens) \{.*\}\s*", rules(sheet), re.S)
    templates = "".join(path.read_text() for path in (STATIC.parent / "templates").rglob("*.html"))
    assert f"{{% static 'css/{sheet.relative_to(CSS)}' %}}" in templates


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_stylesheet_keeps_the_house_rules(sheet: Path) -> None:
    text = rules(sheet).replace("safe-area-inset-bottom", "")
    assert len(text.splitlines()) <= 120
    # Logical properties turn with the writing direction by themselves.
    assert not re.search(
        r"\b(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b", text
    )
    assert not re.search(
        r"[;{\s](?:left|right|top|bottom|width|height|min-width|max-height)\s*:", text.replace("@media", "")
    )
    assert "text-align: left" not in text
    assert "text-align: right" not in text
    assert "!important" not in text
    assert sheet.name == "tokens.css" or not re.search(r"#[0-9a-fA-F]{3,8}\b", text)
    assert not re.search(r"(?:^|[\s,}])#[a-z][^;)]*{", text), "no ids in selectors"


def test_a_colour_is_named_before_it_is_used() -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", "".join(map(rules, SHEETS))))
    used = set(re.findall(r"var\((--[\w-]+)", "".join(map(rules, SHEETS))))
    assert used <= defined


def test_what_the_inbox_loads_stays_small() -> None:
    htmx = Path(str(finders.find("django_htmx/htmx-2.min.js")))
    pages = "".join((ROOT / "templates" / page).read_text() for page in ("base.html", "inbox/inbox.html"))
    own = {STATIC / name for name in re.findall(r"<script src=\"{% static '([^']+)'", pages)}
    assert set(SCRIPTS) >= own - {STATIC / "vendor" / "idiomorph.min.js"}, "the pages name scripts that are there"
    assert len(own) > 10, "the inbox has its scripts"
    assert sum(map(packed, [htmx, *own])) <= 38 * KIB
    assert sum(packed(sheet) for sheet in SHEETS if sheet not in OF_PAGES) <= 24 * KIB


def test_what_a_single_page_adds_stays_small() -> None:
    for page in (ROOT / "templates").rglob("*.html"):
        linked = set(re.findall(r"{% static '(css/pages/[^']+)' %}", page.read_text()))
        assert sum(packed(STATIC / name) for name in linked) <= 6 * KIB, page


def test_files_of_others_are_unchanged() -> None:
    listed = re.findall(r"\| `([\w.-]+)` \|.*\| `([0-9a-f]{64})` \|", (STATIC / "vendor" / "VENDOR.md").read_text())
    assert {name for name, _ in listed} == {path.name for path in (STATIC / "vendor").iterdir()} - {"VENDOR.md"}
    for name, digest in listed:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons" / "icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (STATIC.parent / "templates").rglob("*.html"))
    named = set(re.findall(r'{% icon "([\w-]+)"', templates)) | set(re.findall(r"#([\w-]+)\"></use>", templates))
    assert named <= sprite


def test_no_template_carries_script_or_style_of_its_own() -> None:
    for path in (STATIC.parent / "templates").rglob("*.html"):
        text = path.read_text()
        if "email" in path.parts:
            continue
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", text), path
