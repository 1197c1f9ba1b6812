"""Signing up and in, second factors, passwords and sessions, through allauth's pages in our dress."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import get_resolver, reverse

from tests.factories import make_member, make_user, sign_in
from tests.test_trespass import addresses
from workspaces import joining, tenancy
from workspaces.models import AuditEntry, User
from workspaces.templatetags.words import browser

PASSWORD = "seven-otters-sleep"
NEW_PASSWORD = "nine-herons-wake"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def make_person(email: str = "ana@example.test", **fields: Any) -> User:
    user = make_user(email, password=PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def enter(client: Client, email: str = "ana@example.test", password: str = PASSWORD, **more: str):
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def signed_in(email: str = "ana@example.test") -> Client:
    client = Client()
    assert enter(client, email).status_code == 302
    return client


def link_in_mail(number: int = -1) -> str:
    return re.search(r"https?://\S+", mail.outbox[number].body).group()


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def prove_again(client: Client) -> None:
    """Enter the password once more, as changes to the account's safety demand."""
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def add_second_factor(client: Client) -> str:
    """Set up TOTP over the pages; returns the secret."""
    prove_again(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)}).status_code == 302
    return secret


# Signing up


def test_signing_up_needs_the_link_in_the_mail(db, settings):
    settings.BASE_URL = "https://desk.example.test"
    client = Client()
    form = {"name": "Ana Ruiz", "email": "Ana@example.test", "password1": PASSWORD}
    assert client.post(reverse("account_signup"), form)["Location"] == reverse("account_email_verification_sent")
    assert client.get("/").status_code == 302
    link = link_in_mail()
    assert link.startswith("https://desk.example.test/accounts/confirm-email/")
    path = link.removeprefix(settings.BASE_URL)
    assert not EmailAddress.objects.get().verified
    client.get(path)
    assert not EmailAddress.objects.get().verified  # a link scanner that only looks must not confirm
    client.post(path)
    assert EmailAddress.objects.get().verified
    assert User.objects.get().name == "Ana Ruiz"
    assert enter(Client()).status_code == 302


def test_a_known_address_gets_the_same_answer_as_a_new_one(db):
    make_person()
    answers = []
    for email in ("ana@example.test", "new@example.test"):
        form = {"name": "Zoe", "email": email, "password1": PASSWORD}
        answer = Client().post(reverse("account_signup"), form)
        answers.append((answer.status_code, answer["Location"]))
    assert answers[0] == answers[1]
    assert User.objects.count() == 2
    assert "account already" in mail.outbox[0].body


@pytest.mark.parametrize("password", ["short", "password1234", "12345678901", "ana@example.test"])
def test_weak_passwords_are_refused(db, password):
    answer = Client().post(
        reverse("account_signup"), {"name": "Ana", "email": "ana@example.test", "password1": password}
    )
    assert answer.status_code == 200
    assert not User.objects.exists()


def test_closed_sign_up_says_so_plainly(db, settings):
    settings.SIGNUP_OPEN = False
    client = Client()
    assert "By invitation only" in client.get(reverse("account_signup")).content.decode()
    client.post(reverse("account_signup"), {"name": "Zoe", "email": "zoe@example.test", "password1": PASSWORD})
    assert not User.objects.exists()


def invite(email: str = "ben@example.test") -> str:
    ana = make_member(role="owner", name="Ana")
    with tenancy.scope(ana.workspace_id):
        return joining.invite(ana.workspace, email=email, role="agent", by=ana)[1]


def test_an_invited_person_signs_up_even_while_it_is_closed_and_needs_no_second_mail(db, settings):
    settings.SIGNUP_OPEN = False
    path = reverse("workspaces:invitation", args=[invite()])
    client = Client()
    assert client.post(path, {"how": "signup"})["Location"] == reverse("account_signup")
    form = {"name": "Ben", "email": "ben@example.test", "password1": PASSWORD}
    assert client.post(reverse("account_signup"), form)["Location"] == path
    assert client.post(path).status_code == 302
    assert [seat.role for seat in joining.workspaces_of(User.objects.get(email="ben@example.test"))] == ["agent"]
    assert EmailAddress.objects.get(email="ben@example.test").verified


