"""Failures that no provider told us about: the request got no HTTP answer, or must not be made."""

from __future__ import annotations

from typing import Literal

from providers.types import Failure

Stage = Literal["connect", "after_write"]


class ForeignHost(ValueError):
    """A media address points to a host that must not see the channel's token."""


def transport_failure(stage: Stage) -> Failure:
    """Class an exchange without an HTTP answer by how far it got.

    `connect` is everything before the first byte of the request left (DNS, refused, TLS, connect or pool
    time-out): nothing was sent, so trying again is safe. `after_write` is everything later (read time-out,
    reset, protocol error): the provider may have accepted the message.
    """
    if stage == "connect":
        return Failure("retry", "connect", "The provider could not be reached. The message will be tried again.")
    return Failure(
        "unknown",
        "no_answer",
        "The provider did not answer, so it is not known whether the message was sent.",
    )
