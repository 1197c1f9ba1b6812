"""How people come into a workspace, what they may be there, and how they leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from config.queues import enqueue

from . import auditing, credits, tenancy
from .models import Invitation, Member, Origin, Role, User, Workspace
from .sessions import end_sessions

INVITATION_LIFE = timedelta(days=7)
RANK: dict[str, int] = {Role.AGENT: 0, Role.MARKETER: 1, Role.ADMIN: 2, Role.OWNER: 3}
RESERVED_SLUGS = frozenset({"new", "workspace"})


class JoiningRefused(Exception):
    """A person cannot be invited, changed or removed like this; the text says why, in words for people."""


def may_grant(role: str, *, by: Member) -> bool:
    """Nobody hands out a role above their own."""
    return RANK[role] <= RANK[by.role]


def grantable_roles(by: Member) -> list[Role]:
    """The roles `by` may hand out, highest first."""
    return [role for role in Role if may_grant(role, by=by)]


def workspaces_of(user: User) -> list[Member]:
    """The person's seats with their workspaces, by workspace name."""
    with tenancy.all_workspaces():
        seats = Member.objects.filter(user=user, removed_at=None).select_related("workspace")
        return list(seats.order_by("workspace__name", "workspace_id"))


@transaction.atomic
def rename_person(user: User) -> User:
    """Save a person's profile, and carry the name into each workspace, where colleagues read it."""
    user.save(update_fields=["name", "time_zone"])
    for seat in workspaces_of(user):
        with tenancy.scope(seat.workspace_id):
            Member.objects.filter(pk=seat.pk).update(name=user.get_full_name()[:100])
    return user


@transaction.atomic
def create_workspace(
    user: User, *, name: str, time_zone: str, default_country: str = "", origin: Origin | None = None
) -> Workspace:
    """Make a workspace with `user` as its owner, under a slug that follows from the name."""
    workspace = _with_free_slug(
        name,
        lambda slug: Workspace.objects.create(
            slug=slug, name=name, time_zone=time_zone, default_country=default_country
        ),
    )
    with tenancy.scope(workspace.pk):
        owner = Member.objects.create(workspace=workspace, user=user, role=Role.OWNER, name=user.get_full_name()[:100])
        owner.origin = origin
        auditing.record(owner, "workspace.created", workspace.slug, after={"name": name})
        credits.open_pockets(workspace)
    return workspace


def _with_free_slug(name: str, create: Callable[[str], Workspace]) -> Workspace:
    base = slugify(name)[:40].strip("-") or "workspace"
    slugs = [base] if base not in RESERVED_SLUGS else []
    slugs += [f"{base}-{secrets.randbelow(9000) + 1000}" for _ in range(20)]
    for slug in slugs:
        try:
            with transaction.atomic():
                return create(slug)
        except IntegrityError as error:
            if "slug" not in str(error):
                raise
    raise RuntimeError("Twenty random workspace slugs were all taken.")


@transaction.atomic
def invite(workspace: Workspace, *, email: str, role: str, by: Member) -> tuple[Invitation, str]:
    """Offer a seat to an e-mail address. Returns the invitation and its token, which is kept nowhere.

    Raises JoiningRefused when the role is above the inviter's, or the person has a seat or an offer already.
    """
    email = email.strip().lower()
    if not may_grant(role, by=by):
        raise JoiningRefused("You cannot invite somebody to a role above your own.")
    if Member.objects.filter(workspace=workspace, user__email=email, removed_at=None).exists():
        raise JoiningRefused("This person is a member already.")
    now = timezone.now()
    pending = Invitation.objects.filter(workspace=workspace, email=email, accepted_at=None, revoked_at=None)
    pending.filter(expires_at__lte=now).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                workspace=workspace,
                email=email,
                role=role,
                token_hash=_hash(token),
                invited_by=by,
                expires_at=now + INVITATION_LIFE,
            )
    except IntegrityError as error:
        raise JoiningRefused("This person has an invitation already. You can send it again below.") from error
    auditing.record(by, "invitation.sent", email, after={"role": role})
    return invitation, token


@transaction.atomic
def renew(invitation: Invitation, *, by: Member) -> str:
    """Give a pending invitation a new token and seven new days; the old link dies. Returns the token."""
    if not may_grant(invitation.role, by=by):
        raise JoiningRefused("You cannot invite somebody to a role above your own.")
    token = secrets.token_urlsafe(32)
    renewed = _pending(invitation).update(
        token_hash=_hash(token), expires_at=timezone.now() + INVITATION_LIFE, invited_by=by
    )
    if not renewed:
        raise JoiningRefused("This invitation has been accepted or revoked meanwhile.")
    auditing.record(by, "invitation.sent_again", invitation.email)
    return token


