"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered, ring

from . import tag_merging
from .exporting import running as exporting
from .importing import running as importing


def move_tags() -> None:
    """Finish one merge of tags, and ring again while there are more."""
    answered("contacts.jobs.move_tags")
    if tag_merging.work_next() and tag_merging.due():
        ring("contacts.jobs.move_tags", queue="bulk")


def work_on_imports() -> None:
    """Check, carry out or take back one import, and ring again while there are more."""
    answered("contacts.jobs.work_on_imports")
    if importing.work_next() and importing.due():
        ring("contacts.jobs.work_on_imports", queue="bulk")


def work_on_exports() -> None:
    """Write one export, and ring again while there are more."""
    answered("contacts.jobs.work_on_exports")
    if exporting.work_next() and exporting.due():
        ring("contacts.jobs.work_on_exports", queue="bulk")