def test_an_invitation_does_not_open_a_closed_sign_up_to_other_addresses(db, settings):
    settings.SIGNUP_OPEN = False
    client = Client()
    client.post(reverse("workspaces:invitation", args=[invite()]), {"how": "signup"})
    form = {"name": "Zoe", "email": "zoe@example.test", "password1": PASSWORD}
    answer = client.post(reverse("account_signup"), form)
    assert "invitation was sent to" in answer.content.decode()
    assert not User.objects.filter(email="zoe@example.test").exists()


def test_an_invited_person_with_an_account_comes_back_after_signing_in(db):
    make_person("ben@example.test", name="Ben")
    path = reverse("workspaces:invitation", args=[invite()])
    client = Client()
    login = client.post(path, {"how": "login"})["Location"]
    answer = client.post(login, {"login": "ben@example.test", "password": PASSWORD, "next": path})
    assert answer["Location"] == path


# Signing in


def test_wrong_password_and_unknown_address_get_the_same_answer(db):
    make_person()
    bodies = []
    for email in ("ana@example.test", "nobody@example.test"):
        body = enter(Client(), email, "wrong-password").content.decode()
        bodies.append(re.sub(r'value="[^"]*"', "", body))
    assert bodies[0] == bodies[1]


def test_guessing_locks_the_account_with_a_plain_page(db, valkey):
    make_person()
    for _ in range(5):
        enter(Client(), password="wrong-password")
        valkey.flushdb()  # the lock must not depend on Valkey
    answer = enter(Client())
    assert answer.status_code in {403, 429}
    assert "Too many tries" in answer.content.decode()


def test_the_next_page_is_never_elsewhere(db):
    make_person()
    answer = enter(Client(), next="https://evil.example/")
    assert "evil" not in answer["Location"]


def test_signing_out_needs_a_post(db):
    make_person()
    client = signed_in()
    client.get(reverse("account_logout"))
    assert client.get("/me/").status_code == 200
    client.post(reverse("account_logout"))
    assert client.get("/me/").status_code == 302


# Passwords


def test_a_reset_link_is_made_from_the_settings_and_works_once(db, settings):
    settings.BASE_URL = "https://desk.example.test"
    settings.ALLOWED_HOSTS = ["testserver", "evil.example"]
    make_person()
    Client().post(reverse("account_reset_password"), {"email": "ana@example.test"}, headers={"Host": "evil.example"})
    link = link_in_mail()
    assert link.startswith("https://desk.example.test/")
    client = Client()
    form_url = client.get(link.removeprefix(settings.BASE_URL))["Location"]
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(form_url, form)
    assert enter(Client(), password=NEW_PASSWORD).status_code == 302
    again = Client().get(link.removeprefix(settings.BASE_URL), follow=True)
    assert "does not work" in again.content.decode()


def test_a_reset_for_an_unknown_address_says_the_same_and_sends_nothing(db):
    answer = Client().post(reverse("account_reset_password"), {"email": "nobody@example.test"})
    assert answer["Location"] == reverse("account_reset_password_done")
    assert mail.outbox == []


def test_a_new_password_ends_every_session_and_is_audited(db):
    user = make_person()
    member = make_member(user=user, role="agent")
    here, elsewhere = signed_in(), signed_in()
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    for client in (here, elsewhere):
        assert client.get("/me/").status_code == 302
    with tenancy.scope(member.workspace_id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.ip) == ("account.password_changed", member.pk, "127.0.0.1")
    assert "set a new password at once" in mail.outbox[-1].body


# Second factor


def test_the_second_factor_is_asked_for_and_its_secret_is_encrypted(db, superuser):
    user = make_person()
    client = signed_in()
    secret = add_second_factor(client)
    assert all(secret not in json.dumps(row.data) for row in Authenticator.objects.filter(user=user))
    other = Client()
    assert enter(other)["Location"].startswith(reverse("mfa_authenticate"))
    assert other.get("/me/").status_code == 302
    assert other.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert other.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302
    assert other.get("/me/").status_code == 200


