"""What WhatsApp Cloud can carry.

Limits: developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09).
"""

from __future__ import annotations

from datetime import timedelta

from providers.types import Capabilities

KIB = 1024
MIB = 1024 * KIB

MAX_CAPTION = 1024
MAX_TEXT = 4096
MAX_TOKEN = 512

MEDIA_KINDS = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
CAPTIONED = frozenset({"image", "video", "document"})

capabilities = Capabilities(
    kinds=MEDIA_KINDS | {"text", "location", "contacts", "reaction", "interactive", "template"},
    reply_window=timedelta(hours=24),
    pair_seconds=6.0,  # Meta: sustained to one person; bursts of up to 45 are borrowed and paid back by waiting
    echoes_token=True,
    max_text=MAX_TEXT,
    max_caption=MAX_CAPTION,
    media_limits={
        "image": 5 * MIB,
        "audio": 16 * MIB,
        "voice": 16 * MIB,
        "video": 16 * MIB,
        "document": 100 * MIB,
        "sticker": 500 * KIB,  # animated; still ones 100 KiB, which only Meta tells apart
    },
    media_types={
        "image": frozenset({"image/jpeg", "image/png"}),
        "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        "voice": frozenset({"audio/ogg"}),
        "video": frozenset({"video/mp4", "video/3gpp"}),
        "document": frozenset(),
        "sticker": frozenset({"image/webp"}),
    },
    opted_out_codes=frozenset({"131050"}),
    media_hosts=("lookaside.fbsbx.com",),
    templates=True,
)
