"""The shape of what people send in the inbox; rules are in the verb modules."""

from __future__ import annotations

from typing import Any

from django import forms

from workspaces.models import Member, Workspace

from .models import Conversation
from .reacting import EMOJI


class ReplyForm(forms.Form):
    """One reply.

    `cid` makes a double submit one message, `conversation` catches text from another tab, and `reply_to` names the
    message that is quoted.
    """

    conversation = forms.UUIDField()
    cid = forms.UUIDField()
    text = forms.CharField(required=False, strip=True, max_length=100_000)
    file = forms.FileField(required=False, allow_empty_file=True, max_length=255)
    reply_to = forms.UUIDField(required=False)
    anyway = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("text") and not cleaned.get("file"):
            raise forms.ValidationError("Write something or attach a file first.")
        return cleaned

    def first_error(self) -> str:
        """The first complaint as a sentence."""
        for field, errors in self.errors.items():
            return (
                str(errors[0]) if field in ("text", "file", "__all__") else "The form was incomplete. Reload the page."
            )
        return ""


class TemplateSendForm(forms.Form):
    """Around the values of a template, which depend on it: the same guards as those of a reply."""

    conversation = forms.UUIDField()
    cid = forms.UUIDField()
    anyway = forms.BooleanField(required=False)


class AssigneeForm(forms.Form):
    """Who should answer; empty for nobody."""

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = Member.objects.filter(workspace_id=workspace.pk, removed_at=None)
        self.fields["assignee"] = forms.ModelChoiceField(team, required=False)


class ReactionForm(forms.Form):
    """One of the offered emoji; empty takes the reaction back."""

    emoji = forms.ChoiceField(choices=list(EMOJI.items()), required=False)


class StatusForm(forms.Form):
    status = forms.ChoiceField(
        choices=[(word.value, word.label) for word in (Conversation.Status.OPEN, Conversation.Status.RESOLVED)]
    )
