"""Small pieces every template uses: icons, avatars, where the event stream is."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit, urlunsplit

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workspaces.access import allows

register = template.Library()

THEMES = ("light", "dark")
HUES = 6


@cache
def _sprite() -> str:
    return static("icons/icons.svg")


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite. Decorative: the words beside it, or hidden text, say what it means."""
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, _sprite(), name)


@register.simple_tag
def avatar(name: str, css: str = "") -> SafeString:
    """A round with the initials of a person; its hue follows from the name."""
    return format_html(
        '<span class="avatar avatar--{} {}" aria-hidden="true">{}</span>', hue(name), css, initials(name)
    )


def initials(name: str) -> str:
    """Up to two letters that stand for a name; a number gives its last two digits."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        digits = [char for char in name if char.isdigit()]
        return "".join(digits[-2:]) or "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(name: str) -> int:
    """Which of the avatar colours a name has: the same in every list, process and release."""
    return sum(name.encode()) % HUES + 1


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The theme a person chose, from the cookie: light, dark or nothing (like the system)."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag
def csrf_cookie() -> str:
    """The name scripts find the CSRF token under."""
    return settings.CSRF_COOKIE_NAME


@register.simple_tag(takes_context=True)
def live_url(context: template.Context) -> str:
    """Where this workspace's event stream is: behind the proxy on our own origin, or on its own port."""
    request: HttpRequest = context["request"]
    path = f"/w/{request.workspace.slug}/live"  # type: ignore[attr-defined]  # set by workspace_view
    if not settings.LIVE_PORT:
        return path
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((request.scheme or "http", f"{host}:{settings.LIVE_PORT}", path, "", ""))


@register.simple_tag(takes_context=True)
def may(context: template.Context, permission: str) -> bool:
    """Whether the member on this page has a permission. For links only: pages decide by themselves."""
    member = getattr(context.get("request"), "member", None)
    return member is not None and allows(member.role, permission)


@register.simple_tag
def sprite() -> str:
    """The address of the icons, for templates that write many."""
    return _sprite()


@register.filter
def grouped(number: int) -> str:
    """1234567 → 1,234,567"""
    return f"{number:,}"
