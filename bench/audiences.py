"""A number with a template, the people it may write to, and broadcasts to all of them."""

from __future__ import annotations

from typing import Any

from .stage import Stage

GREETING = [{"type": "BODY", "text": "Hi {{1}}, the new season is here. Come and see us at the harbour."}]
VARIABLES = {"body:1": {"source": "field", "value": "first_name", "fallback": "there"}}
AGREED = """
INSERT INTO contacts_consent (workspace_id, identity_id, purpose, state, source, wording, changed_at)
SELECT workspace_id, id, 'marketing', 'opted_in', 'import', '', now() FROM contacts_identity
 WHERE workspace_id = %(ws)s AND id NOT IN (SELECT identity_id FROM contacts_consent WHERE workspace_id = %(ws)s)
"""


class House:
    """A workspace that sends broadcasts."""

    def __init__(self, stage: Stage, *, base_url: str = "https://graph.facebook.com/v23.0") -> None:
        from . import people

        self._stage = stage
        home = people.tenant(base_url=base_url)
        self.workspace, self.channel = home.workspace, home.channel
        self._member = people.member(self.workspace, role="marketer")
        self._translation = _template(self.channel)

    def welcome(self, count: int) -> None:
        """So many new people who agreed to marketing and never heard of us; those who were there before are gone."""
        from . import rows

        with self._stage.admin() as admin:
            admin.execute("UPDATE contacts_contact SET deleted_at = now() WHERE workspace_id = %s", [self.workspace.pk])
            rows.people(admin, self.channel.pk, self.workspace.pk, count, threads=False)
            admin.execute(AGREED, {"ws": self.workspace.pk})
            admin.execute("ANALYZE contacts_contact, contacts_identity, contacts_consent")

    def start(self, *, pace: int | None = None) -> Any:
        """A broadcast to everybody whose moment has come."""
        from broadcasts import conducting
        from broadcasts.models import Broadcast
        from workspaces import tenancy

        with tenancy.scope(self.workspace.pk):
            broadcast = Broadcast.objects.create(
                workspace=self.workspace,
                name="New season",
                status="scheduled",
                channel=self.channel,
                translation=self._translation,
                audience={"include": [{"everybody": True}]},
                recent_hours=0,
                pace=pace,
                launched_by=self._member,
            )
            conducting.begin(broadcast, broadcast.created_at)
        return broadcast


def _template(channel: Any) -> Any:
    from templates_mgmt.models import MessageTemplate, TemplateTranslation
    from workspaces import tenancy

    with tenancy.scope(channel.workspace_id):
        template = MessageTemplate.objects.create(
            workspace_id=channel.workspace_id,
            kind="provider",
            channel_kind=channel.kind,
            account_id=channel.account_id,
            name="new_season",
            category="marketing",
        )
        return TemplateTranslation.objects.create(
            workspace_id=channel.workspace_id,
            template=template,
            language="en",
            status="approved",
            category="marketing",
            components=GREETING,
            variables=VARIABLES,
        )
