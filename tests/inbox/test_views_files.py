from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from inbox.models import Attachment, Message
from tests import factories
from tests.inbox.seeing import HTMX, inbox, signed_in, thread
from workspaces import tenancy

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
def media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


def stored(ben: Any, **fields: Any) -> Attachment:
    message = factories.make_message(factories.make_conversation(ben.workspace), kind="image", text="")
    name = default_storage.save("file", ContentFile(CONTENT))
    defaults = {"kind": "image", "mime_type": "image/jpeg", "state": "ready", "file": name, "size": len(CONTENT)}
    with tenancy.scope(ben.workspace_id):
        return Attachment.objects.create(workspace_id=ben.workspace_id, message=message, **{**defaults, **fields})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_in_place_and_sandboxed(ben: Any) -> None:
    response = signed_in(ben).get(inbox(ben, f"media/{stored(ben).uuid}/"))
    assert body(response) == CONTENT
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("inline")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "application/pdf", "text/xml", "application/xhtml+xml"])
def test_anything_that_could_run_is_a_download(ben: Any, mime: str) -> None:
    response = signed_in(ben).get(inbox(ben, f"media/{stored(ben, mime_type=mime, filename='a.html').uuid}/"))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


def test_a_file_name_cannot_break_out_of_its_header(ben: Any) -> None:
    file = stored(ben, filename='x"; filename="evil.exe\r\nSet-Cookie: a=b', mime_type="application/pdf")
    response = signed_in(ben).get(inbox(ben, f"media/{file.uuid}/"))
    assert "\n" not in response["Content-Disposition"]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-9", 206, CONTENT[:10]),
        ("bytes=1000-", 206, CONTENT[1000:]),
        ("bytes=-24", 206, CONTENT[-24:]),
        ("bytes=10-5000", 206, CONTENT[10:]),
        ("bytes=0-1,5-6", 200, CONTENT),
        ("lines=1-2", 200, CONTENT),
    ],
)
def test_a_player_may_ask_for_a_range(ben: Any, asked: str, status: int, expected: bytes) -> None:
    response = signed_in(ben).get(inbox(ben, f"media/{stored(ben).uuid}/"), HTTP_RANGE=asked)
    assert (response.status_code, body(response)) == (status, expected)
    assert int(response["Content-Length"]) == len(expected)


@pytest.mark.parametrize("asked", ["bytes=5000-", "bytes=9-3"])
def test_a_range_outside_the_file_is_refused(ben: Any, asked: str) -> None:
    assert signed_in(ben).get(inbox(ben, f"media/{stored(ben).uuid}/"), HTTP_RANGE=asked).status_code == 416


def test_files_that_are_not_there_are_not_found(ben: Any) -> None:
    client = signed_in(ben)
    waiting, lost, deleted = stored(ben, state="pending"), stored(ben, file="gone"), stored(ben)
    with tenancy.scope(ben.workspace_id):
        Message.objects.filter(pk=deleted.message_id).update(deleted_at=timezone.now())
    for file in (waiting, lost, deleted):
        assert client.get(inbox(ben, f"media/{file.uuid}/")).status_code == 404


def test_another_workspaces_file_is_not_found(ben: Any) -> None:
    zoe = factories.make_member(name="Zoe")
    assert signed_in(ben).get(inbox(ben, f"media/{stored(zoe).uuid}/")).status_code == 404


def state(file: Attachment) -> str:
    with tenancy.scope(file.workspace_id):
        return Attachment.objects.get(pk=file.pk).state


def test_a_failed_file_can_be_fetched_again(ben: Any) -> None:
    file, client = stored(ben, state="failed", attempts=5, error="Gone."), signed_in(ben)
    conversation, address = file.message.conversation, f"m/{file.message.uuid}/fetch/"
    assert address in client.get(thread(ben, conversation)).content.decode()
    html = client.post(thread(ben, conversation, address), **HTMX).content.decode()
    assert "Fetching the file" in html
    assert address not in html
    with tenancy.scope(ben.workspace_id):
        assert Attachment.objects.values_list("state", "attempts", "error").get(pk=file.pk) == ("pending", 0, "")
    assert client.post(thread(ben, conversation, address))["Location"] == thread(ben, conversation)


@pytest.mark.parametrize("ended", ["ready", "pending", "too_large", "blocked"])
def test_only_a_failed_file_is_fetched_again(ben: Any, ended: str) -> None:
    file, client = stored(ben, state=ended), signed_in(ben)
    conversation, address = file.message.conversation, f"m/{file.message.uuid}/fetch/"
    assert address not in client.get(thread(ben, conversation)).content.decode()
    client.post(thread(ben, conversation, address), **HTMX)
    assert state(file) == ended


def test_who_may_not_reply_is_offered_no_fetching(ben: Any) -> None:
    file = stored(ben, state="failed")
    mia = factories.make_member(ben.workspace, role="marketer", name="Mia")
    assert "/fetch/" not in signed_in(mia).get(thread(mia, file.message.conversation)).content.decode()


def test_a_file_is_fetched_only_under_its_own_conversation(ben: Any) -> None:
    file, other = stored(ben, state="failed"), factories.make_conversation(ben.workspace)
    assert signed_in(ben).post(thread(ben, other, f"m/{file.message.uuid}/fetch/"), **HTMX).status_code == 404
    assert state(file) == "failed"
