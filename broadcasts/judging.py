"""Who of an audience receives a broadcast, and why the others do not: one SQL source for all who ask.

The breakdown counts its rows, a sample shows some of them, and the start of the broadcast writes them down; so what
was promised and what is done cannot disagree. Of several reasons the first of the CASE counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Case, ExpressionWrapper, Q, Value, When

from contacts.models import SearchableContact
from providers.registry import adapter
from templates_mgmt.models import MessageTemplate
from workspaces.models import Channel

from . import shared_numbers
from .audience_items import Audience, excluded, included, read
from .models import Broadcast

Purpose, Status = Broadcast.Purpose, Broadcast.Status


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement, with what stands for its %s."""

    text: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides about each person, read from the broadcast once."""

    audience: Audience
    broadcast_id: int
    channel_id: int | None
    channel_kind: str  # '' before any channel is there: an address of any kind will do
    purpose: str
    needs_window: bool
    now: datetime
    recent_since: datetime | None
    series: int | None  # its occurrences do not count as recent: who asks for "every day" means every day
    about_to: tuple[int, ...]  # marketing broadcasts under way, whose waiting people will get it any moment

    @property
    def workspace_id(self) -> int:
        return self.audience.workspace.pk


def terms_of(broadcast: Broadcast, now: datetime) -> Terms:
    """Raises BadAudience when the audience names something that is gone."""
    audience = read(broadcast.audience, broadcast.workspace)
    channel = broadcast.channel
    marketing = broadcast.purpose == Purpose.MARKETING and broadcast.recent_hours > 0
    series = broadcast.series_id or (broadcast.pk if broadcast.repeat != Broadcast.Repeat.NEVER else None)
    return Terms(
        audience=audience,
        broadcast_id=broadcast.pk,
        channel_id=channel.pk if channel else None,
        channel_kind=channel.kind if channel else _usual_kind(broadcast.workspace_id),
        purpose=broadcast.purpose,
        needs_window=_needs_window(broadcast, channel),
        now=now,
        recent_since=now - timedelta(hours=broadcast.recent_hours) if marketing else None,
        series=series,
        about_to=_under_way(broadcast, series) if marketing else (),
    )


def _usual_kind(workspace_id: int) -> str:
    """Of the workspace's first channel, while a draft has none."""
    known = Channel.objects.filter(workspace_id=workspace_id, disconnected_at=None).order_by("pk")
    return known.values_list("kind", flat=True).first() or ""


def _needs_window(broadcast: Broadcast, channel: Channel | None) -> bool:
    """Whether it is free text on a channel where that takes an open reply window. A draft without words is not yet."""
    if channel is None or adapter(channel.kind).capabilities.reply_window is None:
        return False
    if broadcast.translation is None:
        return bool(broadcast.text)
    return broadcast.translation.template.kind == MessageTemplate.Kind.QUICK


def _under_way(broadcast: Broadcast, series: int | None) -> tuple[int, ...]:
    others = Broadcast.objects.filter(
        workspace_id=broadcast.workspace_id,
        status__in=(Status.PREPARING, Status.RUNNING),
        purpose=Purpose.MARKETING,
    ).exclude(pk=broadcast.pk)
    if series is not None:
        others = others.exclude(series=series)
    return tuple(others.values_list("pk", flat=True))


def judged(terms: Terms, among: Sequence[int] | None = None) -> Sql | None:
    """A SELECT of id, country, identity_id and reason ('' for who receives it) of everybody in the audience.

    `among` looks at these people only. None when the audience can have nobody in it.
    """
    one = _judged_alone(terms, among)
    if one is None or not (twins := shared_numbers.found(terms.workspace_id, terms.channel_kind)):
        return one
    # Only people who would receive it can be the one the others are duplicates of, so the twins are judged first.
    others = _judged_alone(terms, sorted({contact for _, contact, _ in twins}))
    if others is None:
        return one
    identities, _, numbers = zip(*twins, strict=True)
    return Sql(
        f"""
        SELECT j.id, j.country, j.identity_id,
               CASE WHEN j.reason = '' AND d.id IS NOT NULL THEN 'duplicate' ELSE j.reason END AS reason
          FROM ({one.text}) j
          LEFT JOIN (
            SELECT o.id, row_number() OVER (PARTITION BY t.number ORDER BY o.id) AS place
              FROM ({others.text}) o
              JOIN unnest(%s::bigint[], %s::text[]) AS t (identity_id, number) ON t.identity_id = o.identity_id
             WHERE o.reason = '') d ON d.id = j.id AND d.place > 1
        """,
        (*one.parameters, *others.parameters, list(identities), list(numbers)),
    )


