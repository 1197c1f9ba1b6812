"""Graph API errors: codes, HTTP statuses and bodies.

Codes and statuses: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (read 2026-09). Statuses that
page leaves out are 400.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import JSONResponse

TITLES: dict[int, tuple[int, str]] = {
    4: (403, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    33: (400, "Unsupported request"),
    100: (400, "Invalid parameter"),
    190: (401, "Error validating access token"),
    80008: (400, "There have been too many calls to this WhatsApp Business account."),
    130429: (400, "Rate limit hit"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped marketing messages from this business"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131062: (400, "Business-scoped user id recipients are not supported for this message"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Template hydrated text too long"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "There was an issue with the parameters in your template"),
}

DETAILS: dict[int, str] = {
    130429: "Cloud API message throughput has been reached.",
    131000: "Message failed to send because of an unknown error.",
    131021: "Recipient phone number cannot be sender phone number.",
    131026: "Message Undeliverable.",
    131047: "More than 24 hours have passed since the customer last replied to this number.",
    131048: "Message failed to send because there are restrictions on how many messages can be sent from this number.",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    131050: "Recipient has opted out of marketing messages from this business.",
    131056: "Too many messages sent from this phone number to the same phone number in a short period of time.",
    190: "The session has expired.",
}


class GraphError(Exception):
    """A refusal in Meta's words. `details` says which field or value was wrong."""

    def __init__(self, code: int, details: str = "", *, status: int | None = None, subcode: int | None = None) -> None:
        default_status, self.title = TITLES.get(code, (400, "Something went wrong"))
        self.code, self.subcode = code, subcode
        self.details = details or DETAILS.get(code, self.title)
        self.status = status or default_status
        super().__init__(f"{code} {self.details}")

    def response(self) -> JSONResponse:
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.title}" if self.code != 190 else f"{self.title}: {self.details}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in (190, 100, 33):
            del error["error_data"]
        if self.code == 100:
            error["message"] = f"(#100) {self.details}"
        return JSONResponse({"error": error}, status_code=self.status)


class TemplateError(GraphError):
    """A refused change to a template: code 100 for everything, and the subcode says what it is."""

    def __init__(self, title: str, message: str, *, subcode: int | None = None, code: int = 100) -> None:
        super().__init__(code, message, subcode=subcode)
        self.user_title = title

    def response(self) -> JSONResponse:
        error: dict[str, Any] = {
            "message": "Invalid parameter" if self.code == 100 else self.title,
            "type": "OAuthException",
            "code": self.code,
            "is_transient": False,
            "error_user_title": self.user_title,
            "error_user_msg": self.details,
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return JSONResponse({"error": error}, status_code=self.status)


def missing_field(field: str, of: str = "template") -> TemplateError:
    """A submitted template lacks something, for example the sample of a variable."""
    return TemplateError("Missing expected field", f"{of} is missing expected field(s) ({field})", subcode=2388043)


def too_long(what: str, length: int, limit: int) -> TemplateError:
    """A text of a submitted template is too long."""
    message = f"{what} has {length} characters and can have {limit}."
    return TemplateError("Character Limit Exceeded", message, subcode=2388040)


def webhook_error(code: int, details: str = "") -> dict[str, Any]:
    """The same refusal as an element of `statuses[].errors[]`."""
    title = TITLES.get(code, (400, "Something went wrong"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or DETAILS.get(code, title)},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
