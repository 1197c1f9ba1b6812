"""Who may listen, and whether they still may. Runs in threads: the only part of this process that asks PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from types import SimpleNamespace

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections
from django.http.cookie import parse_cookie
from django.utils.crypto import constant_time_compare

from workspaces import access, tenancy
from workspaces.models import Member, User


@dataclass(frozen=True, slots=True)
class Viewer:
    """Everything a stream's right to exist rests on, as it was when the stream opened."""

    workspace_id: int
    member_id: int
    user_id: int
    session_key: str
    role: str
    password_mark: bytes


class Refused(Exception):
    """The stream is not opened; `status` is the HTTP status that says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def admit(slug: str, cookies: str) -> Viewer:
    """The viewer behind a Cookie header.

    Raises Refused: 401 without a valid session, 404 for strangers, 403 for a role or a missing second factor.
    """
    try:
        session_key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
        user = _signed_in(session_key)
        found = access.membership(slug, user.pk)
        if found is None:
            raise Refused(404)
        role = _role(found, user)
        return Viewer(*found, user.pk, session_key, role, _mark(user.password))
    finally:
        connections.close_all()


def _signed_in(session_key: str) -> User:
    """The user of a session. By hand, because django.contrib.auth.get_user may rotate the session's key."""
    session = SessionStore(session_key or None)
    user = User.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True).first()
    if user is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        raise Refused(401)
    given = session.get(HASH_SESSION_KEY, "")
    valid = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if not any(constant_time_compare(given, known) for known in valid):
        raise Refused(401)
    return user


def _role(found: tuple[int, int], user: User) -> str:
    workspace_id, member_id = found
    with tenancy.scope(workspace_id):
        member = Member.objects.get(pk=member_id)
        request = SimpleNamespace(member=member, user=user)
        if not access.allows(member.role, "read_inbox") or access.second_factor_detour(request):
            raise Refused(403)
        return member.role


def _mark(password: str) -> bytes:
    return blake2b(password.encode(), digest_size=8).digest()


STILL = """
SELECT s.session_key, m.id, m.role, u.password
  FROM unnest(%s::text[], %s::bigint[]) AS asked (session_key, member_id)
  JOIN django_session s ON s.session_key = asked.session_key AND s.expire_date > now()
  JOIN workspaces_member m ON m.id = asked.member_id AND m.removed_at IS NULL
  JOIN workspaces_user u ON u.id = m.user_id AND u.is_active
"""


def still_allowed(viewers: Iterable[Viewer]) -> set[Viewer]:
    """Those whose session, membership, role and password are what they were; one query for all of them."""
    viewers = list(viewers)
    keys, members = [viewer.session_key for viewer in viewers], [viewer.member_id for viewer in viewers]
    try:
        with tenancy.all_workspaces(), connection.cursor() as cursor:
            cursor.execute(STILL, [keys, members])
            rows = cursor.fetchall()
    finally:
        connections.close_all()
    now = {(key, member): (role, _mark(password)) for key, member, role, password in rows}
    return {
        viewer
        for viewer in viewers
        if now.get((viewer.session_key, viewer.member_id)) == (viewer.role, viewer.password_mark)
    }
