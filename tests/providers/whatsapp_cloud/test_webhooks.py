from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.printing import event_form
from providers.types import MalformedPayload, Parsed
from providers.whatsapp_cloud.webhooks import ELEMENTS, IGNORED_FIELDS, NOTIFICATIONS, challenge, parse

PAYLOADS = Path(__file__).parent / "payloads"
NAMES = sorted(path.name.removesuffix(".json") for path in PAYLOADS.glob("*.json") if ".expected." not in path.name)

FIELD_LIST = """
messages message_template_status_update message_template_quality_update message_template_components_update
template_category_update phone_number_quality_update phone_number_name_update account_update account_review_update
account_alerts business_capability_update security payment_configuration_update partner_solutions user_preferences
user_id_update business_username_updates calls flows group_lifecycle_update group_participants_update
group_settings_update group_status_update history smb_app_state_sync smb_message_echoes automatic_events
"""
DOCUMENTED_FIELDS = FIELD_LIST.split()


def printed(parsed: Parsed) -> dict[str, Any]:
    form: dict[str, Any] = {"events": [event_form(event) for event in parsed.events]}
    return form | {"broken": [list(element) for element in parsed.broken]} if parsed.broken else form


@pytest.mark.parametrize("name", NAMES)
def test_payload_reads_as_expected(name: str) -> None:
    expected = PAYLOADS / f"{name}.expected.json"
    assert expected.exists(), f"say in {expected.name} what {name}.json means"
    assert printed(parse((PAYLOADS / f"{name}.json").read_bytes(), {})) == json.loads(expected.read_text())


def test_every_expectation_has_a_payload() -> None:
    stems = {path.name.removesuffix(".expected.json") for path in PAYLOADS.glob("*.expected.json")}
    assert stems == set(NAMES)


@pytest.mark.parametrize("field", DOCUMENTED_FIELDS)
def test_every_documented_field_is_known(field: str) -> None:
    assert field in ELEMENTS or field in NOTIFICATIONS or field in IGNORED_FIELDS


def test_the_challenge_comes_back_verbatim_for_the_right_token() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "sesame", "hub.challenge": "<b>115820</b>"}
    assert challenge(query, "sesame") == "<b>115820</b>"


@pytest.mark.parametrize(
    "change",
    [{"hub.mode": "unsubscribe"}, {"hub.mode": "Subscribe"}, {"hub.verify_token": "guess"}, {"hub.verify_token": "é"}],
)
def test_the_challenge_is_refused_for_anything_else(change: dict[str, str]) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "sesame", "hub.challenge": "1"} | change
    assert challenge(query, "sesame") is None


def test_the_challenge_is_refused_when_nothing_is_asked() -> None:
    assert challenge({}, "sesame") is None


def test_a_body_of_three_megabytes_is_read_whole() -> None:
    statuses = [{"id": f"wamid.{n:0900}", "status": "sent", "timestamp": "1790000000"} for n in range(3200)]
    value = {"metadata": {"phone_number_id": "1"}, "statuses": statuses}
    body = json.dumps({"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}).encode()
    assert len(body) > 3_000_000
    parsed = parse(body, {})
    assert len(parsed.events) == 3200
    assert not parsed.broken


KEY_LIST = """
object entry changes field value metadata phone_number_id contacts wa_id user_id profile name messages statuses
errors id from from_user_id timestamp type text body image audio location latitude longitude reaction message_id
emoji button interactive nfm_reply response_json context referral group_id system edit revoke code title status
recipient_id pricing category message_echoes calls user_preferences groups state_sync contact phones vcard
"""
KEYS = st.sampled_from(KEY_LIST.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["text", "image", "reaction", "interactive", "system", "sent", "failed", "1790000000", "447700900123"]
    )
)
ODD = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)
ELEMENT = st.dictionaries(KEYS, ODD, max_size=8) | ODD
VALUE = st.fixed_dictionaries(
    {"messages": st.lists(ELEMENT, max_size=4), "statuses": st.lists(ELEMENT, max_size=4)},
    optional={"contacts": ODD, "metadata": ODD, "errors": ODD},
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ODD)
def test_no_body_raises_anything_but_malformed(document: Any) -> None:
    try:
        parsed = parse(json.dumps(document).encode(), {})
    except MalformedPayload:
        assert not isinstance(document, dict)
    else:
        assert parsed.events or parsed.broken


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedPayload):
        parse(body, {})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(VALUE, max_size=3), st.sampled_from(DOCUMENTED_FIELDS))
def test_no_element_is_lost_and_everything_prints(values: list[dict[str, Any]], field: str) -> None:
    changes = [{"field": field, "value": value} for value in values]
    parsed = parse(json.dumps({"entry": [{"id": "1", "changes": changes}]}).encode(), {})
    held = [len(value[key]) for value in values for key, _reader in ELEMENTS.get(field, ()) if key in value]
    assert len(parsed.events) + len(parsed.broken) >= max(sum(held), len(values))
    json.dumps(printed(parsed), allow_nan=False)
