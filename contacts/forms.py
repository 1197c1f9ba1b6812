"""The shapes of what people type about contacts, tags, fields and segments."""

from __future__ import annotations

from typing import Any

from django import forms

from workspaces.models import Workspace
from workspaces.places import countries

from . import fields, labels, languages
from .models import CustomField, Tag
from .people import READERS, NotAcceptable

HUES = list(zip(map(str, range(1, labels.HUES + 1)), ("Teal", "Blue", "Amber", "Purple", "Red", "Olive"), strict=True))


class ContactForm(forms.Form):
    """A person added by hand."""

    name = forms.CharField(label="Name", max_length=200, required=False, widget=forms.TextInput({"dir": "auto"}))
    country = forms.ChoiceField(
        label="Country of the number", required=False, help_text="Only used when the number has no country code."
    )
    number = forms.CharField(
        label="WhatsApp number",
        max_length=40,
        required=False,
        help_text="Best with its country code, like +44 7700 900123.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "off", "data-ltr": ""}),
    )
    email = forms.CharField(
        label="E-mail", max_length=254, required=False, widget=forms.TextInput({"type": "email", "autocomplete": "off"})
    )
    language = forms.ChoiceField(label="Language", required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "None"), *countries()]  # type: ignore[attr-defined]
        self.fields["country"].initial = workspace.default_country
        self.fields["language"].choices = [("", "Not known"), *languages.choices()]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        try:
            return READERS["email"](self.cleaned_data["email"])
        except NotAcceptable as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class TagForm(forms.Form):
    name = forms.CharField(label="Name", max_length=50, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}))
    hue = forms.ChoiceField(label="Colour", choices=HUES, required=False)

    def clean_hue(self) -> int:
        return int(self.cleaned_data["hue"] or 1)


class TagMergeForm(forms.Form):
    into = forms.ModelChoiceField(label="Merge into", queryset=Tag.objects.none(), empty_label="Choose a tag")

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = labels.tags_of(tag.workspace_id).exclude(pk=tag.pk)
        self.fields["into"].queryset = others  # type: ignore[attr-defined]


class FieldForm(forms.Form):
    """A custom field. Its kind is chosen once: values of one kind do not become values of another."""

    label = forms.CharField(
        label="Name",
        max_length=60,
        help_text="How your team calls it, for example Order number.",
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label="Kind", choices=CustomField.Kind.choices)
    choices = forms.CharField(
        label="Choices",
        required=False,
        help_text="Only for the kind Choice: one on each line.",
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
    )

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        if field is not None:
            kwargs.setdefault("initial", {"label": field.label, "choices": "\n".join(field.choices)})
        super().__init__(*args, **kwargs)
        if field is not None:
            del self.fields["kind"]
            if field.kind != CustomField.Kind.CHOICE:
                del self.fields["choices"]

    def clean_choices(self) -> list[str]:
        lines: list[str] = self.cleaned_data["choices"].splitlines()
        return lines

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        if kind and "choices" in cleaned:
            try:
                cleaned["choices"] = fields.clean_choices(kind, cleaned["choices"])
            except labels.LabelRefused as refusal:
                self.add_error("choices", str(refusal))
        return cleaned


class WordsForm(forms.Form):
    """The words of one action and what is answered."""

    words = forms.CharField(
        label="Words",
        required=False,
        help_text="One on each line. Capitals, accents and spelling variants of Arabic letters do not matter.",
        widget=forms.Textarea({"rows": 10, "dir": "auto"}),
    )
    confirmation = forms.CharField(
        label="Confirmation",
        required=False,
        max_length=600,
        help_text="Sent once after the word. Leave it empty to send nothing.",
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
