"""What the simulator is told at start, from SIMULATOR_* environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Config:
    state: Path
    journal: Path
    channels: list[dict[str, Any]]
    base_url: str
    inbox_url: str

    @property
    def media_folder(self) -> Path:
        return self.state.with_name(self.state.name + ".media")


def from_environment(environment: Mapping[str, str]) -> Config:
    """Read the configuration. Raises ValueError when SIMULATOR_CHANNELS is neither JSON nor a readable file."""
    state = Path(environment.get("SIMULATOR_STATE") or "simulator.sqlite3").absolute()
    journal = environment.get("SIMULATOR_JOURNAL")
    return Config(
        state=state,
        journal=Path(journal).absolute() if journal else state.with_name(state.name + ".journal.jsonl"),
        channels=_channels(environment.get("SIMULATOR_CHANNELS", "").strip()),
        base_url=(environment.get("SIMULATOR_BASE_URL") or "http://127.0.0.1:8002").rstrip("/"),
        inbox_url=environment.get("SIMULATOR_INBOX_URL", ""),
    )


def _channels(text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    if text[0] not in "[{":
        path = Path(text)
        if not path.exists():
            raise ValueError(f"SIMULATOR_CHANNELS names {path}, which does not exist")
        text = path.read_text(encoding="utf-8")
    try:
        channels = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"SIMULATOR_CHANNELS is not JSON: {error}") from error
    return channels if isinstance(channels, list) else [channels]
