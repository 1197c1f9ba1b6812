"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered, ring

from . import tag_merging
from .exporting import running as exporting
from .importing import running as importing


def move_tag(workspace_id: int, tag_id: int) -> None:
    """Move everybody who has a tag that is being merged, then delete it."""
    answered("contacts.jobs.move_tag", workspace_id, tag_id)
    tag_merging.move(workspace_id, tag_id)


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
