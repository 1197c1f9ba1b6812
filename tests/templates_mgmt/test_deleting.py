"""Deleting one language or all: out of use at once, gone at the provider in the end."""

from __future__ import annotations

import pytest

from templates_mgmt import deleting, drafting, syncing, using
from templates_mgmt.models import MessageTemplate
from templates_mgmt.refusals import TemplateRefused
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import Desk
from tests.templates_mgmt.test_news import soon
from workspaces import channels
from workspaces.models import AuditEntry


def delete(desk: Desk, target):
    with desk.scope():
        return deleting.delete(desk.now(target), by=desk.ana)


def two_languages(desk: Desk):
    english = desk.approved()
    with desk.scope():
        french = drafting.add_language(english.template, language="fr", copy_from=english, by=desk.ana)
    desk.submit(french)
    desk.work()
    desk.hear(french, "APPROVED")
    return english, desk.now(french)


def test_one_language_goes_and_the_others_stay(desk: Desk, account: FakeAccount):
    english, french = two_languages(desk)
    task = delete(desk, french)
    assert desk.now(french).status == "deleting"
    with desk.scope():
        assert list(using.sendable(desk.workspace, desk.channel)) == [english]
    desk.work()
    assert desk.now(task).state == "done"
    assert desk.statuses() == {("order_shipped", "en"): "approved", ("order_shipped", "fr"): "deleted"}
    assert list(account.templates) == [("order_shipped", "en")]
    assert desk.templates() == ["order_shipped"]
    assert desk.notices()[-1][0] == "approved"  # what somebody here asked for is no news


def test_all_languages_go_with_the_template(desk: Desk, account: FakeAccount):
    english, _french = two_languages(desk)
    with desk.scope():
        drafting.add_language(english.template, language="de", copy_from=english, by=desk.ana)
    delete(desk, english.template)
    desk.work()
    assert set(desk.statuses().values()) == {"deleted"}
    assert account.templates == {}
    assert account.count("delete") == 1
    assert desk.templates() == []
    with desk.scope():
        assert AuditEntry.objects.filter(action="template.deleted").get().before == {"languages": ["en", "fr", "de"]}


def test_a_draft_goes_without_asking_the_provider(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    assert delete(desk, translation) is None
    assert desk.templates() == []
    assert account.calls == []


def test_a_quick_template_goes_at_once(desk: Desk, account: FakeAccount):
    translation = desk.draft("Opening hours", kind="quick")
    assert delete(desk, translation.template) is None
    assert desk.templates() == []
    assert account.calls == []


def test_deleting_twice_is_one_deletion(desk: Desk, account: FakeAccount):
    english, _ = two_languages(desk)
    assert delete(desk, english) == delete(desk, english)
    desk.work()
    with pytest.raises(TemplateRefused, match="deleted already"):
        delete(desk, english)
    assert account.count("delete") == 1


@pytest.mark.parametrize("trouble", ["lose", "500"])
def test_a_deletion_without_a_clear_answer_is_finished_later(desk: Desk, account: FakeAccount, trouble: str):
    translation = desk.approved()
    account.plan = [trouble]
    task = delete(desk, translation)
    desk.work()
    assert desk.now(task).state == "unknown"
    assert desk.now(translation).status == "deleting"
    desk.time_passes()
    desk.work()
    assert desk.now(task).state == "done"
    assert desk.now(translation).status == "deleted"
    assert account.templates == {}


def test_a_refused_deletion_brings_the_template_back_as_it_was(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    desk.hear(translation, "PAUSED", at=soon())
    account.plan = ["refuse:100:2388039"]
    task = delete(desk, translation.template)
    desk.work()
    assert desk.now(task).state == "failed"
    assert desk.now(task).error
    assert desk.now(translation).status == "paused"


def test_what_is_being_submitted_is_not_deleted(desk: Desk):
    translation = desk.draft()
    desk.submit(translation)
    with pytest.raises(TemplateRefused, match="still being done"):
        delete(desk, translation)


def test_a_disabled_template_stays(desk: Desk):
    translation = desk.approved()
    desk.hear(translation, "DISABLED", at=soon())
    with pytest.raises(TemplateRefused, match="disabled"):
        delete(desk, translation)


def test_without_a_number_of_its_account_nothing_is_deleted(desk: Desk):
    translation = desk.approved()
    with desk.scope():
        channels.disconnect(desk.channel, by=desk.ana)
    with pytest.raises(TemplateRefused, match="No number"):
        delete(desk, translation)
    assert desk.now(translation).status == "approved"


def test_the_name_can_be_drafted_again(desk: Desk):
    translation = desk.approved()
    delete(desk, translation.template)
    desk.work()
    desk.draft()
    with desk.scope():
        assert MessageTemplate.objects.filter(name="order_shipped").count() == 2


def test_a_language_that_was_deleted_is_not_brought_back_by_a_list_that_lags_behind(desk: Desk, account: FakeAccount):
    english, french = two_languages(desk)
    listed = dict(account.templates)
    delete(desk, french)
    desk.work()
    account.templates = listed
    with desk.scope():
        syncing.request(desk.channel)
    desk.work()
    with desk.scope():
        assert list(english.template.translations.exclude(status="deleted")) == [english]