def _judged_alone(terms: Terms, among: Sequence[int] | None) -> Sql | None:
    """The same without the last rule. Joined first and grouped after, so that the planner is free to begin with the
    people when they are few and with the tables when they are many."""
    people = _people(terms)
    if people is None:
        return None
    joins = [_addresses(terms), *_windows(terms), *_recents(terms)]
    willing = "c.state = 'opted_in'" if terms.purpose == Purpose.MARKETING else "i.id IS NOT NULL"
    fit = f"{willing} AND w.id IS NOT NULL" if terms.needs_window else willing
    recent = " OR ".join(f"{name}.id IS NOT NULL" for name in _recent_names(terms)) or "false"
    text = f"""
        SELECT p.id, p.country,
               coalesce(min(i.id) FILTER (WHERE {fit}), min(i.id) FILTER (WHERE {willing}), min(i.id)) AS identity_id,
               CASE WHEN p.excluded THEN 'excluded'
                    WHEN p.blocked THEN 'blocked'
                    WHEN min(i.id) IS NULL THEN 'no_address'
                    WHEN bool_or(c.state = 'opted_out') THEN 'opted_out'
                    WHEN NOT coalesce(bool_or({willing}), false) THEN 'no_consent'
                    WHEN bool_or({recent}) THEN 'recent'
                    WHEN NOT coalesce(bool_or({fit}), false) THEN 'no_window'
                    ELSE '' END AS reason
          FROM ({people.text}) AS p (id, country, blocked, excluded)
          {" ".join(join.text for join in joins)}
          {"" if among is None else "WHERE p.id = ANY(%s::bigint[])"}
         GROUP BY p.id, p.country, p.blocked, p.excluded
    """
    joined = (each for join in joins for each in join.parameters)
    return Sql(text, (*people.parameters, *joined, *([] if among is None else [list(among)])))


def _people(terms: Terms) -> Sql | None:
    """id, country, blocked, excluded of everybody any included item has; None for nobody."""
    condition = included(terms.audience, terms.now)
    found = SearchableContact.objects.filter(workspace_id=terms.workspace_id)
    found = found if condition is None else found.filter(condition)
    blocked = ExpressionWrapper(Q(blocked_at__isnull=False), output_field=BooleanField())
    out: Any = Value(False)
    if terms.audience.exclude:
        out = Case(When(excluded(terms.audience, terms.now), then=Value(True)), default=Value(False))
    try:
        text, parameters = found.order_by().values_list("pk", "country", blocked, out).query.sql_with_params()
    except EmptyResultSet:
        return None
    return Sql(text, tuple(parameters))


def _addresses(terms: Terms) -> Sql:
    kind = "AND i.channel_kind = %s" if terms.channel_kind else ""
    return Sql(
        f"""
        LEFT JOIN contacts_identity i ON i.workspace_id = %s {kind} AND i.contact_id = p.id
        LEFT JOIN contacts_consent c ON c.workspace_id = %s AND c.purpose = %s AND c.identity_id = i.id
        """,
        (
            terms.workspace_id,
            *([terms.channel_kind] if terms.channel_kind else []),
            terms.workspace_id,
            terms.purpose,
        ),
    )


def _windows(terms: Terms) -> list[Sql]:
    if not terms.needs_window:
        return []
    return [
        Sql(
            """
            LEFT JOIN inbox_conversation w ON w.workspace_id = %s AND w.channel_id = %s AND w.identity_id = i.id
                  AND w.window_expires_at > %s
            """,
            (terms.workspace_id, terms.channel_id, terms.now),
        )
    ]


def _recent_names(terms: Terms) -> list[str]:
    return [] if terms.recent_since is None else ["m", "q"] if terms.about_to else ["m"]


def _recents(terms: Terms) -> list[Sql]:
    """Marketing that was started, or queued and not called off since; and what others are about to queue.

    Found by the partial index message_marketing when the people are many, by their conversations when they are few.
    """
    if terms.recent_since is None:
        return []
    series, named = "", tuple[Any, ...]()
    if terms.series is not None:
        series = """AND NOT EXISTS (
            SELECT FROM broadcasts_recipient s JOIN broadcasts_broadcast b ON b.id = s.broadcast_id
             WHERE s.message_id = m.id AND (b.series_id = %s OR b.id = %s))"""
        named = (terms.series, terms.series)
    found = [
        Sql(
            f"""
            LEFT JOIN (inbox_conversation v JOIN inbox_message m ON m.conversation_id = v.id AND m.workspace_id = %s
                       AND m.purpose = 'marketing' AND coalesce(m.started_at, m.created_at) > %s
                       AND m.status NOT IN ('failed', 'skipped', 'cancelled') {series})
                   ON v.workspace_id = %s AND v.contact_id = p.id
            """,
            (terms.workspace_id, terms.recent_since, *named, terms.workspace_id),
        )
    ]
    if terms.about_to:
        waiting = Sql(
            """
            LEFT JOIN broadcasts_recipient q ON q.workspace_id = %s AND q.contact_id = p.id AND q.state = 'waiting'
                  AND q.broadcast_id = ANY(%s)
            """,
            (terms.workspace_id, list(terms.about_to)),
        )
        found.append(waiting)
    return found
