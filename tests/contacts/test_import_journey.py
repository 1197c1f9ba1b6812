"""One file as a customer sends it: 10,000 rows, Windows-1256, semicolons, line ends in cells, and mistakes."""

from __future__ import annotations

import csv
import io
import random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts.models import Contact, Identity, ImportProblem, ImportRun
from tests.contacts.imports import again, people, worked
from tests.factories import make_member, sign_in
from workspaces import tenancy

pytestmark = pytest.mark.usefixtures("committed_db")

ROWS, BAD, TWICE = 10_000, 214, 12


def made() -> bytes:
    chance = random.Random(13)
    names = ("فاطمة الزهراء", "أحمد خالد", "نورة; سالم", 'سارة "أم علي"', "خالد\nبن سعيد")
    kinds = ["good"] * (ROWS - BAD - TWICE) + ["bad"] * BAD + ["twice"] * TWICE
    middle = kinds[1:]
    chance.shuffle(middle)
    stored = io.StringIO()
    writer = csv.writer(stored, delimiter=";", lineterminator="\r\n")
    writer.writerow(["الاسم", "رقم الجوال", "المدينة", "ملاحظة"])
    numbers: list[str] = []
    for place, kind in enumerate([kinds[0], *middle]):
        phone = f"05{place:08d}"
        if kind == "bad":
            phone = chance.choice(["", "123", "لا يوجد", "05000000001234"])
        elif kind == "twice":
            phone = chance.choice(numbers)
        else:
            numbers.append(phone)
        writer.writerow([chance.choice(names), phone, "الرياض", "يفضّل المساء"])
    return stored.getvalue().encode("windows-1256", "replace")


def test_a_big_file_from_upload_to_undo():
    member = make_member(role="marketer")
    slug, client, content = member.workspace.slug, sign_in(member.user), made()

    def page(name: str) -> str:
        return reverse(f"contacts:import{name}", args=[slug, run.uuid])

    sent = client.post(reverse("contacts:import_new", args=[slug]), {"file": SimpleUploadedFile("عملاء.csv", content)})
    with tenancy.scope(member.workspace_id):
        run = ImportRun.objects.get()
    assert sent["Location"] == page("_mapping")
    assert (run.format["encoding"], run.format["delimiter"], run.format["rows"]) == ("windows-1256", ";", ROWS)

    shown = client.get(page("_mapping"))
    assert b"guessed" in shown.content
    assert "الرياض".encode() in shown.content
    assert run.mapping["columns"] == ["name", "phone", "", ""]
    choices = {"column-0": "name", "column-1": "phone", "column-2": "new:text", "column-3": "", "country": "SA"}
    sent = client.post(page("_mapping"), {**choices, "duplicates": "update", "consent": "none"})
    assert sent["Location"] == page("")
    run = worked(run)
    assert run.counts["found"] == {"rows": ROWS, "new": ROWS - BAD - TWICE, "invalid": BAD, "duplicate": TWICE}
    assert people(member.workspace) == []

    shown = client.get(page("")).content.decode()
    assert "Import 9,774, leave out 226" in shown
    rejected = client.get(page("_problems"))
    table = list(csv.reader(io.StringIO(b"".join(rejected.streaming_content).decode("utf-8-sig"), newline="")))
    assert table[0] == ["الاسم", "رقم الجوال", "المدينة", "ملاحظة", "Line", "Problem"]
    assert len(table) == 1 + BAD + TWICE
    assert all(int(row[4]) > 1 and row[5] for row in table[1:])
    assert sum("further up" in row[5] for row in table) == TWICE

    client.post(page("_start"))
    run = worked(run)
    assert run.state == "done"
    assert run.counts["done"] == run.counts["found"]
    assert len(people(member.workspace)) == ROWS - BAD - TWICE
    with tenancy.scope(member.workspace_id):
        assert Identity.objects.filter(phone="+966500000000").count() == 1
        assert Contact.objects.filter(name="خالد بن سعيد", fields={"field": "الرياض"}).exists()

    second = again_from_the_start(client, slug, content, choices | {"column-2": ""})
    good = ROWS - BAD - TWICE
    counts = {"rows": ROWS, "existing": good, "unchanged": good, "invalid": BAD, "duplicate": TWICE}
    assert second.counts["done"] == counts
    assert len(people(member.workspace)) == ROWS - BAD - TWICE

    client.post(reverse("contacts:import_undo", args=[slug, second.uuid]))
    assert again(second).state == "done", "it added nobody"
    client.post(page("_undo"))
    run = worked(run)
    assert run.counts["undone"] == {"removed": ROWS - BAD - TWICE, "kept": 0}
    assert people(member.workspace) == []
    with tenancy.scope(member.workspace_id):
        assert ImportProblem.objects.filter(run=run).count() == BAD + TWICE


def again_from_the_start(client, slug, content, choices) -> ImportRun:
    sent = client.post(reverse("contacts:import_new", args=[slug]), {"file": SimpleUploadedFile("again.csv", content)})
    uuid = sent["Location"].split("/")[-3]
    client.post(sent["Location"], choices)
    with tenancy.all_workspaces():
        run = ImportRun.objects.get(uuid=uuid)
    worked(run)
    client.post(reverse("contacts:import_start", args=[slug, uuid]))
    return worked(run)
