"""Files: storing them with Meta, and fetching those that customers sent."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from providers.base import MediaFound
from providers.errors import ForeignHost
from providers.types import Credentials, Failure, MediaRef, Request
from providers.whatsapp_cloud import responses
from providers.whatsapp_cloud.capabilities import capabilities
from providers.whatsapp_cloud.reading import ident, words
from providers.whatsapp_cloud.requests import authorised, endpoint

NO_ID = Failure("retry", "unclear_answer", "WhatsApp's answer about the file was not understood.")


def upload(kind: str, filename: str, mime: str, content: bytes, credentials: Credentials) -> Request:
    """Store a file. WhatsApp accepts a voice note only when its codec is named."""
    if kind == "voice" and mime == "audio/ogg":
        mime = "audio/ogg; codecs=opus"
    return Request(
        "POST",
        endpoint(credentials, credentials.external_id, "media"),
        authorised(credentials),
        fields={"messaging_product": "whatsapp", "type": mime},
        file=(filename or kind, content, mime),
    )


def uploaded(status: int, headers: Mapping[str, str], body: bytes) -> MediaRef | Failure:
    """The id of the stored file, good for 30 days."""
    media_id = ident(responses.answer_object(body).get("id"))
    if 200 <= status < 300 and media_id:
        return MediaRef(id=media_id)
    return _failure(status, headers, body)


def media_lookup(media_id: str, credentials: Credentials) -> Request:
    """Ask for the address of a file; it works for five minutes."""
    return Request(
        "GET",
        endpoint(credentials, media_id),
        authorised(credentials),
        params={"phone_number_id": credentials.external_id},
    )


def media_found(status: int, headers: Mapping[str, str], body: bytes) -> MediaFound | Failure:
    """Address, MIME type and size; Meta sends the size as text."""
    answer = responses.answer_object(body)
    url = words(answer.get("url"))
    if not (200 <= status < 300 and url):
        return _failure(status, headers, body)
    size = ident(answer.get("file_size")) or ""
    return MediaFound(url, words(answer.get("mime_type")) or "", int(size) if _is_size(size) else None)


def media_download(url: str, credentials: Credentials) -> Request:
    """Fetch the bytes. Raises `ForeignHost`: the token goes to Meta's media host and the API's own host only."""
    try:
        target, home = urlsplit(url), urlsplit(credentials.base_url)
        own = (target.scheme, target.hostname, target.port) == (home.scheme, home.hostname, home.port)
        theirs = target.scheme == "https" and target.hostname in capabilities.media_hosts and target.port in {None, 443}
    except ValueError:
        own = theirs = False
    if not (own or theirs) or target.username is not None or target.password is not None:
        raise ForeignHost("the file lies on a host that is not WhatsApp's")
    return Request("GET", url, authorised(credentials))


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


def _failure(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    outcome = responses.sent(status, headers, body)
    return responses.repeatable(outcome) if isinstance(outcome, Failure) else NO_ID
