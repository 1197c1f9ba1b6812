from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.models import Broadcast
from contacts import fields, labels, segments
from contacts.models import Consent, Segment, Tag
from contacts.segments.books import book_of
from contacts.segments.vocabulary import BUILT_IN, OPS
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def ana() -> Any:
    return factories.make_member(factories.make_workspace(time_zone="Asia/Tokyo"), name="Ana")


@pytest.fixture
def facts(ana: Any) -> dict[str, Any]:
    """Three people who differ in everything rules can ask."""
    with tenancy.scope(ana.workspace_id):
        vip = labels.make_tag(ana.workspace_id, "VIP", by=ana)
        for kind, choices in (
            ("text", ()),
            ("number", ()),
            ("date", ()),
            ("choice", ("Gold", "Silver")),
            ("yes_no", ()),
        ):
            fields.make_field(ana.workspace_id, label=f"F {kind}", kind=kind, choices=choices, by=ana)
    values = {"f_text": "Harbour 5%", "f_number": 20, "f_date": "2026-11-20", "f_choice": "Gold", "f_yes_no": True}
    nora = factories.make_contact(
        ana.workspace,
        name="Nora",
        email="nora@example.test",
        language="en",
        country="GB",
        fields=values,
        tag_ids=[vip.pk],
        last_seen_at=NOW - timedelta(days=2),
        last_outbound_at=NOW - timedelta(days=40),
    )
    other = {"f_text": "quay", "f_number": 3.5, "f_date": "2026-12-24", "f_choice": "Silver", "f_yes_no": False}
    omar = factories.make_contact(
        ana.workspace, name="Omar", language="ar", fields=other, blocked_at=NOW, last_seen_at=NOW - timedelta(days=90)
    )
    factories.make_contact(ana.workspace, name="Empty")
    for contact, state in ((nora, "opted_in"), (omar, "opted_out")):
        identity = factories.make_identity(contact)
        with tenancy.scope(ana.workspace_id):
            Consent.objects.create(
                workspace=ana.workspace,
                identity=identity,
                purpose="marketing",
                state=state,
                source="agent",
                changed_at=NOW,
            )
    return {"vip": vip.pk}


def rules(*conditions: tuple[Any, ...], match: str = "all") -> dict[str, Any]:
    made = [dict(zip(("field", "op", "value"), condition, strict=False)) for condition in conditions]
    return {"match": "all", "groups": [{"match": match, "conditions": made}]}


def found(ana: Any, raw: dict[str, Any]) -> list[str]:
    with tenancy.scope(ana.workspace_id):
        book = book_of(ana.workspace_id)
        people = segments.compiled(ana.workspace, segments.parse(raw, book), book=book, now=NOW).people
        return sorted(person.name for person in people)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (("name", "contains", "OR"), ["Nora"]),
        (("name", "contains_not", "or"), ["Empty", "Omar"]),
        (("name", "is", "nora"), ["Nora"]),
        (("email", "empty"), ["Empty", "Omar"]),
        (("email", "starts_with", "NORA@"), ["Nora"]),
        (("language", "is", "ar"), ["Omar"]),
        (("language", "is_not", "ar"), ["Empty", "Nora"]),
        (("country", "filled"), ["Nora"]),
        (("field.f_text", "contains", "5%"), ["Nora"]),
        (("field.f_text", "contains", "%"), ["Nora"]),
        (("field.f_text", "contains_not", "harbour"), ["Empty", "Omar"]),
        (("field.f_text", "is", "QUAY"), ["Omar"]),
        (("field.f_text", "is_not", "quay"), ["Empty", "Nora"]),
        (("field.f_text", "empty"), ["Empty"]),
        (("field.f_number", "is", "20"), ["Nora"]),
        (("field.f_number", "is", 3.5), ["Omar"]),
        (("field.f_number", "more", 3.4), ["Nora", "Omar"]),
        (("field.f_number", "less", 20), ["Omar"]),
        (("field.f_number", "is_not", 20), ["Empty", "Omar"]),
        (("field.f_date", "on", "2026-11-20"), ["Nora"]),
        (("field.f_date", "before", "2026-12-24"), ["Nora"]),
        (("field.f_date", "after", "2026-11-20"), ["Omar"]),
        (("field.f_date", "past_days", 1), ["Nora"]),
        (("field.f_date", "past_days", 0), []),
        (("field.f_date", "next_days", 33), ["Omar"]),
        (("field.f_date", "next_days", 32), []),
        (("field.f_choice", "is", "Gold"), ["Nora"]),
        (("field.f_choice", "is_not", "Gold"), ["Empty", "Omar"]),
        (("field.f_yes_no", "is", "no"), ["Omar"]),
        (("field.f_yes_no", "empty"), ["Empty"]),
        (("tag", "has", "vip"), ["Nora"]),
        (("tag", "has_not", "vip"), ["Empty", "Omar"]),
        (("consent.marketing", "is", "opted_in"), ["Nora"]),
        (("consent.marketing", "is", "opted_out"), ["Omar"]),
        (("consent.marketing", "is", "unknown"), ["Empty"]),
        (("consent.marketing", "is_not", "opted_out"), ["Empty", "Nora"]),
        (("consent.service", "is", "unknown"), ["Empty", "Nora", "Omar"]),
        (("channel", "has", "whatsapp_cloud"), ["Nora", "Omar"]),
        (("channel", "has_not", "whatsapp_cloud"), ["Empty"]),
        (("last_inbound", "within_days", 7), ["Nora"]),
        (("last_inbound", "before_days", 7), ["Omar"]),
        (("last_inbound", "never"), ["Empty"]),
        (("last_inbound", "ever"), ["Nora", "Omar"]),
        (("last_inbound", "after", "2026-11-18"), ["Nora"]),
        (("last_outbound", "never"), ["Empty", "Omar"]),
        (("created", "within_days", 3650), ["Empty", "Nora", "Omar"]),
        (("blocked", "is", "yes"), ["Omar"]),
        (("blocked", "is", "no"), ["Empty", "Nora"]),
    ],
)
def test_a_condition_finds_its_people(ana: Any, facts: dict[str, Any], condition: Any, names: list[str]) -> None:
    condition = tuple(facts["vip"] if part == "vip" else part for part in condition)
    assert found(ana, rules(condition)) == names


