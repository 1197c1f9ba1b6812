"""The pages for merging, erasing and exporting one person."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse

from contacts import merging
from contacts.models import Erasure, ExportRun, Merge
from inbox import person_export
from tests.factories import make_contact, make_identity, make_member, make_workspace, sign_in
from tests.inbox.rows import again, count, everything
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ana(db):
    return make_member(make_workspace())


@pytest.fixture
def pair(ana):
    kept = make_contact(ana.workspace, name="Nora Haddad", email="nora@example.test")
    gone = make_contact(ana.workspace, name="Noor", email="nora@example.test", language="ar")
    make_identity(kept, address="447700900118")
    make_identity(gone, address="447700900119")
    return kept, gone


def url(name, contact, **parts):
    slug = contact.workspace.slug
    return reverse(f"contacts:{name}", kwargs={"slug": slug, "uuid": contact.uuid, **parts})


def html(response):
    return response.content.decode()


def test_the_page_suggests_who_has_the_same_name_or_address(ana, pair):
    page = html(sign_in(ana.user).get(url("merge", pair[0])))
    assert "Noor" in page
    assert "+447700900119" in page
    assert "Nobody else" not in page


@pytest.mark.parametrize("query", ["Noor", "900119", "nora@example"])
def test_the_other_contact_is_found_by_what_one_remembers(ana, pair, query):
    page = html(sign_in(ana.user).get(url("merge", pair[0]), {"q": query}))
    assert f"?with={pair[1].uuid}" in page
    assert f"?with={pair[0].uuid}" not in page


def test_both_stand_side_by_side_and_only_differences_are_asked_about(ana, pair):
    page = html(sign_in(ana.user).get(url("merge", pair[0]), {"with": str(pair[1].uuid)}))
    assert page.count('name="field-name"') == 2
    assert 'name="field-email"' not in page
    assert 'value="gone" aria-describedby="label-3" checked' in page  # the language, which only the other has


def test_the_choice_decides_and_the_page_offers_the_way_back(ana, pair):
    browser = sign_in(ana.user)
    data = {"with": str(pair[1].uuid), "field-name": "gone", "field-email": "kept", "field-nonsense": "gone"}
    response = browser.post(url("merge", pair[0]), data)
    assert response.status_code == 302
    assert again(pair[0]).name == "Noor"
    [joined] = everything(Merge, ana.workspace_id)
    undo = url("merge_undo", pair[0], merge_id=joined.pk)
    assert undo in html(browser.get(url("merge", pair[0])))
    assert browser.post(undo).status_code == 302
    assert again(pair[0]).name == "Nora Haddad"
    assert again(pair[1]).deleted_at is None


def test_merging_with_nobody_or_oneself_is_refused(ana, pair):
    for given in ("", "nonsense", str(pair[0].uuid), str(make_contact(name="Canary").uuid)):
        response = sign_in(ana.user).post(url("merge", pair[0]), {"with": given})
        assert response.status_code == 422
        assert "Choose the contact" in html(response)
    assert count(Merge, ana.workspace_id) == 0


def test_an_undo_that_comes_too_late_says_why(ana, pair):
    with tenancy.scope(ana.workspace_id):
        joined = merging.merge(*pair, {}, by=ana)
        merging.undo(joined, by=ana)
    response = sign_in(ana.user).post(url("merge_undo", pair[0], merge_id=joined.pk))
    assert response.status_code == 422
    assert "undone already" in html(response)


def test_agents_do_not_merge_erase_or_export(ana, pair):
    ben = make_member(ana.workspace, role="agent", name="Ben")
    browser = sign_in(ben.user)
    for name in ("merge", "erasure", "person_export"):
        assert browser.get(url(name, pair[0])).status_code == 403
        assert browser.post(url(name, pair[0])).status_code == 403


# Erasing.


@pytest.mark.parametrize("word", ["", "yes", "erase it"])
def test_without_the_word_nothing_is_erased(ana, pair, word):
    response = sign_in(ana.user).post(url("erasure", pair[0]), {"confirmation": word})
    assert response.status_code == 422
    assert count(Erasure, ana.workspace_id) == 0
    assert again(pair[0]).deleted_at is None


def test_with_the_word_the_person_is_gone_at_once_and_the_log_says_so_without_a_name(ana, pair):
    browser = sign_in(ana.user)
    response = browser.post(url("erasure", pair[0]), {"confirmation": " Erase "}, follow=True)
    assert "Waiting" in html(response)
    assert "Nora Haddad" not in html(response)
    assert browser.get(url("record", pair[0])).status_code == 404
    assert count(Erasure, ana.workspace_id, requested_by=ana) == 1


# Exporting.


def test_a_file_is_asked_for_written_and_downloaded(ana, pair):
    browser = sign_in(ana.user)
    page = html(browser.post(url("person_export", pair[0]), follow=True))
    assert "Being written" in page
    [run] = everything(ExportRun, ana.workspace_id)
    file = url("person_export_file", pair[0], run=run.uuid)
    assert browser.get(file).status_code == 404
    assert person_export.write_pending() == 1
    assert file in html(browser.get(url("person_export", pair[0]), headers={"HX-Request": "true"}))
    response = browser.get(file)
    assert response["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert "contact.json" in archive.namelist()


def test_the_audit_log_says_who_downloaded_a_persons_file(ana, pair):
    browser = sign_in(ana.user)
    browser.post(url("person_export", pair[0]))
    person_export.write_pending()
    [run] = everything(ExportRun, ana.workspace_id)
    browser.get(url("person_export_file", pair[0], run=run.uuid))
    browser.get(url("person_export_file", pair[1], run=run.uuid))
    [entry] = everything(AuditEntry, ana.workspace_id, action="contact.export_fetched")
    assert (entry.actor_id, entry.target) == (ana.pk, f"contact {pair[0].uuid}")


def test_one_persons_file_is_not_another_persons(ana, pair):
    browser = sign_in(ana.user)
    browser.post(url("person_export", pair[0]))
    person_export.write_pending()
    [run] = everything(ExportRun, ana.workspace_id)
    assert browser.get(url("person_export_file", pair[1], run=run.uuid)).status_code == 404
