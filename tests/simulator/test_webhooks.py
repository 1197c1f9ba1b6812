import hashlib
import hmac
import json

from tests.simulator.driver import AMELIA, PHONE, SECRET, WABA, eventually


def test_webhooks_are_signed_over_their_raw_bytes_and_escaped(simulator, hook):
    simulator.inbound(text="سلام / café 🚚")
    [(headers, body)] = eventually(lambda: hook.received)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert b"\\/" in body
    assert b"\\u0633" in body
    assert body.isascii()


def test_an_inbound_message_comes_in_the_envelope_of_its_number(simulator, hook):
    wamid = simulator.inbound(text="Hello", timestamp=1790000000)
    [(_, body)] = eventually(lambda: hook.received)
    payload = json.loads(body)
    assert payload["object"] == "whatsapp_business_account"
    assert payload["entry"][0]["id"] == WABA
    value = payload["entry"][0]["changes"][0]["value"]
    assert value["metadata"] == {"display_phone_number": "15550783001", "phone_number_id": PHONE}
    assert value["contacts"][0]["profile"]["name"] == "Amelia Hartley"
    [message] = value["messages"]
    assert (message["id"], message["from"], message["timestamp"]) == (wamid, AMELIA, "1790000000")


def test_a_webhook_is_tried_again_until_the_hook_takes_it(simulator, hook):
    hook.status = 503
    before = simulator.client.get("/_sim/webhooks").json()["failed_posts"]
    wamid = simulator.inbound()
    eventually(lambda: simulator.client.get("/_sim/webhooks").json()["failed_posts"] >= before + 2)
    hook.status = 200
    eventually(lambda: hook.messages)
    assert [message["id"] for message in hook.messages] == [wamid]


def test_paused_webhooks_wait(simulator, hook):
    simulator.webhooks(paused=True)
    wamid = simulator.inbound()
    eventually(lambda: simulator.client.get("/_sim/webhooks").json()["pending"] == 1)
    assert hook.messages == []
    simulator.webhooks(paused=False)
    eventually(lambda: [message["id"] for message in hook.messages] == [wamid])


def test_silence_ends_by_itself(simulator, hook):
    simulator.webhooks(silence_seconds=0.4)
    simulator.inbound()
    assert simulator.client.get("/_sim/webhooks").json()["pending"] == 1
    eventually(lambda: hook.messages)


def test_every_webhook_can_come_twice(simulator, hook):
    simulator.webhooks(duplicate=0.9)
    wamid = simulator.inbound()
    simulator.inbound()
    simulator.inbound()
    eventually(lambda: len(hook.messages) > 3)
    simulator.webhooks(duplicate=0)
    assert wamid in {message["id"] for message in hook.messages}


def test_reordered_webhooks_lose_nothing_and_change_their_order(simulator, hook):
    simulator.webhooks(reorder=True, reorder_seconds=0.3)
    sent = [{"from": AMELIA, "phone_number_id": PHONE, "text": str(n)} for n in range(40)]
    wamids = simulator.client.post("/_sim/inbound", json=sent).json()["wamids"]
    eventually(lambda: len(hook.messages) == 40)
    arrived = [message["id"] for message in hook.messages]
    assert sorted(arrived) == sorted(wamids)
    assert arrived != wamids


def test_what_is_due_together_travels_together(simulator, hook):
    simulator.webhooks(paused=True, batch=50)
    for _ in range(3):
        simulator.inbound()
    eventually(lambda: simulator.client.get("/_sim/webhooks").json()["pending"] == 3)
    simulator.webhooks(paused=False)
    eventually(lambda: len(hook.messages) == 3)
    assert len(hook.received) < 3


def test_other_fields_can_be_posted_too(simulator, hook):
    change = {"field": "message_template_status_update", "value": {"event": "PAUSED", "message_template_id": 7}}
    answer = simulator.client.post("/_sim/field", json={"phone_number_id": PHONE, **change})
    assert answer.status_code == 202
    [(_, body)] = eventually(lambda: hook.received)
    assert json.loads(body)["entry"][0]["changes"] == [change]


def test_an_unknown_setting_is_refused_by_name(simulator):
    answer = simulator.client.put("/_sim/webhooks", json={"dealy_seconds": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown settings: dealy_seconds")


def test_edits_removals_and_reactions_name_the_message_they_change(simulator, hook):
    wamid = simulator.inbound(text="tpyo")
    edited = {"original_message_id": wamid, "message": {"type": "text", "text": {"body": "typo"}}}
    simulator.inbound("edit", edit=edited)
    simulator.inbound("revoke", revoke={"original_message_id": wamid})
    eventually(lambda: len(hook.messages) == 3)
    by_type = {message["type"]: message for message in hook.messages}
    assert by_type["edit"]["edit"]["original_message_id"] == wamid
    assert by_type["revoke"]["revoke"]["original_message_id"] == wamid
    assert by_type["revoke"]["id"] != wamid


def test_an_unsupported_message_carries_its_error(simulator, hook):
    simulator.inbound("unsupported", note="a poll")
    [message] = eventually(lambda: hook.messages)
    assert message["errors"][0]["code"] == 131051
