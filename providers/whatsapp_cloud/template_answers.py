"""What Meta's answers about templates mean.

A change that may have been made is `unknown`: names are not unique per call, so a blind second try would be refused
or, after an edit, count against the edit limit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.base import Explanation, TemplateStatus
from providers.types import Failure, RemoteTemplate, Submitted, TemplatePage
from providers.whatsapp_cloud import responses
from providers.whatsapp_cloud.reading import ident, rows, table, words
from providers.whatsapp_cloud.template_codes import ABOUT_TEMPLATES, REJECTIONS, TEMPLATE_SUBCODES

# developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
# (read 2026-09). FLAGGED may still be sent; the words left out (LOCKED, LIMIT_EXCEEDED, UNARCHIVED …) promise nothing.
STATUSES: dict[str, TemplateStatus] = {
    "APPROVED": "approved",
    "FLAGGED": "approved",
    "REINSTATED": "approved",
    "PENDING": "in_review",
    "IN_APPEAL": "in_review",
    "REJECTED": "rejected",
    "PAUSED": "paused",
    "DISABLED": "disabled",
    "ARCHIVED": "archived",
    "PENDING_DELETION": "deleting",
    "DELETED": "deleted",
}
QUALITIES = frozenset({"green", "yellow", "red"})
NOT_FOUND = 2593002  # subcode: there is no template of this name, seen on deleting twice
SESSION = re.compile(r"upload:[\w+/=.:-]+(\?[\w+/=.&%~-]*)?", re.ASCII)
GENERIC = re.compile(r"(\(#\d+\) ?)?Invalid parameter\.?", re.IGNORECASE)
UNCLEAR = "WhatsApp's answer was not understood, so it is not known whether the change was made."


def listed(status: int, headers: Mapping[str, str], body: bytes) -> TemplatePage | Failure:
    """A page of templates. A row without id, name or language cannot be told from others and is left out."""
    answer = responses.answer_object(body)
    found = answer.get("data")
    if not 200 <= status < 300 or type(found) is not list:
        return responses.repeatable(_failure(status, headers, answer))
    templates = [template for row in found if (template := _template(table(row))) is not None]
    paging = table(answer.get("paging"))
    # Meta gives a cursor on the last page too; only `next` says that something follows.
    after = words(table(paging.get("cursors")).get("after")) if words(paging.get("next")) else None
    return TemplatePage(templates, after or "")


def created(status: int, headers: Mapping[str, str], body: bytes) -> Submitted | Failure:
    """The id, status and category of what was submitted; the category may be another than the one asked for."""
    answer = responses.answer_object(body)
    provider_id = ident(answer.get("id"))
    if 200 <= status < 300 and provider_id and responses.error_in(answer) is None:
        category = (words(answer.get("category")) or "").lower()
        return Submitted(provider_id, words(answer.get("status")) or "PENDING", category)
    return _doubtful(_failure(status, headers, answer))


def edited(status: int, headers: Mapping[str, str], body: bytes) -> Failure | None:
    """None when the edit was taken in for review."""
    return _changed(status, headers, responses.answer_object(body))


def deleted(status: int, headers: Mapping[str, str], body: bytes) -> Failure | None:
    """None when the template is gone, be it by an earlier try."""
    answer = responses.answer_object(body)
    error = responses.error_in(answer)
    if error is not None and error.subcode == NOT_FOUND:
        return None
    return _changed(status, headers, answer)


def upload_opened(status: int, headers: Mapping[str, str], body: bytes) -> str | Failure:
    """The session to upload to. It becomes part of an address, so anything else in its place is refused."""
    answer = responses.answer_object(body)
    session = words(answer.get("id"))
    if 200 <= status < 300 and session and SESSION.fullmatch(session):
        return session
    return responses.repeatable(_failure(status, headers, answer))


def upload_put(status: int, headers: Mapping[str, str], body: bytes) -> str | Failure:
    """The handle of the stored file, verbatim: large files have one of several lines."""
    answer = responses.answer_object(body)
    handle = words(answer.get("h"))
    if 200 <= status < 300 and handle:
        return handle
    return responses.repeatable(_failure(status, headers, answer))


def template_status(word: str) -> TemplateStatus:
    """What Meta's status means here; only `approved` may be sent."""
    return STATUSES.get(word.upper(), "other")


def explain_rejection(reason: str) -> Explanation | None:
    """Meta's reason in plain words. Also for a word nobody has listed, but not for none."""
    word = reason.strip().upper()
    if word in {"", "NONE"}:
        return None
    text, action = REJECTIONS.get(word, ("Meta rejected the template.", "Read Meta's reason, then correct it."))
    return Explanation(text, action)


def _template(row: dict[str, Any]) -> RemoteTemplate | None:
    provider_id, name, language = ident(row.get("id")), words(row.get("name")), words(row.get("language"))
    if provider_id is None or name is None or language is None:
        return None
    quality = (words(table(row.get("quality_score")).get("score")) or "").lower()
    reason = words(row.get("rejected_reason")) or ""
    return RemoteTemplate(
        provider_id,
        name,
        language.replace("-", "_"),
        (words(row.get("category")) or "").lower(),
        words(row.get("status")) or "",
        quality if quality in QUALITIES else "",
        "named" if (words(row.get("parameter_format")) or "").upper() == "NAMED" else "positional",
        [part for part in rows(row.get("components")) if type(part) is dict],
        "" if reason.upper() == "NONE" else reason,
    )


def _changed(status: int, headers: Mapping[str, str], answer: dict[str, Any]) -> Failure | None:
    if 200 <= status < 300 and answer.get("success") is True:
        return None
    return _doubtful(_failure(status, headers, answer))


def _doubtful(failure: Failure) -> Failure:
    """Meta's passing problems do not say whether they came before or after the change; a look-up does."""
    if failure.failure_class != "retry" or failure.error_code == "http_425":
        return failure
    return replace(failure, failure_class="unknown")


def _failure(status: int, headers: Mapping[str, str], answer: dict[str, Any]) -> Failure:
    error = responses.error_in(answer)
    if error is not None and (error.code is not None or 400 <= status < 500):
        return _refused(error, status, headers)
    if status == 408 or status >= 500 or status < 300:
        return Failure("unknown", f"http_{status}" if status >= 400 else "unclear_answer", UNCLEAR)
    return responses.plain_refusal(status, headers, "template")


def _refused(error: responses.ProviderError, status: int, headers: Mapping[str, str]) -> Failure:
    """Templates are the one place where Meta's subcode says more than its code."""
    said = "" if GENERIC.fullmatch(error.text) else error.text
    if error.subcode in TEMPLATE_SUBCODES:
        return responses.failure(error._replace(code=error.subcode, text=said), status, headers)
    failure = responses.failure(error._replace(text=said), status, headers)
    number = 33 if error.code == 100 and error.subcode == 33 else error.code
    if number not in ABOUT_TEMPLATES:
        return failure
    text, action = ABOUT_TEMPLATES[number]
    sentence = " ".join(part for part in (text, said[: responses.LONGEST_DETAIL], action) if part)
    return replace(failure, error_code=str(number), text=sentence)
