"""The broadcasts of the demo workspaces, in a few words each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

ELEVEN = time(11, 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """One broadcast. Days count from today, in the workspace's zone; `weekday` moves the day on to that one (0 Monday).

    Items of the audience are kinds and names: ("segment", "Flu jab due"); ("broadcast", name) means those who did not
    reply to one that stands earlier in the list.
    """

    name: str
    status: str
    template: str = ""  # name:language
    include: Sequence[tuple[str, str]] = (("everybody", ""),)
    exclude: Sequence[tuple[str, str]] = ()
    days: int = 0
    clock: time = ELEVEN
    weekday: int | None = None
    timing: str = "at"
    repeat: str = "never"
    rounds: int = 0  # how often a series has come round already
    sent: float = 1.0  # the part whose turn came before it was stopped
    failing: float = 0.035  # the part that did not arrive
    answers: Sequence[str] = ()
    values: dict[str, str] = field(default_factory=dict)  # place → what was typed for everybody
    more: dict[str, Any] = field(default_factory=dict)  # further columns


DISCOUNT = {"body:discount": "20%"}
QUIET = {"quiet_from": time(21, 0), "quiet_until": time(8, 0)}
ENGLISH = (
    "Is the ivory throw still in stock?",
    "Lovely! Can I pay on delivery?",
    "Do you ship to Manchester?",
    "Thanks, ordered two.",
    "How long does delivery take?",
)
ARABIC = ("هل المقاس الكبير متوفر؟", "تمام، شكرًا", "كم سعر التوصيل للإسكندرية؟", "أريد واحدة من فضلك")

SHOP = [
    Plan(
        "تخفيضات نهاية الصيف",
        "cancelled",
        "new_season:ar",
        include=[("segment", "عملاء مصر النشطون")],
        days=-24,
        clock=time(18, 0),
        sent=0.3,
        values={"body:discount": "15%"},
        answers=ARABIC,
    ),
    Plan(
        "Autumn linen sale",
        "finished",
        "new_season:en",
        exclude=[("segment", "عملاء مصر النشطون")],
        days=-9,
        values=DISCOUNT,
        answers=ENGLISH,
    ),
    Plan(
        "Loyalty points run out",
        "missed",
        "winter_picks:en",
        include=[("tag", "VIP")],
        days=-5,
        clock=time(9, 0),
        more={
            "pause_text": "It was to start at 09:00 but nothing could be sent then. That was noticed 3 hours later, "
            "too late to write to people about it. Nobody got it and nothing was charged. "
            "Make a copy of it to send it at another time."
        },
    ),
    Plan(
        "وصل حديثًا",
        "scheduled",
        "new_season:ar",
        include=[("segment", "عملاء مصر النشطون")],
        exclude=[("tag", "تجار الجملة")],
        weekday=0,
        clock=time(10, 0),
        repeat="weekly",
        rounds=2,
        values=DISCOUNT,
        answers=ARABIC,
    ),
    Plan(
        "Winter picks for our best customers",
        "finished",
        "winter_picks:en",
        include=[("segment", "Best customers who agreed")],
        days=-2,
        clock=time(17, 0),
        answers=ENGLISH,
    ),
    Plan(
        "Weekend flash sale",
        "paused",
        "new_season:en",
        include=[("segment", "Spent more than 5,000 or VIP")],
        days=-1,
        clock=time(19, 30),
        sent=0.55,
        failing=0.3,
        values={"body:discount": "30%"},
        answers=ENGLISH,
        more={
            "pause_reason": "failures",
            "pause_text": "More than 20 % of the last messages failed. Look at the causes below, and resume when they "
            "are mended.",
        },
    ),
    Plan(
        "White Friday, before everybody else",
        "scheduled",
        "new_season:en",
        days=1,
        weekday=4,
        clock=time(9, 30),
        timing="local",
        values={"body:discount": "40%"},
        more=QUIET,
    ),
    Plan("Gift guide", "draft", "winter_picks:en", days=12, clock=time(16, 30)),
    Plan("Where have you been?", "draft", include=[("segment", "Quiet for three months")], timing="now"),
]
CLINIC = [
    Plan(
        "Flu jabs are here",
        "finished",
        "flu_jab:en",
        include=[("segment", "May get the newsletter"), ("tag", "Flu jab due")],
        days=-9,
        clock=time(10, 0),
        answers=("Can I bring my mother on Saturday?", "What time do you open?", "Booked, thanks."),
    ),
    Plan(
        "What is new at the clinic",
        "scheduled",
        "our_services:en",
        include=[("segment", "May get the newsletter")],
        weekday=2,
        clock=time(15, 0),
        repeat="weekly",
        rounds=1,
        answers=("Do you take walk-ins for hearing tests?", "Thank you, very helpful."),
    ),
    Plan(
        "Flu jabs, second call",
        "scheduled",
        "flu_jab:en",
        include=[("broadcast", "Flu jabs are here")],
        days=2,
        clock=time(10, 0),
    ),
    Plan("Opening hours at Christmas", "draft", include=[("everybody", "")], timing="now"),
]
OF = {"nile-shop": SHOP, "harbour-clinic": CLINIC}  # by the slug of the workspace
