"""WhatsApp Business Cloud API, Meta's Graph API v23.0 and later."""

from providers.whatsapp_cloud.capabilities import capabilities
from providers.whatsapp_cloud.checking import check, checked, subscribe
from providers.whatsapp_cloud.codes import explain
from providers.whatsapp_cloud.limits import limits
from providers.whatsapp_cloud.media import media_download, media_found, media_lookup, upload, uploaded
from providers.whatsapp_cloud.refusals import refuse
from providers.whatsapp_cloud.requests import mark_read, send
from providers.whatsapp_cloud.responses import sent
from providers.whatsapp_cloud.template_answers import (
    created,
    deleted,
    edited,
    explain_rejection,
    listed,
    template_status,
    upload_opened,
    upload_put,
)
from providers.whatsapp_cloud.templates import (
    create_template,
    delete_template,
    edit_template,
    find_template,
    list_templates,
    open_upload,
    put_upload,
)
from providers.whatsapp_cloud.webhooks import challenge, parse, verify

__all__ = [
    "capabilities",
    "challenge",
    "check",
    "checked",
    "create_template",
    "created",
    "delete_template",
    "deleted",
    "edit_template",
    "edited",
    "explain",
    "explain_rejection",
    "find_template",
    "limits",
    "list_templates",
    "listed",
    "mark_read",
    "media_download",
    "media_found",
    "media_lookup",
    "open_upload",
    "parse",
    "put_upload",
    "refuse",
    "send",
    "sent",
    "subscribe",
    "template_status",
    "upload",
    "upload_opened",
    "upload_put",
    "uploaded",
    "verify",
]
