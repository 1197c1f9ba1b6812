import http.server
import threading

import pytest

from tests.simulator.driver import PHONE, eventually

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def upload(simulator, content=PNG, mime_type="image/png", name="a.png"):
    return simulator.client.post(
        f"/v23.0/{PHONE}/media",
        data={"messaging_product": "whatsapp", "type": mime_type}, files={"file": (name, content, mime_type)},
    )  # fmt: skip


def test_an_upload_can_be_looked_up_downloaded_and_deleted(simulator):
    media_id = upload(simulator).json()["id"]
    described = simulator.client.get(f"/v23.0/{media_id}", params={"phone_number_id": PHONE}).json()
    assert (described["mime_type"], described["file_size"]) == ("image/png", str(len(PNG)))
    assert simulator.client.get(described["url"]).content == PNG
    assert simulator.client.delete(f"/v23.0/{media_id}").json() == {"success": True}
    assert simulator.client.get(described["url"]).status_code == 404
    assert simulator.client.get(f"/v23.0/{media_id}").status_code == 400


def test_the_download_needs_the_token_and_an_untouched_address(simulator):
    url = simulator.client.get(f"/v23.0/{upload(simulator).json()['id']}").json()["url"]
    assert simulator.client.get(url, headers={"Authorization": ""}).status_code == 401
    assert simulator.client.get(url.replace("ext=", "ext=9")).status_code == 404


@pytest.mark.parametrize(
    ("content", "mime_type", "code"),
    [
        (PNG, "image/gif", 100),
        (b"", "image/png", 131053),
        (bytes(5 * 1024 * 1024 + 1), "image/jpeg", 131053),
    ],
)
def test_a_file_of_the_wrong_kind_or_size_is_refused(simulator, content, mime_type, code):
    assert upload(simulator, content, mime_type).json()["error"]["code"] == code


def test_an_inbound_file_can_be_fetched_by_its_id(simulator, hook):
    simulator.inbound("audio", audio={})
    [message] = eventually(lambda: hook.messages)
    assert message["audio"]["voice"] is True
    assert message["audio"]["mime_type"] == "audio/ogg; codecs=opus"
    described = simulator.client.get(f"/v23.0/{message['audio']['id']}").json()
    assert simulator.client.get(described["url"]).content.startswith(b"OggS")


@pytest.mark.parametrize(
    ("kind", "start"), [("image", b"\xff\xd8"), ("sticker", b"RIFF"), ("document", b"%PDF"), ("video", b"\x00\x00\x00")]
)
def test_samples_are_real_files(simulator, hook, kind, start):
    simulator.inbound(kind, **{kind: {}})
    [message] = eventually(lambda: hook.messages)
    assert simulator.client.get(f"/phone/media/{message[kind]['id']}").content.startswith(start)


@pytest.fixture
def shop_site():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/a.png" else 404)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PNG)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_media_by_link_is_fetched_and_fails_later_when_it_is_not_there(simulator, hook, shop_site):
    simulator.inbound()
    good = simulator.accepted("image", {"link": f"{shop_site}/a.png"})
    bad = simulator.accepted("image", {"link": f"{shop_site}/b.png"})
    eventually(lambda: hook.statuses(good) and hook.statuses(good)[-1]["status"] == "delivered")
    [failed] = eventually(lambda: hook.statuses(bad))
    assert failed["errors"][0]["code"] == 131053
