"""Templates for tests of the inbox: rows as a submission and the provider's approval would have left them."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from templates_mgmt.models import MessageTemplate, TemplateFile, TemplateTranslation
from workspaces import tenancy
from workspaces.models import Channel

BODY = {"type": "BODY", "text": "Hi {{1}}, your order {{2}} has shipped."}
FOOTER = {"type": "FOOTER", "text": "Harbour Café"}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Need help"},
        {"type": "URL", "text": "Track it", "url": "https://shop.example/t/{{1}}"},
    ],
}
SHIPPED = [BODY, FOOTER, BUTTONS]
FROM_CONTACT = {"body:1": {"source": "field", "value": "first_name", "fallback": "there"}}
QUICK = [{"type": "BODY", "text": "Thank you, {{first_name}}."}]
PICTURED = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "The new season is here."}]


def make_translation(
    channel: Channel,
    *,
    name: str = "order_shipped",
    language: str = "en",
    components: list[dict[str, Any]] | None = None,
    status: str = "approved",
    quick: bool = False,
    account_id: str | None = None,
    template: MessageTemplate | None = None,
    **fields: Any,
) -> TemplateTranslation:
    """An approved template of the channel's account, or with `quick` a text of the workspace's own."""
    with tenancy.scope(channel.workspace_id):
        template = template or MessageTemplate.objects.create(
            workspace_id=channel.workspace_id,
            kind="quick" if quick else "provider",
            channel_kind="" if quick else channel.kind,
            account_id="" if quick else channel.account_id if account_id is None else account_id,
            name=name,
            category="" if quick else "utility",
        )
        defaults = {
            "components": components or (QUICK if quick else SHIPPED),
            "variables": FROM_CONTACT,
            "parameter_format": "named" if quick else "positional",
            "category": template.category,
        }
        return TemplateTranslation.objects.create(
            workspace_id=channel.workspace_id,
            template=template,
            language=language,
            status=status,
            **{**defaults, **fields},
        )


def give_file(translation: TemplateTranslation, place: str = "header:media") -> TemplateFile:
    """A picture of the template's own in this place."""
    content = picture()
    with tenancy.scope(translation.workspace_id):
        file = TemplateFile.objects.create(
            workspace_id=translation.workspace_id,
            template_id=translation.template_id,
            kind="image",
            filename="season.png",
            mime_type="image/png",
            size=len(content),
            file=default_storage.save(f"{translation.workspace_id}/{uuid4().hex}", ContentFile(content)),
        )
        translation.variables = {**translation.variables, place: {"file": str(file.uuid)}}
        translation.save()
    return file


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(content, "PNG")
    return content.getvalue()
