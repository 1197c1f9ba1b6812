"""How people come into a workspace, and what they may be there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_conversation, make_member, make_user, make_workspace, sign_in
from workspaces import joining, tenancy
from workspaces.joining import JoiningRefused
from workspaces.models import AuditEntry, Invitation, Member, Workspace

EMAIL = "ben@example.test"


@pytest.fixture
def ana(db):
    return make_member(role="owner", name="Ana")


def invited(by, role="agent", email=EMAIL):
    with tenancy.scope(by.workspace_id):
        return joining.invite(by.workspace, email=email, role=role, by=by)


def actions(workspace_id):
    with tenancy.scope(workspace_id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_the_maker_of_a_workspace_owns_it(db):
    ana = make_user(name="Ana")
    workspace = joining.create_workspace(ana, name="Harbour Café", time_zone="Africa/Cairo", default_country="EG")
    assert workspace.slug == "harbour-cafe"
    assert [seat.role for seat in joining.workspaces_of(ana)] == ["owner"]
    assert actions(workspace.pk) == ["workspace.created"]


@pytest.mark.parametrize(("name", "slug"), [("متجر النيل", "workspace-"), ("New", "new-"), ("Harbour", "harbour-")])
def test_a_slug_is_free_and_never_a_reserved_word(db, name, slug):
    make_workspace(slug="harbour")
    workspace = joining.create_workspace(make_user(), name=name, time_zone="UTC")
    assert workspace.slug.startswith(slug)
    assert workspace.slug not in joining.RESERVED_SLUGS


def test_an_invitation_makes_a_member_with_its_role(ana):
    invitation, token = invited(ana, "marketer")
    ben = make_user(EMAIL, name="Ben")
    member = joining.accept(token, user=ben)
    assert (member.role, member.name, member.workspace_id) == ("marketer", "Ben", ana.workspace_id)
    assert actions(ana.workspace_id) == ["invitation.sent", "invitation.accepted"]


def test_only_the_hash_of_the_token_is_stored(ana):
    invitation, token = invited(ana)
    assert len(token) >= 43  # 256 bits
    assert token.encode() not in bytes(invitation.token_hash)
    assert len(bytes(invitation.token_hash)) == 32


def test_an_invitation_works_once(ana):
    _, token = invited(ana)
    joining.accept(token, user=make_user(EMAIL))
    with pytest.raises(JoiningRefused, match="used"):
        joining.accept(token, user=make_user(email="ben@example.test.", name="Ben"))


def test_an_invitation_is_for_its_address_only(ana):
    _, token = invited(ana)
    with pytest.raises(JoiningRefused, match="another e-mail"):
        joining.accept(token, user=make_user("zoe@example.test"))
    assert joining.find_invitation(token) is not None


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "../../etc"])
def test_an_invented_token_opens_nothing(ana, token):
    invited(ana)
    assert joining.find_invitation(token) is None


def test_an_invitation_ends_after_seven_days(ana):
    invitation, token = invited(ana)
    assert invitation.expires_at - timezone.now() > timedelta(days=6, hours=23)
    with tenancy.scope(ana.workspace_id):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(JoiningRefused, match="expired"):
        joining.accept(token, user=make_user(EMAIL))


def test_a_revoked_invitation_is_dead(ana):
    invitation, token = invited(ana)
    with tenancy.scope(ana.workspace_id):
        joining.revoke(invitation, by=ana)
    with pytest.raises(JoiningRefused, match="taken back"):
        joining.accept(token, user=make_user(EMAIL))


def test_sending_again_kills_the_first_link(ana):
    invitation, old = invited(ana)
    with tenancy.scope(ana.workspace_id):
        new = joining.renew(invitation, by=ana)
    assert joining.find_invitation(old) is None
    assert joining.accept(new, user=make_user(EMAIL)).role == "agent"


def test_twenty_clicks_at_once_make_one_member(committed_db):
    ana = make_member(role="owner")
    _, token = invited(ana)
    ben = make_user(EMAIL)

    def click(_: int) -> bool:
        try:
            joining.accept(token, user=ben)
        except JoiningRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(click, range(20))) == 1
    with tenancy.scope(ana.workspace_id):
        assert Member.objects.filter(user=ben).count() == 1
        assert actions(ana.workspace_id).count("invitation.accepted") == 1


def test_a_second_invitation_while_one_is_open_is_refused_and_an_expired_one_replaced(ana):
    invited(ana)
    with pytest.raises(JoiningRefused, match="invitation already"):
        invited(ana, email="BEN@example.test ")
    with tenancy.scope(ana.workspace_id):
        Invitation.objects.update(expires_at=timezone.now())
    invited(ana)


def test_members_are_not_invited_again(ana):
    make_member(ana.workspace, user=make_user(EMAIL))
    with pytest.raises(JoiningRefused, match="member already"):
        invited(ana)


@pytest.mark.parametrize(("inviter", "role", "allowed"), [
    ("owner", "owner", True), ("admin", "admin", True), ("admin", "owner", False), ("marketer", "admin", False),
    ("agent", "marketer", False),
])  # fmt: skip
def test_nobody_invites_above_their_own_role(db, inviter, role, allowed):
    member = make_member(role=inviter)
    if allowed:
        invited(member, role)
    else:
        with pytest.raises(JoiningRefused, match="above your own"):
            invited(member, role)


def test_invitations_die_with_their_inviter(ana):
    admin = make_member(ana.workspace, role="admin", name="Cleo")
    _, token = invited(admin)
    with tenancy.scope(ana.workspace_id):
        joining.remove(admin, by=ana)
    assert joining.find_invitation(token) is None


def test_invitations_above_a_lowered_role_die(ana):
    admin = make_member(ana.workspace, role="admin", name="Cleo")
    _, high = invited(admin, "admin", "high@example.test")
    _, low = invited(admin, "agent", "low@example.test")
    with tenancy.scope(ana.workspace_id):
        joining.change_role(admin, role="marketer", by=ana)
    assert joining.find_invitation(high) is None
    assert joining.find_invitation(low) is not None


def test_the_last_owner_stays_owner(ana):
    with tenancy.scope(ana.workspace_id):
        with pytest.raises(JoiningRefused, match="needs an owner"):
            joining.remove(ana, by=ana)
        with pytest.raises(JoiningRefused, match="needs an owner"):
            joining.change_role(ana, role="agent", by=ana)


def test_two_owners_cannot_demote_each_other_at_once(committed_db):
    ana = make_member(role="owner", name="Ana")
    cleo = make_member(ana.workspace, role="owner", name="Cleo")

    def demote(pair) -> bool:
        member, by = pair
        try:
            with tenancy.scope(ana.workspace_id):
                joining.change_role(member, role="agent", by=by)
        except JoiningRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(demote, [(ana, cleo), (cleo, ana)])) == 1
    with tenancy.scope(ana.workspace_id):
        assert Member.objects.filter(role="owner").count() == 1


def test_an_admin_cannot_touch_an_owner(ana):
    admin = make_member(ana.workspace, role="admin")
    make_member(ana.workspace, role="owner", name="Cleo")
    with tenancy.scope(ana.workspace_id):
        for act in (
            lambda: joining.remove(ana, by=admin),
            lambda: joining.change_role(ana, role="agent", by=admin),
            lambda: joining.change_role(admin, role="owner", by=admin),
        ):
            with pytest.raises(JoiningRefused, match="above your own"):
                act()


def test_a_removed_member_is_out_at_once_and_may_come_back(ana):
    ben = make_member(ana.workspace, role="admin", user=make_user(EMAIL))
    client = sign_in(ben.user)
    members = reverse("workspaces:members", args=[ana.workspace.slug])
    assert client.get(members).status_code == 200
    with tenancy.scope(ana.workspace_id):
        joining.remove(ben, by=ana)
    assert client.get(members).status_code == 404
    _, token = invited(ana, "agent")
    assert joining.accept(token, user=ben.user).role == "agent"
    assert client.get(members).status_code == 403


def test_a_changed_role_counts_at_the_next_click(ana):
    ben = make_member(ana.workspace, role="admin", name="Ben")
    client = sign_in(ben.user)
    members = reverse("workspaces:members", args=[ana.workspace.slug])
    assert client.get(members).status_code == 200
    with tenancy.scope(ana.workspace_id):
        joining.change_role(ben, role="agent", by=ana)
    assert client.get(members).status_code == 403
    assert actions(ana.workspace_id) == ["member.role_changed"]


def test_open_conversations_of_a_removed_member_wait_for_somebody_else(committed_db, run_worker):
    ana = make_member(role="owner")
    ben = make_member(ana.workspace, role="agent", name="Ben")
    conversation = make_conversation(ana.workspace, assignee=ben)
    with tenancy.scope(ana.workspace_id):
        joining.remove(ben, by=ana)
    run_worker("default")
    with tenancy.scope(ana.workspace_id):
        conversation.refresh_from_db()
        assert conversation.assignee_id is None


# Pages


def test_inviting_sends_a_link_that_leads_in(ana, settings):
    settings.BASE_URL = "https://desk.example.test"
    page = reverse("workspaces:members", args=[ana.workspace.slug])
    answer = sign_in(ana.user).post(page, {"email": EMAIL, "role": "agent"}, headers={"Host": "testserver"})
    assert answer.status_code == 302
    assert EMAIL in sign_in(ana.user).get(page).content.decode()
    [sent] = mail.outbox
    assert sent.to == [EMAIL]
    link = next(line for line in sent.body.splitlines() if line.startswith("http"))
    assert link.startswith("https://desk.example.test/invite/")
    path = link.removeprefix(settings.BASE_URL)
    ben = sign_in(make_user(EMAIL, name="Ben"))
    assert b"Accept the invitation" in ben.get(path).content
    assert ben.post(path)["Location"] == f"/w/{ana.workspace.slug}/inbox/mine/"
    assert ben.get(page).status_code == 403  # an agent now
    with tenancy.scope(ana.workspace_id):
        assert AuditEntry.objects.get(action="invitation.accepted").ip == "127.0.0.1"
    assert ben.get(path).status_code == 404


def test_a_tampered_role_is_refused(ana):
    admin = make_member(ana.workspace, role="admin", name="Cleo")
    page = reverse("workspaces:members", args=[ana.workspace.slug])
    answer = sign_in(admin.user).post(page, {"email": EMAIL, "role": "owner"})
    assert answer.status_code == 422
    assert mail.outbox == []


def test_somebody_else_who_is_signed_in_cannot_take_the_invitation(ana):
    _, token = invited(ana)
    client = sign_in(make_user("zoe@example.test"))
    path = reverse("workspaces:invitation", args=[token])
    assert b"You are signed in as zoe@example.test" in client.get(path).content
    assert client.post(path).status_code == 409
    assert joining.find_invitation(token) is not None


def test_start_leads_to_the_work(ana):
    slug = ana.workspace.slug
    assert sign_in(ana.user).get("/")["Location"] == f"/w/{slug}/inbox/mine/"
    assert sign_in(make_user()).get("/")["Location"] == "/w/new/"
    make_member(user=ana.user)
    assert sign_in(ana.user).get("/")["Location"] == "/w/"


def test_the_switcher_lists_ones_own_workspaces_only(ana):
    make_workspace("Kestrel Ltd")
    body = sign_in(ana.user).get("/w/").content.decode()
    assert ana.workspace.name in body
    assert "Kestrel" not in body


def test_a_new_workspace_from_the_page(db):
    client = sign_in(make_user())
    data = {"name": "Quay Books", "time_zone": "Europe/Dublin", "default_country": "IE"}
    assert client.post("/w/new/", data)["Location"] == "/w/quay-books/settings/channels/"
    assert Workspace.objects.get(slug="quay-books").time_zone == "Europe/Dublin"
    assert client.post("/w/new/", {**data, "time_zone": "Mars/Base"}).status_code == 422


def test_a_new_name_reaches_every_workspace(ana):
    sign_in(ana.user).post("/me/", {"name": "Ana Ruiz", "time_zone": ""})
    assert [seat.name for seat in joining.workspaces_of(ana.user)] == ["Ana Ruiz"]
