"""How many of those who would receive a broadcast lack what its message wants to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection

from contacts.segments.counting import PATIENT_MS, time_limit, was_cut_off

from .audience import BadAudience
from .composing import Composer
from .judging import judged, terms_of
from .models import Broadcast

# Field of a contact → when a person lacks it. Those of the workspace's own stand in `fields` by their key.
LACKS = {
    "first_name": "btrim(c.name) = ''",
    "name": "btrim(c.name) = ''",
    "email": "c.email = ''",
    "language": "c.language = ''",
}
LACKS_OWN = "coalesce(btrim(c.fields ->> %s), '') = ''"
CUSTOM = "field."


@dataclass(frozen=True, slots=True)
class Gap:
    """One field that some people lack. An empty fallback means that they are skipped."""

    field: str
    fallback: str
    missing: int
    people: int


def wanted(variables: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Field → fallback, for every field a message takes values from; '' as soon as one place has no fallback. Pure."""
    found: dict[str, str] = {}
    for spec in variables.values():
        name = spec.get("value")
        if spec.get("source") != "field" or not isinstance(name, str) or not (name in LACKS or name.startswith(CUSTOM)):
            continue
        fallback = str(spec.get("fallback") or "").strip()
        found[name] = fallback if name not in found else found[name] and fallback
    return found


def count(broadcast: Broadcast, *, now: datetime) -> list[Gap]:
    """The gaps that anybody has; none while nobody is chosen, or when counting would take too long."""
    fields = wanted(Composer(broadcast).variables)
    if not fields or not broadcast.audience.get("include"):
        return []
    try:
        everybody = judged(terms_of(broadcast, now))
    except BadAudience:
        return []
    if everybody is None:
        return []
    columns, keys = [], []
    for name in fields:
        columns.append(f"count(*) FILTER (WHERE {LACKS.get(name, LACKS_OWN)})")
        keys += [] if name in LACKS else [name.removeprefix(CUSTOM)]
    text = f"""
        SELECT count(*), {", ".join(columns)} FROM ({everybody.text}) j
          JOIN contacts_contact c ON c.id = j.id AND c.workspace_id = %s WHERE j.reason = ''
    """  # noqa: S608  # built from constants and from judging's own statement
    try:
        with time_limit(PATIENT_MS), connection.cursor() as cursor:
            cursor.execute(text, [*keys, *everybody.parameters, broadcast.workspace_id])
            people, *missing = cursor.fetchone()
    except OperationalError as error:
        if not was_cut_off(error):
            raise
        return []
    found = zip(fields.items(), missing, strict=True)
    return [Gap(name, fallback, number, people) for (name, fallback), number in found if number]
