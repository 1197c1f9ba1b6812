"""How much a number may send, as Meta words it in answers to a check and in webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.base import Limits
from providers.whatsapp_cloud.reading import words

# People the business may write to first within 24 hours; 0 is without limit. It is the portfolio's, not the number's.
# developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits (read 2026-09); 50 and 1K are old.
TIERS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": 0,
}
RATES = {"STANDARD": 80, "HIGH": 1_000}  # messages a second
TIER_KEYS = ("messaging_limit", "max_daily_conversations_per_business", "limit")


def limits(said: Mapping[str, Any]) -> Limits:
    """What the facts of a check, or the details of news about the number or account, say. Never raises."""
    per_second = RATES.get(words(said.get("throughput")) or "")
    if said.get("event") == "THROUGHPUT_UPGRADE":
        per_second = RATES["HIGH"]
    per_day = next((TIERS[word] for key in TIER_KEYS if (word := words(said.get(key)) or "") in TIERS), None)
    if per_day is None and type(number := said.get("max_daily_conversation_per_phone")) is int:
        per_day = max(0, number)  # -1: without limit
    return Limits(per_second, per_day)
