"""The Graph API's message templates: list, create, edit, delete."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import graph_uploads, spoiling, template_checks, template_otp
from simulator.errors import GraphError, TemplateError
from simulator.faults import Fault
from simulator.paging import chosen, paged
from simulator.provider import Provider, unknown_object
from simulator.records import Template
from simulator.template_book import ANY_LANGUAGE, DAY, new_template_id

PAGE = 25
FIELDS = "name,parameter_format,components,language,status,category"
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
EDITS_A_DAY, EDITS_IN_30_DAYS = 1, 10
NAMED_AT_MOST = 100  # hsm_ids of one deletion


async def get_templates(request: Request) -> Response:
    """The account's templates, a page at a time; filters by name (any part of it), language, status and category."""
    provider: Provider = request.app.state.provider
    waba_id = provider.channels_of_waba(request)[0].waba_id
    fault = _fault(provider, "template_list", request.query_params.get("name", ""))
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    query = request.query_params
    rows = [template.wire() for template in provider.world.templates.of(waba_id) if _is_wanted(template, query)]
    fields = query.get("fields", FIELDS)
    answer = paged(request, [chosen(row, fields) for row in rows], PAGE)
    return await _answered(provider, answer, fault, {})


def _is_wanted(template: Template, query: Any) -> bool:
    if query.get("name", "").lower() not in template.name:
        return False
    return all(
        getattr(template, name).lower() == query[name].lower()
        for name in ("language", "status", "category") if query.get(name)
    )  # fmt: skip


def find(provider: Provider, request: Request) -> Template | None:
    """The template named in the path, when the token may see its account."""
    template = provider.world.templates.get(request.path_params["id"])
    if template is None:
        return None
    token = provider.token_of(request)
    own = any(c.token == token and c.waba_id == template.waba_id for c in provider.world.channels.values())
    return template if own else None


async def create_template(request: Request) -> Response:
    """Submit a new template, or a new language of one, for review."""
    provider: Provider = request.app.state.provider
    waba_id = provider.channels_of_waba(request)[0].waba_id
    wanted = await _json(request)
    fault = _fault(provider, "template_create", f"{wanted.get('name')}/{wanted.get('language')}")
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    _check_room(provider, waba_id)
    template_checks.check_identity(wanted)
    _check_name_is_free(provider, waba_id, wanted["name"], wanted["language"])
    template = Template(
        id=new_template_id(), waba_id=waba_id, name=wanted["name"], language=wanted["language"],
        category=wanted["category"], status="PENDING", parameter_format=wanted.get("parameter_format", "POSITIONAL"),
        components=[], created_at=time.time(),
    )  # fmt: skip
    template.components = _listed_form(provider, template, wanted.get("components"))
    provider.reviewer.submit(template)
    await _written(provider, "create", template)
    answer = {"id": template.id, "status": template.status, "category": template.category}
    return await _answered(provider, answer, fault, {})


async def edit_template(request: Request) -> Response:
    """Replace what a template consists of. It is in review again afterwards, and cannot be sent until approved."""
    provider: Provider = request.app.state.provider
    template = find(provider, request)
    if template is None:
        raise unknown_object(request)
    wanted = await _json(request)
    fault = _fault(provider, "template_edit", f"{template.name}/{template.language}")
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    _check_editable(provider, template)
    category = wanted.get("category") or template.category
    if category != template.category:
        if category not in template_checks.CATEGORIES:
            raise TemplateError("Invalid category", "category is not a category.")
        if template.status == "APPROVED":
            raise TemplateError("Category can't be changed", "The category of an approved template can't be changed.")
    changed = deepcopy(template)
    changed.category = category
    changed.parameter_format = wanted.get("parameter_format") or template.parameter_format
    if "components" in wanted or not wanted.get("category"):
        changed.components = _listed_form(provider, changed, wanted.get("components"))
    if template.status == "APPROVED":
        changed.edits = [*template.edits, time.time()]
    provider.reviewer.submit(changed)
    await _written(provider, "edit", changed)
    return await _answered(provider, {"success": True}, fault, {})


async def delete_templates(request: Request) -> Response:
    """Delete every language of a name, or those that `hsm_id` or `hsm_ids` name. The names stay blocked."""
    provider: Provider = request.app.state.provider
    waba_id = provider.channels_of_waba(request)[0].waba_id
    name = request.query_params.get("name", "")
    fault = _fault(provider, "template_delete", name)
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    ids = _ids(request)
    book = provider.world.templates
    found = [
        template for template in book.of(waba_id)
        if template.gone_at is None and (template.id in ids if ids else template.name == name)
    ]  # fmt: skip
    if not found or (name and any(template.name != name for template in found)) or (ids and len(found) < len(ids)):
        raise TemplateError("Message Template Not Found", f"Message template {name!r} was not found.", subcode=2593002)
    if any(template.status == "DISABLED" for template in found):
        raise TemplateError("Template can't be deleted", "A disabled message template can't be deleted.")
    days = provider.reviewer.settings.blocked_days
    for template in found:
        book.block(waba_id, template.name, template.language if ids else ANY_LANGUAGE, days)
        provider.reviewer.delete(template)
        await _written(provider, "delete", template)
    return await _answered(provider, {"success": True}, fault, {})


