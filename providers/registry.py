"""Channel kind to adapter: the only place that names concrete providers."""

from __future__ import annotations

from providers import whatsapp_cloud
from providers.base import Adapter, TemplateAdapter

ADAPTERS: dict[str, Adapter] = {
    "whatsapp_cloud": whatsapp_cloud,
}

TEMPLATE_ADAPTERS: dict[str, TemplateAdapter] = {
    "whatsapp_cloud": whatsapp_cloud,
}


class UnknownProvider(LookupError):
    """No adapter goes by this name."""


def adapter(kind: str) -> Adapter:
    """The adapter of a channel kind. Raises `UnknownProvider`."""
    try:
        return ADAPTERS[kind]
    except KeyError:
        raise UnknownProvider(f"no provider is called {kind!r}; known: {', '.join(sorted(ADAPTERS))}") from None


def templates(kind: str) -> TemplateAdapter | None:
    """The adapter for the templates of a channel kind, or None when the provider has none."""
    return TEMPLATE_ADAPTERS.get(kind)
