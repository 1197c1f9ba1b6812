"""The phone page as a browser without scripts uses it: forms in, pages out."""

from __future__ import annotations

import re
import threading
from contextlib import suppress

import httpx
import pytest

from tests.simulator.driver import AMELIA, PHONE, Simulator, eventually

CHAT = {"customer": AMELIA, "channel": PHONE}


@pytest.fixture(autouse=True)
def open_window(simulator: Simulator, fresh):
    simulator.window(hours_ago=0)


def act(simulator, files=None, **fields):
    answer = simulator.client.post("/phone/send", data={**CHAT, **fields}, files=files)
    assert answer.status_code == 303, answer.text
    return simulator.client.get(answer.headers["location"]).text


def test_the_list_shows_customers_and_finds_them(simulator):
    page = simulator.client.get("/").text
    assert "Amelia Hartley" in page
    assert "نورة العتيبي" in page
    found = simulator.client.get("/", params={"q": "priya"}).text
    assert "Priya Raman" in found
    assert "Marcus Bell" not in found


def test_pages_allow_no_inline_code(simulator):
    answer = simulator.client.get("/", params=CHAT)
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", answer.text)


def test_a_text_reaches_the_hook_and_the_page(simulator, hook):
    page = act(simulator, text="Is *this* open? <b>")
    assert "Is <strong>this</strong> open? &lt;b&gt;" in page
    [message] = eventually(lambda: hook.messages)
    assert message["text"] == {"body": "Is *this* open? <b>"}


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("image", "image"), ("voice", "audio"), ("location", "location"), ("video", "video"), ("document", "document"),
        ("contact", "contacts"), ("sticker", "sticker"), ("unsupported", "unsupported"),
    ],
)  # fmt: skip
def test_a_sample_of_each_kind_is_one_press_away(simulator, hook, sample, kind):
    page = act(simulator, sample=sample)
    assert f'data-kind="{kind}"' in page
    [message] = eventually(lambda: hook.messages)
    assert message["type"] == kind
    assert message["errors" if kind == "unsupported" else kind]


def test_an_uploaded_file_keeps_its_name_and_caption(simulator, hook):
    act(simulator, files={"file": ("list.txt", b"milk", "text/plain")}, caption="Groceries")
    [message] = eventually(lambda: hook.messages)
    assert message["document"]["filename"] == "list.txt"
    assert message["document"]["caption"] == "Groceries"
    answer = simulator.client.get(f"/phone/media/{message['document']['id']}")
    assert (answer.content, answer.headers["Content-Disposition"]) == (b"milk", "attachment")


def test_a_location_typed_in_is_sent(simulator, hook):
    act(simulator, latitude="0", longitude="-0.12", place="Pier")
    [message] = eventually(lambda: hook.messages)
    assert message["location"] == {"latitude": 0.0, "longitude": -0.12, "name": "Pier"}


@pytest.mark.parametrize("fields", [{}, {"latitude": "north", "longitude": "0"}, {"sample": "cake"}, {"message": "x"}])
def test_a_form_that_says_nothing_is_refused(simulator, fields):
    assert simulator.client.post("/phone/send", data={**CHAT, **fields}).status_code == 400


def test_a_reply_quotes_what_it_answers(simulator, hook):
    wamid = simulator.accepted(body={"body": "Shall we send it?"})
    page = act(simulator, text="Yes please", reply_to=wamid)
    assert 'class="quote"' in page
    [message] = eventually(lambda: hook.messages)
    assert message["context"] == {"from": "15550783001", "id": wamid}


def test_a_button_tap_names_the_button_and_its_message(simulator, hook):
    buttons = [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]
    interactive = {"type": "button", "body": {"text": "Coming?"}, "action": {"buttons": buttons}}
    wamid = simulator.accepted("interactive", interactive)
    act(simulator, message=wamid, button_id="yes", title="Yes")
    [message] = eventually(lambda: hook.messages)
    assert message["interactive"] == {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}
    assert message["context"]["id"] == wamid


