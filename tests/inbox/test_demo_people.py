from __future__ import annotations

from typing import Any

import pytest

from contacts import segments
from contacts.models import Consent, Contact, CustomField, Segment, Tag
from inbox.demo import building, clinic, shop
from workspaces import tenancy


@pytest.mark.django_db
@pytest.mark.parametrize("team", [shop.TEAM, clinic.TEAM])
def test_a_demo_workspace_knows_believable_people(team: Any, settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    workspace = building.ensure(team)
    with tenancy.scope(workspace.pk):
        people = Contact.objects.count()
        assert people > 100
        assert len(set(Contact.objects.exclude(language="").values_list("language", flat=True))) == 3
        assert {"opted_in", "opted_out"} == set(Consent.objects.values_list("state", flat=True))
        assert CustomField.objects.count() == 5
        counts = [segments.count(segments.members(each)).number for each in Segment.objects.select_related("workspace")]
        assert len(counts) == 5
        assert all(0 < count < people for count in counts)
        tags = Tag.objects.count()
    building.ensure(team)
    with tenancy.scope(workspace.pk):
        assert (Contact.objects.count(), Tag.objects.count()) == (people, tags)
