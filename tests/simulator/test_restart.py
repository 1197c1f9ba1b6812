import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.simulator.driver import PHONE, Hook, Simulator, eventually


@pytest.fixture
def process(tmp_path, hook: Hook):
    simulator = Simulator(tmp_path, hook)
    simulator.start()
    yield simulator
    simulator.stop()


def test_an_orderly_stop_keeps_everything(process, hook):
    process.webhooks(paused=True, retry_seconds=0.1)
    process.client.post("/_sim/customers", json={"number": "447700900555", "name": "Hana Park"})
    received = process.inbound(sender="447700900555")
    media = process.inbound("image", sender="447700900555", image={})
    sent = process.accepted(to="447700900555", biz_opaque_callback_data="kept")
    process.stop()

    process.start()
    assert [entry["callback"] for entry in process.log()] == ["kept"]
    page = process.client.get("/", params={"customer": "447700900555", "channel": PHONE}).text
    assert "Hana Park" in page
    assert media in page
    assert hook.messages == []
    process.webhooks(paused=False)
    eventually(lambda: {message["id"] for message in hook.messages} == {received, media})
    eventually(lambda: [status["status"] for status in hook.statuses(sent)][:2] == ["sent", "delivered"])


def test_a_kill_loses_no_accepted_message_and_no_status_of_it(process, hook):
    process.window(hours_ago=0)
    wamids = [process.accepted(biz_opaque_callback_data=f"out-{n}") for n in range(30)]
    process.kill()

    journal = (process.folder / "state.sqlite3.journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in journal] == wamids
    process.start()
    assert [entry["id"] for entry in process.log()] == wamids
    eventually(lambda: all("delivered" in {s["status"] for s in hook.statuses(wamid)} for wamid in wamids))


def test_an_open_phone_and_a_held_answer_do_not_keep_it_from_stopping(process):
    process.faults({"match": {}, "action": "timeout_after_accept"})
    address = f"{process.url}/phone/live"
    with httpx.stream("GET", address, timeout=20) as live, ThreadPoolExecutor() as pool:
        assert "data: changed" in next(live.iter_text())
        held = pool.submit(process.send)
        eventually(process.log)
        process.process.terminate()
        assert process.process.wait(timeout=10) == 0
        with pytest.raises(httpx.TransportError):
            held.result()
    process.start()
