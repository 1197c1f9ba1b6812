"""Words for what rows hold as codes: browsers and ages."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.timesince import timesince

register = template.Library()

# First match wins: almost every line also names the browsers it wants to be taken for.
BROWSERS = [("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
]


@register.filter
def browser(user_agent: str) -> str:
    """Name a browser by its User-Agent line: "Firefox on Linux", or the line itself when neither is known."""
    program = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, [program, system])) or user_agent[:60] or "Unknown browser"


@register.filter
def ago(moment: datetime) -> str:
    """ "3 hours ago" in one unit, "just now" within the first minute."""
    age = timesince(moment, depth=1)
    return "just now" if age.startswith("0") else f"{age} ago"
