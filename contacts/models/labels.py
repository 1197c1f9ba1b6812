"""What a workspace knows about its people beyond names: tags, custom fields, notes."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from workspaces.models import Member
from workspaces.models.tenant import TenantModel

from .people import Contact


class Tag(TenantModel):
    """A word people are grouped by. Contacts hold its primary key in `tag_ids`."""

    name = models.CharField(max_length=50)
    hue = models.PositiveSmallIntegerField(default=1, help_text="Which of the six avatar colours")
    created_at = models.DateTimeField(auto_now_add=True)
    merged_into = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Its people are being moved to that tag; gone when they all are",
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


class CustomField(TenantModel):
    """A fact the workspace wants to know about its people. Values live in `Contact.fields` under `key`."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        CHOICE = "choice", "Choice"
        YES_NO = "yes_no", "Yes or no"

    key = models.SlugField(max_length=40, help_text="Never changes, so that values and rules keep their meaning")
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    choices = models.JSONField(default=list, blank=True, help_text="For kind choice: the words to choose from")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="custom_field_key_once")]

    def __str__(self) -> str:
        return self.label


class ContactNote(TenantModel):
    """What the team writes down about a person; the customer never sees it."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes", db_constraint=False)
    author = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)
