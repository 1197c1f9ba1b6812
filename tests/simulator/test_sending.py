import pytest

from tests.simulator.driver import AMELIA, PHONE, WABA, Simulator, eventually

TEMPLATE = {"name": "order_shipped", "language": {"code": "en_GB"}}
BODY_PARAMETERS = [{"type": "text", "text": "Amelia"}, {"type": "text", "text": "A-1042"}]
URL_BUTTON = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "A-1042"}]}


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture(autouse=True)
def open_window(simulator: Simulator, fresh):
    simulator.window(hours_ago=0)


def test_an_accepted_message_is_answered_with_its_id_and_the_recipient(simulator):
    answer = simulator.send().json()
    assert answer["messaging_product"] == "whatsapp"
    assert answer["contacts"][0]["input"] == "+" + AMELIA
    assert answer["contacts"][0]["wa_id"] == AMELIA
    assert answer["messages"][0]["id"].startswith("wamid.")


def test_an_accepted_message_is_in_the_log_with_its_callback_data(simulator):
    wamid = simulator.accepted(biz_opaque_callback_data="out-1")
    [entry] = [entry for entry in simulator.log() if entry["id"] == wamid]
    assert (entry["to"], entry["callback"], entry["body"]) == (AMELIA, "out-1", {"body": "Good morning"})


def test_a_message_is_sent_then_delivered_and_echoes_the_callback_data(simulator, hook):
    wamid = simulator.accepted(biz_opaque_callback_data="out-2")
    eventually(lambda: len(hook.statuses(wamid)) == 2)
    assert [status["status"] for status in hook.statuses(wamid)] == ["sent", "delivered"]
    assert {status["biz_opaque_callback_data"] for status in hook.statuses(wamid)} == {"out-2"}
    assert hook.statuses(wamid)[0]["pricing"]["type"] == "free_customer_service"


def test_a_message_turns_read_when_the_customer_opens_the_chat(simulator, hook):
    wamid = simulator.accepted()
    eventually(lambda: len(hook.statuses(wamid)) == 2)
    assert simulator.client.post("/_sim/read", json={"phone_number_id": PHONE, "from": AMELIA}).json()["read"] >= 1
    eventually(lambda: hook.statuses(wamid)[-1]["status"] == "read")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic abc"])
def test_a_wrong_token_is_refused(simulator, token):
    answer = simulator.client.post(f"/v23.0/{PHONE}/messages", json={}, headers={"Authorization": token})
    assert error(answer) == (401, 190)


def test_a_number_the_token_does_not_own_does_not_exist(simulator):
    answer = simulator.client.post("/v23.0/999/messages", json={})
    assert answer.json()["error"]["error_subcode"] == 33


BUTTON = {"type": "reply", "reply": {"id": "a", "title": "A"}}


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text", {}, 131008),
        ("text", {"body": ""}, 131008),
        ("text", {"body": 7}, 131009),
        ("text", {"body": "x" * 4097}, 100),
        ("poll", {"a": 1}, 100),
        ("image", {"caption": "no file"}, 100),
        ("image", {"id": "404404"}, 131009),
        ("image", {"link": "ftp://x"}, 131009),
        ("image", {"link": "https://shop.example/a.jpg", "caption": "x" * 1025}, 100),
        ("audio", {"link": "https://shop.example/a.ogg", "caption": "x"}, 100),
        ("location", {"latitude": 91, "longitude": 0}, 131009),
        ("location", {"latitude": 0}, 131008),
        ("contacts", [{"name": {}}], 131008),
        ("reaction", {"emoji": "👍"}, 131008),
        ("interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": []}}, 131009),
        ("interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": [BUTTON] * 2}}, 131009),
        ("interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": [BUTTON] * 4}}, 131009),
        ("interactive", {"type": "button", "action": {"buttons": [BUTTON]}}, 131008),
        ("interactive", {"type": "list", "body": {"text": "?"}, "action": {"button": "x" * 21, "sections": []}}, 100),
        ("interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": ["A"]}}, 100),
        ("template", {"name": "hello_world", "language": {"code": "en_US"}, "components": [None]}, 100),
        ("interactive", {"type": "carousel_of_dreams", "body": {"text": "?"}, "action": {}}, 100),
    ],
)
def test_a_malformed_message_is_refused_with_its_code(simulator, kind, body, code):
    assert error(simulator.send(kind, body)) == (400, code)


def test_a_body_that_is_not_json_is_refused(simulator):
    assert error(simulator.client.post(f"/v23.0/{PHONE}/messages", content=b"{")) == (400, 100)


def test_location_zero_zero_is_accepted(simulator):
    simulator.accepted("location", {"latitude": 0, "longitude": 0})


def test_a_number_cannot_write_to_itself(simulator):
    assert error(simulator.send(to="15550783001")) == (400, 131021)


def test_a_number_nobody_has_fails_later(simulator, hook):
    wamid = simulator.accepted(to="447700900999")
    [status] = eventually(lambda: hook.statuses(wamid))
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)


def test_a_free_message_outside_the_window_fails_later(simulator, hook):
    assert not simulator.window(hours_ago=25)
    wamid = simulator.accepted()
    [status] = eventually(lambda: hook.statuses(wamid))
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


def test_a_channel_can_refuse_a_closed_window_at_once(simulator):
    simulator.client.put(f"/_sim/channels/{PHONE}", json={**simulator.channel, "window_error": "sync"})
    simulator.window(hours_ago=25)
    assert error(simulator.send()) == (400, 131047)
    simulator.client.put(f"/_sim/channels/{PHONE}", json=simulator.channel)


