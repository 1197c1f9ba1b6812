"""Which encoding a text file is written in: by a mark at its start, by being valid UTF-8, else by its letters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO

from .rows import Refused

# Encodings people can choose when the guess was wrong, with the name they know them by.
NAMES = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16 (Unicode text of Excel)",
    "utf-16-le": "UTF-16 without a mark, little-endian",
    "utf-16-be": "UTF-16 without a mark, big-endian",
    "windows-1256": "Arabic (Windows-1256)",
    "windows-1252": "Western European (Windows-1252)",
    "windows-1250": "Central European (Windows-1250)",
    "windows-1251": "Cyrillic (Windows-1251)",
    "windows-1254": "Turkish (Windows-1254)",
    "windows-1255": "Hebrew (Windows-1255)",
    "gb18030": "Chinese (GB 18030)",
    "shift_jis": "Japanese (Shift JIS)",
}
CHUNK = 1 << 20
JUDGED = 50_000  # bytes outside ASCII looked at
# The commonest letters: their shares tell the alphabets apart that use the same bytes.
ARABIC = frozenset("اليمنورتبةدسعهكحق".encode("windows-1256"))
CYRILLIC = frozenset("оаеинтсрвлкмдпуя".encode("windows-1251"))
BROKEN = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as surrogateescape passes them on
MIXED_SHARE = 20  # one good UTF-8 character in so many broken bytes cannot be chance


def detect(file: IO[bytes]) -> str:
    """The encoding of a text file. Raises Refused for files that are no text or mix two encodings."""
    file.seek(0)
    head = file.read(4096)
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, ""), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if head.startswith(mark):
            if not name:
                raise Refused("The file is written in UTF-32; save it as UTF-8.")
            return name if name != "utf-8-sig" else _checked_utf8(file)
    if b"\0" in head:
        return _unmarked_utf16(head)
    return _checked_utf8(file)


def _unmarked_utf16(head: bytes) -> str:
    odd, even = head[1::2].count(0), head[0::2].count(0)
    half = max(len(head) // 2, 1)
    if odd / half > 0.3 and even / half < 0.05:
        return "utf-16-le"
    if even / half > 0.3 and odd / half < 0.05:
        return "utf-16-be"
    raise Refused("The file holds NUL bytes, so it is not a text file.")


def _checked_utf8(file: IO[bytes]) -> str:
    """UTF-8 if all of the file is, a Windows encoding if none of it is."""
    good = bad = lines = first_bad = 0
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    for chunk in _chunks(file):
        text = decoder.decode(chunk)
        if not text.isascii():
            kept = len(text.encode("utf-8", "ignore").decode())
            if kept < len(text) and not first_bad:
                first_bad = lines + text.count("\n", 0, BROKEN.search(text).start()) + 1  # type: ignore[union-attr]
            bad += len(text) - kept
            good += kept - len(text.encode("ascii", "ignore"))
        lines += text.count("\n")
    bad += len(decoder.getstate()[0])
    if not bad:
        return "utf-8-sig"
    if good * MIXED_SHARE > bad:
        line = first_bad or lines + 1
        raise Refused(f"The file mixes two encodings: line {line} does not fit the rest; save all of it as UTF-8.")
    return _by_letters(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def _by_letters(file: IO[bytes]) -> str:
    """Western letters outside ASCII stand alone between others; the other alphabets write whole words with them."""
    high = runs = arabic = cyrillic = 0
    for chunk in _chunks(file):
        before = False
        for byte in chunk:
            is_high = byte >= 0xC0
            if is_high:
                high += 1
                runs += not before
                arabic += byte in ARABIC
                cyrillic += byte in CYRILLIC
            before = is_high
        if high > JUDGED:
            break
    if high and high / max(runs, 1) > 1.8:
        return "windows-1251" if cyrillic > arabic * 1.2 else "windows-1256"
    return "windows-1252" if _decodes(file, "windows-1252") else "windows-1256"


def _decodes(file: IO[bytes], encoding: str) -> bool:
    try:
        for chunk in _chunks(file):
            chunk.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