def test_every_comparison_of_every_field_is_proved_above_or_compiles(ana: Any, facts: dict[str, Any]) -> None:
    values = {"number": 1, "date": "2026-01-01", "choice": "Gold", "yes_no": "yes", "moment": "2026-01-01"}
    values |= {"maybe_moment": "2026-01-01", "tag": facts["vip"], "channel": "whatsapp_cloud", "consent": "opted_in"}
    with tenancy.scope(ana.workspace_id):
        sent = Broadcast.objects.create(workspace=ana.workspace, name="May", status="finished", started_at=NOW)
    values |= {"state": "no", "text": "x", "code": "en", "broadcast": str(sent.uuid)}
    names = [*BUILT_IN, *(f"field.f_{kind}" for kind in ("text", "number", "date", "choice", "yes_no"))]
    with tenancy.scope(ana.workspace_id):
        book = book_of(ana.workspace_id)
    for name in names:
        for op in OPS[book.kind_of(name)]:
            found(ana, rules((name, op, 3 if op.endswith("_days") else values[book.kind_of(name)])))


def test_groups_join_as_they_say(ana: Any, facts: dict[str, Any]) -> None:
    either = [{"field": "name", "op": "is", "value": "Nora"}, {"field": "name", "op": "is", "value": "Omar"}]
    blocked = [{"field": "blocked", "op": "is", "value": "yes"}]
    raw = {"match": "all", "groups": [{"match": "any", "conditions": either}, {"match": "all", "conditions": blocked}]}
    assert found(ana, raw) == ["Omar"]
    assert found(ana, {**raw, "match": "any"}) == ["Nora", "Omar"]
    assert found(ana, rules(("name", "is", "Nora"), ("name", "is", "Omar"))) == []


def test_a_day_is_a_day_of_the_workspace(ana: Any) -> None:
    # 16:00 UTC on the 20th is the 21st in Tokyo.
    factories.make_contact(ana.workspace, name="Late", last_seen_at=datetime(2026, 11, 20, 16, tzinfo=UTC))
    assert found(ana, rules(("last_inbound", "after", "2026-11-20"))) == ["Late"]
    assert found(ana, rules(("last_inbound", "before", "2026-11-21"))) == []


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "x",
        {},
        {"groups": "x"},
        {"groups": []},
        {"match": "none", "groups": [{"match": "all", "conditions": [{"field": "name", "op": "empty"}]}]},
        rules(),
        rules(("password", "is", "x")),
        rules(("workspace_id", "is", "1")),
        rules(("name__contains", "is", "x")),
        rules(("name", "regex", "x")),
        rules(("name", "is", "")),
        rules(("name", "is", "x" * 201)),
        rules(("name", "is", "a\x00b")),
        rules(("name", "is", {"$ne": 1})),
        rules(("field.absent", "is", "x")),
        rules(("tag", "has", 999_999)),
        rules(("tag", "has", "1; DROP TABLE")),
        rules(("created", "within_days", "-1")),
        rules(("created", "within_days", True)),
        rules(("created", "before", "yesterday")),
        rules(("consent.marketing", "is", "perhaps")),
        rules(("channel", "has", "telex")),
        rules(*[("name", "is", "x")] * 31),
        {"match": "all", "groups": [{"match": "all", "conditions": []}] * 11},
    ],
)
def test_rules_outside_the_whitelist_are_refused(ana: Any, raw: Any) -> None:
    with tenancy.scope(ana.workspace_id), pytest.raises(segments.BadRules):
        segments.parse(raw, book_of(ana.workspace_id))


