"""What news from the provider does to a language of a template, be it from a webhook, a listing or an answer.

Each function changes the rows in memory and collects notices; the caller holds their locks and saves them. News may
come late, twice and in any order: what is older than the last of its kind is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from providers.types import RemoteTemplate

from .components import places, read, samples
from .models import TemplateNotice, TemplateTranslation, TemplateVersion
from .wording import without_examples, wording

Status, State, Notice = TemplateTranslation.Status, TemplateVersion.State, TemplateNotice.Kind

LIVE_STATUSES = frozenset({Status.APPROVED, Status.PAUSED, Status.DISABLED})  # only what was approved gets there
# Of two statuses given in the same second the later stage is the newer one: webhooks are timed to the second.
STAGES = (Status.IN_REVIEW, Status.APPROVED, Status.PAUSED, Status.DISABLED, Status.DELETING, Status.DELETED)
SKEW = timedelta(seconds=60)  # between the provider's clock and this one


@dataclass(slots=True)
class Standing:
    """A language, the texts of it that are open or under review, and what people should hear about it."""

    translation: TemplateTranslation
    submitted: TemplateVersion | None = None
    draft: TemplateVersion | None = None
    is_changed: bool = False
    notices: list[TemplateNotice] = field(default_factory=list)

    def say(self, kind: TemplateNotice.Kind, text: str) -> None:
        """Add a notice; `text` goes on after the template's name."""
        row, now = self.translation, timezone.now()
        self.notices.append(
            TemplateNotice(
                workspace_id=row.workspace_id,
                translation=row,
                kind=kind,
                text=f"“{row.template.name}” ({row.language}) {text}",
                created_at=now,
            )
        )
        self.is_changed = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status with its reasons. `word` and the three texts are the provider's own, verbatim."""

    status: str
    word: str
    reason: str = ""
    explanation: str = ""
    recommendation: str = ""
    is_polled: bool = False  # read from a listing: true at the time, but nobody says since when


def is_late(last: datetime | None, at: datetime) -> bool:
    """Whether news of `at` was overtaken by what is known of `last`; news of the same moment is not."""
    return last is not None and at < last


def judge(standing: Standing, verdict: Verdict, *, at: datetime) -> None:
    """Apply a status that the provider gave at `at`."""
    row = standing.translation
    if _is_overtaken(standing, verdict, at):
        return
    is_same = row.status == verdict.status and row.provider_status == verdict.word and not _decides(standing, verdict)
    if not (is_same and verdict.is_polled):
        row.status_at = at
    if is_same and not _adds_reasons(row, verdict):
        return
    if verdict.status == Status.DELETED:
        lose(standing)
        return
    before, row.status, row.provider_status = row.status, verdict.status, verdict.word[:40]
    row.reason, row.explanation = verdict.reason[:100], verdict.explanation
    row.recommendation = verdict.recommendation
    standing.is_changed = True
    _settle(standing, at)
    if row.status != before:
        SAYINGS.get(Status(row.status), _say_status)(standing)


def _is_overtaken(standing: Standing, verdict: Verdict, at: datetime) -> bool:
    row, version = standing.translation, standing.submitted
    if is_late(row.status_at, at):
        return True
    if version is not None and version.number > 1 and row.status_at == at and verdict.status == Status.REJECTED:
        return True  # the rejection of the text before this one, told twice; a listing would say it again
    if row.status_at == at and row.status in STAGES and verdict.status in STAGES:
        return STAGES.index(Status(verdict.status)) < STAGES.index(Status(row.status))
    # Said about the text before this one.
    return version is not None and version.submitted_at is not None and at < version.submitted_at - SKEW


def _decides(standing: Standing, verdict: Verdict) -> bool:
    return standing.submitted is not None and verdict.status in {Status.REJECTED, *LIVE_STATUSES}


def _adds_reasons(row: TemplateTranslation, verdict: Verdict) -> bool:
    """A listing knows less about a rejection than the webhook did, and must not take anything away."""
    known = (row.reason, row.explanation, row.recommendation)
    new = (verdict.reason[:100], verdict.explanation, verdict.recommendation)
    return any(said and said != before for before, said in zip(known, new, strict=True))


def _settle(standing: Standing, at: datetime) -> None:
    """Carry a decision over to the text it was made about."""
    row, version = standing.translation, standing.submitted
    if row.status == Status.APPROVED and (row.approved_at is None or version is not None):
        row.approved_at = at
    if version is None:
        return
    if row.status in LIVE_STATUSES:
        version.state = State.APPROVED
        row.components, row.variables = version.components, version.variables
        row.parameter_format = version.parameter_format
    elif row.status == Status.REJECTED:
        version.state, version.reason, version.explanation = State.REJECTED, row.reason, row.explanation


