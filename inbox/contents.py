"""The `content` of an inbound message: what its bubble needs beyond text and file, one shape per kind."""

from __future__ import annotations

from typing import Any

from providers.types import Event


def content_of(event: Event) -> dict[str, Any]:
    """What a message of this kind keeps, see docs/providers.md for the shapes. Empty values are left out."""
    content: dict[str, Any] = {}
    if event.location:
        content.update(event.location)
    if event.contacts:
        content["contacts"] = event.contacts
    if event.reply:
        content["reply"] = event.reply
    if event.order:
        content["order"] = event.order
    if event.flow_response is not None:
        content["flow_response"] = event.flow_response
    if event.media and event.media.get("filename"):
        content["filename"] = event.media["filename"]
    if event.media and event.media.get("animated"):
        content["animated"] = True
    if event.forwarded:
        content["forwarded"] = True
    if event.referral:
        content["referral"] = event.referral
    if event.reason:
        content["reason"] = event.reason
    return content
