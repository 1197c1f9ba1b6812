"""Uploaded lists of numbers: matched to the people known now, the rest counted, nobody added.

The file itself is not kept. Every row ends in one figure: a person of the list, unknown, not a number, or a repetition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.db import connection, transaction

from contacts.exporting.spreadsheets import unguarded
from contacts.importing import mapping, sniffing
from contacts.importing.phones import BadPhone, digits_of
from contacts.importing.rows import Refused, rows_of
from contacts.importing.steps import clean_name
from contacts.models import Contact
from workspaces.models import Channel, Member, Workspace

from .models import AudienceList

__all__ = ["Refused", "keep"]

MOST_PROBLEMS = 100  # shown; all are counted
LONGEST_SHOWN = 60
AT_ONCE = 20_000

# A number stands in an identity's address with or without its plus, by the custom of the channel; or it is another
# spelling that the provider itself said is the same person.
MATCH = """
SELECT a.digits, i.contact_id
  FROM unnest(%(digits)s::text[]) AS a (digits), unnest(%(kinds)s::text[]) AS k (kind),
       unnest(ARRAY['', '+']) AS s (plus)
  JOIN LATERAL (
    SELECT contact_id FROM contacts_identity
     WHERE workspace_id = %(ws)s AND channel_kind = k.kind AND address <> '' AND address = s.plus || a.digits
    UNION ALL
    SELECT o.contact_id FROM contacts_identityalias l JOIN contacts_identity o ON o.id = l.identity_id
     WHERE l.workspace_id = %(ws)s AND l.channel_kind = k.kind AND l.address = s.plus || a.digits) i ON true
  JOIN contacts_contact c ON c.workspace_id = %(ws)s AND c.id = i.contact_id AND c.deleted_at IS NULL
 ORDER BY i.contact_id DESC
"""
ADD = """
INSERT INTO broadcasts_audiencelistentry (workspace_id, audience_list_id, contact_id)
SELECT %s, %s, contact_id FROM unnest(%s::bigint[]) AS a (contact_id) ORDER BY contact_id
"""


@dataclass(slots=True)
class _Read:
    """What a file says before anybody is looked up."""

    rows: int = 0
    named: list[str | UUID] = field(default_factory=list)  # digits, or the id of a contact from an export
    problems: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def refuse(self, line: int, value: str, reason: str) -> None:
        self.counts["invalid"] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append({"line": line, "value": value[:LONGEST_SHOWN], "reason": reason})


@transaction.atomic
def keep(workspace: Workspace, upload: File, *, by: Member, default_country: str = "") -> AudienceList:
    """Make an audience list of an uploaded CSV or XLSX file. Raises Refused with a sentence about the whole file.

    Numbers without a country code are read as of `default_country`, else of the workspace's.
    """
    name = clean_name(upload.name or "")
    if upload.size > sniffing.WEB_BYTES:
        raise Refused(f"The file is larger than {sniffing.WEB_BYTES // 1024**2} MB; split it into several.")
    form = sniffing.examine(upload, name, most_rows=sniffing.WEB_ROWS)
    guessed = mapping.guess(form["titles"], sniffing.samples(form), [])
    if not {"phone", "id"} & set(guessed):
        raise Refused("No column of this file holds phone numbers. Give the column the title “Phone”.")
    upload.seek(0)
    read = _read(rows_of(upload, form), guessed, default_country or workspace.default_country)
    people = _matched(workspace.pk, read)
    made = AudienceList.objects.create(
        workspace=workspace,
        name=name[:120],
        rows_count=read.rows,
        unknown_count=read.counts["unknown"],
        invalid_count=read.counts["invalid"],
        duplicate_count=read.counts["duplicate"],
        problems=read.problems,
        created_by=by,
    )
    with connection.cursor() as cursor:
        cursor.execute(ADD, [workspace.pk, made.pk, people])
    return made


def _read(rows: Iterator[tuple[int, list[str]]], guessed: Sequence[str], country: str) -> _Read:
    read = _Read()
    phone, key = (guessed.index(each) if each in guessed else None for each in ("phone", "id"))
    seen: set[str | UUID] = set()
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        read.rows += 1
        if read.rows > sniffing.WEB_ROWS:
            raise Refused(f"The file has more than {sniffing.WEB_ROWS:,} rows; split it into several.")
        number, reference = _cell(row, phone), _cell(row, key)
        try:
            named = UUID(reference) if reference and not number else digits_of(number, country)
        except BadPhone as bad:
            read.refuse(line, number, str(bad))
        except ValueError:
            read.refuse(line, reference, "This is not the ID of a contact.")
        else:
            if named in seen:
                read.counts["duplicate"] += 1
            else:
                seen.add(named)
                read.named.append(named)
    return read


def _cell(row: list[str], place: int | None) -> str:
    return unguarded(row[place]).strip() if place is not None and place < len(row) else ""


def _matched(workspace_id: int, read: _Read) -> list[int]:
    """The people meant; two numbers of one person are a repetition."""
    people: set[int] = set()
    for some in _in_parts(read.named):
        known = _by_number(workspace_id, [each for each in some if isinstance(each, str)])
        known |= _by_id(workspace_id, [each for each in some if isinstance(each, UUID)])
        for each in some:
            if (contact := known.get(each)) is None:
                read.counts["unknown"] += 1
            elif contact in people:
                read.counts["duplicate"] += 1
            else:
                people.add(contact)
    return list(people)


def _in_parts(named: Iterable[str | UUID]) -> Iterator[list[str | UUID]]:
    rest = iter(named)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _by_number(workspace_id: int, digits: list[str]) -> dict[str | UUID, int]:
    if not digits:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(MATCH, {"ws": workspace_id, "digits": digits, "kinds": Channel.Kind.values})
        return dict(cursor.fetchall())  # of several the oldest, which comes last


def _by_id(workspace_id: int, uuids: list[UUID]) -> dict[str | UUID, int]:
    known = Contact.objects.filter(workspace_id=workspace_id, uuid__in=uuids, deleted_at=None)
    return dict(known.values_list("uuid", "pk"))
