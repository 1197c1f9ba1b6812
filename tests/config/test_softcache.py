"""The cache keeps answering while Valkey is away."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache

from config.embedded import free_port
from config.softcache import SoftCache


@pytest.fixture
def orphaned() -> SoftCache:
    """A cache whose server does not exist."""
    return SoftCache(f"redis://127.0.0.1:{free_port()}/0", {})


def test_values_come_back_from_valkey(valkey):
    cache.set("limits", [1.5, 2.5], 60)
    assert cache.get("limits") == [1.5, 2.5]
    assert valkey.dbsize() == 1


def test_counting_works_on_what_was_stored():
    cache.set("count", 1)
    assert cache.incr("count") == 2
    assert cache.get("count") == 2


def test_without_a_server_the_process_answers_itself(orphaned):
    orphaned.set("key", "value")
    assert orphaned.get("key") == "value"
    assert orphaned.add("key", "other") is False
    assert orphaned.delete("key")
    assert orphaned.get("key", "none") == "none"


def test_many_values_at_once_work_without_a_server_too(orphaned):
    orphaned.set_many({"a": 1, "b": 2})
    assert orphaned.get_many(["a", "b"]) == {"a": 1, "b": 2}


def test_the_default_cache_is_the_soft_one():
    assert settings.CACHES["default"]["BACKEND"] == "config.softcache.SoftCache"
