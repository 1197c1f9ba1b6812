"""Ending sessions: what a change of credentials, role or membership brings with it."""

from __future__ import annotations

from allauth.usersessions.models import UserSession


def end_sessions(user_id: int, *, keep: str | None = None) -> int:
    """Sign a person out everywhere, except in the session whose key is `keep`. Returns how many ended."""
    ended = list(UserSession.objects.filter(user_id=user_id).exclude(session_key=keep or ""))
    for session in ended:
        session.end()
    return len(ended)
