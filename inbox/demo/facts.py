"""What a script needs to drive the demo: one document, read from the database each time."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from templates_mgmt.models import TemplateTranslation
from workspaces import tenancy
from workspaces.models import Channel, Member, Workspace

from ..models import Conversation
from . import building, clinic, shop, simulator
from .stories import Team

TEAMS = [shop.TEAM, clinic.TEAM]


def collect() -> dict[str, Any]:
    """Everything `demo --json` prints. Raises Workspace.DoesNotExist before the demo was made."""
    facts: dict[str, Any] = {
        "base_url": settings.BASE_URL,
        "simulator_url": settings.SIMULATOR_URL,
        "users": [],
        "workspaces": [],
        "channels": [],
        "conversations": [],
        "templates": [],
    }
    for team in TEAMS:
        _add(facts, team, Workspace.objects.get(slug=team.slug))
    return facts


def _add(facts: dict[str, Any], team: Team, workspace: Workspace) -> None:
    facts["workspaces"].append(
        {"id": workspace.pk, "uuid": str(workspace.uuid), "slug": workspace.slug, "name": workspace.name}
    )
    with tenancy.scope(workspace.pk):
        demo = {person.email for person in team.people}
        seats = Member.objects.filter(workspace=workspace, removed_at=None, user__email__in=demo)
        for member in seats.select_related("user").order_by("pk"):
            facts["users"].append(
                {
                    "email": member.user.email,
                    "password": building.PASSWORD,
                    "name": member.name,
                    "role": member.role,
                    "workspace": workspace.slug,
                }
            )
        channel = Channel.objects.get(workspace=workspace, external_id=team.phone_number_id)
        facts["channels"].append(
            {
                "id": channel.pk,
                "uuid": str(channel.uuid),
                "name": channel.name,
                "kind": channel.kind,
                "workspace": workspace.slug,
                "status": channel.status,
                "external_id": channel.external_id,
                "account_id": channel.account_id,
                "base_url": channel.base_url,
                **simulator.described(channel, team),
            }
        )
        facts["conversations"] += _conversations(workspace, channel, team)
        facts["templates"] += _templates(workspace)


def _conversations(workspace: Workspace, channel: Channel, team: Team) -> list[dict[str, Any]]:
    numbers = [story.number for story in team.stories if story.number]
    found = Conversation.objects.filter(workspace=workspace, channel=channel, identity__address__in=numbers)
    return [
        {
            "uuid": str(conversation.uuid),
            "workspace": workspace.slug,
            "contact": conversation.contact.name,
            "contact_id": conversation.contact_id,
            "contact_uuid": str(conversation.contact.uuid),
            "number": conversation.identity.address,
        }
        for conversation in found.select_related("identity", "contact")
    ]


def _templates(workspace: Workspace) -> list[dict[str, Any]]:
    found = TemplateTranslation.objects.filter(workspace=workspace, template__deleted_at=None)
    return [
        {
            "uuid": str(translation.uuid),
            "template_uuid": str(translation.template.uuid),
            "workspace": workspace.slug,
            "name": translation.template.name,
            "language": translation.language,
            "kind": translation.template.kind,
            "category": translation.category or translation.template.category,
            "status": translation.status,
            "provider_id": translation.provider_id,
            "account_id": translation.template.account_id,
        }
        for translation in found.select_related("template").order_by("template_id", "pk")
    ]


def variables(facts: dict[str, Any]) -> dict[str, str]:
    """The facts that `demo --env` prints, one shell variable each; OTHER_ ones belong to the second workspace."""
    found = {"BASE_URL": facts["base_url"]}
    for prefix, workspace, channel in zip(("", "OTHER_"), facts["workspaces"], facts["channels"], strict=True):
        found |= {
            f"{prefix}WORKSPACE_ID": str(workspace["id"]),
            f"{prefix}WORKSPACE_UUID": workspace["uuid"],
            f"{prefix}INSTANCE_ID": str(channel["id"]),
            f"{prefix}INSTANCE_NAME": channel["name"],
            f"{prefix}CHANNEL_UUID": channel["uuid"],
        }
    mine = {row["number"]: row for row in facts["conversations"] if row["workspace"] == shop.TEAM.slug}
    open_one = next(mine[story.number] for story in shop.STORIES if story.always_open)
    found |= {"CONTACT_ID": str(open_one["contact_id"]), "CONTACT_UUID": open_one["contact_uuid"]}
    return found
