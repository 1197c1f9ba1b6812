"""Settings pages: tags and custom fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from contacts import fields, labels, segments, tag_merging
from contacts.forms import FieldForm, TagForm, TagMergeForm
from contacts.models import CustomField, SearchableContact, Tag
from workspaces.access import workspace_view
from workspaces.models import Workspace


@require_http_methods(["GET", "POST"])
@workspace_view("manage_fields")
def tags(request: Any, workspace: Workspace) -> HttpResponse:
    """Every tag; a POST makes one."""
    form = TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            labels.make_tag(workspace.pk, form.cleaned_data["name"], by=request.member)
        except labels.LabelRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "The tag is there.")
            return redirect("contact_settings:tags", workspace.slug)
    found = list(labels.tags_of(workspace.pk))
    merging = Tag.objects.filter(workspace_id=workspace.pk).exclude(merged_into=None).select_related("merged_into")
    context = {"form": form, "tags": found, "merging": merging, **_page("tags")}
    return render(request, "contacts/settings_tags.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_fields")
def tag(request: Any, workspace: Workspace, tag_id: int) -> HttpResponse:
    """One tag: its name, colour, how many have it, what it can be merged into."""
    found = _tag(workspace, tag_id)
    form = TagForm(request.POST or None, initial={"name": found.name, "hue": str(found.hue)})
    if request.method == "POST" and form.is_valid():
        try:
            labels.change_tag(_tag(workspace, tag_id), **form.cleaned_data, by=request.member)
        except labels.LabelRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "The tag is saved.")
            return redirect("contact_settings:tags", workspace.slug)
    people = SearchableContact.objects.filter(workspace_id=workspace.pk, tag_ids__contains=[found.pk])
    context = {
        "tag_row": found,
        "form": form,
        "merge_form": TagMergeForm(tag=found),
        "counted": segments.count(people),
        **_page("tags"),
    }
    return render(request, "contacts/settings_tag.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_view("manage_fields")
def tag_merge(request: Any, workspace: Workspace, tag_id: int) -> HttpResponse:
    """Move everybody to another tag."""
    found = _tag(workspace, tag_id)
    form = TagMergeForm(request.POST, tag=found)
    if not form.is_valid():
        messages.error(request, "Choose the tag to merge into.")
        return redirect("contact_settings:tag", workspace.slug, tag_id)
    into = form.cleaned_data["into"]
    said = f"“{found.name}” is being merged into “{into.name}”."
    return _done(request, lambda: tag_merging.merge_tags(found, into=into, by=request.member), said, "tags")


@require_POST
@workspace_view("manage_fields")
def tag_deletion(request: Any, workspace: Workspace, tag_id: int) -> HttpResponse:
    """Remove a tag from everybody."""
    found = _tag(workspace, tag_id)
    said = f"The tag “{found.name}” is deleted."
    return _done(request, lambda: labels.delete_tag(found, by=request.member), said, "tags")


@require_http_methods(["GET", "POST"])
@workspace_view("manage_fields")
def custom_fields(request: Any, workspace: Workspace) -> HttpResponse:
    """Every custom field; a POST makes one."""
    form = FieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fields.make_field(workspace.pk, **form.cleaned_data, by=request.member)
        except labels.LabelRefused as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, "The field is there.")
            return redirect("contact_settings:fields", workspace.slug)
    context = {
        "form": form,
        "fields": fields.fields_of(workspace.pk),
        "archived": fields.archived_fields_of(workspace.pk),
        **_page("fields"),
    }
    return render(request, "contacts/settings_fields.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_fields")
def custom_field(request: Any, workspace: Workspace, field_id: int) -> HttpResponse:
    """One field: its name and its choices. The kind and the key stay."""
    found = _field(workspace, field_id)
    form = FieldForm(request.POST or None, field=found)
    if request.method == "POST" and form.is_valid():
        try:
            fields.change_field(_field(workspace, field_id), **form.cleaned_data, by=request.member)
        except labels.LabelRefused as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, "The field is saved.")
            return redirect("contact_settings:fields", workspace.slug)
    context = {"field_row": found, "form": form, **_page("fields")}
    return render(request, "contacts/settings_field.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_view("manage_fields")
def custom_field_archive(request: Any, workspace: Workspace, field_id: int) -> HttpResponse:
    """Put a field away, or use it again."""
    found = _field(workspace, field_id)
    if request.POST.get("archived") == "no":
        said = f"“{found.label}” is in use again."
        return _done(request, lambda: fields.restore_field(found, by=request.member), said, "fields")
    said = f"“{found.label}” is archived. Its values are kept."
    return _done(request, lambda: fields.archive_field(found, by=request.member), said, "fields")


@require_POST
@workspace_view("manage_fields")
def custom_field_place(request: Any, workspace: Workspace, field_id: int) -> HttpResponse:
    """Move a field up or down."""
    fields.move_field(_field(workspace, field_id), up=request.POST.get("to") == "up", by=request.member)
    return redirect("contact_settings:fields", workspace.slug)


def _done(request: Any, act: Callable[[], object], said: str, page: str) -> HttpResponse:
    try:
        act()
    except labels.LabelRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(f"contact_settings:{page}", request.workspace.slug)


def _tag(workspace: Workspace, tag_id: int) -> Tag:
    return get_object_or_404(labels.tags_of(workspace.pk), pk=tag_id)


def _field(workspace: Workspace, field_id: int) -> CustomField:
    return get_object_or_404(CustomField, workspace_id=workspace.pk, pk=field_id)


def _page(tab: str) -> dict[str, str]:
    return {"section": "settings", "tab": tab}
