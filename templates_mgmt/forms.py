"""The shapes of what people choose about templates; the editor's own form is read in `typed`."""

from __future__ import annotations

from typing import Any

from django import forms

from workspaces.models import Channel, Workspace

from . import languages
from .models import MessageTemplate
from .naming import MOST_CHARACTERS

Kind = MessageTemplate.Kind


def _languages(*, without: set[str] = frozenset(), empty: str = "") -> list[tuple[str, str]]:  # type: ignore[assignment]
    known = [(code, f"{name} ({code})") for code, name in languages.LANGUAGES.items() if code not in without]
    return [("", empty), *known] if empty else known


class NewTemplateForm(forms.Form):
    """What a template is for, its name and its first language."""

    name = forms.CharField(label="Name", max_length=512)
    category = forms.ChoiceField(label="Category", choices=MessageTemplate.Category.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(label="Language", required=False)
    channel = forms.ModelChoiceField(
        label="WhatsApp account",
        queryset=Channel.objects.none(),
        empty_label=None,
        to_field_name="uuid",
        help_text="A template belongs to one business account and can be sent from each of its numbers.",
    )

    def __init__(self, *args: Any, workspace: Workspace, quick: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quick = quick
        accounts = _accounts(workspace)
        self.has_channel = bool(accounts)
        name, language = self.fields["name"], self.fields["language"]
        if quick:
            del self.fields["category"], self.fields["channel"]
            name.max_length = MOST_CHARACTERS  # type: ignore[attr-defined]
            name.help_text = "How your team finds it, for example Opening hours."
            name.widget.attrs |= {"dir": "auto", "autocomplete": "off"}
            language.choices = _languages(empty="Any language")  # type: ignore[attr-defined]
            return
        name.help_text = "Small letters, digits and underscores: order_shipped. Customers never see it."
        name.widget.attrs |= {"data-ltr": "", "autocomplete": "off", "spellcheck": "false", "data-template-name": ""}
        language.choices, language.required = _languages(), True  # type: ignore[attr-defined]
        channel = self.fields["channel"]
        channel.queryset = Channel.objects.filter(workspace_id=workspace.pk, pk__in=accounts)  # type: ignore[attr-defined]
        if len(accounts) == 1:
            channel.initial, channel.widget = channel.queryset[0], forms.HiddenInput()  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """What `drafting.create` wants to know."""
        cleaned = self.cleaned_data
        return {
            "kind": Kind.QUICK.value if self.quick else Kind.PROVIDER.value,
            "channel": cleaned.get("channel"),
            "name": cleaned["name"],
            "language": cleaned["language"],
            "category": cleaned.get("category", ""),
        }


def _accounts(workspace: Workspace) -> list[int]:
    """One number for each business account, an open one first."""
    found: dict[str, int] = {}
    channels = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).exclude(account_id="")
    for channel in sorted(channels, key=lambda channel: (channel.status != Channel.Status.OPEN, channel.pk)):
        found.setdefault(channel.account_id, channel.pk)
    return list(found.values())


class CopyForm(forms.Form):
    """The name of a duplicate."""

    name = forms.CharField(label="Name of the copy", max_length=512)


class NameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=512)


class LanguageForm(forms.Form):
    """Another language, begun from one that is there."""

    language = forms.ChoiceField(label="Language")
    copy_from = forms.ChoiceField(label="Begin with the text in")

    def __init__(self, *args: Any, present: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = _languages(without=set(present))  # type: ignore[attr-defined]
        self.fields["copy_from"].choices = [  # type: ignore[attr-defined]
            (code, languages.name(code) if code else "Any language") for code in present
        ]
        self.fields["copy_from"].required = False
