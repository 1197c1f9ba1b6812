"""A broadcast until it starts: saving, launching, taking back, throwing away, copying."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from broadcasts import campaigns, checking, firing
from broadcasts.models import Broadcast
from templates_mgmt.models import TemplateTranslation
from tests import factories
from tests.broadcasts.running import EVERYBODY, again, begun, draft, launched, make_marketer, make_people, number_of
from tests.inbox.templating import PICTURED, make_translation
from workspaces import tenancy
from workspaces.models import Channel, Member


@pytest.fixture
def ana(db: None) -> Member:
    ana = make_marketer()
    make_people(ana.workspace, 3)
    return ana


def launch(broadcast: Broadcast, ana: Member, **options: Any) -> Broadcast:
    with tenancy.scope(ana.workspace_id):
        return campaigns.launch(broadcast, **{"key": uuid4(), "by": ana, **options})


def codes(broadcast: Broadcast) -> list[str]:
    with tenancy.scope(broadcast.workspace_id):
        return [problem.code for problem in campaigns.problems(again(broadcast), now=timezone.now())]


def test_a_new_draft_takes_the_only_number_there_is(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        assert campaigns.create(ana.workspace, name=" May \n offers ", by=ana).channel is not None
        second = campaigns.create(ana.workspace, name="", by=ana)
    assert second.name == "Untitled broadcast"
    factories.make_channel(ana.workspace)
    with tenancy.scope(ana.workspace_id):
        assert campaigns.create(ana.workspace, name="June", by=ana).channel is None


def test_of_two_who_save_the_same_draft_the_second_is_told(ana: Member) -> None:
    broadcast = draft(ana)
    with tenancy.scope(ana.workspace_id):
        saved = campaigns.save(broadcast, revision=1, by=ana, name="May offers")
        assert (saved.name, saved.revision) == ("May offers", 2)
        with pytest.raises(campaigns.Stale):
            campaigns.save(broadcast, revision=1, by=ana, name="June offers")
    assert again(broadcast).name == "May offers"


def test_only_fields_of_a_draft_can_be_saved(ana: Member) -> None:
    broadcast = draft(ana)
    with tenancy.scope(ana.workspace_id), pytest.raises(TypeError):
        campaigns.save(broadcast, revision=1, by=ana, status="running")


def test_a_marketing_template_makes_it_marketing(ana: Member) -> None:
    broadcast = draft(ana, purpose="service")
    assert broadcast.purpose == "marketing"


def test_launched_now_it_waits_ten_seconds_for_second_thoughts(ana: Member) -> None:
    now = timezone.now()
    broadcast = launch(draft(ana), ana, now=now)
    assert (broadcast.status, broadcast.next_fire_at) == ("scheduled", now + timedelta(seconds=10))
    assert (broadcast.audience_count, broadcast.expected_credits, broadcast.launched_by) == (3, 3, ana)


def test_a_second_launch_finds_the_first_whatever_its_key(ana: Member) -> None:
    broadcast, key = draft(ana), uuid4()
    first = launch(broadcast, ana, key=key)
    for second in (launch(broadcast, ana, key=key), launch(broadcast, ana)):
        assert (second.pk, second.launched_at, second.launch_key) == (first.pk, first.launched_at, key)


def test_the_key_of_one_broadcast_launches_no_other(ana: Member) -> None:
    key = uuid4()
    first, other = launch(draft(ana), ana, key=key), draft(ana)
    assert launch(other, ana, key=key).pk == first.pk
    assert again(other).status == "draft"


def test_pressed_in_many_tabs_at_once_it_is_launched_once(committed_db: None) -> None:
    ana = make_marketer()
    make_people(ana.workspace, 3)
    broadcast = draft(ana)

    def press(_: int) -> Any:
        try:
            return launch(broadcast, ana).launched_at
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(press, range(12)))) == 1


def test_taken_back_in_time_it_is_a_draft_again_and_an_old_request_cannot_launch_it(ana: Member) -> None:
    broadcast, key = draft(ana), uuid4()
    launch(broadcast, ana, key=key)
    with tenancy.scope(ana.workspace_id):
        taken_back = campaigns.withdraw(broadcast, by=ana)
    assert (taken_back.status, taken_back.next_fire_at) == ("draft", None)
    assert firing.fire_due(timezone.now() + timedelta(minutes=1)) == 0
    with pytest.raises(campaigns.Refused) as refused:
        launch(broadcast, ana, key=key)
    assert refused.value.code == "stale"
    assert launch(broadcast, ana, key=taken_back.launch_key).status == "scheduled"


def test_what_has_started_cannot_be_taken_back(ana: Member) -> None:
    broadcast = begun(ana)
    with tenancy.scope(ana.workspace_id), pytest.raises(campaigns.Refused):
        campaigns.withdraw(broadcast, by=ana)


def test_a_launch_is_refused_with_the_first_problem(ana: Member) -> None:
    with pytest.raises(campaigns.Refused) as refused:
        launch(draft(ana, audience={}), ana)
    assert (refused.value.code, str(refused.value)) == ("no_audience", "Nobody is chosen yet.")


def test_a_thrown_away_draft_can_be_brought_back_and_meanwhile_not_launched(ana: Member) -> None:
    broadcast = draft(ana)
    with tenancy.scope(ana.workspace_id):
        campaigns.delete_draft(broadcast, by=ana)
    with pytest.raises(campaigns.Refused):
        launch(broadcast, ana)
    with tenancy.scope(ana.workspace_id):
        assert campaigns.restore_draft(broadcast, by=ana).deleted_at is None
    assert launch(broadcast, ana).status == "scheduled"


def test_a_copy_is_a_draft_with_the_same_message_and_pace(ana: Member) -> None:
    broadcast = launched(ana, pace=5)
    for_some = {"include": [{"broadcast": str(broadcast.uuid), "who": "not_read"}]}
    with tenancy.scope(ana.workspace_id):
        copy = campaigns.duplicate(broadcast, by=ana, audience=for_some)
    assert (copy.status, copy.name, copy.pace, copy.audience) == ("draft", "Copy of New season", 5, for_some)
    assert copy.translation_id == broadcast.translation_id
    assert copy.launch_key != broadcast.launch_key


def test_a_draft_in_order_has_no_problems(ana: Member) -> None:
    assert codes(draft(ana)) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"audience": {}}, "no_audience"),
        ({"audience": {"include": [{"segment": 999}]}}, "bad_audience"),
        ({"channel": None}, "no_channel"),
        ({"translation": None, "text": " "}, "no_message"),
        ({"translation": None, "text": "x" * 5_000}, "too_long"),
        ({"variables": {"body:1": {"source": "fixed", "value": "two\nlines"}}}, "values"),
        ({"timing": "at"}, "no_time"),
        ({"timing": "at", "local_date": date(2026, 1, 1), "local_time": time(9)}, "past"),
    ],
)
def test_what_is_missing_is_named(ana: Member, fields: dict[str, Any], code: str) -> None:
    assert codes(draft(ana, **fields)) == [code]


def test_a_template_or_number_that_cannot_send_is_named(ana: Member) -> None:
    broadcast = draft(ana)
    with tenancy.scope(ana.workspace_id):
        TemplateTranslation.objects.update(status="paused")
        Channel.objects.update(sending_paused=True)
    assert codes(broadcast) == ["channel", "template"]


def test_an_audience_of_nobody_is_named(db: None) -> None:
    lonely = make_marketer()
    make_people(lonely.workspace, 2, state="opted_out")
    assert codes(draft(lonely)) == ["nobody"]


def test_missing_credits_are_counted(db: None) -> None:
    poor = make_marketer(credits=2)
    make_people(poor.workspace, 5)
    broadcast = draft(poor)
    with tenancy.scope(poor.workspace_id):
        [problem] = checking.problems(again(broadcast), now=timezone.now())
    assert (problem.code, problem.step) == ("credits", "review")
    assert "3 are missing" in problem.text


def test_a_quick_template_with_a_file_is_not_broadcast(ana: Member) -> None:
    quick = make_translation(number_of(ana.workspace), name="Picture", quick=True, components=PICTURED, variables={})
    assert codes(draft(ana, translation=quick, variables={}, audience=EVERYBODY)) == ["values"]


def test_a_draft_whose_segment_is_gone_is_refused_in_words(ana: Member) -> None:
    broadcast = draft(ana)
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.filter(pk=broadcast.pk).update(audience={"include": [{"segment": 99}]})
    with pytest.raises(campaigns.Refused, match="was deleted"):
        launch(again(broadcast), ana)
