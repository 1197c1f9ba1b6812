"""Headers that every answer carries, and the short way of hooks and health checks."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/accounts/login/", "/hooks/unknown/", "/healthz", "/no/such/page/"])
def test_every_answer_forbids_sniffing_and_names_its_device_rights(client: Client, path):
    response = client.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=(self)" in response["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/no/such/page/"])
def test_pages_may_load_nothing_from_elsewhere(client: Client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


def test_hooks_and_health_checks_start_no_session(client: Client):
    for path in ("/hooks/unknown/", "/healthz"):
        response = client.post(path) if path.startswith("/hooks/") else client.get(path)
        assert not response.cookies
        assert "Content-Security-Policy" not in response


def test_an_unknown_hook_gets_an_empty_404(client: Client):
    response = client.post("/hooks/unknown/", b"{}", content_type="application/json")
    assert (response.status_code, response.content) == (404, b"")


def test_a_path_below_hooks_that_does_not_exist_is_an_empty_404(client: Client):
    response = client.get("/hooks/")
    assert (response.status_code, response.content) == (404, b"")


def test_the_health_check_needs_no_known_host(client: Client):
    assert client.get("/healthz", headers={"host": "10.0.0.7"}).status_code == 200


def test_another_host_name_is_refused(client: Client):
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
