"""Everything the simulator knows, in memory, with each change handed to the storage behind it."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from dataclasses import fields
from typing import Any

from simulator.config import Config
from simulator.journal import Journal
from simulator.live import Hub
from simulator.records import Channel, Chat, Customer, Media, Message, Upload
from simulator.seeds import seed_customers
from simulator.storage import Storage
from simulator.template_book import TemplateBook

WINDOW_SECONDS = 24 * 3600


class World:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.storage = Storage(config.state)
        self.journal = Journal(config.journal)
        self.hub = Hub()
        self.channels: dict[str, Channel] = {}
        self.customers: dict[str, Customer] = {}
        self.customers_by_user_id: dict[str, Customer] = {}
        self.chats: dict[tuple[str, str], Chat] = {}
        self.threads: dict[tuple[str, str], list[Message]] = {}
        self.messages: dict[str, Message] = {}
        self.media: dict[str, Media] = {}
        self.templates = TemplateBook(self.storage)
        self.uploads: dict[str, Upload] = {}
        self.marks: dict[str, Any] = {"journal_offset": 0, "seq": 0}

    # Loading and connecting

    def load(self) -> list[Message]:
        """Restore the last run. Returns accepted messages that only the journal still knew."""
        config = self.config
        config.media_folder.mkdir(parents=True, exist_ok=True)
        for row in self.storage.load("mark"):
            self.marks.update(row)
        for row in self.storage.load("channel"):
            self.channels[row["phone_number_id"]] = Channel(**row)
        for row in self.storage.load("customer"):
            self._remember(Customer(**row))
        for row in self.storage.load("chat"):
            self.chats[row["phone_number_id"], row["customer"]] = Chat(**row)
        for message in sorted((Message(**row) for row in self.storage.load("message")), key=lambda m: m.seq):
            self._file(message)
        for row in self.storage.load("media"):
            self.media[row["id"]] = Media(**row)
        for row in self.storage.load("upload"):
            self.uploads[row["session"]] = Upload(**row)
        self.templates.load()
        for channel in config.channels:
            self.register_channel(channel)
        if not self.customers:
            for customer in seed_customers():
                self.put_customer(customer)
        return self._recover_from_journal()

    def _recover_from_journal(self) -> list[Message]:
        recovered = []
        for entry in self.journal.after(self.marks["journal_offset"]):
            if entry["id"] in self.messages:
                continue
            message = Message(
                id=entry["id"], phone_number_id=entry["phone_number_id"], customer=entry["customer"], direction="out",
                type=entry["type"], body=entry["body"], at=entry["at"], callback=entry["callback"],
            )  # fmt: skip
            self.add_message(message)
            recovered.append(message)
        self._mark_journal()
        return recovered

    def register_channel(self, description: dict[str, Any]) -> Channel:
        """Add or replace a business number. Raises ValueError naming what is missing."""
        known = {field.name for field in fields(Channel)}
        missing = {"phone_number_id", "waba_id", "display_phone_number", "token", "app_secret"} - set(description)
        if missing:
            raise ValueError("missing: " + ", ".join(sorted(missing)))
        channel = Channel(**{name: value for name, value in description.items() if name in known})
        self.channels[channel.phone_number_id] = channel
        self.storage.put("channel", channel.phone_number_id, channel)
        self.templates.open_account(channel.waba_id)
        self.hub.changed("list")
        return channel

    # People

    def put_customer(self, customer: Customer) -> Customer:
        self._remember(customer)
        self.storage.put("customer", customer.key, customer)
        self.hub.changed("list")
        return customer

    def _remember(self, customer: Customer) -> None:
        self.customers[customer.key] = customer
        if customer.user_id:
            self.customers_by_user_id[customer.user_id] = customer

    def find_customer(self, key: str) -> Customer | None:
        return self.customers.get(key) or self.customers_by_user_id.get(key)

    # Chats and messages

    def chat(self, phone_number_id: str, customer: str) -> Chat:
        key = (phone_number_id, customer)
        if key not in self.chats:
            self.chats[key] = Chat(*key)
        return self.chats[key]

    def thread(self, phone_number_id: str, customer: str) -> list[Message]:
        return self.threads.get((phone_number_id, customer), [])

    def window_is_open(self, phone_number_id: str, customer: str) -> bool:
        chat = self.chats.get((phone_number_id, customer))
        return chat is not None and time.time() - chat.last_inbound_at < WINDOW_SECONDS

    def add_message(self, message: Message) -> None:
        """File a new message, in the journal too when the business sent it."""
        self.marks["seq"] += 1
        message.seq = self.marks["seq"]
        message.history.append((message.status, message.at))
        self._file(message)
        chat = self.chat(message.phone_number_id, message.customer)
        chat.touched_at = max(chat.touched_at, message.at)
        if message.direction == "in":
            chat.last_inbound_at = max(chat.last_inbound_at, message.at)
        else:
            chat.unread += 1
            chat.typing_until = 0.0
        self.save_chat(chat)
        self.save_message(message)

    def accept(self, message: Message, *, to: str) -> None:
        """Accept a business message: journal first, so a kill after the answer cannot lose it."""
        self.journal.write({
            "id": message.id, "to": to, "callback": message.callback, "type": message.type, "body": message.body,
            "phone_number_id": message.phone_number_id, "customer": message.customer, "at": message.at,
        })  # fmt: skip
        self.add_message(message)
        self._mark_journal()

    def _mark_journal(self) -> None:
        self.marks["journal_offset"] = self.journal.size
        self.storage.put("mark", "all", self.marks)

    def _file(self, message: Message) -> None:
        self.messages[message.id] = message
        self.threads.setdefault((message.phone_number_id, message.customer), []).append(message)

    def save_message(self, message: Message) -> None:
        message.revision += 1
        self.storage.put("message", message.id, message)
        self.hub.changed(f"{message.phone_number_id}/{message.customer}", "list")

    def save_chat(self, chat: Chat) -> None:
        self.storage.put("chat", f"{chat.phone_number_id}/{chat.customer}", chat)

    # Files

    def put_media(self, phone_number_id: str, content: bytes, *, mime_type: str, filename: str, days: int) -> Media:
        media = Media(
            id=str(secrets.randbelow(9 * 10**15) + 10**15), phone_number_id=phone_number_id, mime_type=mime_type,
            sha256=hashlib.sha256(content).hexdigest(), size=len(content), filename=filename,
            expires_at=time.time() + days * 86400,
        )  # fmt: skip
        (self.config.media_folder / media.id).write_bytes(content)
        self.media[media.id] = media
        self.storage.put("media", media.id, media)
        return media

    def media_bytes(self, media: Media) -> bytes:
        return (self.config.media_folder / media.id).read_bytes()

    def save_upload(self, upload: Upload) -> None:
        self.uploads[upload.session] = upload
        self.storage.put("upload", upload.session, upload)

    def upload_of_handle(self, handle: str) -> Upload | None:
        return next((upload for upload in self.uploads.values() if upload.handle and upload.handle == handle), None)

    def delete_media(self, media: Media) -> None:
        del self.media[media.id]
        self.storage.delete("media", media.id)
        (self.config.media_folder / media.id).unlink(missing_ok=True)


def new_wamid(customer: str) -> str:
    """An id that looks like theirs: the customer and random bytes, base64 with its padding."""
    packed = b"\x1d\x07" + customer.encode() + b"\x15\x02\x00" + os.urandom(10)
    return "wamid." + base64.b64encode(packed).decode()
