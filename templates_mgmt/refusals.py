"""Why something cannot be done with a template, for the page that asked for it."""

from __future__ import annotations


class TemplateRefused(Exception):
    """The change cannot be made; `field` names what it is about ("" for the whole), the text says why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Stale(Exception):
    """Somebody saved the same draft meanwhile; `revision` is the number it has now."""

    def __init__(self, revision: int) -> None:
        super().__init__("This draft was saved in another tab or by somebody else. Load it again to go on from there.")
        self.revision = revision
