"""What happens to a message after it was accepted, and how a customer's message comes in."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

from simulator import whatsapp_hooks
from simulator.errors import webhook_error
from simulator.faults import Fault
from simulator.records import Channel, Chat, Customer, Message, PendingEvent
from simulator.state import World, new_wamid
from simulator.webhooks import Outbox

RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4}
FAILING = {"undeliverable": 131026, "window_closed": 131047, "capped": 131049, "opted_out": 131050}
LOOK_BACK = 500  # messages that one look at a chat can turn read
READ_AFTER = 0.4  # seconds between delivery and blue ticks when the chat is open on the phone


class Lifecycle:
    def __init__(self, world: World) -> None:
        self.world = world
        self.outbox = Outbox(world, {"whatsapp_cloud": whatsapp_hooks.request_for}, self.released)

    # The business's messages

    def accepted(self, message: Message, *, failing: int | None = None, details: str = "") -> None:
        """Queue the statuses of a message: failed with `failing`, else sent and delivered."""
        settings = self.outbox.settings
        if failing is not None:
            self._status(message, "failed", after=settings.sent_after, errors=[webhook_error(failing, details)])
            return
        self._status(message, "sent", after=settings.sent_after)
        if message.type == "reaction":
            return
        self._status(message, "delivered", after=settings.delivered_after)

    def failure_of(self, message: Message, channel: Channel, fault: Fault | None) -> int | None:
        """Return the code with which an accepted message is going to fail, or None."""
        if fault and fault.action in FAILING:
            return FAILING[fault.action]
        customer = self.world.find_customer(message.customer)
        if customer is None or not customer.on_whatsapp:
            return 131026
        window_open = self.world.window_is_open(message.phone_number_id, message.customer)
        if channel.enforce_window and message.type != "template" and not window_open:
            return 131047
        return None

    def _status(
        self, message: Message, status: str, *, after: float, errors: list[dict[str, Any]] | None = None
    ) -> None:
        customer = self.world.find_customer(message.customer)
        item = whatsapp_hooks.status_item(message, customer, status, at=time.time() + after, errors=errors)
        self.outbox.add(message.phone_number_id, "status", item, after=after)

    def released(self, event: PendingEvent) -> None:
        """Let a status show on the phone at the moment its webhook sets off. Ranks only rise."""
        message = self.world.messages.get(event.item["id"]) if event.kind == "status" else None
        if message is None:
            return
        status = event.item["status"]
        message.history.append((status, time.time()))
        if status == "failed":
            message.status, message.errors = "failed", event.item.get("errors")
        elif RANK[status] > RANK.get(message.status, 9):
            message.status = status
        if status == "delivered":
            self._delivered(message)
        self.world.save_message(message)

    def _delivered(self, message: Message) -> None:
        channel = self.world.channels.get(message.phone_number_id)
        if self.world.hub.is_watched(f"{message.phone_number_id}/{message.customer}"):
            self.read_by_customer(message.phone_number_id, message.customer)
        elif channel and channel.auto_read_seconds is not None:
            self._status(message, "read", after=channel.auto_read_seconds)

    def read_by_customer(self, phone_number_id: str, customer: str) -> int:
        """The customer looks at the chat: everything delivered turns read. Returns how many did."""
        chat = self.world.chat(phone_number_id, customer)
        fresh = []
        for message in islice(reversed(self.world.thread(phone_number_id, customer)), LOOK_BACK):
            if message.direction == "out" and message.status == "delivered":
                message.status = "read"  # at once, so that a second look does not send the status twice
                self.world.save_message(message)
                fresh.append(message)
        for message in reversed(fresh):
            self._status(message, "read", after=READ_AFTER)
        if chat.unread:
            chat.unread = 0
            self.world.save_chat(chat)
            self.world.hub.changed("list")
        return len(fresh)

    # The customer's messages

    def receive(
        self, channel: Channel, customer: Customer, kind: str, body: Any, *,
        reply_to: str = "", at: float | None = None, wamid: str = "", extra: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """The customer sends something. Files it on the phone, queues the webhook and returns the message id."""
        at = at or time.time()
        wamid = wamid or new_wamid(customer.key)
        context = self._context(channel, customer, reply_to)
        wire: dict[str, Any] = {"type": kind, **(extra or {})}
        if body is not None:
            wire["errors" if kind == "unsupported" else kind] = body
        if context:
            wire["context"] = context
        if not self._change_earlier(customer, kind, body) and wamid not in self.world.messages:
            shown = body if isinstance(body, dict) else {"cards": body} if kind == "contacts" else {}
            message = Message(
                id=wamid, phone_number_id=channel.phone_number_id, customer=customer.key, direction="in", type=kind,
                body=shown, at=at, status="sent", context=context,
            )  # fmt: skip
            self.world.add_message(message)
        chat = self.world.chat(channel.phone_number_id, customer.key)
        chat.last_inbound_at = max(chat.last_inbound_at, at)
        self.world.save_chat(chat)
        item = whatsapp_hooks.inbound_item(customer, wire, wamid=wamid, at=at)
        self.outbox.add(channel.phone_number_id, "message", item)
        return wamid

    def _context(self, channel: Channel, customer: Customer, reply_to: str) -> dict[str, Any] | None:
        quoted = self.world.messages.get(reply_to)
        if not reply_to:
            return None
        from_business = quoted is None or quoted.direction == "out"
        return {"from": channel.digits if from_business else customer.number, "id": reply_to}

    def _change_earlier(self, customer: Customer, kind: str, body: Any) -> bool:
        """Reactions, edits and removals change a bubble that is already there. Returns whether this was one."""
        if kind not in ("reaction", "edit", "revoke") or not isinstance(body, dict):
            return False
        target = self.world.messages.get(body.get("message_id") or body.get("original_message_id") or "")
        if target is None or target.customer != customer.key:
            return True
        if kind == "reaction":
            set_reaction(target, "customer", body.get("emoji", ""))
        elif kind == "revoke":
            target.deleted = True
        else:
            edited = body.get("message", {})
            target.body, target.edited = edited.get(edited.get("type", ""), {}), True
        self.world.save_message(target)
        return True

    def read_by_business(self, message: Message) -> None:
        """The business marked `message` read: that one and everything before it gets blue ticks."""
        for earlier in reversed(self.world.thread(message.phone_number_id, message.customer)):
            if earlier.seq > message.seq or earlier.direction != "in":
                continue
            if earlier.status == "read":
                break
            earlier.status = "read"
            self.world.save_message(earlier)

    def show_typing(self, chat: Chat) -> None:
        chat.typing_until = time.time() + 25
        self.world.hub.changed(f"{chat.phone_number_id}/{chat.customer}")

    def recover(self, messages: list[Message]) -> None:
        """Give messages that only the journal knew their statuses again."""
        for message in messages:
            self.accepted(message)


def set_reaction(message: Message, who: str, emoji: str) -> None:
    if emoji:
        message.reactions[who] = emoji
    else:
        message.reactions.pop(who, None)
