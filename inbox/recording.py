"""Store a verified webhook: all that happens before the provider gets its 200."""

from __future__ import annotations

import json
from collections.abc import Sequence

from config.postgres import direct
from config.postgres.together import Together


def record(workspace_id: int, channel_id: int, body: bytes, headers: dict[str, str]) -> int:
    """Store a verified webhook durably and return its id, nothing parsed.

    Those that arrive at the same moment share one statement and one commit. Stored twice when a connection dies
    between the commit and its confirmation; applying does not mind.
    """
    return _together.add((workspace_id, channel_id, body, json.dumps(headers)))


def _record_all(stored: Sequence[tuple[int, int, bytes, str]]) -> list[int]:
    columns = [list(column) for column in zip(*stored, strict=True)]
    sql = "SELECT carillon_ingest_many(%s::bigint[], %s::bigint[], %b, %s::text[])"
    return direct.fetch_value(sql, columns, _line)


_line = direct.Shared()  # one thread at a time writes for the others
_together: Together[tuple[int, int, bytes, str], int] = Together(_record_all)