def test_a_template_opens_a_closed_window(simulator, hook):
    simulator.window(hours_ago=25)
    components = [{"type": "body", "parameters": BODY_PARAMETERS}, URL_BUTTON]
    wamid = simulator.accepted("template", {**TEMPLATE, "components": components})
    eventually(lambda: hook.statuses(wamid) and hook.statuses(wamid)[-1]["status"] == "delivered")
    assert simulator.log()[-1]["body"]["shown"]["text"] == "Hi Amelia, your order A-1042 has left our warehouse."


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"name": "nobody_knows", "language": {"code": "en_GB"}}, (404, 132001)),
        ({"name": "order_shipped", "language": {"code": "de"}}, (404, 132001)),
        ({"name": "free_gift", "language": {"code": "en_GB"}}, (404, 132001)),
        ({"name": "winter_sale", "language": {"code": "en_GB"}}, (400, 132015)),
        ({"name": "old_survey", "language": {"code": "en_GB"}}, (400, 132016)),
        (TEMPLATE, (400, 132000)),
        ({**TEMPLATE, "components": [{"type": "body", "parameters": BODY_PARAMETERS[:1]}, URL_BUTTON]}, (400, 132000)),
        ({"name": "order_shipped"}, (400, 131008)),
    ],
)
def test_a_template_that_cannot_be_sent_is_refused_with_its_code(simulator, template, expected):
    assert error(simulator.send("template", template)) == expected


def test_marking_read_turns_earlier_messages_read_too(simulator):
    first, second = simulator.inbound(), simulator.inbound()
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
    assert simulator.client.post(f"/v23.0/{PHONE}/messages", json=receipt).json() == {"success": True}
    page = simulator.client.get("/phone/thread", params={"customer": AMELIA, "channel": PHONE}).text
    assert page.count('data-status="read"') >= 2
    assert first in page


def test_marking_an_unknown_message_read_is_refused(simulator):
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.nothing"}
    assert error(simulator.client.post(f"/v23.0/{PHONE}/messages", json=receipt)) == (400, 131009)


def test_somebody_without_a_number_is_reached_by_user_id(simulator, hook):
    robin = "GB.8842190017745"
    simulator.inbound(sender=robin)
    eventually(lambda: hook.messages)
    assert "from" not in hook.messages[-1]
    assert hook.messages[-1]["from_user_id"] == robin
    payload = {"messaging_product": "whatsapp", "recipient": robin, "type": "text", "text": {"body": "Hi"}}
    answer = simulator.client.post(f"/v23.0/{PHONE}/messages", json=payload).json()
    assert answer["contacts"] == [{"input": robin, "user_id": robin}]
    wamid = answer["messages"][0]["id"]
    eventually(lambda: hook.statuses(wamid))
    assert hook.statuses(wamid)[0]["recipient_user_id"] == robin


def test_message_history_names_every_status(simulator, hook):
    wamid = simulator.accepted()
    eventually(lambda: len(hook.statuses(wamid)) == 2)
    answer = simulator.client.get(f"/v23.0/{PHONE}/message_history", params={"message_id": wamid}).json()
    events = answer["data"][0]["events"]["data"]
    assert [event["delivery_status"] for event in events] == ["DELIVERED", "SENT"]


def test_templates_come_in_pages(simulator):
    names, address = [], f"/v23.0/{WABA}/message_templates?limit=4"
    while address:
        page = simulator.client.get(address).json()
        names += [template["name"] for template in page["data"]]
        address = page["paging"].get("next")
    assert len(names) == 13


def test_a_number_describes_itself_with_the_fields_asked_for(simulator):
    answer = simulator.client.get(f"/v23.0/{PHONE}", params={"fields": "display_phone_number,throughput"}).json()
    assert answer == {
        "id": PHONE, "display_phone_number": "+1 555 078 3001", "throughput": {"level": "STANDARD"},
    }  # fmt: skip
    listed = simulator.client.get(f"/v23.0/{WABA}/phone_numbers").json()["data"]
    assert [number["id"] for number in listed] == [PHONE]


def test_without_a_subscription_no_webhook_comes(simulator, hook):
    apps = f"/v23.0/{WABA}/subscribed_apps"
    assert simulator.client.delete(apps).json() == {"success": True}
    assert simulator.client.get(apps).json() == {"data": []}
    before = simulator.client.get("/_sim/health").json()["webhooks"]["dropped"]
    simulator.inbound()
    eventually(lambda: simulator.client.get("/_sim/health").json()["webhooks"]["dropped"] > before)
    assert hook.messages == []
    assert simulator.client.post(apps).json() == {"success": True}
    assert len(simulator.client.get(apps).json()["data"]) == 1


def test_an_override_address_must_answer_the_challenge(simulator, hook):
    apps = f"/v23.0/{WABA}/subscribed_apps"
    wrong = {"override_callback_uri": hook.url, "verify_token": "wrong"}
    assert simulator.client.post(apps, json=wrong).json()["error"]["error_subcode"] == 2200
    assert simulator.client.post(apps, json={**wrong, "verify_token": "right"}).json() == {"success": True}


def test_strangers_are_refused(simulator):
    answer = simulator.client.get("/_sim/health", headers={"Host": "simulator.example"})
    assert answer.status_code == 403
    answer = simulator.client.post("/_sim/inbound", json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
