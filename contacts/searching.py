"""Find people by what one remembers: a piece of a name, number or e-mail address, or the value of a custom field."""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import Q

from .fields import fields_of
from .models import CustomField, SearchableContact
from .values import NotAValue, read

CAP = 500  # matches looked at per kind; with more the search should be narrower
ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
SEARCHED = (CustomField.Kind.TEXT, CustomField.Kind.CHOICE, CustomField.Kind.NUMBER)


def contact_ids(workspace_id: int, query: str) -> list[int]:
    """Primary keys of people of the workspace in scope that match, without order, at most 4 × CAP.

    Names, numbers and addresses match in part. Custom fields match as a whole, as written or in capitals: finding
    parts of them would take an index that makes imports much slower.
    """
    query = " ".join(query.replace("\x00", "").split())[:100]
    if not query:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id FROM carillon_contact_search(%s, %s, %s)", [_literal(query), _digits(query), CAP]
        )
        found = {row[0] for row in cursor.fetchall()}
    if conditions := _in_fields(workspace_id, query):
        people = SearchableContact.objects.filter(conditions, workspace_id=workspace_id)
        found.update(people.values_list("pk", flat=True)[:CAP])
    return list(found)


def _literal(query: str) -> str:
    """The query as a pattern that means itself."""
    return re.sub(r"([\\%_])", r"\\\1", query)


def _digits(query: str) -> str:
    """The digits of something that looks like a number or a piece of one, else ''."""
    plain = query.translate(ARABIC_DIGITS)
    digits = re.sub(r"\D", "", plain)
    return digits if len(digits) >= 3 and re.fullmatch(r"[\d\s+().-]+", plain) else ""


def _in_fields(workspace_id: int, query: str) -> Q:
    conditions = Q()
    for field in fields_of(workspace_id):
        if field.kind not in SEARCHED:
            continue
        try:
            value = read(field.kind, field.choices, query)
        except NotAValue:
            continue
        conditions |= Q(fields__contains={field.key: value})
        if isinstance(value, str) and value != value.upper():
            conditions |= Q(fields__contains={field.key: value.upper()})
    return conditions
