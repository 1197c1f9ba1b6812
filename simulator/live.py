"""Telling open pages that something changed. Pages then fetch what they show."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress


class Hub:
    """Names that pages listen to: `list`, and `<phone number id>/<customer>` for one chat."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.ending = asyncio.Event()

    def changed(self, *names: str) -> None:
        for name in names:
            for listener in self._listeners.get(name, ()):
                listener.set()

    def is_watched(self, name: str) -> bool:
        return bool(self._listeners.get(name))

    def listen(self, *names: str) -> asyncio.Event:
        event = asyncio.Event()
        for name in names:
            self._listeners[name].add(event)
        return event

    def leave(self, event: asyncio.Event, *names: str) -> None:
        for name in names:
            self._listeners[name].discard(event)

    async def pause(self, seconds: float) -> None:
        """Sleep, but not past the end of the process."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    def close(self) -> None:
        """Let every stream and every held answer end."""
        self.ending.set()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.set()