def test_setting_up_a_second_factor_ends_other_sessions_and_is_audited(committed_db):
    user = make_person()
    member = make_member(user=user, role="agent")
    here, elsewhere = signed_in(), signed_in()
    add_second_factor(here)
    assert here.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302
    with tenancy.scope(member.workspace_id):
        assert list(AuditEntry.objects.values_list("action", flat=True)) == ["account.second_factor_added"]


def test_the_qr_code_stands_in_the_page_without_styles_or_data_addresses(db):
    make_person()
    client = signed_in()
    prove_again(client)
    body = client.get(reverse("mfa_activate_totp")).content.decode()
    assert '<svg class="qr"' in body
    assert "data:" not in body
    assert "style=" not in body


def test_the_password_is_asked_for_again_before_the_account_is_made_less_safe(db):
    make_person()
    client = signed_in()
    for name in ("mfa_activate_totp", "mfa_generate_recovery_codes", "account_email"):
        form = {"code": "1", "email": "zoe@example.test", "action_add": ""}
        assert client.post(reverse(name), form)["Location"].startswith(reverse("account_reauthenticate")), name


def test_roles_that_need_a_second_factor_get_nothing_before_it(db, settings):
    settings.MFA_REQUIRED_ROLES = ["owner"]
    user = make_person()
    slug = make_member(user=user, role="owner").workspace.slug
    client = signed_in()
    for page in (f"/w/{slug}/settings/members/", f"/w/{slug}/inbox/mine/"):
        answer = client.get(page)
        assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_activate_totp"))
        assert answer.content == b""
    add_second_factor(client)
    assert client.get(f"/w/{slug}/settings/members/").status_code == 200


# Sessions


def test_one_ends_ones_own_sessions_only(db):
    make_person()
    make_person("zoe@example.test", name="Zoe")
    here, elsewhere, zoe = signed_in(), signed_in(), signed_in("zoe@example.test")
    own = UserSession.objects.get(session_key=elsewhere.session.session_key)
    foreign = UserSession.objects.get(session_key=zoe.session.session_key)
    assert here.post(reverse("workspaces:session_end", args=[foreign.pk])).status_code == 404
    assert here.post(reverse("workspaces:session_end", args=[own.pk])).status_code == 302
    assert elsewhere.get("/me/").status_code == 302
    assert zoe.get("/me/").status_code == 200
    assert here.get("/me/").status_code == 200


def test_a_changed_role_signs_the_person_out(db):
    ana = make_member(role="owner")
    ben = make_member(ana.workspace, user=make_person("ben@example.test"), role="admin")
    client = signed_in("ben@example.test")
    with tenancy.scope(ana.workspace_id):
        joining.change_role(ben, role="agent", by=ana)
    assert client.get("/me/").status_code == 302


@pytest.mark.parametrize(("line", "name"), [
    (FIREFOX, "Firefox on Linux"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
    ("curl/8.5", "curl/8.5"),
    ("", "Unknown browser"),
])  # fmt: skip
def test_browsers_are_named(line, name):
    assert browser(line) == name


# Looks


def account_pages() -> list[str]:
    """Every allauth address that takes no argument and answers to GET with a page."""
    found = [name for route, name in addresses(get_resolver()) if route.startswith("accounts/") and "<" not in route]
    return sorted(name for name in found if "(?P" not in reverse(name) and name != "mfa_download_recovery_codes")


@pytest.mark.parametrize("who", ["visitor", "ana", "ana with a second factor"])
def test_every_account_page_is_in_our_dress(db, who):
    user = make_person()
    client = Client() if who == "visitor" else sign_in(user)
    if who == "ana with a second factor":
        prove_again(client)
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(user)
    seen = 0
    for name in account_pages():
        answer = client.get(reverse(name), follow=True)
        if answer.status_code == 404:
            continue
        body = answer.content.decode()
        assert answer.status_code == 200, name
        assert "css/app.css" in body, name
        assert body.count("<h1") == 1, name
        assert "Menu:" not in body, name  # allauth's own layout
        assert "style=" not in body, name
        assert "{{" not in body, name
        seen += 1
        client = client if who == "visitor" or "_auth_user_id" in client.session else sign_in(user)
    assert seen > 10