def _ids(request: Request) -> set[str]:
    query = request.query_params
    if query.get("hsm_id"):
        return {query["hsm_id"]}
    if not query.get("hsm_ids"):
        if not query.get("name"):
            raise GraphError(100, "The parameter name is required.")
        return set()
    try:
        ids = {str(one) for one in json.loads(query["hsm_ids"])}
    except (ValueError, TypeError) as error:
        raise GraphError(100, "Param hsm_ids must be an array.") from error
    if not 1 <= len(ids) <= NAMED_AT_MOST:
        raise GraphError(100, f"Param hsm_ids must have between 1 and {NAMED_AT_MOST} elements.")
    return ids


def _check_room(provider: Provider, waba_id: str) -> None:
    settings, book = provider.reviewer.settings, provider.world.templates
    if book.creations_since(waba_id, time.time() - 3600) >= settings.creations_per_hour:
        raise GraphError(80008)
    if len(book.of(waba_id)) >= settings.template_limit:
        raise TemplateError("Message Template Limit Exceeded", "No more templates are allowed.", subcode=2388019)


def _check_name_is_free(provider: Provider, waba_id: str, name: str, language: str) -> None:
    existing = provider.world.templates.find(waba_id, name, language)
    if existing is not None and existing.gone_at is None:
        raise TemplateError(
            "Content in This Language Already Exists", f"There is already {language} content for this template.",
            subcode=2388024,
        )  # fmt: skip
    if existing is not None or provider.world.templates.is_blocked(waba_id, name, language):
        raise TemplateError(
            "Message Template Language Is Being Deleted",
            f"New {language} content can't be added while the existing content is being deleted. Try again in 30 days "
            "or create a new message template.", subcode=2388023,
        )  # fmt: skip


def _check_editable(provider: Provider, template: Template) -> None:
    limits, now = provider.reviewer.settings.edit_limits, time.time()
    recent = [at for at in template.edits if at > now - 30 * DAY]
    too_often = limits and template.status == "APPROVED" and (
        sum(at > now - DAY for at in recent) >= EDITS_A_DAY or len(recent) >= EDITS_IN_30_DAYS
    )  # fmt: skip
    if template.status not in EDITABLE or template.gone_at is not None or too_often:
        raise TemplateError(
            "Message Template Status Can't Be Changed",
            "You can only edit approved templates once in 24 hours." if too_often
            else f"A template with the status {template.status} can't be edited.",
            subcode=2388039,
        )  # fmt: skip


def _listed_form(provider: Provider, template: Template, components: Any) -> list[dict[str, Any]]:
    """Check the submitted parts; return them as the list shows them."""
    if template.category == "AUTHENTICATION":
        return template_otp.listed_form(components, template.language)

    def knows_handle(handle: Any, kind: str) -> bool:
        return graph_uploads.is_sample(provider.world, template.waba_id, handle, kind)

    try:
        template_checks.check_components(
            components, category=template.category, named=template.parameter_format == "NAMED",
            knows_handle=knows_handle,
        )  # fmt: skip
    except (AttributeError, TypeError, KeyError) as error:
        raise TemplateError("Invalid parameter", "A component has an unexpected structure.") from error
    return graph_uploads.with_addresses(provider.world, components)


def _fault(provider: Provider, kind: str, identity: str) -> Fault | None:
    fault = provider.faults.pick(to="", kind=kind, phone_number_id="", identity=identity)
    if fault:
        provider.count_refusal(fault.action)
    return fault


async def _written(provider: Provider, call: str, template: Template) -> None:
    """Note the call, on disk before the answer leaves: these are rare, and drivers count them."""
    book = provider.world.templates
    book.note(call, template.waba_id, id=template.id, name=template.name, language=template.language)
    await provider.world.storage.flush()


async def _answered(
    provider: Provider, answer: dict[str, Any], fault: Fault | None, nothing: dict[str, Any]
) -> Response:
    if fault is None:
        return JSONResponse(answer)
    return await spoiling.spoil(answer, fault, provider.world.hub, nothing)


async def _json(request: Request) -> dict[str, Any]:
    try:
        wanted = json.loads(await request.body())
    except ValueError as error:
        raise GraphError(100, "The request body is not valid JSON.") from error
    if not isinstance(wanted, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    return wanted
