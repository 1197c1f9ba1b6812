"""The pages of the wizard and of exports: what they ask, refuse and show."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import SkipFile
from django.urls import reverse

from contacts.exporting import running
from contacts.importing import sniffing, steps
from contacts.models import ExportRun, ImportRun
from tests.contacts.imports import again, checked, imported, uploaded, worked
from tests.factories import make_member, sign_in
from workspaces import tenancy, uploads
from workspaces.models import AuditEntry

pytestmark = pytest.mark.usefixtures("committed_db")

FILE = "Name,Phone\nNora,+966500000001\nBad,12\n"


@pytest.fixture
def ana():
    return make_member()


@pytest.fixture
def client(ana):
    return sign_in(ana.user)


def page(name: str, run: ImportRun) -> str:
    return reverse(f"contacts:import{name}", args=[run.workspace.slug, run.uuid])


def upload(client, ana, content: bytes | str = FILE, name: str = "people.csv", **headers):
    content = content.encode() if isinstance(content, str) else content
    url = reverse("contacts:import_new", args=[ana.workspace.slug])
    return client.post(url, {"file": SimpleUploadedFile(name, content)}, headers=headers)


def test_a_refused_file_is_answered_with_its_reason_and_stored_nowhere(client, ana):
    Path(default_storage.location).mkdir(parents=True, exist_ok=True)  # nothing may have been stored yet
    before = set(default_storage.listdir("")[0])
    for headers in ({}, {"HX-Request": "true"}):
        answer = upload(client, ana, 'Name,Phone\n"Nora,1\n', **headers)
        assert answer.status_code == 422
        assert "Line 2 opens a quotation mark that is never closed." in answer.content.decode()
    assert set(default_storage.listdir("")[0]) == before
    with tenancy.scope(ana.workspace_id):
        assert not ImportRun.objects.exists()


def test_htmx_is_sent_on_to_the_columns(client, ana):
    answer = upload(client, ana, **{"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].endswith("/mapping/")


def test_pasted_rows_are_a_file_too(client, ana):
    url = reverse("contacts:import_new", args=[ana.workspace.slug])
    assert client.post(url, {"rows": ""}).status_code == 422
    assert client.post(url, {"rows": "Name\tPhone\nفاطمة\t+966500000001"})["Location"].endswith("/mapping/")


@pytest.mark.parametrize("size", [sniffing.WEB_BYTES + 1, uploads.MOST_BYTES + 1], ids=["a little", "far"])
def test_a_file_beyond_the_limit_is_refused(client, ana, size):
    answer = upload(client, ana, b"Name,Phone\n" + b"x" * size)
    assert answer.status_code == 422
    assert "larger than 20 MB" in answer.content.decode()


def test_what_is_far_beyond_the_limit_never_reaches_the_disk():
    handler = uploads.BoundedUpload()
    handler.new_file("file", "people.csv", "text/csv", None)
    piece = b"x" * 65_536
    with pytest.raises(SkipFile):
        for start in range(0, uploads.MOST_BYTES + len(piece), len(piece)):
            assert handler.receive_data_chunk(piece, start) == piece


def test_a_name_that_is_a_path_is_only_a_name(ana):
    assert steps.clean_name("../../etc/passwd") == "passwd"
    assert steps.clean_name("C:\\files\\people.csv") == "people.csv"
    assert steps.clean_name("a\r\nb.csv") == "a__b.csv"
    run = uploaded(FILE, by=ana, name="../عملاء <b>.csv")
    assert run.filename == "عملاء _b_.csv"
    assert run.file.startswith(f"{ana.workspace_id}/imports/")


def test_the_preview_follows_the_choices(client, ana):
    run = uploaded("Name,Phone\nNora,0500000001\n", by=ana)
    choices = {"column-0": "name", "column-1": "phone", "country": "SA", "tag": "May"}
    shown = client.post(page("_preview", run), choices, headers={"HX-Request": "true"}).content.decode()
    assert "+966500000001" in shown
    assert "May" in shown
    shown = client.post(page("_preview", run), {**choices, "country": ""}).content.decode()
    assert "no country code" in shown
    shown = client.post(page("_preview", run), {"column-0": "name"}).content.decode()
    assert "Choose the column that holds the phone number." in shown
    assert again(run).mapping["columns"] == ["name", ""]


def test_columns_that_make_no_sense_are_asked_again(client, ana):
    run = uploaded(FILE, by=ana)
    answer = client.post(page("_mapping", run), {"column-0": "phone", "column-1": "phone"})
    assert answer.status_code == 422
    assert "same thing" in answer.content.decode()
    assert again(run).state == "uploaded"


def test_the_file_can_be_read_in_another_way(client, ana):
    run = uploaded("اسم;رقم\nفاطمة;+966500000001\n".encode("windows-1256"), by=ana)
    client.post(page("_reading", run), {"encoding": "windows-1252", "header": "yes"})
    assert "ÇÓã" in client.get(page("_mapping", run)).content.decode()
    client.post(page("_reading", run), {"encoding": "windows-1256"})
    run = again(run)
    assert (run.format["header"], run.format["titles"]) == (False, ["Column 1", "Column 2"])
    client.post(page("_reading", run), {"encoding": "utf-7"})
    assert again(run).format["encoding"] == "windows-1256"


def test_changing_the_columns_after_the_check_forgets_the_check(client, ana):
    run = checked(uploaded(FILE, by=ana))
    assert run.counts["found"]["invalid"] == 1
    client.post(page("_preview", run), {"column-0": "", "column-1": "phone"})
    run = again(run)
    assert (run.state, run.counts) == ("uploaded", {})
    assert "first be checked" not in client.post(page("_start", run), follow=True).content.decode()
    assert again(run).state == "uploaded"


def test_progress_is_asked_for_until_the_end(client, ana):
    run = uploaded(FILE, by=ana)
    client.post(page("_mapping", run), {"column-0": "name", "column-1": "phone"})
    shown = client.get(page("_progress", run))
    assert shown.status_code == 200
    assert f"live:imp-{run.uuid}" in shown.content.decode()
    run = worked(run)
    shown = client.get(page("_progress", run))
    assert shown.status_code == 286
    assert "hx-get" not in shown.content.decode()
    assert "Import 1, leave out 1" in shown.content.decode()


def test_what_stands_in_a_file_is_never_markup(client, ana):
    nasty = "<script>alert(1)</script>"
    run = checked(uploaded(f"{nasty},Phone\n{nasty},{nasty}\nNora,+966500000001\n", by=ana), "name", "phone")
    for name in ("", "_progress"):
        assert nasty not in client.get(page(name, run)).content.decode()
    assert nasty not in client.get(page("_mapping", run)).content.decode()


def test_formulas_in_rejected_rows_are_text(client, ana):
    run = checked(uploaded("Name,Phone\n=1+1,12\n", by=ana), "name", "phone")
    body = b"".join(client.get(page("_problems", run)).streaming_content).decode()
    assert '"\'=1+1"' in body


def test_imports_are_listed(client, ana):
    run = imported(FILE, by=ana)
    shown = client.get(reverse("contacts:imports", args=[ana.workspace.slug])).content.decode()
    assert run.filename in shown
    assert "Imported" in shown


def test_uploads_and_rejected_rows_go_after_a_week(client, ana, superuser):
    run = imported(FILE, by=ana)
    assert steps.remove_expired() == 0
    superuser.execute("UPDATE contacts_importrun SET created_at = now() - interval '9 days', "
                      "finished_at = now() - interval '8 days'")  # fmt: skip
    assert steps.remove_expired() == 1
    assert not default_storage.exists(run.file)
    body = b"".join(client.get(page("_problems", run)).streaming_content).decode()
    assert "Bad" not in body


def test_an_export_is_asked_for_and_fetched(client, ana):
    imported(FILE, by=ana)
    url = reverse("contacts:exports", args=[ana.workspace.slug])
    shown = client.get(url, {"q": "Nora"}).content.decode()
    assert "matching “Nora”" in shown
    client.post(reverse("contacts:export_new", args=[ana.workspace.slug]), {"format": "csv", "q": "Nora"})
    assert running.work_next()
    with tenancy.scope(ana.workspace_id):
        run = ExportRun.objects.get()
    assert run.filters == {"q": "Nora"}
    answer = client.get(reverse("contacts:export_file", args=[ana.workspace.slug, run.uuid]))
    assert "attachment" in answer["Content-Disposition"]
    assert b"+966500000001" in b"".join(answer.streaming_content)
    with tenancy.scope(ana.workspace_id):
        assert AuditEntry.objects.filter(action="export.fetched").count() == 1
    assert "Ready" in client.get(url).content.decode()
