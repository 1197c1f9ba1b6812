from .consents import (
    Consent,
    ConsentEntry,
    ConsentState,
    ConsentWording,
    KeywordList,
    Purpose,
    Suppression,
    SuppressionKey,
)
from .erasures import Erasure
from .labels import ContactNote, CustomField, Tag
from .people import Contact, Identity, IdentityAlias
from .searching import SearchableContact
from .segments import Segment
from .transfers import ExportRun, ImportProblem, ImportRun, Merge

__all__ = [
    "Consent",
    "ConsentEntry",
    "ConsentState",
    "ConsentWording",
    "Contact",
    "ContactNote",
    "CustomField",
    "Erasure",
    "ExportRun",
    "Identity",
    "IdentityAlias",
    "ImportProblem",
    "ImportRun",
    "KeywordList",
    "Merge",
    "Purpose",
    "SearchableContact",
    "Segment",
    "Suppression",
    "SuppressionKey",
    "Tag",
]
