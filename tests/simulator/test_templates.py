"""The life of a template at the provider: submitted, reviewed, edited, changed from outside, deleted."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.simulator.driver import TOKEN, WABA, Simulator, eventually
from tests.simulator.templates import (
    BODY,
    LIST,
    PNG,
    accepted,
    change,
    fresh_name,
    look_up,
    news,
    refusal,
    review,
    status,
    statuses,
    submission,
    submit,
    upload,
)


@pytest.fixture(autouse=True)
def swift_reviews(simulator: Simulator, fresh: None) -> None:
    review(simulator, delay_seconds=[0, 0.02], rules=[], deletion_seconds=0.05, edit_limits=True,
           creations_per_hour=1000, template_limit=6000)  # fmt: skip
    simulator.client.delete("/_sim/template_review")


def approved(simulator, **changes):
    template = accepted(simulator, **changes)
    eventually(lambda: status(simulator, template["id"]) == "APPROVED")
    return template["id"]


# Submitting


def test_a_submission_is_answered_with_id_status_and_category(simulator):
    review(simulator, delay_seconds=60)
    answer = submit(simulator).json()
    assert answer == {"id": answer["id"], "status": "PENDING", "category": "UTILITY"}
    assert answer["id"].isdigit()


def test_an_approved_template_is_announced_by_number_and_with_a_hyphen_in_its_language(simulator, hook):
    template_id = approved(simulator)
    [value] = eventually(lambda: news(hook, "message_template_status_update", template_id))
    assert value["event"] == "APPROVED"
    assert value["message_template_id"] == int(template_id)
    assert value["message_template_language"] == "en-GB"
    assert value["reason"] == "NONE"
    entries = [entry for _, body in hook.received for entry in json.loads(body)["entry"]]
    assert all(isinstance(entry["time"], int) and entry["id"] == WABA for entry in entries)


@pytest.mark.parametrize(
    ("text", "reason"), [("please [reject] {{1}} this", "INVALID_FORMAT"), ("so [reject SCAM] {{1}} this", "SCAM")]
)
def test_words_in_the_text_can_ask_for_a_rejection(simulator, hook, text, reason):
    template = accepted(simulator, components=[{**BODY, "text": f"Hello there, {text} today."}])
    eventually(lambda: statuses(hook, template["id"]) == ["REJECTED"])
    assert look_up(simulator, template["id"])["rejected_reason"] == reason
    [value] = news(hook, "message_template_status_update", template["id"])
    assert value["reason"] == reason
    assert value["rejection_info"]["reason"]
    assert value["rejection_info"]["recommendation"]


def test_a_rule_decides_before_words_do(simulator, hook):
    name = fresh_name()
    rule = {"match": {"name": name}, "decision": "reject", "reason": "PROMOTIONAL", "explanation": "It advertises."}
    review(simulator, rules=[rule])
    template = accepted(simulator, name=name)
    [value] = eventually(lambda: news(hook, "message_template_status_update", template["id"]))
    assert (value["reason"], value["rejection_info"]["reason"]) == ("PROMOTIONAL", "It advertises.")
    assert approved(simulator)


def test_a_review_can_be_held_and_ended_by_hand(simulator, hook):
    review(simulator, rules=[{"match": {"contains": "BOOKED"}, "decision": "hold"}])
    template = accepted(simulator)
    change(simulator, template["id"], status="APPROVED")
    eventually(lambda: statuses(hook, template["id"]) == ["APPROVED"])


def test_the_provider_may_file_a_template_under_another_category(simulator, hook):
    review(simulator, rules=[{"category": "MARKETING", "at_once": True}])
    assert submit(simulator).json()["category"] == "MARKETING"
    review(simulator, rules=[{"category": "MARKETING"}])
    answer = submit(simulator).json()
    assert answer["category"] == "UTILITY"
    [value] = eventually(lambda: news(hook, "template_category_update", answer["id"]))
    assert (value["previous_category"], value["new_category"]) == ("UTILITY", "MARKETING")


def test_a_name_in_use_is_refused_in_that_language_only(simulator):
    name = fresh_name()
    accepted(simulator, name=name)
    assert refusal(submit(simulator, name=name)) == (100, 2388024)
    accepted(simulator, name=name, language="fr")


@pytest.mark.parametrize(
    ("settings", "expected"), [({"template_limit": 1}, (100, 2388019)), ({"creations_per_hour": 0}, (80008, None))]
)
def test_an_account_has_its_limits(simulator, settings, expected):
    review(simulator, **settings)
    assert refusal(submit(simulator)) == expected


@pytest.mark.parametrize("settings", [{"rules": [{"decision": "maybe"}]}, {"rules": [{"x": 1}]}, {"speed": 1}])
def test_a_setting_that_makes_no_sense_is_refused(simulator, settings):
    assert simulator.client.put("/_sim/template_review", json=settings).status_code == 400


# Listing


def test_every_template_comes_once_whatever_the_page_size(simulator):
    everything = {row["id"] for row in simulator.client.get(f"/_sim/templates/{WABA}").json()}
    ids, address = [], f"{LIST}?limit=3&fields=name"
    while address:
        page = simulator.client.get(address).json()
        ids += [row["id"] for row in page["data"]]
        assert all(set(row) == {"id", "name"} for row in page["data"])
        address = page["paging"].get("next")
    assert sorted(ids) == sorted(everything)


def test_a_thousand_templates_come_in_pages(simulator):
    before = simulator.client.get(f"/_sim/templates/{WABA}").json()
    many = [{"name": f"many_{n}", "language": "en_GB", "components": [BODY]} for n in range(1000)]
    assert simulator.client.put(f"/_sim/templates/{WABA}", json=many).json()["templates"] == 1000
    count, address = 0, f"{LIST}?limit=250"
    while address:
        page = simulator.client.get(address).json()
        count += len(page["data"])
        address = page["paging"].get("next")
    assert count == 1000
    simulator.client.put(f"/_sim/templates/{WABA}", json=before)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "appointment"}, {"appointment_reminder"}),
        ({"name": "order_shipped", "language": "ar"}, {"order_shipped"}),
        ({"status": "PAUSED"}, {"winter_sale"}),
        ({"category": "authentication"}, {"sign_in_code"}),
        ({"name": "nobody_has_this"}, set()),
    ],
)
def test_a_list_can_be_narrowed(simulator, query, names):
    rows = simulator.client.get(LIST, params={"limit": 100, **query}).json()["data"]
    assert {row["name"] for row in rows} == names


def test_what_nobody_knows_is_listed_as_it_was_put(simulator):
    before = simulator.client.get(f"/_sim/templates/{WABA}").json()
    odd = {"type": "HOLOGRAM", "beams": [1, {"x": None}]}
    simulator.client.put(f"/_sim/templates/{WABA}", json=[*before, {"name": "odd", "components": [BODY, odd]}])
    [row] = simulator.client.get(LIST, params={"name": "odd"}).json()["data"]
    assert row["components"] == [BODY, odd]
    simulator.client.put(f"/_sim/templates/{WABA}", json=before)


def test_another_accounts_template_does_not_exist(simulator):
    other = {**simulator.channel, "phone_number_id": "88", "waba_id": "99", "token": "other", "hook_url": ""}
    simulator.client.put("/_sim/channels/88", json=other)
    template_id = approved(simulator)
    strangers = {"Authorization": "Bearer other"}
    assert refusal(simulator.client.get(f"/v23.0/{template_id}", headers=strangers)) == (100, 33)
    assert refusal(simulator.client.post(f"/v23.0/{template_id}", json={}, headers=strangers)) == (100, 33)
    assert refusal(simulator.client.delete(LIST, params={"name": "x"}, headers=strangers)) == (100, 33)


# Editing


def test_an_edit_replaces_everything_and_starts_the_review_anew(simulator, hook):
    template_id = approved(simulator)
    review(simulator, delay_seconds=[60, 60])
    text = {**BODY, "text": "Dear {{1}}, your table is ready for you."}
    assert simulator.client.post(f"/v23.0/{template_id}", json={"components": [text]}).json() == {"success": True}
    found = look_up(simulator, template_id)
    assert (found["status"], found["components"]) == ("PENDING", [text])
    sent = {"name": found["name"], "language": {"code": "en_GB"}}
    assert refusal(simulator.send("template", sent)) == (132001, None)


def test_an_approved_template_can_be_edited_once_a_day(simulator):
    template_id = approved(simulator)
    edit = {"components": [BODY]}
    simulator.client.post(f"/v23.0/{template_id}", json=edit)
    eventually(lambda: status(simulator, template_id) == "APPROVED")
    assert refusal(simulator.client.post(f"/v23.0/{template_id}", json=edit)) == (100, 2388039)
    review(simulator, edit_limits=False)
    assert simulator.client.post(f"/v23.0/{template_id}", json=edit).status_code == 200


def test_a_rejected_template_can_be_edited_as_often_as_needed(simulator):
    template = accepted(simulator, components=[{**BODY, "text": "Hello [reject] {{1}}, how do you do?"}])
    for _ in range(3):
        eventually(lambda: status(simulator, template["id"]) == "REJECTED")
        again = {"components": template["components"], "category": "MARKETING"}
        assert simulator.client.post(f"/v23.0/{template['id']}", json=again).status_code == 200
    assert look_up(simulator, template["id"])["category"] == "MARKETING"


@pytest.mark.parametrize("state", ["PENDING", "DISABLED", "IN_APPEAL", "ARCHIVED"])
def test_a_template_in_another_state_cannot_be_edited(simulator, state):
    template_id = approved(simulator)
    change(simulator, template_id, status=state)
    assert refusal(simulator.client.post(f"/v23.0/{template_id}", json={"components": [BODY]})) == (100, 2388039)


def test_the_category_of_an_approved_template_stays(simulator):
    template_id = approved(simulator)
    wanted = {"components": [BODY], "category": "MARKETING"}
    assert refusal(simulator.client.post(f"/v23.0/{template_id}", json=wanted)) == (100, None)


# Deleting


def test_deleting_a_name_takes_every_language_and_blocks_it(simulator, hook):
    name = fresh_name()
    ids = [approved(simulator, name=name, language=language) for language in ("en_GB", "fr")]
    assert simulator.client.delete(LIST, params={"name": name}).json() == {"success": True}
    for template_id in ids:
        eventually(lambda found=template_id: statuses(hook, found)[-2:] == ["PENDING_DELETION", "DELETED"])
    assert simulator.client.get(LIST, params={"name": name}).json()["data"] == []
    assert refusal(submit(simulator, name=name)) == (100, 2388023)
    assert refusal(submit(simulator, name=name, language="ar")) == (100, 2388023)


def test_deleting_one_language_leaves_the_others(simulator):
    name = fresh_name()
    english, french = (approved(simulator, name=name, language=language) for language in ("en_GB", "fr"))
    assert simulator.client.delete(LIST, params={"name": name, "hsm_id": french}).json() == {"success": True}
    eventually(lambda: status(simulator, french) == "gone")
    assert status(simulator, english) == "APPROVED"
    assert refusal(submit(simulator, name=name, language="fr")) == (100, 2388023)
    accepted(simulator, name=name, language="ar")


def test_a_deleted_template_shows_as_going_and_cannot_be_sent(simulator):
    review(simulator, deletion_seconds=60)
    template_id = approved(simulator)
    name = look_up(simulator, template_id)["name"]
    simulator.client.delete(LIST, params={"name": name})
    assert status(simulator, template_id) == "PENDING_DELETION"
    assert refusal(simulator.send("template", {"name": name, "language": {"code": "en_GB"}})) == (132001, None)
    assert refusal(simulator.client.delete(LIST, params={"name": name})) == (100, 2593002)


def test_a_disabled_template_or_a_wrong_name_cannot_be_deleted(simulator):
    template_id = approved(simulator)
    name = look_up(simulator, template_id)["name"]
    assert refusal(simulator.client.delete(LIST, params={"name": "other", "hsm_id": template_id})) == (100, 2593002)
    assert refusal(simulator.client.delete(LIST)) == (100, None)
    change(simulator, template_id, status="DISABLED")
    assert refusal(simulator.client.delete(LIST, params={"name": name})) == (100, None)


# What happens to a template from outside


def test_a_pause_says_which_and_stops_sends(simulator, hook):
    template_id = approved(simulator)
    name = look_up(simulator, template_id)["name"]
    change(simulator, template_id, status="PAUSED", reason="SECOND_PAUSE")
    eventually(lambda: statuses(hook, template_id) == ["APPROVED", "PAUSED"])
    assert news(hook, "message_template_status_update", template_id)[-1]["other_info"]["title"] == "SECOND_PAUSE"
    sent = {"name": name, "language": {"code": "en_GB"}}
    assert refusal(simulator.send("template", sent)) == (132015, None)
    change(simulator, template_id, status="DISABLED")
    assert refusal(simulator.send("template", sent)) == (132016, None)


def test_a_quality_change_names_both_scores(simulator, hook):
    template_id = approved(simulator)
    for number, score in enumerate(("GREEN", "RED"), 1):
        change(simulator, template_id, quality=score)
        # Two webhooks under way at once may arrive in either order, here as at the provider.
        eventually(lambda: len(news(hook, "message_template_quality_update", template_id)) == number)  # noqa: B023
    values = news(hook, "message_template_quality_update", template_id)
    assert [value["new_quality_score"] for value in values] == ["GREEN", "RED"]
    assert look_up(simulator, template_id)["quality_score"] == {"score": "RED"}


def test_a_category_change_is_announced_first_and_made_later(simulator, hook):
    template_id = approved(simulator)
    change(simulator, template_id, upcoming_category="MARKETING", effective_at=4_000_000_000)
    [notice] = eventually(lambda: news(hook, "template_category_update", template_id))
    assert (notice["new_category"], notice["correct_category"]) == ("UTILITY", "MARKETING")
    assert look_up(simulator, template_id)["correct_category"] == "MARKETING"
    change(simulator, template_id, upcoming_category="MARKETING", effective_at=1)
    eventually(lambda: look_up(simulator, template_id)["category"] == "MARKETING")
    eventually(lambda: news(hook, "template_category_update", template_id)[-1].get("previous_category") == "UTILITY")


def test_changed_components_are_announced(simulator, hook):
    template_id = approved(simulator)
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]}
    change(simulator, template_id, components=[{**BODY, "text": "Hello {{1}}, all is well."}, buttons])
    [value] = eventually(lambda: news(hook, "message_template_components_update", template_id))
    assert value["message_template_element"] == "Hello {{1}}, all is well."
    assert value["message_template_buttons"][0]["message_template_button_text"] == "Thanks"


def test_a_change_can_happen_without_a_webhook(simulator, hook):
    template_id = approved(simulator)
    change(simulator, template_id, status="PAUSED", webhook=False)
    gone = approved(simulator)
    change(simulator, gone, gone=True)
    marker = approved(simulator)
    eventually(lambda: statuses(hook, marker))
    assert statuses(hook, template_id) == ["APPROVED"]
    assert status(simulator, template_id) == "PAUSED"
    assert (status(simulator, gone), statuses(hook, gone)) == ("gone", ["APPROVED"])


@pytest.mark.parametrize("changes", [{"status": "MAYBE"}, {"colour": "red"}, {"id": "404404"}])
def test_a_change_that_makes_no_sense_is_refused(simulator, changes):
    template_id = approved(simulator)
    answer = simulator.client.post(f"/_sim/templates/{WABA}/changes", json={"id": template_id, **changes})
    assert answer.status_code in (400, 404)


# Samples


def test_a_sample_becomes_a_handle_and_the_list_shows_an_address(simulator):
    handle = upload(simulator)
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}}
    template = accepted(simulator, components=[header, BODY])
    [address] = template["components"][0]["example"]["header_handle"]
    assert httpx.get(address).content == PNG
    again = {"components": template["components"]}
    eventually(lambda: status(simulator, template["id"]) == "APPROVED")
    assert refusal(simulator.client.post(f"/v23.0/{template['id']}", json=again)) == (100, None)


def test_an_interrupted_upload_goes_on_where_it_stopped(simulator):
    asked = {"file_name": "a.png", "file_length": str(len(PNG)), "file_type": "image/png"}
    session = simulator.client.post("/v23.0/1234567890/uploads", params=asked).json()["id"]
    oauth = {"Authorization": f"OAuth {TOKEN}"}
    address = f"/v23.0/{session}"
    simulator.client.post(address, content=PNG[:20], headers={**oauth, "file_offset": "0"})
    assert simulator.client.get(address, headers=oauth).json()["file_offset"] == 20
    wrong = simulator.client.post(address, content=PNG[20:], headers={**oauth, "file_offset": "0"})
    assert refusal(wrong) == (100, None)
    assert simulator.client.post(address, content=PNG[20:], headers={**oauth, "file_offset": "20"}).json()["h"]


@pytest.mark.parametrize(
    "asked",
    [
        {"file_length": "10", "file_type": "image/gif"},
        {"file_length": "0", "file_type": "image/png"},
        {"file_length": "99999999", "file_type": "image/png"},
        {"file_type": "image/png"},
    ],
)
def test_an_unfit_sample_is_refused(simulator, asked):
    assert refusal(simulator.client.post("/v23.0/app/uploads", params=asked)) == (100, None)


# Faults and restarts


@pytest.mark.parametrize("action", ["server_error_after_accept", "drop_after_accept", "malformed"])
def test_a_submission_can_be_taken_in_without_a_clear_answer(simulator, action):
    simulator.faults({"match": {"kind": "template_create"}, "action": action, "times": 1})
    wanted = submission()
    try:
        answer = simulator.client.post(LIST, json=wanted)
    except httpx.TransportError:
        pass
    else:
        assert "id" not in (answer.json() if answer.content else {})
    assert refusal(simulator.client.post(LIST, json=wanted)) == (100, 2388024)
    calls = simulator.client.get(f"/_sim/templates/{WABA}/calls").json()
    assert [call["name"] for call in calls if call["call"] == "create"].count(wanted["name"]) == 1


@pytest.mark.parametrize(
    ("action", "status_code", "code"), [("throttle", 400, 80008), ("token_expired", 401, 190), ("unavailable", 400, 2)]
)
def test_a_submission_can_be_refused_by_rule(simulator, action, status_code, code):
    simulator.faults({"match": {"kind": "template_create"}, "action": action, "times": 1})
    wanted = submission()
    answer = simulator.client.post(LIST, json=wanted)
    assert (answer.status_code, refusal(answer)[0]) == (status_code, code)
    assert simulator.client.post(LIST, json=wanted).status_code == 200


def test_templates_reviews_and_blocked_names_outlive_a_restart(simulator, hook):
    review(simulator, delay_seconds=[1.5, 1.5])
    handle = upload(simulator)
    gone = approved(simulator)
    name = look_up(simulator, gone)["name"]
    simulator.client.delete(LIST, params={"name": name})
    waiting = accepted(simulator)
    simulator.stop()
    simulator.start()
    assert simulator.client.get("/_sim/template_review").json()["delay_seconds"] == [1.5, 1.5]
    eventually(lambda: statuses(hook, waiting["id"]) == ["APPROVED"])
    assert refusal(submit(simulator, name=name)) == (100, 2388023)
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}}
    assert submit(simulator, components=[header, BODY]).status_code == 200
