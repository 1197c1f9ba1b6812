"""Work on one queue: `manage.py worker default`."""

from __future__ import annotations

import signal
import socket
import time
from typing import Any
from uuid import uuid4

import redis
import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from rq import SimpleWorker
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from config import long_lived
from config.database_role import refuse_unbound_role
from config.queues import TIME_LIMITS, UNREACHABLE, JSONQueue

log = structlog.get_logger(__name__)
RECONNECT_SECONDS = 0.5


class Worker(SimpleWorker):
    """Runs jobs in this process: a fork per job would reach about 15 jobs a second."""

    max_connection_wait_time = 1.0  # seconds between tries while Valkey is away; RQ's own wait doubles up to a minute

    def perform_job(self, job: Job, queue: Queue) -> bool:
        close_old_connections()
        try:
            return super().perform_job(job, queue)
        finally:
            close_old_connections()


class Command(BaseCommand):
    """One process, one queue: a worker that listens on two loses the job it popped when it dies."""

    help = "Work on one queue until SIGTERM; the job in hand is finished first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=sorted(TIME_LIMITS))
        parser.add_argument("--burst", action="store_true", help="stop when the queue is empty")

    def handle(self, *args: Any, queue: str, burst: bool, **options: Any) -> None:
        """Work; after an outage of Valkey, begin again."""
        refuse_unbound_role()
        long_lived.settle_in()
        self.stopping = False
        signal.signal(signal.SIGTERM, self._stop_between_attempts)
        signal.signal(signal.SIGINT, self._stop_between_attempts)
        while not self.stopping:
            try:
                worker = build(queue)
                worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)
                return
            except UNREACHABLE as error:
                log.warning("valkey away, trying again", queue=queue, error=type(error).__name__)
                signal.signal(signal.SIGTERM, self._stop_between_attempts)
                signal.signal(signal.SIGINT, self._stop_between_attempts)
                time.sleep(RECONNECT_SECONDS)

    def _stop_between_attempts(self, *args: Any) -> None:
        self.stopping = True


def build(queue: str) -> Worker:
    """A worker with a name of its own, so that one killed a second ago does not stand in its way."""
    connection = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=30)
    name = f"{queue}-{socket.gethostname()}-{uuid4().hex[:12]}"
    bells = JSONQueue(queue, connection=connection, default_timeout=TIME_LIMITS[queue])
    return Worker([bells], name=name, connection=connection, serializer=JSONSerializer, default_result_ttl=0)
