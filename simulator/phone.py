"""The phone in the browser: pages, fragments and the event stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from simulator import bubbles, faults, phone_actions
from simulator.provider import Provider
from simulator.records import Channel, Customer
from simulator.state import WINDOW_SECONDS, World

HERE = Path(__file__).parent
PEOPLE_SHOWN = 60
KEEP_ALIVE_SECONDS = 15
REACTIONS = ("👍", "❤️", "😂", "😮", "😢", "🙏")
EMOJI = (*REACTIONS, "😀", "😊", "😍", "🤔", "😎", "🥳", "👋", "👏", "💪",
         "🔥", "✨", "🎉", "☕", "🌹", "✅", "❌", "📦", "🚚")  # fmt: skip
pages = Jinja2Templates(directory=HERE / "templates")
pages.env.globals.update(reactions=REACTIONS, emoji=EMOJI)


async def page(request: Request) -> Response:
    """The whole phone. Looking at a chat reads it."""
    provider: Provider = request.app.state.provider
    shown = _chosen(request)
    if shown["customer"] and shown["channel"]:
        provider.lifecycle.read_by_customer(shown["channel"].phone_number_id, shown["customer"].key)
    return pages.TemplateResponse(request, "phone.html", {
        **shown,
        **_list(request, shown),
        **_thread(provider.world, shown),
        "channels": list(provider.world.channels.values()),
        "inbox_url": provider.world.config.inbox_url,
        **_notes(provider),
        "magic": {code: faults.ACTIONS[action] for code, action in faults.MAGIC_ACTIONS.items()},
    })  # fmt: skip


async def thread(request: Request) -> Response:
    """The bubbles alone, for a page that is already there."""
    shown = _chosen(request)
    return pages.TemplateResponse(
        request, "_thread.html", {**shown, **_thread(request.app.state.provider.world, shown)}
    )


async def people(request: Request) -> Response:
    shown = _chosen(request)
    return pages.TemplateResponse(request, "_people.html", {**shown, **_list(request, shown)})


async def notes(request: Request) -> Response:
    provider: Provider = request.app.state.provider
    shown = _chosen(request)
    values = {**shown, **_thread(provider.world, shown), **_notes(provider)}
    return pages.TemplateResponse(request, "_notes.html", values)


async def live(request: Request) -> Response:
    """One line whenever the chat or the list changed. While this stream is open, the chat counts as being looked at."""
    provider: Provider = request.app.state.provider
    shown = _chosen(request)
    names = ["list"]
    if shown["customer"] and shown["channel"]:
        names.append(f"{shown['channel'].phone_number_id}/{shown['customer'].key}")
        provider.lifecycle.read_by_customer(shown["channel"].phone_number_id, shown["customer"].key)
    return StreamingResponse(_changes(provider.world, names), media_type="text/event-stream",
                             headers={"Cache-Control": "no-store"})  # fmt: skip


async def _changes(world: World, names: list[str]) -> AsyncIterator[bytes]:
    event = world.hub.listen(*names)
    try:
        yield b"retry: 1000\ndata: changed\n\n"
        while not world.hub.ending.is_set():
            try:
                await asyncio.wait_for(event.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            event.clear()
            yield b"data: changed\n\n"
            await asyncio.sleep(0.1)  # one redraw for a burst
    finally:
        world.hub.leave(event, *names)


async def media(request: Request) -> Response:
    """A file of a chat, for the page itself: no token, this machine only."""
    world: World = request.app.state.provider.world
    found = world.media.get(request.path_params["id"])
    if found is None:
        return Response(status_code=404)
    base_type = found.mime_type.split(";")[0]
    # Anything a browser could run as a page goes out as a download.
    shown = base_type.startswith(("image/", "audio/", "video/")) and base_type != "image/svg+xml"
    headers = {"Cache-Control": "private, max-age=3600"}
    if not shown:
        headers["Content-Disposition"] = "attachment"
    media_type = found.mime_type if shown else "application/octet-stream"
    return FileResponse(world.config.media_folder / found.id, media_type=media_type, headers=headers)


def _chosen(request: Request) -> dict[str, Any]:
    """The business number and the customer that the address names."""
    world: World = request.app.state.provider.world
    query = request.query_params
    channel = world.channels.get(query.get("channel", "")) or next(iter(world.channels.values()), None)
    customer = world.find_customer(query.get("customer", "").lstrip("+ "))
    return {"channel": channel, "customer": customer, "query": query.get("q", "").strip(), "params": query}


def _list(request: Request, shown: dict[str, Any]) -> dict[str, Any]:
    """The people on the left: those with the latest messages first."""
    world: World = request.app.state.provider.world
    channel: Channel | None = shown["channel"]
    wanted = shown["query"].casefold()
    found = [
        person for person in world.customers.values()
        if not wanted or wanted in person.name.casefold() or wanted.lstrip("+") in person.key.casefold()
    ]  # fmt: skip
    rows = [_row(world, channel, person) for person in found]
    rows.sort(key=lambda row: (-row["touched_at"], row["person"].name))
    return {"people": rows[:PEOPLE_SHOWN], "hidden": max(0, len(rows) - PEOPLE_SHOWN)}


def _row(world: World, channel: Channel | None, person: Customer) -> dict[str, Any]:
    key = (channel.phone_number_id if channel else "", person.key)
    chat, messages = world.chats.get(key), world.threads.get(key)
    last = messages[-1] if messages else None
    return {
        "person": person,
        "preview": bubbles.preview(last) if last else "",
        "time": time.strftime("%H:%M", time.localtime(last.at)) if last else "",
        "unread": chat.unread if chat else 0,
        "touched_at": chat.touched_at if chat else 0.0,
    }


def _notes(provider: Provider) -> dict[str, Any]:
    settings = provider.outbox.settings
    held = settings.paused or settings.silence_until > time.time()
    return {"outbox": provider.outbox, "holding": held, "rules": provider.faults.rules}


def _thread(world: World, shown: dict[str, Any]) -> dict[str, Any]:
    channel, customer = shown["channel"], shown["customer"]
    if not channel or not customer:
        return {"bubbles": [], "typing": False, "window_left": "", "reply": None, "edit": None}
    chat = world.chat(channel.phone_number_id, customer.key)
    left = chat.last_inbound_at + WINDOW_SECONDS - time.time()
    return {
        "bubbles": bubbles.thread_of(world, channel.phone_number_id, customer.key),
        "typing": chat.typing_until > time.time(),
        "window_left": f"{int(left // 3600)} h {int(left % 3600 // 60)} min" if left > 0 else "",
        "reply": _named(world, shown, "reply"),
        "edit": _named(world, shown, "edit"),
    }


def _named(world: World, shown: dict[str, Any], parameter: str) -> dict[str, Any] | None:
    """The message that `?reply=` or `?edit=` names by its number."""
    wanted = shown["params"].get(parameter, "")
    for message in world.thread(shown["channel"].phone_number_id, shown["customer"].key):
        if wanted and str(message.seq) == wanted:
            return {"wamid": message.id, "preview": bubbles.preview(message), "text": message.body.get("body", ""),
                    "mine": message.direction == "in"}  # fmt: skip
    return None


routes = [
    Route("/", page),
    Route("/phone/thread", thread),
    Route("/phone/people", people),
    Route("/phone/notes", notes),
    Route("/phone/live", live),
    Route("/phone/media/{id}", media),
    Route("/phone/send", phone_actions.send, methods=["POST"]),
    Route("/phone/customers", phone_actions.add_customer, methods=["POST"]),
    Route("/phone/window", phone_actions.close_window, methods=["POST"]),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]
