"""The steps of a draft, as forms send them, with scripts and without."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone

from broadcasts import campaigns
from broadcasts.models import AudienceList, Broadcast
from contacts import consent
from contacts.models import Consent, Contact, CustomField, Identity, Tag
from inbox.models import Message
from tests.factories import (
    make_channel,
    make_contact,
    make_conversation,
    make_identity,
    make_member,
    make_workspace,
    sign_in,
)
from tests.inbox.templating import make_translation
from workspaces import tenancy
from workspaces.models import Channel, CreditPocket, Member, Workspace

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
OFFER = [{"type": "BODY", "text": "Hi {{1}}, {{2}} off until Sunday."}]


class Wizard:
    """One member in front of one draft."""

    def __init__(self, member: Member) -> None:
        self.member, self.workspace = member, member.workspace
        self.browser = sign_in(member.user)
        with tenancy.scope(self.workspace.pk):
            self.uuid = campaigns.create(self.workspace, name="Autumn sale", by=member).uuid

    @property
    def draft(self) -> Broadcast:
        with tenancy.scope(self.workspace.pk):
            return Broadcast.objects.select_related("channel", "translation").get(uuid=self.uuid)

    @property
    def base(self) -> str:
        return f"/w/{self.workspace.slug}/broadcasts/{self.uuid}/"

    def see(self, place: str, status: int = 200, **headers: str) -> str:
        answer = self.browser.get(self.base + place, headers=headers)
        assert answer.status_code == status
        return answer.content.decode()

    def do(self, place: str, act: str = "save", headers: dict[str, str] | None = None, **fields: Any) -> HttpResponse:
        data = {"name": self.draft.name, "revision": self.draft.revision, "do": act, **fields}
        return self.browser.post(self.base + place, data, headers=headers or {})

    def put(self, **fields: Any) -> Broadcast:
        with tenancy.scope(self.workspace.pk):
            draft = self.draft
            return campaigns.save(draft, revision=draft.revision, by=self.member, **fields)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace(time_zone="Africa/Cairo", default_country="GB")


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return make_channel(workspace)


@pytest.fixture
def wizard(workspace: Workspace, channel: Channel) -> Wizard:
    return Wizard(make_member(workspace))


def person(workspace: Workspace, name: str, *, agreed: bool = True, **fields: Any) -> Identity:
    identity = make_identity(make_contact(workspace, name=name, **fields))
    if agreed:
        with tenancy.scope(workspace.pk):
            consent.opt_in(identity, source="start_word")
    return identity


def ready(wizard: Wizard, channel: Channel, people: int = 3, **fields: Any) -> Wizard:
    """A draft that nothing stands in the way of."""
    for number in range(people):
        person(wizard.workspace, f"Person {number}")
    translation = make_translation(channel, name="offer", components=OFFER, category="marketing")
    variables = {
        "body:1": {"source": "field", "value": "first_name", "fallback": "there"},
        "body:2": {"source": "fixed", "value": "20 %"},
    }
    chosen = {"translation": translation, "variables": variables, "audience": {"include": [{"everybody": True}]}}
    wizard.put(channel=channel, **chosen, **fields)
    return wizard


# --- the steps -------------------------------------------------------------------------------------------------------


def test_a_new_broadcast_begins_with_a_name_and_leads_to_its_audience(wizard: Wizard) -> None:
    url = f"/w/{wizard.workspace.slug}/broadcasts/new/"
    assert wizard.browser.post(url, {"name": "  "}).status_code == 422
    answer = wizard.browser.post(url, {"name": "عرض الشتاء"})
    with tenancy.scope(wizard.workspace.pk):
        made = Broadcast.objects.get(name="عرض الشتاء")
    assert answer["Location"] == f"/w/{wizard.workspace.slug}/broadcasts/{made.uuid}/audience/"


def test_the_rows_of_the_audience_are_kept_with_unfinished_ones_left_out(wizard: Wizard) -> None:
    with tenancy.scope(wizard.workspace.pk):
        tag = Tag.objects.create(workspace=wizard.workspace, name="VIP")
    rows = {"include": [f"tag:{tag.pk}", "", f"tag:{tag.pk}"], "include_who": ["all", "all", "all"]}
    answer = wizard.do("audience/", **rows, exclude=[""], exclude_who=["all"], recent_hours="24", purpose="service")
    assert answer.status_code == 302
    assert wizard.draft.audience == {"include": [{"tag": tag.pk}], "exclude": []}
    assert (wizard.draft.recent_hours, wizard.draft.purpose) == (24, "service")


def test_rows_are_added_and_removed_without_scripts(wizard: Wizard) -> None:
    answer = wizard.do("audience/", "add:exclude", include=["everybody"], include_who=["all"])
    assert answer.status_code == 200
    assert answer.content.decode().count("data-pick") == 2
    answer = wizard.do("audience/", "remove:include:0", include=["everybody"], include_who=["all"])
    assert answer.status_code == 302
    assert wizard.draft.audience["include"] == []


def test_a_choice_that_is_not_there_is_refused_and_keeps_the_draft(wizard: Wizard) -> None:
    answer = wizard.do("audience/", include=["tag:99999"], include_who=["all"])
    assert answer.status_code == 422
    assert "deleted" in answer.content.decode()
    assert not wizard.draft.audience.get("include")


def test_next_says_what_is_missing_and_going_elsewhere_does_not(wizard: Wizard) -> None:
    answer = wizard.do("audience/", "next")
    assert answer.status_code == 422
    assert "Nobody is chosen yet" in answer.content.decode()
    assert wizard.do("audience/", "to:schedule")["Location"].endswith("/schedule/")
    assert wizard.do("schedule/", "to:review", timing="now")["Location"].endswith("/review/")


def test_with_scripts_the_next_step_is_a_visit_and_a_kept_form_a_piece(wizard: Wizard) -> None:
    person(wizard.workspace, "Nora")
    chosen = {"include": ["everybody"], "include_who": ["all"]}
    answer = wizard.do("audience/", "next", HTMX, **chosen)
    assert answer.status_code == 204
    assert answer["HX-Redirect"].endswith("/message/")
    answer = wizard.do("audience/", "draw", HTMX, **chosen)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert "broadcast:kept" in wizard.do("audience/saving/", "", **chosen)["HX-Trigger"], "what follows it looks again"


def test_what_is_typed_is_kept_at_once_and_a_second_tab_is_told(wizard: Wizard) -> None:
    first = wizard.draft.revision
    answer = wizard.do("schedule/saving/", "", name="Winter sale", timing="now")
    assert answer.status_code == 200
    assert f'name="revision" value="{first + 1}"' in answer.content.decode()
    assert wizard.draft.name == "Winter sale"
    answer = wizard.do("schedule/saving/", "", revision=first, name="Spring sale", timing="now")
    assert answer.status_code == 409
    assert wizard.draft.name == "Winter sale"
    assert wizard.do("schedule/", "next", revision=first, timing="now").status_code == 409


def test_a_date_that_is_none_is_said_and_not_kept(wizard: Wizard) -> None:
    answer = wizard.do("schedule/saving/", "", timing="at", local_date="2026-02-31", local_time="10:00")
    assert answer.status_code == 422
    assert "Date" in answer.content.decode()
    assert wizard.draft.local_date is None


def test_the_schedule_keeps_what_its_timing_has_use_for(wizard: Wizard) -> None:
    given = {
        "timing": "at",
        "local_date": "2030-03-04",
        "local_time": "10:30",
        "time_zone": "Europe/Paris",
        "repeat": "weekly",
        "repeat_until": "2030-05-04",
        "quiet": "yes",
        "quiet_from": "21:00",
        "quiet_until": "08:00",
        "pace": "40",
        "failure_limit": "10",
    }
    assert wizard.do("schedule/", **given).status_code == 302
    draft = wizard.draft
    assert (draft.local_date, draft.local_time, draft.time_zone) == (date(2030, 3, 4), time(10, 30), "Europe/Paris")
    assert (draft.repeat, draft.repeat_until) == ("weekly", date(2030, 5, 4))
    assert (draft.quiet_from, draft.quiet_until, draft.pace, draft.failure_limit) == (time(21), time(8), 40, 10)
    assert "Every Monday at 10:30 Paris time" in wizard.see("when/")
    wizard.do("schedule/", **{**given, "timing": "now"})
    draft = wizard.draft
    assert (draft.local_date, draft.repeat, draft.repeat_until) == (None, "never", None)


@pytest.mark.parametrize(
    ("day", "clock", "said"),
    [("2040-03-25", "02:30", "put forward"), ("2040-10-28", "02:30", "put back"), ("2020-01-01", "10:00", "passed")],
)
def test_a_strange_time_is_explained(wizard: Wizard, day: str, clock: str, said: str) -> None:
    wizard.put(
        timing="at", local_date=date.fromisoformat(day), local_time=time.fromisoformat(clock), time_zone="Europe/Paris"
    )
    assert said in wizard.see("when/")


# --- the audience ----------------------------------------------------------------------------------------------------


def test_the_breakdown_adds_up_and_each_figure_shows_its_people(wizard: Wizard) -> None:
    person(wizard.workspace, "Nora")
    person(wizard.workspace, "Sami", agreed=False)
    person(wizard.workspace, "Lina", blocked_at=timezone.now())
    wizard.put(audience={"include": [{"everybody": True}]})
    html = " ".join(wizard.see("estimate/").split())
    assert '<strong class="big__number">1</strong>' in html
    assert "<dt>Found</dt><dd>3</dd>" in html
    assert html.count("<dd>− 1</dd>") == 2
    assert "Sami" in wizard.see("people/no_consent/", **HTMX)
    assert "Nora" in wizard.see("people/receives/")
    assert "<html" not in wizard.see("people/receives/", **HTMX)
    wizard.see("people/nonsense/", status=404)


def test_an_uploaded_list_joins_the_audience_and_says_what_was_not_found(wizard: Wizard) -> None:
    nora = person(wizard.workspace, "Nora")
    rows = f"Name,Phone\nNora,{nora.phone}\nAgain,{nora.phone}\nNobody,+447700900999\nBad,12\n"
    answer = wizard.do("audience/", "upload", file=SimpleUploadedFile("guests.csv", rows.encode()), country="GB")
    assert answer.status_code == 302
    with tenancy.scope(wizard.workspace.pk):
        kept = AudienceList.objects.get(workspace=wizard.workspace)
    assert wizard.draft.audience["include"] == [{"list": str(kept.uuid)}]
    html = wizard.see("audience/")
    for label, number in (("Rows", 4), ("People found", 1), ("Nobody here has it", 1), ("Not readable", 1)):
        assert f"<dt>{label}</dt><dd>{number}</dd>" in html
    assert "Line 5" in html


def test_a_file_without_numbers_is_refused_where_it_was_chosen(wizard: Wizard) -> None:
    answer = wizard.do("audience/", "upload", file=SimpleUploadedFile("notes.csv", b"Colour,Size\nred,4\n"))
    assert answer.status_code == 422
    assert "phone numbers" in answer.content.decode()
    assert wizard.do("audience/", "upload").status_code == 422


# --- the message -----------------------------------------------------------------------------------------------------


def test_choosing_a_template_takes_over_its_sources_and_makes_it_marketing(wizard: Wizard, channel: Channel) -> None:
    own = {"body:1": {"source": "field", "value": "first_name", "fallback": "there"}, "body:2": {"sample": "10 %"}}
    offer = make_translation(channel, name="offer", components=OFFER, category="marketing", variables=own)
    wizard.put(purpose="service")
    wizard.do("message/", "draw", channel=channel.uuid, form="template", translation=offer.uuid)
    draft = wizard.draft
    assert draft.translation == offer
    assert draft.purpose == "marketing"
    assert draft.variables == {
        "body:1": {"source": "field", "value": "first_name", "fallback": "there"},
        "body:2": {"source": "fixed", "value": ""},
    }
    html = wizard.see("message/")
    assert "like “<bdi>10 %</bdi>”" in html
    assert "disabled" in wizard.see("audience/"), "what WhatsApp counts as marketing is no service message"


def test_values_are_mapped_to_fields_and_texts(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    chosen = {"channel": channel.uuid, "form": "template", "translation": wizard.draft.translation.uuid}
    values = {"v-body:1-source": "field:email", "v-body:1-fallback": "friend", "v-body:2-source": "fixed"}
    wizard.do("message/", **chosen, **values, **{"v-body:2-value": " 30 % "})
    assert wizard.draft.variables == {
        "body:1": {"source": "field", "value": "email", "fallback": "friend"},
        "body:2": {"source": "fixed", "value": "30 %"},
    }


def test_a_template_of_another_number_is_not_taken(wizard: Wizard, channel: Channel) -> None:
    other = make_translation(make_channel(wizard.workspace), name="theirs")
    wizard.do("message/", channel=channel.uuid, form="template", translation=other.uuid)
    assert wizard.draft.translation is None


def test_a_text_takes_the_place_of_a_template(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    wizard.do("message/", channel=channel.uuid, form="text", text="We open at nine.\r\nSee you!")
    draft = wizard.draft
    assert (draft.translation, draft.variables, draft.text) == (None, {}, "We open at nine.\nSee you!")
    assert "We open at nine." in wizard.see("preview/")


def test_the_preview_goes_through_real_people(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel, people=0)
    person(wizard.workspace, "Mariam Adel")
    person(wizard.workspace, "")
    first, second = wizard.see("preview/?at=0"), wizard.see("preview/?at=1")
    assert "Mariam Adel" in first
    assert '<mark class="phone__value">Mariam</mark>' in first
    assert '<mark class="phone__value">there</mark>' in second
    assert "1 / 2" in first
    assert wizard.see("preview/?at=2") == first


def test_a_value_that_looks_like_markup_is_shown_as_text(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel, people=0)
    person(wizard.workspace, "<b>Eve</b>")
    html = wizard.see("preview/")
    assert "<b>Eve" not in html
    assert "&lt;b&gt;Eve" in html


def test_people_who_lack_a_value_are_counted(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel, people=2)
    with tenancy.scope(wizard.workspace.pk):
        CustomField.objects.create(workspace=wizard.workspace, key="city", label="City", kind="text")
    person(wizard.workspace, " ")
    person(wizard.workspace, "Not asked", agreed=False)
    wizard.put(
        variables={
            "body:1": {"source": "field", "value": "first_name", "fallback": "there"},
            "body:2": {"source": "field", "value": "field.city", "fallback": ""},
        }
    )
    html = wizard.see("gaps/")
    assert "1 of 3 has no first name: they read “<bdi>there</bdi>”." in html
    assert "3 of 3 have no city, and are skipped" in html


# --- a test ----------------------------------------------------------------------------------------------------------


def test_a_test_is_filled_from_the_number_it_goes_to_and_costs_a_credit(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    mine = make_identity(make_contact(wizard.workspace, name="Ana Costa"), address="447700900123")
    before = balance(wizard.workspace)
    answer = wizard.do("test/", "test", HTMX, test_numbers="07700 900123")
    assert answer.status_code == 200
    assert "on its way" in answer.content.decode()
    with tenancy.scope(wizard.workspace.pk):
        sent = Message.objects.get(conversation__identity=mine)
    assert sent.text == "Hi Ana, 20 % off until Sunday."
    assert (sent.source, sent.sender_id) == ("agent", wizard.member.pk)
    assert balance(wizard.workspace) == before - 1


def test_a_test_takes_three_numbers_and_says_what_is_wrong_with_each(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    assert wizard.do("test/", "test", HTMX, test_numbers="").status_code == 422
    assert wizard.do("test/", "test", HTMX, test_numbers="hello").status_code == 422
    four = ", ".join(f"+44770090010{digit}" for digit in range(4))
    assert wizard.do("test/", "test", HTMX, test_numbers=four).status_code == 422
    stopped = make_identity(make_contact(wizard.workspace, name="Stopped"), address="447700900105")
    with tenancy.scope(wizard.workspace.pk):
        consent.opt_out(stopped, source="stop_word")
    html = wizard.do("test/", "test", HTMX, test_numbers="+447700900104, +447700900105").content.decode()
    assert html.count("on its way") == 1
    assert html.count("hurdle--warn") == 1
    with tenancy.scope(wizard.workspace.pk):
        assert Message.objects.filter(workspace=wizard.workspace).count() == 1


def balance(workspace: Workspace) -> int:
    with tenancy.scope(workspace.pk):
        return CreditPocket.objects.get(workspace=workspace, kind="whatsapp").balance


# --- review and launch -----------------------------------------------------------------------------------------------


def launch(wizard: Wizard, **fields: Any) -> HttpResponse:
    draft = wizard.draft
    people = fields.pop("people", 3)
    given = {"key": draft.launch_key, "revision": draft.revision, "people": people, "name": draft.name, **fields}
    return wizard.browser.post(f"{wizard.base}launch/", given)


def test_the_review_names_what_is_in_the_way_with_the_step_that_mends_it(wizard: Wizard) -> None:
    html = wizard.see("review/")
    assert "Nobody is chosen yet" in html
    assert f'href="{wizard.base}audience/"' in html
    assert f'href="{wizard.base}message/"' in html
    assert "data-launch disabled" in html
    assert launch(wizard, people=0).status_code == 422
    assert wizard.draft.status == "draft"


def test_the_review_shows_everything_and_the_bill(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    html = wizard.see("review/")
    assert "Everybody" in html
    assert "offer, English, marketing" in html
    assert "Right away" in html
    assert "Send to 3" in html
    assert "data-launch disabled" not in html


def test_launching_twice_sends_once_and_can_be_undone(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    key = wizard.draft.launch_key
    first = launch(wizard)
    assert first["Location"] == f"{wizard.base}starting/"
    launched = wizard.draft
    assert launched.status == "scheduled"
    assert launched.next_fire_at - timezone.now() <= timedelta(seconds=10)
    again = launch(wizard, key=key)
    assert again["Location"] == f"{wizard.base}starting/"
    assert wizard.draft.next_fire_at == launched.next_fire_at
    assert "Undo" in wizard.see("starting/")
    answer = wizard.browser.post(f"{wizard.base}withdrawal/")
    assert answer["Location"] == f"{wizard.base}review/"
    assert wizard.draft.status == "draft"
    stale = wizard.browser.post(f"{wizard.base}launch/", {"key": key, "revision": wizard.draft.revision, "people": 3})
    assert stale.status_code == 422, "the key of before the undo launches nothing behind anybody's back"


def test_a_scheduled_broadcast_leads_to_its_page(wizard: Wizard, channel: Channel) -> None:
    later = timezone.now().date() + timedelta(days=30)
    ready(wizard, channel, timing="at", local_date=later, local_time=time(10), time_zone="Africa/Cairo")
    assert launch(wizard)["Location"] == wizard.base
    assert wizard.draft.status == "scheduled"
    assert wizard.browser.get(f"{wizard.base}audience/")["Location"] == wizard.base, "it is no draft any more"


def test_a_draft_that_changed_since_it_was_looked_through_is_not_sent(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    seen = wizard.draft.revision
    wizard.put(recent_hours=0)
    answer = launch(wizard, revision=seen)
    assert answer.status_code == 422
    assert "changed meanwhile" in answer.content.decode()
    assert wizard.draft.status == "draft"


def test_above_a_thousand_people_the_number_is_typed(wizard: Wizard, channel: Channel) -> None:
    crowd(wizard.workspace, 1_001)
    ready(wizard, channel, people=0)
    assert 'data-count="1001"' in wizard.see("review/")
    assert launch(wizard, people=1_001).status_code == 422
    assert launch(wizard, people=1_001, typed="100").status_code == 422
    assert launch(wizard, people=3).status_code == 422, "the number on the page was another one"
    assert wizard.draft.status == "draft"
    assert launch(wizard, people=1_001, typed="1,001").status_code == 302


def crowd(workspace: Workspace, size: int) -> None:
    with tenancy.scope(workspace.pk):
        contacts = Contact.objects.bulk_create([Contact(workspace=workspace, name=f"P {at}") for at in range(size)])
        addresses = [
            Identity(workspace=workspace, contact=each, channel_kind="whatsapp_cloud", address=f"4479{at:08d}")
            for at, each in enumerate(contacts)
        ]
        now = timezone.now()
        Consent.objects.bulk_create(
            [
                Consent(workspace=workspace, identity=each, purpose="marketing", state="opted_in", changed_at=now)
                for each in Identity.objects.bulk_create(addresses)
            ]
        )


def test_too_few_credits_are_told_with_the_exact_shortfall(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    with tenancy.scope(wizard.workspace.pk):
        CreditPocket.objects.filter(workspace=wizard.workspace, kind="whatsapp").update(balance=1)
    html = wizard.see("review/")
    assert "2 are missing" in html
    assert f'href="/w/{wizard.workspace.slug}/credits/"' in html
    assert launch(wizard).status_code == 422
    assert "Missing" in wizard.see("estimate/")


def test_a_draft_is_deleted_taken_back_and_copied(wizard: Wizard, channel: Channel) -> None:
    ready(wizard, channel)
    wizard.browser.post(f"{wizard.base}deletion/")
    wizard.see("audience/", status=404)
    assert wizard.browser.post(f"{wizard.base}restoration/")["Location"] == f"{wizard.base}audience/"
    copied = wizard.browser.post(f"{wizard.base}duplication/")
    assert copied["Location"] != f"{wizard.base}audience/"
    assert wizard.browser.get(copied["Location"]).status_code == 200


def test_a_text_reaches_only_people_whose_window_is_open(wizard: Wizard, channel: Channel) -> None:
    writes = person(wizard.workspace, "Writes")
    person(wizard.workspace, "Silent")
    make_conversation(wizard.workspace, channel=channel, identity=writes)
    wizard.put(channel=channel, text="We are open.", audience={"include": [{"everybody": True}]})
    html = wizard.see("estimate/")
    assert '<strong class="big__number">1</strong>' in html
    assert "Reply window closed" in html
