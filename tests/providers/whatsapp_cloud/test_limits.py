from __future__ import annotations

from typing import Any

import pytest

from providers.base import Limits
from providers.whatsapp_cloud import limits


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"throughput": "STANDARD", "messaging_limit": "TIER_250"}, Limits(80, 250)),
        ({"throughput": "HIGH", "messaging_limit": "TIER_UNLIMITED"}, Limits(1000, 0)),
        ({"event": "UPGRADE", "limit": "TIER_2K", "previous": "TIER_250"}, Limits(None, 2000)),
        ({"event": "THROUGHPUT_UPGRADE", "limit": "TIER_100K"}, Limits(1000, 100_000)),
        ({"max_daily_conversation_per_phone": 1000, "max_phone_numbers_per_business": 2}, Limits(None, 1000)),
        ({"max_daily_conversation_per_phone": -1}, Limits(None, 0)),
        ({"max_daily_conversation_per_phone": True}, Limits()),
        ({"throughput": "NOT_APPLICABLE", "limit": "TIER_NEW"}, Limits()),
        ({"limit": ["TIER_250"], "throughput": {"level": "HIGH"}}, Limits()),
        ({}, Limits()),
    ],
)
def test_what_meta_says_becomes_numbers_and_what_is_unknown_nothing(said: dict[str, Any], found: Limits) -> None:
    assert limits(said) == found
