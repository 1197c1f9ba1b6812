"""Name a browser by its User-Agent line, roughly: enough to tell one's own devices apart."""

from __future__ import annotations

from django import template

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
    """ "Firefox on Linux", or the line itself, shortened, when neither part is known."""
    program = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, [program, system])) or user_agent[:60] or "Unknown browser"
