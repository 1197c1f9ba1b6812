"""Message templates: one row per name, one per language of it, one per version of that."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from workspaces.models import Member
from workspaces.models.tenant import TenantModel, uuid7


class MessageTemplate(TenantModel):
    """A named text with places for values, in one or several languages.

    A provider template belongs to an account at the provider (WhatsApp: a WABA) and must be approved there before it
    can be sent. A quick template is the workspace's own text, for any channel whose window is open.
    """

    class Kind(models.TextChoices):
        PROVIDER = "provider", "Approved by the provider"
        QUICK = "quick", "Quick template"

    class Category(models.TextChoices):
        MARKETING = "marketing", "Marketing"
        UTILITY = "utility", "Utility"
        AUTHENTICATION = "authentication", "Authentication"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    channel_kind = models.CharField(max_length=20, blank=True, default="", help_text="Empty: any channel (quick)")
    account_id = models.CharField(max_length=64, blank=True, default="", help_text="WhatsApp: WABA id")
    name = models.CharField(max_length=512, help_text="Provider: [a-z0-9_]; quick: any words")
    category = models.CharField(max_length=14, choices=Category.choices, blank=True, default="", help_text="As asked")
    is_active = models.BooleanField(default=True, help_text="Quick templates can be put aside without deleting them")
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel_kind", "account_id", "name"],
                condition=Q(kind="provider", deleted_at=None),
                name="template_name_once_per_account",
            ),
            models.UniqueConstraint(
                "workspace", Lower("name"), condition=Q(kind="quick", deleted_at=None), name="quick_template_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateTranslation(TenantModel):
    """One language of a template, with its own status at the provider.

    `components` and `variables` are what can be sent; what somebody is still writing is the open TemplateVersion.
    Components are the provider's own list, kept whole, so that one nobody here understands is never mangled.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTING = "submitting", "Being submitted"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        PAUSED = "paused", "Paused"
        DISABLED = "disabled", "Disabled"
        ARCHIVED = "archived", "Archived"
        DELETING = "deleting", "Being deleted"
        DELETED = "deleted", "Deleted"
        OTHER = "other", "Other"  # a word of the provider's that nobody has seen before; never sendable

    SENDABLE = (Status.APPROVED,)

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    template = models.ForeignKey(
        MessageTemplate, models.CASCADE, related_name="translations", db_constraint=False, db_index=False
    )
    language = models.CharField(max_length=16, help_text="The provider's code: en, en_GB; quick: may be empty")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    provider_status = models.CharField(max_length=40, blank=True, default="", help_text="The provider's word, verbatim")
    provider_id = models.CharField(max_length=64, blank=True, default="")
    category = models.CharField(max_length=14, blank=True, default="", help_text="What the provider made of it")
    category_at = models.DateTimeField(null=True, blank=True, help_text="When the provider said so; older is late")
    upcoming_category = models.CharField(max_length=14, blank=True, default="")
    category_changes_at = models.DateTimeField(null=True, blank=True)
    quality = models.CharField(max_length=12, blank=True, default="", help_text="green, yellow, red")
    quality_at = models.DateTimeField(null=True, blank=True, help_text="When the provider said so; older is late")
    parameter_format = models.CharField(max_length=10, default="positional", help_text="positional or named")
    components = models.JSONField(default=list)
    variables = models.JSONField(default=dict, help_text="Place → sample, source and fallback; see variables.py")
    reason = models.CharField(max_length=100, blank=True, default="", help_text="Why rejected, the provider's word")
    explanation = models.TextField(blank=True, default="")
    recommendation = models.TextField(blank=True, default="")
    submitted_at = models.DateTimeField(null=True, blank=True, help_text="When the provider took it for review")
    approved_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    status_at = models.DateTimeField(null=True, blank=True, help_text="When the provider set the status; older is late")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to a minute")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["template", "language"], condition=~Q(status="deleted"), name="template_language_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "status"], name="translation_by_status"),
            models.Index(fields=["workspace", "provider_id"], condition=~Q(provider_id=""), name="translation_of_id"),
        ]

    def __str__(self) -> str:
        return f"{self.template.name} ({self.language})"

    @property
    def is_sendable(self) -> bool:
        return self.status in self.SENDABLE


class TemplateVersion(TenantModel):
    """One text of one language: the open draft, or exactly what was submitted once."""

    class State(models.TextChoices):
        OPEN = "open", "Draft"
        SUBMITTED = "submitted", "Submitted"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        DISCARDED = "discarded", "Discarded"

    translation = models.ForeignKey(
        TemplateTranslation, models.CASCADE, related_name="versions", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    category = models.CharField(max_length=14, blank=True, default="")
    parameter_format = models.CharField(max_length=10, default="positional")
    components = models.JSONField(default=list)
    variables = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1, help_text="Goes up with each save; two tabs notice each other")
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    changes_approved = models.BooleanField(default=False, help_text="Counts against the limit of edits")
    submitted_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    reason = models.CharField(max_length=100, blank=True, default="")
    explanation = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["translation", "number"], name="template_version_number_once"),
            models.UniqueConstraint(
                fields=["translation"], condition=Q(state="open"), name="template_one_open_version"
            ),
        ]


class TemplateFile(TenantModel):
    """A picture, video or document of a template: the sample for the review, and what is sent by default."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    template = models.ForeignKey(MessageTemplate, models.CASCADE, related_name="files", db_constraint=False)
    kind = models.CharField(max_length=8, help_text="image, video or document")
    filename = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes")
    file = models.CharField(max_length=200, help_text="Name in the media storage")
    handle = models.TextField(blank=True, default="", help_text="The provider's handle of the sample")
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
