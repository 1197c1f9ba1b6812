"""Message templates at Meta, as requests: listing, submitting, editing, deleting, and uploading sample files.

developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/template-api and
developers.facebook.com/docs/graph-api/guides/upload (read 2026-09).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from providers.types import Credentials, Request
from providers.whatsapp_cloud.requests import authorised, endpoint

# Named, because without this list quality and rejection reason are left out.
FIELDS = "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
PAGE = 100  # Meta answers "reduce the amount of data" when a page of long templates gets too heavy


def list_templates(credentials: Credentials, after: str = "") -> Request:
    """A page of the account's templates. The cursor is passed on, never the address Meta suggests."""
    return _look_up(credentials, {"after": after} if after else {})


def find_template(credentials: Credentials, name: str, language: str) -> Request:
    """The templates whose name matches. Meta matches loosely, so others may come along."""
    return _look_up(credentials, {"name": name, "language": _code(language)})


def create_template(
    credentials: Credentials,
    name: str,
    language: str,
    category: str,
    parameter_format: str,
    components: list[dict[str, Any]],
) -> Request:
    """Submit a new language for review. A first submission and a further language are the same call."""
    payload = {
        "name": name,
        "language": _code(language),
        "category": category.upper(),
        "parameter_format": parameter_format.upper(),
        "components": components,
    }
    return Request("POST", _templates(credentials), authorised(credentials), json=payload)


def edit_template(
    credentials: Credentials, provider_id: str, category: str | None, components: list[dict[str, Any]]
) -> Request:
    """Replace all components of one language. Meta refuses a category for approved templates, hence the None."""
    payload: dict[str, Any] = {"components": components}
    if category:
        payload["category"] = category.upper()
    return Request("POST", endpoint(credentials, provider_id), authorised(credentials), json=payload)


def delete_template(credentials: Credentials, name: str, provider_id: str = "") -> Request:
    """Delete every language of the name; with an id only that one. Either way the name is blocked for 30 days."""
    params = {"name": name}
    if provider_id:
        params["hsm_id"] = provider_id
    return Request("DELETE", _templates(credentials), authorised(credentials), params=params)


def open_upload(credentials: Credentials, filename: str, size: int, mime: str) -> Request:
    """Begin an upload to the app the token belongs to; Graph takes the word `app` for its id."""
    params = {"file_name": filename, "file_length": str(size), "file_type": mime}
    return Request("POST", endpoint(credentials, "app", "uploads"), authorised(credentials), params=params)


def put_upload(credentials: Credentials, session: str, content: bytes) -> Request:
    """Send the whole file. The session brings a query of its own; this call alone wants OAuth in place of Bearer."""
    address = f"{endpoint(credentials)}/{quote(session, safe=':?=&%+')}"
    headers = {
        "Authorization": f"OAuth {credentials.token}",
        "file_offset": "0",
        "Content-Type": "application/octet-stream",
    }
    return Request("POST", address, headers, content=content)


def _look_up(credentials: Credentials, params: dict[str, str]) -> Request:
    params = {"fields": FIELDS, "limit": str(PAGE), **params}
    return Request("GET", _templates(credentials), authorised(credentials), params=params)


def _templates(credentials: Credentials) -> str:
    return endpoint(credentials, credentials.account_id, "message_templates")


def _code(language: str) -> str:
    return language.replace("-", "_")
