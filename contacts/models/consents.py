"""Who may be sent what: the present state per identity and purpose, its append-only history, and suppression."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from workspaces.models import Member
from workspaces.models.tenant import TenantModel

from .people import Identity


class Purpose(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SERVICE = "service", "Service"


class ConsentState(models.TextChoices):
    OPTED_IN = "opted_in", "Opted in"
    OPTED_OUT = "opted_out", "Opted out"


class Consent(TenantModel):
    """The present word of one identity on one purpose. No row means nobody ever said anything.

    Locked FOR SHARE when a marketing message starts and FOR UPDATE when the word changes, so that after an opt-out
    has committed no message can start.
    """

    identity = models.ForeignKey(Identity, models.CASCADE, related_name="consents", db_constraint=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    source = models.CharField(max_length=40, help_text="stop_word, agent, import, api, provider, …")
    wording = models.TextField(blank=True, default="", help_text="What the person said, or what they agreed to")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "identity", "purpose"], name="consent_once_per_purpose"),
        ]
        indexes = [models.Index(fields=["workspace", "purpose", "state", "identity"], name="consent_by_state")]


class ConsentEntry(TenantModel):
    """One change of mind, for ever. Append-only: the database refuses UPDATE, DELETE and TRUNCATE."""

    append_only = True

    # Numbers, not links: history outlives the erasure of the person it is about.
    identity_id = models.BigIntegerField()
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    source = models.CharField(max_length=40)
    actor = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "consent entries"
        indexes = [
            models.Index(fields=["workspace", "identity_id", "id"], name="consent_history"),
            # Who opted out since somebody last looked.
            models.Index(fields=["created_at"], condition=Q(state="opted_out"), name="consent_opt_outs"),
        ]


class ConsentWording(TenantModel):
    """What somebody said or agreed to at one entry of the history. Kept apart, because it can be personal: it goes
    when the person is erased, the entry stays."""

    entry = models.OneToOneField(ConsentEntry, models.CASCADE, related_name="wording", db_constraint=False)
    identity_id = models.BigIntegerField()
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "identity_id"], name="consent_wording_of")]


class SuppressionKey(TenantModel):
    """The key of a workspace's suppression digests, sealed; without it nobody can try numbers against them."""

    sealed_columns = ("sealed",)

    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="suppression_key_once")]


class Suppression(TenantModel):
    """A number that must not be messaged again although its person was erased: only an HMAC of it is kept."""

    channel_kind = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_kind", "digest", "purpose"], name="suppression_once"),
        ]


class KeywordList(TenantModel):
    """The words by which people opt out and in, one list per workspace and action; absent rows mean the defaults."""

    class Action(models.TextChoices):
        OPT_OUT = "opt_out", "Opt out"
        OPT_IN = "opt_in", "Opt in"

    action = models.CharField(max_length=8, choices=Action.choices)
    words = models.JSONField(default=list)
    confirmation = models.TextField(blank=True, default="", help_text="Sent once after the word; empty sends nothing")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "action"], name="keyword_list_once")]
