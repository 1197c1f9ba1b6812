"""`/_sim/templates/…` and `/_sim/template_review`: what drivers let happen to templates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.asking import Refused, json_body, object_body
from simulator.provider import Provider
from simulator.records import Template


async def templates(request: Request) -> Response:
    """List an account's templates with all that is known of them, or (PUT) replace them, unchecked."""
    provider: Provider = request.app.state.provider
    waba_id, book = request.path_params["waba_id"], provider.world.templates
    if request.method == "PUT":
        described = await json_body(request)
        if not isinstance(described, list):
            raise Refused("expected a list of templates")
        try:
            fresh = book.replace(waba_id, described)
        except (ValueError, TypeError) as error:
            raise Refused(str(error)) from error
        return JSONResponse({"templates": len(fresh), "ids": [template.id for template in fresh]})
    return JSONResponse([asdict(template) for template in book.of(waba_id)])


async def post_change(request: Request) -> Response:
    """Let something happen to one template, named by `id` or by `name` and `language`."""
    provider: Provider = request.app.state.provider
    wanted = await object_body(request)
    template = _template(provider, request.path_params["waba_id"], wanted)
    changes = {name: value for name, value in wanted.items() if name not in ("id", "name", "language")}
    try:
        provider.reviewer.change(template, changes)
    except ValueError as error:
        raise Refused(str(error)) from error
    return JSONResponse(asdict(template))


async def calls(request: Request) -> Response:
    """Every accepted create, edit and delete of an account in order, to count doubles."""
    provider: Provider = request.app.state.provider
    waba_id = request.path_params["waba_id"]
    return JSONResponse([entry for entry in provider.world.templates.calls if entry["waba_id"] == waba_id])


async def review(request: Request) -> Response:
    """How reviews go: delay, rules and limits. DELETE forgets which names are blocked."""
    provider: Provider = request.app.state.provider
    if request.method == "PUT":
        try:
            provider.reviewer.change_settings(await object_body(request))
        except (ValueError, TypeError) as error:
            raise Refused(str(error)) from error
    if request.method == "DELETE":
        provider.world.templates.forget_blocks()
    return JSONResponse(asdict(provider.reviewer.settings))


def _template(provider: Provider, waba_id: str, wanted: dict[str, Any]) -> Template:
    book = provider.world.templates
    found = book.get(str(wanted["id"])) if wanted.get("id") else None
    found = found or book.find(waba_id, str(wanted.get("name")), str(wanted.get("language")))
    if found is None or found.waba_id != waba_id:
        raise Refused("no template of this account has this id, or this name and language", 404)
    return found


routes = [
    Route("/templates/{waba_id}", templates, methods=["GET", "PUT"]),
    Route("/templates/{waba_id}/changes", post_change, methods=["POST"]),
    Route("/templates/{waba_id}/calls", calls),
    Route("/template_review", review, methods=["GET", "PUT", "DELETE"]),
]
