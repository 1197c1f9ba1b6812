"""A text goes to the provider once, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from templates_mgmt import drafting, submitting
from templates_mgmt.models import TemplateFile, TemplateVersion
from templates_mgmt.refusals import TemplateRefused
from tests.factories import make_channel
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import BODY, SAMPLES, Desk
from workspaces import channels
from workspaces.models import AuditEntry

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
OTHER_BODY = [{"type": "BODY", "text": "Dear {{1}}, your order is on its way."}]


def test_a_submitted_draft_is_in_review_until_the_provider_decides(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    task = desk.submit(translation)
    assert (task.state, desk.now(translation).status) == ("queued", "submitting")
    assert desk.work() == 1
    row = desk.now(translation)
    assert (row.status, row.provider_status, row.category) == ("in_review", "PENDING", "utility")
    assert row.provider_id == account.templates["order_shipped", "en"]["id"]
    assert desk.versions(translation) == [(1, "submitted")]
    [(_, said)] = [call for call in account.calls if call[0] == "create"]
    assert said["components"] == [{**BODY[0], "example": {"body_text": [["Ana"]]}}]
    desk.hear(translation, "APPROVED")
    row = desk.now(translation)
    assert (row.status, row.components, row.variables) == ("approved", BODY, SAMPLES)
    assert desk.versions(translation) == [(1, "approved")]
    assert [kind for kind, _ in desk.notices()] == ["approved"]
    assert desk.now(task).state == "done"
    with desk.scope():
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["template.created", "template.submitted"]


def test_a_double_click_submits_once(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    assert desk.submit(translation) == desk.submit(translation)
    desk.work()
    assert account.count("create") == 1


def test_a_text_with_errors_is_not_submitted(desk: Desk):
    translation = desk.draft()
    desk.write(translation, [{"type": "BODY", "text": "{{1}}"}])
    with pytest.raises(TemplateRefused) as refused:
        desk.submit(translation)
    assert refused.value.field == "components"
    assert desk.versions(translation) == [(1, "open")]


def test_while_the_provider_is_down_the_draft_waits_and_says_so(desk: Desk, account: FakeAccount):
    account.stop()
    translation = desk.draft()
    task = desk.submit(translation)
    assert desk.work() == 1
    task = desk.now(task)
    assert (task.state, task.attempts) == ("queued", 1)
    assert "could not be reached" in task.error
    assert task.next_try_at > timezone.now()
    assert desk.now(translation).status == "submitting"
    account.start()
    assert desk.work() == 0  # not before its time
    with desk.scope():
        submitting.retry(desk.now(translation), by=desk.ana)
    desk.work()
    assert desk.now(translation).status == "in_review"
    assert (desk.now(task).state, desk.now(task).error) == ("done", "")
    assert account.count("create") == 1


def test_a_submission_that_never_left_can_be_taken_back(desk: Desk, account: FakeAccount):
    account.stop()
    translation = desk.draft()
    task = desk.submit(translation)
    desk.work()
    with desk.scope():
        submitting.take_back(desk.now(translation), by=desk.ana)
    assert (desk.now(task).state, desk.now(task).error) == ("failed", "Taken back by Ana.")
    assert desk.now(translation).status == "draft"
    assert desk.versions(translation) == [(1, "open")]
    account.start()
    desk.time_passes()
    assert desk.work() == 0


def test_after_a_day_without_the_provider_the_draft_is_open_again(desk: Desk, account: FakeAccount):
    account.stop()
    translation = desk.draft()
    task = desk.submit(translation)
    with desk.scope():
        type(task).objects.update(created_at=timezone.now() - timedelta(hours=25))
    desk.work()
    task = desk.now(task)
    assert (task.state, desk.now(translation).status) == ("failed", "draft")
    assert "tried for a day" in task.error
    assert desk.versions(translation) == [(1, "open")]
    account.start()
    desk.submit(translation)
    desk.work()
    assert desk.now(translation).status == "in_review"


@pytest.mark.parametrize("trouble", ["lose", "500"])
def test_an_unclear_answer_is_looked_up_before_anything_is_tried_again(desk: Desk, account: FakeAccount, trouble: str):
    account.plan = [trouble]
    translation = desk.draft()
    task = desk.submit(translation)
    desk.work()
    assert desk.now(task).state == "unknown"
    with pytest.raises(TemplateRefused), desk.scope():
        submitting.take_back(desk.now(translation), by=desk.ana)
    desk.time_passes()
    desk.work()
    assert desk.now(task).state == "done"
    assert desk.now(translation).status == "in_review"
    assert [kind for kind, _ in account.calls][:2] == ["create", "list"]
    # What had arrived is not sent again, what had not is.
    assert account.count("create") == (1 if trouble == "lose" else 2)


def test_while_nobody_can_tell_nothing_is_tried_again(desk: Desk, account: FakeAccount):
    account.plan = ["lose"]
    translation = desk.draft()
    task = desk.submit(translation)
    desk.work()
    account.stop()
    for _ in range(3):
        desk.time_passes()
        desk.work()
        assert desk.now(task).state == "unknown"
    account.start()
    desk.time_passes()
    desk.work()
    assert desk.now(task).state == "done"
    assert account.count("create") == 1


def test_an_approval_may_be_faster_than_the_answer(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    account.plan = ["lose"]
    task = desk.submit(translation)
    desk.work()
    account.templates["order_shipped", "en"]["status"] = "APPROVED"
    desk.hear(translation, "APPROVED", template_id=account.templates["order_shipped", "en"]["id"])
    assert desk.now(translation).is_sendable
    desk.time_passes()
    desk.work()
    row = desk.now(translation)
    assert (row.status, desk.now(task).state) == ("approved", "done")
    assert row.provider_id == account.templates["order_shipped", "en"]["id"]
    assert desk.versions(translation) == [(1, "approved")]


def test_a_refusal_opens_the_draft_again_and_says_why(desk: Desk, account: FakeAccount):
    account.plan = ["refuse:100:2388040"]
    translation = desk.draft()
    task = desk.submit(translation)
    desk.work()
    task = desk.now(task)
    assert (task.state, task.error_code) == ("failed", "2388040")
    assert "too long" in task.error
    assert desk.now(translation).status == "draft"
    assert desk.versions(translation) == [(1, "open")]
    desk.submit(translation)
    desk.work()
    assert desk.now(translation).status == "in_review"


def test_a_throttled_account_is_left_alone_for_a_while(desk: Desk, account: FakeAccount):
    account.plan = ["refuse:80008"]
    task = desk.submit(desk.draft())
    desk.work()
    assert desk.now(task).state == "queued"
    assert desk.now(task).next_try_at > timezone.now()


def test_a_name_the_provider_has_with_another_text_is_a_refusal(desk: Desk, account: FakeAccount):
    account.put("order_shipped")
    translation = desk.draft()
    task = desk.submit(translation)
    desk.work()
    assert desk.now(task).state == "failed"
    assert "already has a template with this name" in desk.now(task).error
    assert desk.now(translation).provider_id == ""


def test_a_name_the_provider_has_with_this_very_text_is_taken_for_ours(desk: Desk, account: FakeAccount):
    account.put("order_shipped", components=[{"type": "body", "text": BODY[0]["text"]}])
    translation = desk.draft()
    desk.submit(translation)
    desk.work()
    assert desk.now(translation).status == "approved"
    assert desk.versions(translation) == [(1, "approved")]


def test_the_category_the_provider_chose_is_shown_and_told(desk: Desk, account: FakeAccount):
    account.during = lambda kind: account.templates["order_shipped", "en"].update(category="MARKETING")
    account.plan = ["lose"]
    translation = desk.draft()
    desk.submit(translation)
    desk.work()
    desk.time_passes()
    desk.work()
    assert desk.now(translation).category == "marketing"
    assert [kind for kind, _ in desk.notices()] == ["category"]


def with_picture(desk: Desk) -> tuple[object, TemplateFile]:
    translation = desk.draft()
    with desk.scope():
        file = drafting.attach(translation.template, SimpleUploadedFile("shop.png", PNG), by=desk.ana)
    header = {"type": "HEADER", "format": "IMAGE"}
    desk.write(translation, [header, *BODY], variables={**SAMPLES, "header:media": {"file": str(file.uuid)}})
    return translation, file


def test_a_sample_is_uploaded_once_and_named_by_its_handle(desk: Desk, account: FakeAccount):
    translation, file = with_picture(desk)
    account.plan = ["ok", "ok", "500"]  # the upload in two steps, then the submission
    desk.submit(translation)
    desk.work()
    desk.time_passes()
    desk.work()
    assert desk.now(translation).status == "in_review"
    assert [account.count(kind) for kind in ("open", "put", "create")] == [1, 1, 2]
    assert desk.now(file).handle == "4::handle-1"
    header = account.templates["order_shipped", "en"]["components"][0]
    assert header["example"] == {"header_handle": [desk.now(file).handle]}
    [content] = [said["content"] for kind, said in account.calls if kind == "put"]
    assert content == PNG


def test_a_refused_submission_uploads_its_sample_anew(desk: Desk, account: FakeAccount):
    translation, file = with_picture(desk)
    account.plan = ["ok", "ok", "refuse:100:2388047"]
    desk.submit(translation)
    desk.work()
    assert desk.now(file).handle == ""
    desk.submit(translation)
    desk.work()
    assert account.count("put") == 2
    assert desk.now(translation).status == "in_review"


def test_only_files_that_show_what_they_are_become_samples(desk: Desk):
    translation = desk.draft()
    for name, content in (("photo.png", b"<svg onload=alert(1)>"), ("empty.png", b""), ("page.pdf", b"<html>")):
        with desk.scope(), pytest.raises(TemplateRefused):
            drafting.attach(translation.template, SimpleUploadedFile(name, content), by=desk.ana)


def edit(desk: Desk, translation, text: str) -> None:
    desk.write(translation, [{"type": "BODY", "text": text}])
    desk.submit(translation)
    desk.work()
    desk.hear(translation, "APPROVED")


def test_an_edit_keeps_the_old_text_in_use_until_the_provider_takes_the_new_one(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    desk.write(translation, OTHER_BODY)
    account.stop()
    desk.submit(translation)
    desk.work()
    row = desk.now(translation)
    assert (row.status, row.components) == ("approved", BODY)
    account.start()
    desk.time_passes()
    desk.work()
    row = desk.now(translation)
    assert (row.status, row.components) == ("in_review", BODY)
    assert account.count("edit") == 1
    [edited] = [said for kind, said in account.calls if kind == "edit"]
    assert "category" not in edited
    desk.hear(translation, "APPROVED")
    assert desk.now(translation).components == OTHER_BODY
    assert desk.versions(translation) == [(1, "approved"), (2, "approved")]


@pytest.mark.parametrize("trouble", ["lose", "500"])
def test_an_edit_without_a_clear_answer_is_made_once(desk: Desk, account: FakeAccount, trouble: str):
    translation = desk.approved()
    account.templates["order_shipped", "en"]["status"] = "APPROVED"
    desk.write(translation, OTHER_BODY)
    account.plan = [trouble]
    desk.submit(translation)
    desk.work()
    desk.time_passes()
    desk.work()
    assert desk.now(translation).status == "in_review"
    assert account.count("edit") == (1 if trouble == "lose" else 2)


def test_a_refused_edit_leaves_the_approved_text_in_use(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    account.templates["order_shipped", "en"]["status"] = "APPROVED"
    desk.write(translation, OTHER_BODY)
    account.plan = ["refuse:100:2388039"]
    desk.submit(translation)
    desk.work()
    row = desk.now(translation)
    assert (row.status, row.components) == ("approved", BODY)
    assert desk.versions(translation) == [(1, "approved"), (2, "open")]
    with desk.scope():
        assert not TemplateVersion.objects.filter(changes_approved=True).exists()


def test_an_approved_text_is_changed_once_in_24_hours(desk: Desk):
    translation = desk.approved()
    edit(desk, translation, "Hello {{1}}, your order has left us.")
    desk.write(translation, OTHER_BODY)
    with pytest.raises(TemplateRefused, match=r"once in 24 hours\. It is possible again on"):
        desk.submit(translation)
    with desk.scope():
        last = translation.versions.get(number=2)
        left = submitting.edits_left(desk.now(translation), timezone.now())
        assert (left.today, left.this_month) == (0, 9)
        assert left.possible_at == last.submitted_at + timedelta(hours=24)
        translation.versions.filter(number=2).update(submitted_at=timezone.now() - timedelta(hours=25))
    desk.submit(translation)


def test_an_approved_text_is_changed_ten_times_in_30_days(desk: Desk):
    translation = desk.approved()
    now = timezone.now()
    with desk.scope():
        for day in range(10):
            TemplateVersion.objects.create(
                workspace=desk.workspace, translation=translation, number=day + 2, state="approved",
                changes_approved=True, submitted_at=now - timedelta(days=25 - day),
            )  # fmt: skip
        left = submitting.edits_left(desk.now(translation), now)
    assert (left.today, left.this_month, left.possible_at) == (0, 0, now + timedelta(days=5))
    desk.write(translation, OTHER_BODY)
    with pytest.raises(TemplateRefused, match="ten times in 30 days"):
        desk.submit(translation)


def test_a_rejected_text_is_fixed_as_often_as_it_takes(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    at = timezone.now()
    for number in (1, 2, 3):
        desk.submit(translation)
        desk.work()
        reason = f"The wording of try {number} is too vague."
        at += timedelta(seconds=1)
        desk.hear(translation, "REJECTED", at=at, reason="INVALID_FORMAT", explanation=reason)
        row = desk.now(translation)
        assert (row.status, row.reason, row.explanation) == ("rejected", "INVALID_FORMAT", reason)
        draft = desk.write(translation, [{"type": "BODY", "text": f"Hi {{{{1}}}}, here is order number {number}."}])
        assert draft.number == number + 1
    with desk.scope():
        first = translation.versions.get(number=1)
    assert (first.state, first.reason) == ("rejected", "INVALID_FORMAT")
    assert first.explanation == "The wording of try 1 is too vague."
    assert account.count("create") == 1
    assert account.count("edit") == 2


def test_the_category_of_an_approved_template_stays(desk: Desk):
    translation = desk.approved()
    desk.write(translation, OTHER_BODY, category="marketing")
    with pytest.raises(TemplateRefused) as refused:
        desk.submit(translation)
    assert refused.value.field == "category"


def test_what_is_in_review_or_disabled_is_not_submitted_again(desk: Desk):
    for word, text in (("PENDING", "reviewing"), ("DISABLED", "disabled"), ("LOCKED", "not known")):
        translation = desk.approved(f"order_{text[:3]}")
        desk.write(translation, OTHER_BODY)
        desk.hear(translation, word, at=timezone.now() + timedelta(seconds=5))
        with pytest.raises(TemplateRefused, match=text):
            desk.submit(translation)


def test_a_number_of_another_account_does_not_submit(desk: Desk):
    translation = desk.draft()
    other = make_channel(desk.workspace, base_url=desk.account.base_url)
    with desk.scope(), pytest.raises(TemplateRefused, match="another account"):
        submitting.submit(translation, channel=other, by=desk.ana)


def test_a_number_disconnected_meanwhile_gives_the_draft_back(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    task = desk.submit(translation)
    with desk.scope():
        channels.disconnect(desk.channel, by=desk.ana)
    desk.work()
    assert "disconnected" in desk.now(task).error
    assert desk.versions(translation) == [(1, "open")]
    assert account.calls == []
