"""From the adapter's outcome to what the outbox writes: pure rules, no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from providers.types import Failure, Outcome, Sent

from .outbox import Claimed, Result

MAX_ATTEMPTS = 5  # definite refusals of one message before it fails for good
MAX_THROTTLED_ATTEMPTS = 12  # throttling is the provider's wish to wait, not a fault of the message
SENDER_HOLD = timedelta(seconds=5)  # when the provider names no time
ACCOUNT_HOLD = timedelta(minutes=1)


@dataclass(slots=True)
class Verdict:
    """What one outcome means: a row to write, and possibly a consequence for the whole channel."""

    result: Result
    hold: timedelta | None = None  # no sending from this number for so long
    pause: str = ""  # no sending until an admin acts, and why


def judge(message: Claimed, outcome: Outcome) -> Verdict:
    """Decide what becomes of one attempt."""
    if isinstance(outcome, Sent):
        accepted = Result(
            message, "done", "sent", outcome.provider_message_id, address=outcome.address, user_id=outcome.user_id
        )
        return Verdict(accepted)
    match outcome.failure_class:
        case "unknown":
            return Verdict(_result(message, outcome, "unknown", "pending"))
        case "credentials":
            # The message is not at fault: it waits until the channel works again.
            return Verdict(_again(message, outcome, 0.0), pause=outcome.text or "The provider refused the credentials.")
        case "throttle":
            return _throttled(message, outcome)
        case "retry" if message.tries < MAX_ATTEMPTS:
            return Verdict(_again(message, outcome, _patience(message)))
        case _:
            return Verdict(_result(message, outcome, "done", "failed"))


def _throttled(message: Claimed, failure: Failure) -> Verdict:
    if message.tries >= MAX_THROTTLED_ATTEMPTS:
        return Verdict(_result(message, failure, "done", "failed"))
    if failure.scope == "recipient":
        # Meta: after 131056 wait 4^n seconds for this recipient; others are not affected.
        wait = failure.retry_after or float(min(4 ** min(message.tries, 6), 3600))
        return Verdict(_again(message, failure, wait))
    default = ACCOUNT_HOLD if failure.scope == "account" else SENDER_HOLD
    hold = timedelta(seconds=failure.retry_after) if failure.retry_after else default
    return Verdict(_again(message, failure, hold.total_seconds()), hold=hold)


def _patience(message: Claimed) -> float:
    """Seconds until the next try: about 4, 16, 64 and 256, so that an outage of some minutes fails nobody's message.

    Spread by a fifth either way, by the message itself and not by chance, so that a backlog does not return at once.
    """
    return float(4**message.tries) * (0.8 + message.id % 41 / 100)


def put_back(message: Claimed, wait: float = 0.0) -> Verdict:
    """A message that was claimed and never tried: it waits its turn, and this attempt is not counted."""
    return Verdict(Result(message, "queued", "pending", wait=wait, tried=False))


def _again(message: Claimed, failure: Failure, wait: float) -> Result:
    return _result(message, failure, "queued", "pending", wait)


def _result(message: Claimed, failure: Failure, state: str, status: str, wait: float = 0.0) -> Result:
    return Result(message, state, status, None, failure.error_code, failure.text, wait)
