"""The files of demo messages, made on the spot except for the voice note (a generated tone)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

VOICE = Path(__file__).parent / "files" / "voice.ogg"
SIZE = (960, 720)
PALETTES = {
    "sand": ("#d9c3a0", "#b0936a", "#8a6d47"),
    "ivory": ("#f2ead8", "#d8ccb0", "#b9a988"),
    "bag": ("#cfd8dc", "#5d4037", "#8d6e63"),
    "vase": ("#dfe7ee", "#3d6b8c", "#94b5cc"),
    "screen": ("#20262e", "#3b82f6", "#e5e7eb"),
    "season": ("#f3e3d3", "#c97b4a", "#e2b07a"),
    "form": ("#eceff1", "#ffffff", "#90a4ae"),
}


@dataclass(frozen=True, slots=True)
class Made:
    content: bytes
    mime_type: str
    filename: str = ""
    width: int | None = None
    height: int | None = None


@cache
def make(wanted: str) -> Made:
    """Make the file that a demo line names: photo:<palette>, invoice:<file name>, sticker or voice."""
    what, _, detail = wanted.partition(":")
    if what == "photo":
        return Made(_photo(*PALETTES[detail]), "image/jpeg", "", *SIZE)
    if what == "invoice":
        return Made(_page(), "application/pdf", detail)
    if what == "sticker":
        return Made(_sticker(), "image/webp", "", 512, 512)
    return Made(VOICE.read_bytes(), "audio/ogg")


def _photo(ground: str, shape: str, shade: str) -> bytes:
    """A still life of soft folds, the same for the same colours."""
    random = Random(shape)  # noqa: S311  (a picture, not a secret)
    picture = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(picture)
    width, height = SIZE
    for _ in range(14):
        x, y = random.randrange(-100, width), random.randrange(height // 4, height)
        w, h = random.randrange(200, 520), random.randrange(60, 260)
        draw.rounded_rectangle((x, y, x + w, y + h), radius=h // 2, fill=random.choice((shape, shade)))
    return _bytes(picture, "JPEG", quality=82)


def _sticker() -> bytes:
    picture = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 40, 472, 472), fill="#ffcf4a", outline="#c98a00", width=10)
    for left in (150, 312):
        draw.ellipse((left, 170, left + 50, 240), fill="#4a3200")
    draw.arc((150, 210, 362, 390), 20, 160, fill="#4a3200", width=16)
    return _bytes(picture, "WEBP")


def _page() -> bytes:
    picture = Image.new("RGB", (620, 877), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 60, 260, 90), fill="#0b6e66")
    for row in range(24):
        draw.rectangle((60, 150 + row * 27, 560 - (row * 49) % 210, 159 + row * 27), fill="#c9d2da")
    return _bytes(picture, "PDF", resolution=75)


def _bytes(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
