from __future__ import annotations

from contacts import labels, tag_merging
from inbox import sweeping
from tests import factories
from workspaces import tenancy


def test_a_merge_whose_worker_died_is_found_and_finished_by_the_sweep(committed_db: None, no_valkey: None) -> None:
    ana = factories.make_member(name="Ana")
    with tenancy.scope(ana.workspace_id):
        old, new = (labels.make_tag(ana.workspace_id, name, by=ana) for name in ("Old", "New"))
    person = factories.make_contact(ana.workspace, tag_ids=[old.pk])
    with tenancy.scope(ana.workspace_id):
        tag_merging.merge_tags(old, into=new, by=ana)
    assert sweeping.sweep()["tags"] == 1
    with tenancy.scope(ana.workspace_id):
        person.refresh_from_db()
        assert person.tag_ids == [new.pk]
    assert not tag_merging.due()
