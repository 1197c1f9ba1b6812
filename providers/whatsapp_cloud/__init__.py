"""WhatsApp Business Cloud API, Meta's Graph API v23.0 and later."""

from providers.whatsapp_cloud.capabilities import capabilities
from providers.whatsapp_cloud.checking import check, checked, subscribe
from providers.whatsapp_cloud.codes import explain
from providers.whatsapp_cloud.media import media_download, media_found, media_lookup, upload, uploaded
from providers.whatsapp_cloud.refusals import refuse
from providers.whatsapp_cloud.requests import mark_read, send
from providers.whatsapp_cloud.responses import sent
from providers.whatsapp_cloud.webhooks import challenge, parse, verify

__all__ = [
    "capabilities",
    "challenge",
    "check",
    "checked",
    "explain",
    "mark_read",
    "media_download",
    "media_found",
    "media_lookup",
    "parse",
    "refuse",
    "send",
    "sent",
    "subscribe",
    "upload",
    "uploaded",
    "verify",
]
