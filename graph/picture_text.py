"""The texts that a picture file carries, read without decoding a pixel: PNG's chunks, and what EXIF holds.

Files come from anywhere. Every text is bounded, a compressed one while it unfolds, and what could be read before a
file's damage is what is returned: nothing here raises for what a file holds.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

MOST_TEXT = 16 * 2**20
"""Bytes of one text; a longer one is passed over. The largest graphs known take a tenth of it."""
MOST_TOGETHER = 32 * 2**20
MOST_CHUNKS = 100_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
ORIENTATION_TURNED = (5, 6, 7, 8)
"""Values of EXIF's orientation by which width and height change places."""
_USER_COMMENT = 0x9286
_XP = {0x9C9B: "title", 0x9C9C: "parameters"}


@dataclass
class Texts:
    """What was read: keyword → text, and the size of the picture where the file says it."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    width: int = 0
    height: int = 0
    too_large: list[str] = field(default_factory=list[str])
    """Keywords of texts that were passed over."""


def png_texts(file: BinaryIO) -> Texts | None:
    """The texts of a PNG; None for a file that is none."""
    found = Texts()
    if file.read(8) != SIGNATURE:
        return None
    total = 0
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        (length,), kind = struct.unpack(">I", head[:4]), head[4:]
        if kind == b"IEND" or length > 2**31:
            break
        if kind == b"IHDR" and length == 13:
            sizes = file.read(13)
            if len(sizes) < 13:
                break
            found.width, found.height = struct.unpack(">II", sizes[:8])
            file.seek(4, 1)
        elif kind in (b"tEXt", b"zTXt", b"iTXt", b"comf"):
            if length > MOST_TEXT or total + length > MOST_TOGETHER:
                keyword = file.read(80).split(b"\0", 1)[0].decode("latin-1")
                found.too_large.append(keyword)
                file.seek(max(0, length - 80) + 4, 1)
                continue
            data = file.read(length)
            if len(data) < length:
                break
            file.seek(4, 1)
            _take(found, kind, data)
            total += length
        else:
            file.seek(length + 4, 1)
    return found


def _take(found: Texts, kind: bytes, data: bytes) -> None:
    keyword, _, rest = data.partition(b"\0")
    name = keyword.decode("latin-1")
    if not name or name in found.texts:
        return
    if kind in (b"tEXt", b"comf"):
        found.texts[name] = rest.decode("latin-1")
        return
    if kind == b"zTXt":
        packed, encoding = rest[1:], "latin-1"
    else:
        pressed = rest[:1] == b"\x01"
        parts = rest[2:].split(b"\0", 2)
        if len(parts) < 3:
            return
        packed, encoding = parts[2], "utf-8"
        if not pressed:
            found.texts[name] = packed.decode("utf-8", "replace")
            return
    unpacked = _unfold(packed)
    if unpacked is None:
        found.too_large.append(name)
    else:
        found.texts[name] = unpacked.decode(encoding, "replace")


def _unfold(packed: bytes) -> bytes | None:
    """None for what is broken, or would be larger than a text may be."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, MOST_TEXT)
    except zlib.error:
        return None
    return data if unpacker.eof else None


def exif_texts(main: Mapping[int, object], detail: Mapping[int, object]) -> dict[str, str]:
    """The texts in EXIF's main directory and in the one of details: `workflow:{...}`, `prompt:{...}`, a comment."""
    found: dict[str, str] = {}
    for tag, value in main.items():
        if tag in _XP and isinstance(value, bytes):
            found.setdefault(_XP[tag], value.decode("utf-16-le", "replace").rstrip("\0"))
        elif isinstance(value, str) and len(value) <= MOST_TEXT:
            keyword, colon, rest = value.partition(":")
            if colon and keyword.lower() in ("prompt", "workflow"):
                found.setdefault(keyword.lower(), rest)
            elif value.strip():
                found.setdefault(f"exif {tag}", value)
    comment = detail.get(_USER_COMMENT)
    if isinstance(comment, bytes) and len(comment) <= MOST_TEXT:
        found.setdefault("parameters", _comment(comment))
    elif isinstance(comment, str):
        found.setdefault("parameters", comment)
    return found


def _comment(data: bytes) -> str:
    """EXIF's user comment: eight bytes name its encoding; for UTF-16 nobody agrees on the order of bytes."""
    code, text = data[:8], data[8:]
    if code == b"UNICODE\0":
        little = text[1:2] == b"\0" and text[:1] != b"\0"
        return text.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
    if code in (b"ASCII\0\0\0", b"\0" * 8):
        return text.decode("utf-8", "replace").rstrip("\0")
    return data.decode("utf-8", "replace").rstrip("\0")
