"""What allauth asks us: who may sign up, how secrets are kept, and what follows from a change of credentials."""

from __future__ import annotations

from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from . import auditing, joining, secrets, tenancy
from .models import Invitation, Member, User
from .sessions import end_sessions

INVITATION_KEY = "invitation"  # session: the token of the invitation a visitor came with
TOTP_PLACE = "user:totp"  # allauth does not say whose secret it is, so it cannot be bound to one row

# Notices that allauth sends a person after a change, and what the audit log of each of their workspaces says.
SECURITY_EVENTS = {
    "account/email/password_changed": "account.password_changed",
    "account/email/password_set": "account.password_changed",
    "account/email/password_reset": "account.password_changed",
    "account/email/email_changed": "account.email_changed",
    "mfa/email/totp_activated": "account.second_factor_added",
    "mfa/email/totp_deactivated": "account.second_factor_removed",
    "mfa/email/recovery_codes_generated": "account.recovery_codes_made",
}


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The usable invitation that this visitor came with, or None."""
    token = request.session.get(INVITATION_KEY)
    return joining.find_invitation(token) if token else None


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Strangers only while SIGNUP_OPEN; whoever came with a valid invitation always."""
        return bool(settings.SIGNUP_OPEN) or invitation_of(request) is not None

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Back to the invitation somebody came with, else to the start."""
        token = request.session.get(INVITATION_KEY)
        return reverse("workspaces:invitation", args=[token]) if token else reverse("workspaces:home")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("workspaces:profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        # From BASE_URL, never from the request's Host header: a forged one would send the link elsewhere.
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return settings.BASE_URL + path.replace("UID-KEY", key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        super().send_mail(template_prefix, email, {**context, "base_url": settings.BASE_URL})

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """allauth calls this after every change of credentials: audit it and sign the other devices out."""
        super().send_notification_mail(template_prefix, user, context, email)
        if action := SECURITY_EVENTS.get(template_prefix):
            _audit_everywhere(user, action, self.request)
            end_sessions(user.pk, keep=self.request.session.session_key)


def _audit_everywhere(user: User, action: str, request: HttpRequest) -> None:
    """One row in each workspace of the person: their account opens all of them."""
    origin = auditing.origin_of(request)
    for seat in joining.workspaces_of(user):
        with tenancy.scope(seat.workspace_id):
            member = Member.objects.get(pk=seat.pk)
            member.origin = origin
            auditing.record(member, action, user.email)


class MFAAdapter(DefaultMFAAdapter):
    """Keeps TOTP secrets and recovery seeds encrypted; allauth's default stores them as they are."""

    def encrypt(self, text: str) -> str:
        return secrets.seal({"secret": text}, place=TOTP_PLACE).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return str(secrets.unseal(encrypted_text.encode(), place=TOTP_PLACE)["secret"])

    def build_totp_svg(self, url: str) -> str:
        """The QR code as an SVG to stand in the page: the content policy allows neither data: images nor styles."""
        code = qrcode.QRCode(border=2)
        code.add_data(url)
        rows = code.get_matrix()
        squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return (
            f'<svg class="qr" viewBox="0 0 {len(rows)} {len(rows)}" role="img" aria-label="QR code" '
            f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{len(rows)}v{len(rows)}H0z"/>'
            f'<path fill="#000" d="{squares}"/></svg>'
        )
