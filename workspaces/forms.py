"""The shapes of what people type into account, workspace, member and channel pages."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from . import accounts, joining
from .models import Channel, CreditPocket, Member, User, Workspace
from .places import countries, time_zones


class SignupForm(BaseSignupForm):
    """allauth's form with a name; with sign-up closed only the invited address may register."""

    name = forms.CharField(
        label="Your name",
        max_length=100,
        help_text="As your team and your customers should see it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if not settings.SIGNUP_OPEN:
            invitation = accounts.invitation_of(_current_request())
            if invitation is None or invitation.email != email.lower():
                raise ValidationError("Use the e-mail address that your invitation was sent to.")
        return email

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the user row exists."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


def _current_request() -> HttpRequest:
    from allauth.core import context

    return context.request


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="For the times you see. Without one, pages follow your browser.",
    )

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        labels = {"name": "Your name"}
        help_texts = {"name": "Your team sees it beside what you write."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["time_zone"].choices = [("", "Like the browser"), *time_zones()]  # type: ignore[attr-defined]


class WorkspaceForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", help_text="For reports and working hours of the team.")
    default_country = forms.ChoiceField(
        label="Default country",
        required=False,
        help_text="How a phone number without a country code is read.",
    )

    class Meta:
        model = Workspace
        fields = ["name", "time_zone", "default_country"]
        labels = {"name": "Workspace name"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = time_zones()  # type: ignore[attr-defined]
        self.fields["default_country"].choices = [("", "No default"), *countries()]  # type: ignore[attr-defined]


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254, widget=forms.EmailInput({"autocomplete": "off"}))
    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, role.label) for role in reversed(joining.grantable_roles(by))]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, role.label) for role in joining.grantable_roles(by)]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


def _secret(label: str, help_text: str, *, required: bool = True) -> forms.CharField:
    # Never rendered back, and not offered to the browser's password store.
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, max_length=1000, required=required, widget=widget)


def _digits(label: str, help_text: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-ltr": ""})
    return forms.RegexField(
        r"^\d{5,25}$",
        label=label,
        help_text=help_text,
        widget=widget,
        error_messages={"invalid": "This is a number of 5 to 25 digits, without spaces."},
    )


class WhatsAppForm(forms.Form):
    """What Meta's pages show about a number, see "API Setup" of the app."""

    name = forms.CharField(
        label="Name", max_length=60, help_text="How your team calls this number, for example Support."
    )
    external_id = _digits("Phone number ID", "In the Meta app: WhatsApp, API Setup. It is not the phone number itself.")
    account_id = _digits("WhatsApp Business Account ID", "On the same page, below the phone number ID.")
    token = _secret("Access token", "A permanent token of a system user. Temporary ones stop working after a day.")
    app_secret = _secret("App secret", "In the Meta app: App settings, Basic. It proves that webhooks come from Meta.")
    base_url = forms.ChoiceField(label="Address of the API")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(url, url) for url in settings.PROVIDER_BASE_URLS]
        self.fields["base_url"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            del self.fields["base_url"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("base_url", settings.PROVIDER_BASE_URLS[0] if len(settings.PROVIDER_BASE_URLS) == 1 else "")
        return cleaned


class ChannelNameForm(forms.ModelForm):
    class Meta:
        model = Channel
        fields = ["name"]
        labels = {"name": "Name"}

    def validate_constraints(self) -> None:
        """The verb reports a taken name: another workspace's rows are not visible here."""


class ReplaceSecretsForm(forms.Form):
    token = _secret("New access token", "Leave empty to keep the present one.", required=False)
    app_secret = _secret("New app secret", "Leave empty to keep the present one.", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("token") and not cleaned.get("app_secret") and not self.errors:
            raise ValidationError("Enter what should be replaced.")
        return cleaned


class DisconnectForm(forms.Form):
    name = forms.CharField(label="Name of the channel", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.strip() != self.channel.name:
            raise ValidationError("This is not the name of the channel.")
        return name


def _credits(label: str, help_text: str, *, required: bool = True, least: int = 0) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-ltr": ""})
    return forms.IntegerField(
        label=label, help_text=help_text, required=required, min_value=least, max_value=10**12, widget=widget
    )


class CreditLimitsForm(forms.Form):
    low_balance = _credits("Tell us below this balance", "Owners and admins get one mail when it is crossed. 0: never.")
    daily_cap = _credits(
        "Most credits a day",
        "When so many were charged in a day, nothing more is sent until the next. Empty: no limit.",
        required=False,
        least=1,
    )


class CreditTransferForm(forms.Form):
    source = forms.ChoiceField(label="From", choices=CreditPocket.Kind.choices)
    target = forms.ChoiceField(label="To", choices=CreditPocket.Kind.choices)
    amount = _credits("Credits", "", least=1)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("source") and cleaned.get("source") == cleaned.get("target"):
            self.add_error("target", "Choose another pocket than the one the credits come from.")
        return cleaned
