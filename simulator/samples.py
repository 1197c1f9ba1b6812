"""Generated files, so that nobody needs one at hand: a landscape, a voice note, a clip, an invoice, a sticker."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

FILES = Path(__file__).parent / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    content: bytes
    mime_type: str
    filename: str


def sample(kind: str) -> Sample:
    """Return a sample file for a message kind; pictures differ each time."""
    if kind == "image":
        return Sample(_landscape(), "image/jpeg", "photo.jpg")
    if kind == "sticker":
        return Sample(_sticker(), "image/webp", "sticker.webp")
    if kind == "document":
        return Sample(_invoice(), "application/pdf", f"Invoice {random.randint(1000, 9999)}.pdf")
    if kind == "video":
        return Sample((FILES / "clip.mp4").read_bytes(), "video/mp4", "clip.mp4")
    return Sample((FILES / "voice.ogg").read_bytes(), "audio/ogg; codecs=opus", "voice.ogg")


def _landscape() -> bytes:
    width, height = 960, 640
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    top = random.choice([(255, 183, 120), (118, 169, 234), (240, 140, 150), (90, 110, 190)])
    for y in range(height):
        share = y / height
        draw.line([(0, y), (width, y)], fill=tuple(int(c + (250 - c) * share * 0.7) for c in top))
    sun_x, sun_y = random.randint(160, 800), random.randint(110, 260)
    draw.ellipse([sun_x - 60, sun_y - 60, sun_x + 60, sun_y + 60], fill=(255, 240, 200))
    for layer, shade in enumerate(((96, 130, 120), (66, 104, 92), (40, 74, 66))):
        ridge = [(0, height)]
        level = 360 + layer * 80
        for x in range(0, width + 80, 80):
            ridge.append((x, level + random.randint(-60, 50)))
        draw.polygon([*ridge, (width, height)], fill=shade)
    return _encoded(picture, "JPEG", quality=85)


def _sticker() -> bytes:
    picture = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    face = random.choice([(255, 204, 77), (255, 172, 122), (160, 214, 150)])
    draw.ellipse([40, 40, 472, 472], fill=(*face, 255), outline=(255, 255, 255, 255), width=14)
    for left in (160, 300):
        draw.ellipse([left, 170, left + 52, 240], fill=(70, 45, 20, 255))
    draw.chord([140, 220, 372, 400], 0, 180, fill=(70, 45, 20, 255))
    draw.chord([200, 330, 312, 400], 0, 180, fill=(235, 95, 90, 255))
    return _encoded(picture, "WEBP", quality=80)


def _encoded(picture: Image.Image, kind: str, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def _invoice() -> bytes:
    """A one-page PDF written out by hand: five objects and the table of where they start."""
    text = b"BT /F1 24 Tf 72 740 Td (Invoice) Tj 0 -40 Td /F1 12 Tf (A sample document from the simulator.) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    document, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(document))
    return document + head + table + tail