@transaction.atomic
def revoke(invitation: Invitation, *, by: Member) -> None:
    """Take an invitation back."""
    if not _pending(invitation).update(revoked_at=timezone.now()):
        raise JoiningRefused("This invitation has been accepted or revoked meanwhile.")
    auditing.record(by, "invitation.revoked", invitation.email)


def find_invitation(token: str) -> Invitation | None:
    """The usable invitation a link stands for, with its workspace and inviter, or None."""
    with tenancy.all_workspaces():
        found = Invitation.objects.filter(
            token_hash=_hash(token), accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
        )
        return found.select_related("workspace", "invited_by").first()


def accept(token: str, *, user: User, origin: Origin | None = None) -> Member:
    """Give `user` the seat that the invitation offers: once, and only to the address it was sent to.

    Raises JoiningRefused when the link is used, revoked or expired, meant for somebody else, or not needed.
    """
    invitation = find_invitation(token)
    if invitation is None:
        raise JoiningRefused("This invitation has been used, taken back or has expired.")
    if invitation.email != user.email.lower():
        raise JoiningRefused("This invitation was sent to another e-mail address.")
    with tenancy.scope(invitation.workspace_id):
        # The conditional UPDATE decides between clicks: one sees a row, all others none.
        still_valid = _pending(invitation).filter(token_hash=_hash(token), expires_at__gt=timezone.now())
        if not still_valid.update(accepted_at=timezone.now()):
            raise JoiningRefused("This invitation has been used, taken back or has expired.")
        member, made = Member.objects.get_or_create(
            workspace_id=invitation.workspace_id,
            user=user,
            defaults={"role": invitation.role, "name": user.get_full_name()[:100]},
        )
        if not made:
            if member.removed_at is None:
                raise JoiningRefused("You are a member of this workspace already.")
            member.role, member.removed_at = invitation.role, None
            member.save(update_fields=["role", "removed_at"])
        member.origin = origin
        auditing.record(member, "invitation.accepted", invitation.email, after={"role": invitation.role})
        return member


@transaction.atomic
def change_role(member: Member, *, role: str, by: Member) -> Member:
    """Give a member another role; their sessions end, so the new rights hold from the next sign-in on.

    Raises JoiningRefused for roles above one's own and for the last owner.
    """
    member = _lock(member)
    if member.role == role:
        return member
    if not may_grant(role, by=by) or not may_grant(member.role, by=by):
        raise JoiningRefused("You cannot change a role above your own, or hand one out.")
    _keep_an_owner(member)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    _revoke_offers_above(member)
    end_sessions(member.user_id)
    auditing.record(by, "member.role_changed", _label(member), before={"role": before}, after={"role": role})
    return member


@transaction.atomic
def remove(member: Member, *, by: Member) -> Member:
    """Take a member's seat away: sessions end, their invitations die, their conversations wait for somebody else.

    Raises JoiningRefused for roles above one's own and for the last owner.
    """
    member = _lock(member)
    if not may_grant(member.role, by=by):
        raise JoiningRefused("You cannot remove somebody whose role is above your own.")
    _keep_an_owner(member)
    member.removed_at = timezone.now()
    member.save(update_fields=["removed_at"])
    Invitation.objects.filter(
        workspace_id=member.workspace_id, invited_by=member, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())
    end_sessions(member.user_id)
    auditing.record(by, "member.removed", _label(member), before={"role": member.role})
    enqueue("inbox.jobs.unassign_member", member.workspace_id, member.pk)
    return member


def _lock(member: Member) -> Member:
    """Read the member anew with the workspace locked, so that two owners cannot demote each other at once."""
    # NO KEY: a plain FOR UPDATE would hold up every insert that refers to the workspace.
    Workspace.objects.select_for_update(no_key=True).get(pk=member.workspace_id)
    found = Member.objects.filter(pk=member.pk, workspace_id=member.workspace_id, removed_at=None).first()
    if found is None:
        raise JoiningRefused("This person is no longer a member.")
    return found


def _keep_an_owner(member: Member) -> None:
    if member.role != Role.OWNER:
        return
    owners = Member.objects.filter(workspace_id=member.workspace_id, role=Role.OWNER, removed_at=None)
    if not owners.exclude(pk=member.pk).exists():
        raise JoiningRefused("A workspace needs an owner. Make somebody else an owner first.")


def _revoke_offers_above(member: Member) -> None:
    above = [role for role in Role if not may_grant(role, by=member)]
    Invitation.objects.filter(
        workspace_id=member.workspace_id, invited_by=member, role__in=above, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())


def _pending(invitation: Invitation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)


def _label(member: Member) -> str:
    return f"{member.name} <{member.user.email}>"


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
