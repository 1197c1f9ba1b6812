"""Settings and the audit log, as their pages show them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_member, sign_in
from workspaces import auditing, tenancy
from workspaces.models import AuditEntry, Workspace
from workspaces.places import countries, time_zones
from workspaces.views.settings import PAGE


@pytest.fixture
def ana(db):
    return make_member(role="owner", name="Ana")


def test_general_settings_are_saved_and_audited_once(ana):
    url = reverse("workspaces:general", args=[ana.workspace.slug])
    client = sign_in(ana.user)
    data = {"name": "Quay Books", "time_zone": "Europe/Dublin", "default_country": "IE"}
    for _ in range(2):  # the second time nothing changes
        assert client.post(url, data).status_code == 302
    workspace = Workspace.objects.get(pk=ana.workspace_id)
    assert (workspace.name, workspace.slug) == ("Quay Books", ana.workspace.slug)
    with tenancy.scope(ana.workspace_id):
        entry = AuditEntry.objects.get()
    assert entry.after == {"name": "Quay Books", "time_zone": "Europe/Dublin", "default_country": "IE"}
    assert (entry.ip, entry.actor_id) == ("127.0.0.1", ana.pk)


def test_other_fields_in_the_form_have_no_effect(ana):
    url = reverse("workspaces:general", args=[ana.workspace.slug])
    before = Workspace.objects.get(pk=ana.workspace_id)
    data = {"name": "Q", "time_zone": "UTC", "default_country": "", "slug": "stolen", "uuid": "x", "id": "7"}
    sign_in(ana.user).post(url, data)
    after = Workspace.objects.get(pk=ana.workspace_id)
    assert (after.slug, after.uuid) == (before.slug, before.uuid)


def test_the_audit_log_reads_newest_first_in_pages(ana):
    with tenancy.scope(ana.workspace_id):
        for number in range(PAGE + 3):
            auditing.record(ana, "channel.renamed", f"line-{number:03}")
    url = reverse("workspaces:audit", args=[ana.workspace.slug])
    client = sign_in(ana.user)
    first = client.get(url)
    assert "line-052" in first.content.decode()
    assert "line-002" not in first.content.decode()
    older = client.get(url, {"before": first.context["next"]}).content.decode()
    assert "line-002" in older
    assert "line-003" not in older


@pytest.mark.parametrize("query", ["before=abc", "before=-1", "before=99999999999999999999", "action=%00", "before="])
def test_nonsense_in_the_address_of_the_audit_log_is_ignored(ana, query):
    url = reverse("workspaces:audit", args=[ana.workspace.slug])
    assert sign_in(ana.user).get(f"{url}?{query}").status_code == 200


def test_the_audit_log_filters_by_action(ana):
    with tenancy.scope(ana.workspace_id):
        auditing.record(ana, "channel.renamed", "heron line")
        auditing.record(ana, "member.removed", "otter person")
    url = reverse("workspaces:audit", args=[ana.workspace.slug])
    body = sign_in(ana.user).get(url, {"action": "member.removed"}).content.decode()
    assert "otter person" in body
    assert "heron line" not in body


def test_an_unknown_action_cannot_be_recorded(ana):
    with tenancy.scope(ana.workspace_id), pytest.raises(KeyError):
        auditing.record(ana, "member.teleported")


def test_a_name_with_markup_is_text_everywhere(ana):
    ana.workspace.name = ana.name = "<b>x</b>"
    ana.workspace.save()
    with tenancy.scope(ana.workspace_id):
        ana.save()
        auditing.record(ana, "channel.renamed", "<script>1</script>", after={"name": "<i>y</i>"})
    client = sign_in(ana.user)
    for name in ("general", "members", "audit"):
        body = client.get(reverse(f"workspaces:{name}", args=[ana.workspace.slug])).content.decode()
        for raw in ("<b>x</b>", "<script>1", "<i>y</i>"):
            assert raw not in body


def test_places_to_choose_from_are_complete():
    assert ("EG", "Egypt") in countries()
    assert len(countries()) > 200
    zones = dict(time_zones())
    assert {"UTC", "Africa/Cairo", "Asia/Riyadh", "Europe/London"} <= set(zones)
    assert not any(zone.startswith("Etc/") for zone in zones)
