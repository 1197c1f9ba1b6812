from __future__ import annotations

from typing import Any

import pytest

from contacts import fields, labels, segments, tag_merging, values
from contacts.models import CustomField, Segment, Tag
from contacts.segments.books import book_of
from tests import factories
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ana(db: None) -> Any:
    return factories.make_member(name="Ana")


def test_a_tag_is_the_same_whatever_its_capitals_and_spaces(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        first = labels.make_tag(ana.workspace_id, "  Big \t spender ", by=ana)
        assert first.name == "Big spender"
        assert labels.make_tag(ana.workspace_id, "BIG SPENDER", by=ana).pk == first.pk
        assert AuditEntry.objects.filter(action="tag.created").count() == 1


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 51])
def test_a_tag_needs_a_short_name(ana: Any, name: str) -> None:
    with tenancy.scope(ana.workspace_id), pytest.raises(labels.LabelRefused):
        labels.make_tag(ana.workspace_id, name, by=ana)


def test_tagging_says_who_changed_so_that_exactly_they_can_be_undone(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
    had = factories.make_contact(ana.workspace, tag_ids=[tag.pk])
    had_not = factories.make_contact(ana.workspace)
    theirs = factories.make_contact(name="In another workspace")
    with tenancy.scope(ana.workspace_id):
        wanted = [had.pk, had_not.pk, theirs.pk]
        assert labels.tag_people(ana.workspace_id, wanted, tag, by=ana) == [had_not.pk]
        assert labels.tag_people(ana.workspace_id, wanted, tag, by=ana) == []
        assert labels.untag_people(ana.workspace_id, [had_not.pk], tag, by=ana) == [had_not.pk]
        had.refresh_from_db()
        assert had.tag_ids == [tag.pk]


def test_a_tag_cannot_take_the_name_of_another(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        labels.make_tag(ana.workspace_id, "VIP", by=ana)
        other = labels.make_tag(ana.workspace_id, "Regular", by=ana)
        with pytest.raises(labels.LabelRefused, match="Merge"):
            labels.change_tag(other, name="vip", hue=1, by=ana)
        assert labels.change_tag(other, name="REGULAR", hue=9, by=ana).hue == labels.HUES


def test_merging_a_tag_moves_people_and_segments(committed_db: None, run_worker: Any) -> None:
    ana = factories.make_member(name="Ana")
    with tenancy.scope(ana.workspace_id):
        old, new = (labels.make_tag(ana.workspace_id, name, by=ana) for name in ("Old", "New"))
        raw = {
            "match": "all",
            "groups": [{"match": "all", "conditions": [{"field": "tag", "op": "has", "value": old.pk}]}],
        }
        rules = segments.parse(raw, book_of(ana.workspace_id))
        segment = segments.create(ana.workspace, name="Of old", rules=rules, by=ana)
    both = factories.make_contact(ana.workspace, name="Both", tag_ids=[new.pk, old.pk])
    one = factories.make_contact(ana.workspace, name="One", tag_ids=[old.pk])
    with tenancy.scope(ana.workspace_id):
        tag_merging.merge_tags(old, into=new, by=ana)
        assert list(labels.tags_of(ana.workspace_id)) == [new]
        assert labels.make_tag(ana.workspace_id, "old", by=ana).pk == new.pk
        with pytest.raises(labels.LabelRefused):
            tag_merging.merge_tags(new, into=old, by=ana)
    assert run_worker("bulk")
    with tenancy.scope(ana.workspace_id):
        for person in (both, one):
            person.refresh_from_db()
            assert person.tag_ids == [new.pk]
        assert not Tag.objects.filter(name="Old").exists()
        found = segments.members(Segment.objects.select_related("workspace").get(pk=segment.pk))
        assert sorted(person.name for person in found) == ["Both", "One"]


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Order number", "order_number"),
        ("Größe (cm)", "groe_cm"),
        ("رقم الطلب", "field"),
        ("__x__y__", "x_y"),
        ("7 days", "days"),
        ("Email", "email_2"),
    ],
)
def test_a_key_is_made_of_the_label_and_safe_everywhere(ana: Any, label: str, key: str) -> None:
    with tenancy.scope(ana.workspace_id):
        assert fields.make_field(ana.workspace_id, label=label, kind="text", by=ana).key == key


def test_a_key_never_changes_and_is_never_given_twice(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        size = fields.make_field(ana.workspace_id, label="Size", kind="choice", choices=["S", "s", "", "M"], by=ana)
        assert (size.key, size.choices) == ("size", ["S", "M"])
        fields.change_field(size, label="Shirt size", choices=["M"], by=ana)
        assert CustomField.objects.get(pk=size.pk).key == "size"
        fields.archive_field(size, by=ana)
        assert fields.make_field(ana.workspace_id, label="Size", kind="text", by=ana).key == "size_2"
        with pytest.raises(labels.LabelRefused):
            fields.make_field(ana.workspace_id, label="size", kind="text", by=ana)


def test_fields_change_places(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        made = [fields.make_field(ana.workspace_id, label=label, kind="text", by=ana) for label in "ABC"]
        fields.move_field(made[2], up=True, by=ana)
        fields.move_field(made[0], up=True, by=ana)
        assert [field.label for field in fields.fields_of(ana.workspace_id)] == ["A", "C", "B"]


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  two words ", "two words"),
        ("number", "1,250", 1250),
        ("number", "12.50", 12.5),
        ("number", "١٢٫٥", 12.5),
        ("number", "-3", -3),
        ("date", "2026-11-21", "2026-11-21"),
        ("date", "21.11.2026", "2026-11-21"),
        ("date", "2026-11-21 10:00", "2026-11-21"),
        ("choice", "gold", "Gold"),
        ("yes_no", "نعم", True),
        ("yes_no", "No", False),
        ("number", "  ", None),
    ],
)
def test_what_is_typed_is_read_by_kind(kind: str, typed: str, stored: Any) -> None:
    assert values.read(kind, ["Gold"], typed) == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("number", "ten"), ("number", "1e5"), ("number", "1.2.3"), ("number", "nan"), ("date", "2026-02-30"),
     ("date", "yesterday"), ("choice", "Bronze"), ("yes_no", "maybe"), ("text", "x" * 501)],
)  # fmt: skip
def test_what_does_not_fit_is_refused(kind: str, typed: str) -> None:
    with pytest.raises(values.NotAValue):
        values.read(kind, ["Gold"], typed)
