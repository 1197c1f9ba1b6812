"""Is a channel connected properly? The questions to ask Meta, and what each answer means in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.base import Checked
from providers.types import Credentials, Request
from providers.whatsapp_cloud import codes, responses
from providers.whatsapp_cloud.reading import ident, rows, table, words
from providers.whatsapp_cloud.requests import authorised, endpoint

LIMIT_FIELD = "whatsapp_business_manager_messaging_limit"
NUMBER_FIELDS = f"id,display_phone_number,verified_name,quality_rating,status,throughput,{LIMIT_FIELD}"
UNUSABLE_STATUSES = {
    "BANNED": "Meta has banned this number.",
    "DELETED": "This number was deleted from WhatsApp.",
    "DISCONNECTED": "This number is disconnected from the Cloud API. Register it again in WhatsApp Manager.",
    "MIGRATED": "This number has moved to another WhatsApp account. Connect it from there.",
    "PENDING": "This number is not registered with the Cloud API yet. Register it in WhatsApp Manager.",
    "UNVERIFIED": "This number is not verified yet. Verify it in WhatsApp Manager.",
}
TOKEN_PROBLEMS = {  # error_subcode of code 190
    460: "The access token was withdrawn when a password changed",
    463: "The access token has expired",
    467: "The access token is not valid",
}


def check(credentials: Credentials) -> Sequence[tuple[str, Request]]:
    """The number itself, its account, and whether webhooks arrive. Without an account id only the number."""
    headers = authorised(credentials)
    number = endpoint(credentials, credentials.external_id)
    questions = [("number", Request("GET", number, headers, params={"fields": NUMBER_FIELDS}))]
    if credentials.account_id:
        account = credentials.account_id
        numbers = {"fields": "id,display_phone_number", "limit": "200"}
        questions += [
            ("account", Request("GET", endpoint(credentials, account, "phone_numbers"), headers, params=numbers)),
            ("subscription", Request("GET", endpoint(credentials, account, "subscribed_apps"), headers)),
        ]
    return questions


def subscribe(credentials: Credentials) -> Request:
    """Subscribe the token's app to the account. Without it webhooks never arrive and nothing says so."""
    return Request("POST", endpoint(credentials, credentials.account_id, "subscribed_apps"), authorised(credentials))


def checked(name: str, status: int, headers: Mapping[str, str], body: bytes, credentials: Credentials) -> Checked:
    """What the answer to one question says."""
    answer = responses.answer_object(body)
    error = responses.error_in(answer)
    if error is not None:
        return Checked(_problem(name, error, credentials))
    if not 200 <= status < 300:
        return Checked(_no_answer(status))
    if not answer:
        return Checked("The answer did not come from WhatsApp. Check the base URL.")
    return _READERS[name](answer, credentials)


def _number(answer: dict[str, Any], credentials: Credentials) -> Checked:
    found = ident(answer.get("id"))
    display = words(answer.get("display_phone_number"))
    if display is None or found not in {None, credentials.external_id}:
        return Checked(
            f"The id {credentials.external_id} does not belong to a phone number. "
            "Copy the phone number id, not the number or the account id, from WhatsApp Manager."
        )
    state = words(answer.get("status")) or ""
    facts = {"display_phone_number": display, "status": state}
    facts |= {key: words(answer.get(key)) or "" for key in ("verified_name", "quality_rating")}
    facts["throughput"] = words(table(answer.get("throughput")).get("level")) or ""
    facts["messaging_limit"] = words(answer.get(LIMIT_FIELD)) or ""
    return Checked(UNUSABLE_STATUSES.get(state.upper(), ""), {key: value for key, value in facts.items() if value})


def _account(answer: dict[str, Any], credentials: Credentials) -> Checked:
    numbers = {ident(table(row).get("id")): table(row) for row in rows(answer.get("data"))}
    if credentials.external_id in numbers:
        return Checked(facts={"account_id": credentials.account_id})
    if table(answer.get("paging")).get("next"):
        return Checked(facts={})  # more than a page of numbers: not found on it proves nothing
    shown = ", ".join(words(row.get("display_phone_number")) or str(key) for key, row in numbers.items())
    return Checked(
        f"The WhatsApp account {credentials.account_id} has no phone number with the id {credentials.external_id}. "
        + (f"It has: {shown}." if shown else "It has no numbers.")
    )


def _subscription(answer: dict[str, Any], _credentials: Credentials) -> Checked:
    apps = [table(row) for row in rows(answer.get("data"))]
    if not apps:
        return Checked(
            "No app is subscribed to this WhatsApp account, so messages from customers would never arrive here. "
            "Subscribe the app."
        )
    names = [words(table(app.get("whatsapp_business_api_data")).get("name")) for app in apps]
    facts = {"subscribed_apps": ", ".join(name for name in names if name)}
    # An address set on the account beats the app's own, and nothing else shows that.
    overrides = [words(app.get("override_callback_uri")) for app in apps]
    facts["override_callback_uri"] = ", ".join(uri for uri in overrides if uri)
    return Checked(facts={key: value for key, value in facts.items() if value})


_READERS = {"number": _number, "account": _account, "subscription": _subscription}


def _problem(name: str, error: responses.ProviderError, credentials: Credentials) -> str:
    number = "no code" if error.code is None else str(error.code)
    if error.code == 190:
        what = TOKEN_PROBLEMS.get(error.subcode or 0, "The access token is not valid or has expired")
        return f"{what} (190). {codes.REPLACE_IT}"
    if error.code in {33, 100, 803} or error.subcode == 33:
        asked = (
            f"phone number with the id {credentials.external_id}"
            if name == "number"
            else f"WhatsApp account with the id {credentials.account_id}"
        )
        return (
            f"Meta shows no {asked} to this access token ({number}). "
            "Compare the id with WhatsApp Manager, and give the token's system user access to that account."
        )
    found = codes.classify(error.code, error.type, error.is_transient)
    return f"{found.text.removesuffix('.')} ({number}). {found.action}"


def _no_answer(status: int) -> str:
    if status in {401, 403}:
        return f"WhatsApp refused the access token (HTTP {status}). {codes.REPLACE_IT}"
    if status == 404:
        return "There is no WhatsApp API at this base URL (HTTP 404). Check the base URL."
    if status == 429 or status >= 500:
        return f"WhatsApp is busy or down (HTTP {status}). Check again in a few minutes."
    return f"WhatsApp answered with HTTP {status}, which is no answer to this question. Check the base URL."
