"""Files of inbound messages: fetched from the provider's own hosts, limited, and what they claim to be."""

from __future__ import annotations

import io
import json
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from inbox import media
from inbox.models import Attachment
from tests.factories import make_channel, make_conversation, make_message
from tests.inbox.rows import again, ago, change
from workspaces import tenancy

MIB = 1024 * 1024


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, "teal").save(kept, form)
    return kept.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims 60,000 × 60,000 pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00")) + chunk(b"IEND", b"")


class MediaHost:
    """Answers the two questions for a file: where it is, and its bytes."""

    def __init__(self) -> None:
        self.content, self.mime_type = picture(), "image/png"
        self.size: int | None = None  # what the provider claims
        self.lookup_status = 200
        self.statuses: list[int] = []  # of the downloads, in turn; then 200
        self.redirects: list[str] = []
        self.url = ""  # where the provider says the file is, when not here
        self.tokens: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v23.0"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    host: MediaHost

    def do_GET(self) -> None:
        host = self.host
        host.tokens.append(self.headers["Authorization"])
        if "/bytes" not in self.path:
            found = {"url": host.url or f"{host.base_url}/bytes", "mime_type": host.mime_type, "id": "731"}
            if host.size is not None:
                found["file_size"] = str(host.size)
            error = {"error": {"code": 100, "message": "gone", "type": "OAuthException"}}
            self._answer(host.lookup_status, json.dumps(found if host.lookup_status == 200 else error).encode())
        elif host.redirects:
            self.send_response(302)
            self.send_header("Location", host.redirects.pop(0))
            self.end_headers()
        else:
            self._answer(host.statuses.pop(0) if host.statuses else 200, host.content)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def host() -> Iterator[MediaHost]:
    made = MediaHost()
    yield made
    made.stop()


@pytest.fixture
def file(db: None, host: MediaHost) -> Attachment:
    return waiting(host)


def waiting(host: MediaHost, kind: str = "image", **fields: Any) -> Attachment:
    """An attachment that is still to be fetched."""
    conversation = make_conversation(channel=make_channel(base_url=host.base_url))
    message = make_message(conversation, kind=kind)
    fields = {"mime_type": "image/png", "provider_media_id": "731", "next_try_at": ago(1), **fields}
    with tenancy.scope(message.workspace_id):
        return Attachment.objects.create(workspace_id=message.workspace_id, message=message, kind=kind, **fields)


def fetched(file: Attachment) -> Attachment:
    media.fetch_pending()
    return again(file)


def test_a_file_is_fetched_with_the_token_and_measured(host, file):
    after = fetched(file)
    assert (after.state, after.size, after.mime_type) == ("ready", len(host.content), "image/png")
    assert (after.width, after.height) == (40, 30)
    assert default_storage.open(after.file).read() == host.content
    assert host.tokens == ["Bearer token-of-the-channel"] * 2


def test_the_stored_name_is_ours_and_says_nothing(host, file):
    change(file, filename="../../etc/passwd")
    assert fetched(file).file.split("/")[0] == str(file.workspace_id)
    assert "passwd" not in again(file).file


def test_fetching_twice_changes_nothing(host, file):
    first = fetched(file)
    assert media.fetch_pending() == 0
    assert again(file).file == first.file


def test_a_file_the_provider_calls_too_large_is_not_downloaded(host, file):
    host.size = 6 * MIB
    after = fetched(file)
    assert after.state == "too_large"
    assert "5 MB" in after.error
    assert len(host.tokens) == 1


def test_a_file_that_turns_out_too_large_is_dropped(host, file):
    host.content = picture() + b"\0" * (5 * MIB)
    assert fetched(file).state == "too_large"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
        ("image", b"PK\x03\x04" + b"\0" * 60),
        ("image", b"MZ" + b"\0" * 200),
        ("sticker", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
    ],
)
def test_a_file_that_is_something_else_is_blocked(db, host, kind, content):
    host.content = content
    assert fetched(waiting(host, kind)).state == "blocked"


