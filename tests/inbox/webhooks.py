"""WhatsApp webhooks as a provider would deliver them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from itertools import count
from typing import Any

from inbox import receiving, recording
from workspaces.models import Channel

_ids = count(1)


def text(sender: str = "447700900118", body: str = "Hello", **fields: Any) -> dict[str, Any]:
    """One element of `messages`."""
    return {
        "from": sender,
        "id": f"wamid.in.{next(_ids)}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": body},
        **fields,
    }


def change_of(
    target: str, kind: str, part: dict[str, Any], sender: str = "447700900118", **fields: Any
) -> dict[str, Any]:
    """A reaction, an edit or a removal of an earlier message."""
    element = text(sender, **fields)
    del element["text"]
    key = "message_id" if kind == "reaction" else "original_message_id"
    return {**element, "type": kind, kind: {key: target, **part}}


def status(wamid: str, word: str = "delivered", **fields: Any) -> dict[str, Any]:
    """One element of `statuses`."""
    return {"id": wamid, "status": word, "timestamp": str(int(time.time())), "recipient_id": "447700900118", **fields}


def failure(code: int = 131026) -> dict[str, Any]:
    return {"errors": [{"code": code, "title": "Message undeliverable"}]}


def payload(channel: Channel, *elements: dict[str, Any], field: str = "messages", **other: Any) -> dict[str, Any]:
    """One webhook with messages and statuses told apart by themselves; `other` goes into the value as it is."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783001", "phone_number_id": channel.external_id},
        **other,
    }
    messages = [element for element in elements if "status" not in element]
    statuses = [element for element in elements if "status" in element]
    if messages:
        senders = {element["from"] for element in messages if "from" in element}
        value["contacts"] = [{"wa_id": sender, "profile": {"name": f"Person {sender[-3:]}"}} for sender in senders]
        value["message_echoes" if field == "smb_message_echoes" else "messages"] = messages
    if statuses:
        value["statuses"] = statuses
    change = {"field": field, "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": channel.account_id, "changes": [change]}]}


def body_of(described: Any) -> bytes:
    return json.dumps(described).encode()


def signature(body: bytes, secret: str = "app-secret-of-the-channel") -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def store(channel: Channel, *elements: Any, **options: Any) -> int:
    """Store a webhook as the hook does after the signature was found right; its id. Bytes are stored as they are."""
    raw = (
        elements[0] if elements and isinstance(elements[0], bytes) else body_of(payload(channel, *elements, **options))
    )
    return recording.record(channel.workspace_id, channel.pk, raw, {"Content-Type": "application/json"})


def deliver(channel: Channel, *elements: Any, **options: Any) -> int:
    """Store a webhook and apply everything that is due; its id."""
    identity = store(channel, *elements, **options)
    while receiving.apply_pending():
        pass
    return identity
