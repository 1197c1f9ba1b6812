"""Webhook bodies as the provider sends them, signed."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from providers.signatures import sha256_hex
from workspaces.models import Channel

from .people import APP_SECRET


def message(channel: Channel, *, sender: int, number: int) -> bytes:
    """A text from the customer with the address `sender`; `number` makes its id unique."""
    value = {
        "contacts": [{"profile": {"name": "Nora"}, "wa_id": str(sender)}],
        "messages": [
            {
                "from": str(sender),
                "id": f"wamid.HBgMNDQ3NzAwOTAwMDAwFQIAEhgU{number:020d}",
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": f"Where is my order {number}? I have been waiting at the harbour since noon."},
            }
        ],
    }
    return _body(channel, value)


def statuses(channel: Channel, ids: Sequence[str], word: str) -> bytes:
    """One body with a status for each of these messages."""
    at = str(int(time.time()))
    elements = [
        {
            "id": identity,
            "status": word,
            "timestamp": at,
            "recipient_id": "447700900001",
            "conversation": {"id": "6f3b1c2d4e5f60718293a4b5c6d7e8f9", "origin": {"type": "service"}},
            "pricing": {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"},
        }
        for identity in ids
    ]
    return _body(channel, {"statuses": elements})


def request(path: str, body: bytes) -> bytes:
    """The whole HTTP request of a signed delivery."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nUser-Agent: bench\r\n"
        f"X-Hub-Signature-256: sha256={sha256_hex(APP_SECRET, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(channel: Channel, value: dict[str, Any]) -> bytes:
    meta = {"display_phone_number": "15550783001", "phone_number_id": channel.external_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": meta, **value}}
    entry = {"id": channel.account_id, "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, separators=(",", ":")).encode()