def lose(standing: Standing) -> None:
    """The provider has this language no more. An open draft stays, to be submitted anew."""
    row, before = standing.translation, standing.translation.status
    if before == Status.DELETED:
        return
    row.status = Status.DRAFT if standing.draft else Status.DELETED
    row.provider_status, row.provider_id, standing.is_changed = "DELETED", "", True
    row.quality = row.upcoming_category = ""
    row.category_changes_at = None
    if standing.submitted:
        standing.submitted.state = State.REJECTED
        standing.submitted.explanation = "The template was deleted at the provider before it was decided about."
    if before != Status.DELETING:
        standing.say(Notice.GONE, "was deleted at the provider.")


def categorise(standing: Standing, category: str, *, at: datetime, is_polled: bool = False) -> None:
    """Apply the category a template has at `at`, or got then."""
    row = standing.translation
    if not category or is_late(row.category_at, at) or (is_polled and category == row.category):
        return
    row.category_at = at
    before, row.category = row.category, category[:14]
    if row.upcoming_category == row.category:
        row.upcoming_category, row.category_changes_at, standing.is_changed = "", None, True
    if row.category != before:
        standing.is_changed = True
        if before:
            standing.say(Notice.CATEGORY, f"is now a {row.category} template, it was {before}. Its price changes too.")


def announce_category(standing: Standing, category: str, when: datetime | None, *, at: datetime) -> None:
    """Apply the advance notice that a template will get another category."""
    row = standing.translation
    if not category or category == row.category or is_late(row.category_at, at):
        return
    if (row.upcoming_category, row.category_changes_at) == (category[:14], when):
        return
    row.upcoming_category, row.category_changes_at, row.category_at = category[:14], when, at
    day = f"on {when:%d %B %Y}" if when else "soon"
    standing.say(Notice.CATEGORY, f"becomes a {category} template {day}. Its price changes then.")


def rate(standing: Standing, quality: str, *, at: datetime, is_polled: bool = False) -> None:
    """Apply the quality a template has at `at`, or got then: green, yellow, red, or empty when there is none."""
    row = standing.translation
    if is_late(row.quality_at, at) or (is_polled and quality == row.quality):
        return
    row.quality_at = at
    before, row.quality = row.quality, quality
    if quality != before:
        standing.is_changed = True
        # The first green is no news, and neither is a rating that ended.
        if quality and (before or quality != "green"):
            was = f", it was {before}" if before else ""
            standing.say(Notice.QUALITY, f"now has the quality {quality}{was}.")


def rewrite(standing: Standing, remote: RemoteTemplate) -> None:
    """Take over the text the provider has, unless it is the one under review. What is the same stays as it is here."""
    row = standing.translation
    if standing.submitted and standing.submitted.state == State.SUBMITTED:
        return
    if without_examples(row.components) == without_examples(remote.components):
        return
    if row.components and wording(row.components) != wording(remote.components):
        standing.say(Notice.CHANGED, "was changed at the provider.")
    row.components, row.parameter_format = remote.components, remote.parameter_format
    row.variables = fitting_variables(remote.components, row.variables)
    standing.is_changed = True


def fitting_variables(components: list[Any], known: dict[str, Any]) -> dict[str, Any]:
    """What is known about the variables a text has; for new ones the provider's samples."""
    given = samples(components)
    found: dict[str, Any] = {}
    for place in places(read(components)):
        if place.key in known:
            found[place.key] = known[place.key]
        elif place.key in given:
            found[place.key] = {"sample": given[place.key]}
    return found


def _say_status(standing: Standing) -> None:
    row = standing.translation
    standing.say(Notice.CHANGED, f"has the status “{row.provider_status}” at the provider and cannot be sent.")


def _say_approved(standing: Standing) -> None:
    standing.say(Notice.APPROVED, "is approved and can be sent.")


def _say_rejected(standing: Standing) -> None:
    row = standing.translation
    standing.say(Notice.REJECTED, f"was rejected: {row.explanation or row.reason or 'the provider gave no reason'}")


def _say_paused(standing: Standing) -> None:
    why = standing.translation.explanation or standing.translation.reason
    standing.say(Notice.PAUSED, f"was paused by the provider and cannot be sent for now{f': {why}' if why else '.'}")


def _say_disabled(standing: Standing) -> None:
    why = standing.translation.explanation or standing.translation.reason
    standing.say(Notice.DISABLED, f"was disabled by the provider{f': {why}' if why else '.'}")


def _say_deleting(standing: Standing) -> None:
    standing.say(Notice.GONE, "is being deleted at the provider and cannot be sent.")


def _say_nothing(standing: Standing) -> None:
    """A review that begins is what somebody asked for."""


SAYINGS: dict[TemplateTranslation.Status, Callable[[Standing], None]] = {
    Status.APPROVED: _say_approved,
    Status.REJECTED: _say_rejected,
    Status.PAUSED: _say_paused,
    Status.DISABLED: _say_disabled,
    Status.DELETING: _say_deleting,
    Status.IN_REVIEW: _say_nothing,
}
