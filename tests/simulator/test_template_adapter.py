"""The adapter's requests against the simulator: what one side writes, the other reads."""

from __future__ import annotations

import httpx
import pytest

from providers import whatsapp_cloud as adapter
from providers.types import Credentials, Failure, Request, Submitted, TemplatePage
from tests.simulator.driver import PHONE, TOKEN, WABA, Simulator, eventually
from tests.simulator.templates import BODY, PNG, fresh_name, review


@pytest.fixture
def credentials(simulator: Simulator, fresh: None) -> Credentials:
    review(simulator, delay_seconds=0, rules=[], deletion_seconds=0.05, creations_per_hour=1000, template_limit=6000)
    return Credentials(base_url=f"{simulator.url}/v23.0", external_id=PHONE, account_id=WABA, token=TOKEN)


def ask(request: Request) -> tuple[int, httpx.Headers, bytes]:
    answer = httpx.request(
        request.method, request.url, headers=request.headers, params=request.params, json=request.json,
        content=request.content, timeout=10,
    )  # fmt: skip
    return answer.status_code, answer.headers, answer.content


def find(credentials: Credentials, name: str, language: str = "en_GB"):
    page = adapter.listed(*ask(adapter.find_template(credentials, name, language)))
    assert isinstance(page, TemplatePage)
    return next((found for found in page.templates if (found.name, found.language) == (name, language)), None)


def create(credentials: Credentials, name: str, components: list) -> Submitted | Failure:
    request = adapter.create_template(credentials, name, "en_GB", "utility", "positional", components)
    return adapter.created(*ask(request))


def approved(credentials: Credentials, name: str, components: list):
    submitted = create(credentials, name, components)
    assert isinstance(submitted, Submitted)
    return eventually(lambda: (found := find(credentials, name)) and found.status == "APPROVED" and found)


def test_every_template_is_listed_once_across_pages(simulator, credentials):
    everything = simulator.client.get(f"/_sim/templates/{WABA}").json()
    many = [{"name": f"page_{n}", "language": "en_GB", "components": [BODY]} for n in range(250)]
    simulator.client.put(f"/_sim/templates/{WABA}", json=many)
    ids, after, pages = [], "", 0
    while after or not pages:
        page = adapter.listed(*ask(adapter.list_templates(credentials, after)))
        assert isinstance(page, TemplatePage)
        ids += [template.provider_id for template in page.templates]
        after, pages = page.after, pages + 1
    assert (len(ids), len(set(ids)), pages) == (250, 250, 3)
    simulator.client.put(f"/_sim/templates/{WABA}", json=everything)


def test_a_template_goes_from_upload_to_deletion(simulator, credentials):
    opened = adapter.upload_opened(*ask(adapter.open_upload(credentials, "olive tree.png", len(PNG), "image/png")))
    assert isinstance(opened, str)
    handle = adapter.upload_put(*ask(adapter.put_upload(credentials, opened, PNG)))
    assert isinstance(handle, str)
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}}
    name = fresh_name()
    template = approved(credentials, name, [header, BODY])
    assert (template.category, template.parameter_format) == ("utility", "positional")
    edited = adapter.edited(*ask(adapter.edit_template(credentials, template.provider_id, None, [BODY])))
    assert edited is None
    eventually(lambda: find(credentials, name).components == [BODY])
    request = adapter.delete_template(credentials, name, template.provider_id)
    assert adapter.deleted(*ask(request)) is None
    eventually(lambda: find(credentials, name) is None)
    assert adapter.deleted(*ask(request)) is None


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ([{**BODY, "text": "{{1}} is here."}], "2388299"),
        ([{"type": "BODY", "text": "x" * 1025}], "2388040"),
        ([{"type": "POEM"}], "100"),
    ],
)
def test_a_refusal_is_read_by_its_subcode(credentials, components, code):
    outcome = create(credentials, fresh_name(), components)
    assert isinstance(outcome, Failure)
    assert (outcome.failure_class, outcome.error_code) == ("permanent", code)


def test_a_second_submission_of_a_name_says_that_it_exists(credentials):
    name = fresh_name()
    approved(credentials, name, [BODY])
    outcome = create(credentials, name, [BODY])
    assert isinstance(outcome, Failure)
    assert outcome.error_code == "2388024"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("server_error", "unknown"),
        ("server_error_after_accept", "unknown"),
        ("malformed", "unknown"),
        ("unavailable", "unknown"),
        ("throttle", "throttle"),
        ("token_expired", "credentials"),
    ],
)
def test_trouble_on_submitting_is_classed_as_what_it_leaves_open(simulator, credentials, action, expected):
    simulator.faults({"match": {"kind": "template_create"}, "action": action, "times": 1})
    outcome = create(credentials, fresh_name(), [BODY])
    assert isinstance(outcome, Failure)
    assert outcome.failure_class == expected