PAYLOADS = [
    "' OR '1'='1",
    "x'; DROP TABLE contacts_contact; --",
    "') UNION SELECT 1,2,3 --",
    "\\' OR 1=1 --",
    "%' OR name LIKE '%",
    "1); SELECT pg_sleep(5); --",
    "${7*7} {{7*7}} %s %(x)s",
    '"; SELECT 1 --',
    "$$ || chr(39)",
    "\u02bc OR 1=1",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_rule_becomes_sql(ana: Any, facts: dict[str, Any], payload: str) -> None:
    for name in ("name", "email", "language", "field.f_text"):
        for op in OPS["text"] if name != "language" else OPS["code"]:
            with CaptureQueriesContext(connection) as queries, tenancy.scope(ana.workspace_id):
                book = book_of(ana.workspace_id)
                people = segments.compiled(ana.workspace, segments.parse(rules((name, op, payload)), book), book=book)
                sql, params = people.people.query.sql_with_params()
                names = {person.name for person in people.people}
            assert payload not in sql
            assert names == (set() if op in ("is", "contains", "starts_with") else names)
            assert queries


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
WORDS = st.sampled_from(["match", "groups", "conditions", "field", "op", "value"])


@given(
    raw=st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner), max_leaves=12)
)
def test_any_json_is_understood_or_refused(raw: Any) -> None:
    with contextlib.suppress(segments.BadRules):
        segments.parse(raw, segments.Book())


def save(ana: Any, raw: dict[str, Any], name: str = "Some") -> Segment:
    with tenancy.scope(ana.workspace_id):
        read = segments.parse(raw, book_of(ana.workspace_id))
        return segments.create(ana.workspace, name=name, rules=read, by=ana)


def problems(ana: Any, segment: Segment) -> tuple[str, ...]:
    from contacts.segments.compiling import of_segment

    with tenancy.scope(ana.workspace_id):
        made = of_segment(Segment.objects.select_related("workspace").get(pk=segment.pk))
        assert list(made.people) == [] or not made.problems
        return made.problems


def test_a_segment_over_something_deleted_is_broken_and_matches_nobody(ana: Any, facts: dict[str, Any]) -> None:
    over_tag = save(ana, rules(("tag", "has_not", facts["vip"]), ("name", "filled"), match="any"), "Tag")
    over_field = save(ana, rules(("field.f_text", "empty")), "Field")
    over_choice = save(ana, rules(("field.f_choice", "is_not", "Gold")), "Choice")
    assert [problems(ana, each) for each in (over_tag, over_field, over_choice)] == [(), (), ()]
    with tenancy.scope(ana.workspace_id):
        labels.delete_tag(Tag.objects.get(pk=facts["vip"]), by=ana)
        every = {field.key: field for field in fields.fields_of(ana.workspace_id)}
        fields.archive_field(every["f_text"], by=ana)
        fields.change_field(every["f_choice"], label="F choice", choices=["Silver"], by=ana)
    assert problems(ana, over_tag) == ("A tag in these rules was deleted.",)
    assert problems(ana, over_field) == ("The field “F text” is archived.",)
    assert "Gold" in problems(ana, over_choice)[0]
    with tenancy.scope(ana.workspace_id):
        fields.restore_field(every["f_text"], by=ana)
    assert problems(ana, over_field) == ()


def test_names_of_segments_are_taken_once_whatever_their_capitals(ana: Any) -> None:
    save(ana, rules(("name", "filled")), "Regulars")
    with pytest.raises(segments.SegmentRefused, match="already"):
        save(ana, rules(("name", "filled")), "REGULARS")
    with pytest.raises(segments.SegmentRefused):
        save(ana, rules(("name", "filled")), "  ")


def test_a_count_is_exact_or_says_that_it_is_not(ana: Any, facts: dict[str, Any]) -> None:
    segment = save(ana, rules(("name", "filled")))
    with tenancy.scope(ana.workspace_id):
        people = segments.members(segment)
        assert segments.count(people) == segments.Count(3, exact=True)
        assert {person.name for person in segments.sample(people)} == {"Nora", "Omar", "Empty"}
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            assert cursor.fetchone()[0] == "30s"


def test_a_count_that_takes_too_long_becomes_an_estimate(ana: Any, facts: dict[str, Any]) -> None:
    from django.db.models import Func, IntegerField, Value

    slow = Func(Value(2.0), function="pg_sleep", output_field=IntegerField())
    segment = save(ana, rules(("name", "filled")))
    with tenancy.scope(ana.workspace_id):
        people = segments.members(segment).annotate(slow=slow).filter(slow__isnull=False)
        counted = segments.count(people)
        assert counted.exact is False
        assert segments.sample(people) == []
        assert segments.count(segments.members(segment)).exact  # the transaction goes on