def test_a_drawing_that_can_run_programs_is_blocked(host, file):
    host.content = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    host.mime_type = "image/svg+xml"
    assert fetched(file).state == "blocked"


def test_a_page_is_never_kept_as_a_picture(host, file):
    host.content, host.mime_type = b"<html><script>alert(1)</script></html>", "text/html"
    after = fetched(file)
    assert after.state == "blocked" or after.mime_type == "application/octet-stream"


@pytest.mark.parametrize("kind", ["image", "voice", "document", "video", "sticker"])
@pytest.mark.parametrize("content", [b"", b"0123456789"])
def test_a_tiny_file_harms_nobody(db, host, kind, content):
    host.content, host.mime_type = content, ""
    after = fetched(waiting(host, kind, mime_type=""))
    assert after.state in {"ready", "blocked"}
    assert (after.width, after.height) == (None, None)


def test_a_picture_bomb_is_blocked_before_it_is_decoded(host, file):
    host.content = bomb()
    assert fetched(file).state == "blocked"


def test_a_truncated_picture_is_kept_as_it_is(host, file):
    host.content = picture(size=(400, 300))[:-40]
    assert fetched(file).state == "ready"


def test_an_expired_address_is_asked_for_again(host, file):
    host.statuses = [404]
    after = fetched(file)
    assert (after.state, after.attempts) == ("pending", 1)
    assert after.next_try_at > ago(0)
    change(file, next_try_at=ago(1))
    assert fetched(file).state == "ready"


def test_a_file_the_provider_no_longer_has_is_given_up_at_once(host, file):
    host.lookup_status = 400
    after = fetched(file)
    assert after.state == "failed"
    assert after.error


def test_after_the_last_try_it_has_failed_visibly(host, file):
    host.statuses = [500] * 10
    for _ in media.BACKOFF:
        change(file, next_try_at=ago(1))
        media.fetch_pending()
    assert again(file).state == "failed"
    with tenancy.scope(file.workspace_id):
        media.fetch_again(file)
    host.statuses = []
    assert fetched(file).state == "ready"


def test_a_redirect_on_the_same_host_is_followed(host, file):
    host.redirects = ["/v23.0/bytes?again"]
    assert fetched(file).state == "ready"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/bytes", "https://evil.example/bytes", "//evil.example/bytes",
        "http://127.0.0.1:1/bytes", "file:///etc/passwd", "https://lookaside.fbsbx.com.evil.example/bytes",
        "https://user@lookaside.fbsbx.com/bytes",
    ],
)  # fmt: skip
def test_the_token_never_goes_to_a_foreign_host(host, file, target):
    host.redirects = [target]
    after = fetched(file)
    assert after.state == "failed"
    assert "not its own" in after.error


def test_an_address_on_a_foreign_host_is_refused(host, file):
    host.url = "http://169.254.169.254/bytes"
    assert fetched(file).state == "failed"
    assert len(host.tokens) == 1


def test_endless_redirects_end(host, file):
    host.redirects = ["/v23.0/bytes"] * 9
    assert fetched(file).state == "failed"


def test_a_worker_that_dies_leaves_the_file_for_a_later_try(host, file):
    with tenancy.all_workspaces(), media.connection.cursor() as cursor:
        cursor.execute(media.CLAIM, {"backoff": list(media.BACKOFF), "last": 4, "limit": 1})
    assert media.fetch_pending() == 0
    change(file, next_try_at=ago(1))
    assert fetched(file).state == "ready"


@pytest.mark.usefixtures("committed_db")
def test_the_job_may_run_twice(run_worker, host):
    from config.queues import ring

    file = waiting(host)
    ring("inbox.jobs.fetch_media", queue="default")
    run_worker("default")
    assert again(file).state == "ready"
    assert len(host.tokens) == 2
