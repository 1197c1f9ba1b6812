"""What sending costs: a balance per pocket, and every change of it for ever."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .people import Member
from .tenant import TenantModel


class CreditPocket(TenantModel):
    """Credits of one sort. The balance is the sum of its entries, and the database refuses to let it go below zero.

    Every charge and refund locks this row: the entries of one pocket have one order, the order of their ids.
    """

    class Kind(models.TextChoices):
        WHATSAPP = "whatsapp", "Messages"
        SMS = "sms", "SMS"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    balance = models.BigIntegerField(default=0, db_default=0)
    low_balance = models.BigIntegerField(default=0, db_default=0, help_text="Admins are told below this; 0 never")
    low_told_at = models.DateTimeField(null=True, blank=True, help_text="Told since the balance was last enough")
    daily_cap = models.BigIntegerField(null=True, blank=True, help_text="Most credits charged in a day")
    spent_on = models.DateField(null=True, blank=True)
    spent_today = models.BigIntegerField(default=0, db_default=0, help_text="Charged on spent_on, refunds not deducted")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind"], name="credit_pocket_once_per_kind"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="credit_balance_not_negative"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class CreditEntry(TenantModel):
    """One change of a balance. Append-only: the database refuses UPDATE, DELETE and TRUNCATE."""

    append_only = True

    class Kind(models.TextChoices):
        TOP_UP = "top_up", "Top-up"
        CHARGE = "charge", "Charge"
        REFUND = "refund", "Refund"
        TRANSFER = "transfer", "Transfer"
        ADJUSTMENT = "adjustment", "Adjustment"

    pocket = models.ForeignKey(
        CreditPocket, models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField(help_text="Credits; what leaves the pocket is negative")
    balance_after = models.BigIntegerField()
    # Numbers, not links: the ledger outlives the messages, people and broadcasts it is about.
    message_id = models.BigIntegerField(null=True)
    after_attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Message.spent_attempts: a person who has it tried again orders it anew"
    )
    broadcast_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=10, help_text="Message.source of what was sent, or operator")
    actor = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    reference = models.CharField(max_length=120, blank=True, default="", help_text="The operator's own, booked once")
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "kind", "after_attempts"],
                condition=Q(message_id__isnull=False),
                name="credit_entry_once_per_message",
            ),
            models.UniqueConstraint(
                fields=["workspace", "reference"],
                condition=Q(kind="top_up") & ~Q(reference=""),
                name="credit_top_up_reference_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="charge", amount__lt=0)
                | Q(kind__in=["refund", "top_up"], amount__gt=0)
                | Q(kind__in=["transfer", "adjustment"]),
                name="credit_entry_sign",
            ),
        ]
        indexes = [
            models.Index(fields=["pocket", "-id"], name="credit_ledger"),
            models.Index(fields=["workspace", "created_at"], name="credit_entry_by_time"),
            models.Index(
                fields=["workspace", "broadcast_id"],
                condition=Q(broadcast_id__isnull=False),
                name="credit_entry_of_broadcast",
            ),
            # Few among millions of charges; a ledger filtered by them would read all of those.
            models.Index(
                fields=["pocket", "-id"],
                condition=Q(kind__in=["top_up", "transfer", "adjustment"]),
                name="credit_ledger_rare",
            ),
        ]


class CreditPrice(TenantModel):
    """Credits for one message from a day on. The most specific row that is valid counts; without one it is 1 credit."""

    channel_kind = models.CharField(max_length=20, blank=True, default="", help_text="Empty: every channel")
    category = models.CharField(
        max_length=14, blank=True, default="", help_text="marketing, utility, authentication, service; empty: each"
    )
    country = models.CharField(max_length=2, blank=True, default="", help_text="ISO 3166; empty: every country")
    credits = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Exclusive; empty: until further notice")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel_kind", "category", "country", "valid_from"], name="credit_price_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=models.F("valid_from")), name="credit_price_valid"
            ),
        ]


class CreditCheck(TenantModel):
    """What the nightly comparison of balances, entries and messages found."""

    sound = models.BooleanField()
    findings = models.JSONField(default=list, help_text="One object per disagreement: rule, pocket, count, examples")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="credit_check_newest")]
