"""What templates are given: finished values under fixed names."""

from __future__ import annotations

from typing import Any


class Shown:
    """A record a template reads fast.

    Django templates try `value["name"]` before `value.name`, and the exception of a failed try is most of what a
    variable costs; answering it makes a thread page a third cheaper.
    """

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None
