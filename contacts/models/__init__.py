from .consents import Consent, ConsentEntry, ConsentState, KeywordList, Purpose, Suppression
from .labels import ContactNote, CustomField, Tag
from .people import Contact, Identity, IdentityAlias
from .segments import Segment
from .transfers import ExportRun, ImportProblem, ImportRun, Merge

__all__ = [
    "Consent",
    "ConsentEntry",
    "ConsentState",
    "Contact",
    "ContactNote",
    "CustomField",
    "ExportRun",
    "Identity",
    "IdentityAlias",
    "ImportProblem",
    "ImportRun",
    "KeywordList",
    "Merge",
    "Purpose",
    "Segment",
    "Suppression",
    "Tag",
]