def test_a_list_pick_names_the_row(simulator, hook):
    rows = [{"id": "9", "title": "9 to 12", "description": "Morning round"}]
    action = {"button": "See times", "sections": [{"title": "Monday", "rows": rows}]}
    wamid = simulator.accepted("interactive", {"type": "list", "body": {"text": "When?"}, "action": action})
    act(simulator, message=wamid, row_id="9", title="9 to 12", description="Morning round")
    [message] = eventually(lambda: hook.messages)
    assert message["interactive"]["list_reply"] == rows[0]


def test_a_template_quick_reply_sends_its_payload(simulator, hook):
    template = {"name": "appointment_reminder", "language": {"code": "en_GB"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "Monday"}, {"type": "text", "text": "10:30"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0",
         "parameters": [{"type": "payload", "payload": "yes:7"}]},
    ]}  # fmt: skip
    wamid = simulator.accepted("template", template)
    page = simulator.client.get("/", params=CHAT).text
    assert "Your visit is on Monday at 10:30" in page
    assert 'value="yes:7"' in page
    act(simulator, message=wamid, quick_reply="Yes", payload="yes:7")
    [message] = eventually(lambda: hook.messages)
    assert message["button"] == {"payload": "yes:7", "text": "Yes"}


def test_the_same_reaction_a_second_time_takes_it_back(simulator, hook):
    wamid = simulator.accepted()
    act(simulator, message=wamid, reaction="👍")
    eventually(lambda: len(hook.messages) == 1)
    act(simulator, message=wamid, reaction="👍")
    eventually(lambda: len(hook.messages) == 2)
    assert [m["reaction"]["emoji"] for m in hook.messages] == ["👍", ""]


def test_an_edit_and_a_removal_change_the_bubble(simulator):
    wamid = simulator.inbound(text="first words")
    page = act(simulator, message=wamid, text="better words")
    assert "better words" in page
    assert "first words" not in page
    page = act(simulator, message=wamid, delete="1")
    assert "better words" not in page
    assert "You deleted this message" in page


def test_looking_at_the_chat_reads_it_without_a_page_being_open_it_does_not(simulator, hook):
    wamid = simulator.accepted()
    eventually(lambda: len(hook.statuses(wamid)) == 2)
    simulator.client.get("/", params=CHAT)
    eventually(lambda: [status["status"] for status in hook.statuses(wamid)][2:] == ["read"])


def test_an_open_chat_is_told_of_news_and_reads_what_arrives(simulator, hook):
    news = threading.Semaphore(0)
    finished = threading.Event()

    def watch():
        address = f"{simulator.url}/phone/live"
        with suppress(httpx.HTTPError), httpx.stream("GET", address, params=CHAT, timeout=5) as live:
            for line in live.iter_lines():
                if line == "data: changed":
                    news.release()
                if finished.is_set():
                    return

    threading.Thread(target=watch, daemon=True).start()
    assert news.acquire(timeout=5)
    wamid = simulator.accepted()
    assert news.acquire(timeout=5)
    eventually(lambda: "read" in {status["status"] for status in hook.statuses(wamid)})
    finished.set()
    simulator.inbound()


def test_a_new_customer_leads_into_the_chat(simulator, hook):
    person = {"channel": PHONE, "name": "Hana Park", "number": "+44 7700 900600"}
    answer = simulator.client.post("/phone/customers", data=person)
    assert answer.headers["location"] == f"/?customer=447700900600&channel={PHONE}"
    answer = simulator.client.post("/phone/customers", data={**person, "name": "Nobody", "number": ""})
    assert "customer=GB." in answer.headers["location"]


def test_closing_the_window_shows(simulator):
    assert "Open for another" in simulator.client.get("/", params=CHAT).text
    simulator.client.post("/phone/window", data=CHAT)
    assert "send templates only" in simulator.client.get("/", params=CHAT).text
