import httpx
import pytest

from tests.simulator.driver import AMELIA, PHONE, TOKEN, eventually

ALWAYS, ONCE = "15550190", "15550191"


@pytest.fixture(autouse=True)
def open_window(simulator, fresh):
    simulator.window(hours_ago=0)


def attempt(simulator, *, to=AMELIA, timeout=0.5, callback="out-1"):
    """Send on a connection of its own and say how it ended."""
    payload = {
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hi"},
        "biz_opaque_callback_data": callback,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        answer = httpx.post(f"{simulator.url}/v23.0/{PHONE}/messages", json=payload, headers=headers, timeout=timeout)
    except httpx.TimeoutException:
        return "timeout"
    except httpx.TransportError:
        return "dropped"
    if not answer.content:
        return answer.status_code
    body = answer.json()
    return body["error"]["code"] if "error" in body else body["messages"][0] and "accepted"


def accepted(simulator, number):
    return len(simulator.log(to=number))


@pytest.mark.parametrize(
    ("action", "ending", "kept"),
    [
        ("throttle", 130429, 0),
        ("pair_throttle", 131056, 0),
        ("spam_throttle", 131048, 0),
        ("server_error", 500, 0),
        ("unavailable", 131000, 0),
        ("token_expired", 190, 0),
        ("server_error_after_accept", 500, 1),
        ("timeout_after_accept", "timeout", 1),
        ("drop_after_accept", "dropped", 1),
        ("malformed", None, 1),
    ],
)
def test_a_rule_spoils_the_send_and_the_log_tells_what_was_kept(simulator, action, ending, kept):
    simulator.faults({"match": {"to": AMELIA}, "action": action})
    before = accepted(simulator, AMELIA)
    assert attempt(simulator) == ending
    assert accepted(simulator, AMELIA) - before == kept


def test_what_was_accepted_and_spoilt_still_gets_its_statuses(simulator, hook):
    simulator.faults({"match": {"to": AMELIA}, "action": "drop_after_accept"})
    attempt(simulator, callback="lost-answer")
    wamid = simulator.log(callback="lost-answer")[-1]["id"]
    eventually(lambda: len(hook.statuses(wamid)) == 2)
    assert hook.statuses(wamid)[0]["biz_opaque_callback_data"] == "lost-answer"


@pytest.mark.parametrize(("action", "code"), [("undeliverable", 131026), ("capped", 131049), ("opted_out", 131050)])
def test_a_rule_can_fail_a_message_later(simulator, hook, action, code):
    simulator.faults({"match": {"to": AMELIA}, "action": action})
    wamid = simulator.accepted()
    [status] = eventually(lambda: hook.statuses(wamid))
    assert status["errors"][0]["code"] == code


@pytest.mark.parametrize(
    ("suffix", "ending"),
    [("429", 130429), ("056", 131056), ("500", 500), ("501", 500), ("599", "dropped"), ("200", None), ("190", 190)],
)
def test_a_number_that_means_trouble_causes_it_every_time(simulator, suffix, ending):
    assert attempt(simulator, to="+" + ALWAYS + suffix) == ending
    assert attempt(simulator, to="+" + ALWAYS + suffix) == ending


def test_its_sibling_causes_it_at_the_first_try_of_a_message_only(simulator):
    number = ONCE + "429"
    simulator.inbound(sender=number)
    assert attempt(simulator, to=number, callback="a") == 130429
    assert attempt(simulator, to=number, callback="a") == "accepted"
    assert attempt(simulator, to=number, callback="b") == 130429


def test_every_nth_and_times_limit_a_rule(simulator):
    simulator.faults({"match": {"every_nth": 2}, "action": "throttle", "times": 2})
    assert [attempt(simulator) for _ in range(6)] == ["accepted", 130429, "accepted", 130429, "accepted", "accepted"]


def test_a_rule_for_one_kind_leaves_others_alone(simulator):
    simulator.faults({"match": {"kind": "image"}, "action": "throttle"})
    assert attempt(simulator) == "accepted"


def test_a_slow_answer_is_late_and_whole(simulator):
    simulator.faults({"match": {}, "action": "slow", "seconds": 0.2})
    assert attempt(simulator, timeout=0.1) == "timeout"
    assert attempt(simulator, timeout=5) == "accepted"


@pytest.mark.parametrize("rule", [{"action": "explode"}, {"match": {"from": "x"}, "action": "throttle"}])
def test_a_rule_that_makes_no_sense_is_refused(simulator, rule):
    assert simulator.client.put("/_sim/faults", json=[rule]).status_code == 400
