"""WhatsApp webhooks: the envelope, the elements in it and the signature.

Shapes: developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components (read 2026-09).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from simulator.records import Channel, Customer, Message, PendingEvent


def request_for(channel: Channel, events: list[PendingEvent]) -> tuple[bytes, dict[str, str]]:
    """Return the raw body and headers of one webhook that carries `events`."""
    body = encode(envelope(channel, events))
    secret = channel.app_secret.encode()
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
    }


def encode(payload: dict[str, Any]) -> bytes:
    """Encode as they do, with escaped slashes and no raw non-ASCII: re-serialising it breaks the signature."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def envelope(channel: Channel, events: list[PendingEvent]) -> dict[str, Any]:
    metadata = {"display_phone_number": channel.digits, "phone_number_id": channel.phone_number_id}
    base = {"messaging_product": "whatsapp", "metadata": metadata}
    messages = [event.item for event in events if event.kind == "message"]
    statuses = [event.item for event in events if event.kind == "status"]
    changes: list[dict[str, Any]] = []
    if messages:
        people = {json.dumps(item["contact"]): item["contact"] for item in messages}
        value = {**base, "contacts": list(people.values()), "messages": [item["message"] for item in messages]}
        changes.append({"field": "messages", "value": value})
    if statuses:
        changes.append({"field": "messages", "value": {**base, "statuses": statuses}})
    entries: list[dict[str, Any]] = [{"id": channel.waba_id, "changes": changes}] if changes else []
    for event in events:
        if event.kind == "field":  # only news about account and templates says when it happened
            entries.append({"id": channel.waba_id, "time": int(event.created), "changes": [event.item]})
    return {"object": "whatsapp_business_account", "entry": entries}


def inbound_item(customer: Customer, message_fields: dict[str, Any], *, wamid: str, at: float) -> dict[str, Any]:
    """A customer's message and the contact that goes with it."""
    contact: dict[str, Any] = {"profile": {"name": customer.name}}
    message: dict[str, Any] = {"id": wamid, "timestamp": str(int(at)), **message_fields}
    if customer.username:
        contact["profile"]["username"] = customer.username
    if customer.number:
        contact["wa_id"] = message["from"] = customer.number
    if customer.user_id:
        contact["user_id"] = message["from_user_id"] = customer.user_id
    return {"contact": contact, "message": message}


def status_item(
    message: Message, customer: Customer | None, status: str, *, at: float, errors: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """One element of `statuses[]`; the price travels on sent and delivered only."""
    item: dict[str, Any] = {"id": message.id, "status": status, "timestamp": str(int(at))}
    if customer is None or customer.number:
        item["recipient_id"] = customer.number if customer else message.customer
    if customer and customer.user_id:
        item["recipient_user_id"] = customer.user_id
    if message.callback is not None:
        item["biz_opaque_callback_data"] = message.callback
    if message.billing and status in ("sent", "delivered"):
        item["pricing"] = message.billing
    if errors:
        item["errors"] = errors
    return item


def pricing(message_type: str, category: str, *, window_open: bool) -> dict[str, Any]:
    free = window_open and category in ("service", "utility")
    return {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": category if message_type == "template" else "service",
    }
