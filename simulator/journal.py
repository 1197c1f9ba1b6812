"""The independent record of what was accepted: one JSON line a message, on disk before the answer leaves.

Drills count duplicates here. It shares no code path with the database it is compared with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = os.fstat(self._descriptor).st_size
        if self.size and not _ends_in_newline(path):
            self.size += os.write(self._descriptor, b"\n")  # a kill tore the last line: keep the next one whole

    def write(self, entry: dict[str, Any]) -> None:
        """Append one line. A single write call survives the death of this process; only a power cut can lose it."""
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        os.write(self._descriptor, line)
        self.size += len(line)

    def after(self, offset: int) -> Iterator[dict[str, Any]]:
        """Yield the entries written behind byte `offset`; a torn line is left out."""
        if offset >= self.size:
            return
        with self._path.open("rb") as lines:
            lines.seek(offset)
            for line in lines:
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    continue

    def close(self) -> None:
        os.close(self._descriptor)


def _ends_in_newline(path: Path) -> bool:
    with path.open("rb") as lines:
        lines.seek(-1, os.SEEK_END)
        return lines.read(1) == b"\n"
