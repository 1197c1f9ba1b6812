"""The queues agents work from: which conversations are in one, page by page, and how many wait."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from workspaces.models import Member, Workspace

from . import search
from .models import Conversation

TITLES = {"mine": "Mine", "unassigned": "Unassigned", "all": "All", "closed": "Resolved"}
PAGE = 50  # rows
MOST = 200  # rows in one answer: what a browser's list holds at most
CAP = 1000  # counting stops here: nobody works differently at 1,000 or 30,000, and the count stays a millisecond

COUNTS = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM inbox_conversation
          WHERE workspace_id = %(ws)s AND status = 'open' AND assignee_id = %(me)s LIMIT %(cap)s) t),
       (SELECT count(*) FROM (SELECT 1 FROM inbox_conversation
          WHERE workspace_id = %(ws)s AND status = 'open' AND assignee_id IS NULL LIMIT %(cap)s) t),
       (SELECT count(*) FROM (SELECT 1 FROM inbox_conversation
          WHERE workspace_id = %(ws)s AND status = 'open' LIMIT %(cap)s) t),
       (SELECT count(*) FROM (SELECT 1 FROM inbox_conversation
          WHERE workspace_id = %(ws)s AND status = 'open' AND assignee_id = %(me)s AND unread_count > 0
          LIMIT %(cap)s) t)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Open conversations, each number at most CAP."""

    mine: int
    unassigned: int
    all: int
    unread: int  # mine with something new

    def shown(self, queue: str) -> str:
        number = getattr(self, queue, 0)
        return f"{CAP - 1}+" if number >= CAP else str(number or "")


@dataclass(frozen=True, slots=True)
class Page:
    conversations: list[Conversation]
    more: str  # where the next page starts, empty at the end


def counts(workspace: Workspace, member: Member) -> Counts:
    """How many conversations wait in each queue, as this member sees it: one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"ws": workspace.pk, "me": member.pk, "cap": CAP})
        return Counts(*cursor.fetchone())


def members_of(queue: str, workspace: Workspace, member: Member) -> QuerySet[Conversation]:
    """The conversations of a queue, newest message first. Raises KeyError for a queue that does not exist."""
    filters = {
        "mine": Q(status=Conversation.Status.OPEN, assignee=member),
        "unassigned": Q(status=Conversation.Status.OPEN, assignee=None),
        "all": Q(status=Conversation.Status.OPEN),
        "closed": Q(status=Conversation.Status.RESOLVED),
    }
    return everything(workspace).filter(filters[queue]).order_by("-last_message_at", "-id")


def everything(workspace: Workspace) -> QuerySet[Conversation]:
    """All conversations of a workspace with what a row shows; those of deleted people are left out."""
    shown = Conversation.objects.filter(workspace_id=workspace.pk).exclude(status=Conversation.Status.HIDDEN)
    return shown.select_related("contact", "identity", "assignee")


def page(queue: str, workspace: Workspace, member: Member, *, before: str = "", size: int = PAGE) -> Page:
    """One page of a queue. `before` is the `more` of the page above: a key, so page 1,000 costs what page 1 does."""
    found = members_of(queue, workspace, member)
    if start := _start(before):
        at, pk = start
        found = found.filter(Q(last_message_at__lt=at) | Q(last_message_at=at, id__lt=pk), last_message_at__lte=at)
    conversations = list(found[: size + 1])
    more = key_of(conversations[size - 1]) if len(conversations) > size else ""
    return Page(conversations[:size], more)


def matching(query: str, workspace: Workspace) -> Page:
    """The newest conversations that match a search, resolved ones too."""
    found = everything(workspace).filter(pk__in=search.conversation_ids(query))
    return Page(list(found.order_by("-last_message_at", "-id")[:PAGE]), "")


def named(uuids: Collection[UUID], queue: str, workspace: Workspace, member: Member) -> list[Conversation]:
    """Those of the named conversations that are in the queue now."""
    return list(members_of(queue, workspace, member).filter(uuid__in=uuids))


def key_of(conversation: Conversation) -> str:
    return f"{int(conversation.last_message_at.timestamp() * 1_000_000)}-{conversation.pk}"


def _start(key: str) -> tuple[datetime, int] | None:
    at, _, pk = key.partition("-")
    if not (at.isdigit() and pk.isdigit() and len(at) <= 17 and len(pk) <= 18):
        return None
    seconds, micros = divmod(int(at), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(pk)
