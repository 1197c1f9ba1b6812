"""Saved questions about people: what may be asked, how it becomes a query, how many answer it."""

from .changing import SegmentRefused, change, create, delete, remember
from .compiling import Compiled, compiled, members
from .counting import Count, count, sample
from .rules import BadRules, Condition, Group, Rules, parse
from .vocabulary import Book

__all__ = [
    "BadRules",
    "Book",
    "Compiled",
    "Condition",
    "Count",
    "Group",
    "Rules",
    "SegmentRefused",
    "change",
    "compiled",
    "count",
    "create",
    "delete",
    "members",
    "parse",
    "remember",
    "sample",
]
