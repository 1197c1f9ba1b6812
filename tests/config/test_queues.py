"""The doorbell: after commit, by name, and silent when Valkey is away."""

from __future__ import annotations

import pytest
from django.db import transaction
from rq.serializers import JSONSerializer

from config import queues
from config.queues import JSONQueue, enqueue, ring

CHECK = "config.health.healthz"  # any importable path


def waiting(valkey, queue="default"):
    return JSONQueue(queue, connection=valkey).job_ids


@pytest.mark.usefixtures("committed_db")
def test_a_job_is_pushed_only_after_the_commit(valkey):
    with transaction.atomic():
        enqueue(CHECK)
        assert waiting(valkey) == []
    assert len(waiting(valkey)) == 1


@pytest.mark.usefixtures("committed_db")
def test_a_rolled_back_transaction_rings_nobody(valkey):
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(CHECK)
        raise RuntimeError
    assert waiting(valkey) == []


def test_a_typo_fails_where_it_is_written():
    with pytest.raises(ImportError):
        enqueue("config.health.healtz")


def test_an_unknown_queue_fails_where_it_is_written():
    with pytest.raises(KeyError):
        enqueue(CHECK, queue="urgent")


def test_only_plain_values_travel():
    with pytest.raises(TypeError):
        enqueue(CHECK, object())


@pytest.mark.usefixtures("committed_db")
def test_a_second_ring_before_the_answer_counts_for_the_first(valkey):
    ring(CHECK, 7)
    ring(CHECK, 7)
    ring(CHECK, 8)
    assert len(waiting(valkey)) == 2


@pytest.mark.usefixtures("committed_db")
def test_a_ring_after_the_answer_is_a_new_one(valkey):
    ring(CHECK, 7)
    queues.answered(CHECK, 7)
    ring(CHECK, 7)
    assert len(waiting(valkey)) == 2


@pytest.mark.usefixtures("committed_db")
def test_jobs_are_json(valkey):
    enqueue(CHECK, 7, "word")
    [job] = JSONQueue("default", connection=valkey).jobs
    assert job.serializer is JSONSerializer
    assert list(job.args) == [7, "word"]
