"""PNG files made byte by byte: what no library would write."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, RGBA = 2, 6


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def head(width: int, height: int, colours: int = RGB) -> bytes:
    """The signature and the first chunk."""
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0))


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A file of a few kilobytes that would take gigabytes."""
    body = zlib.compress(b"\0" * 1_000_000)
    return head(width, height, RGBA) + chunk(b"IDAT", body) + chunk(b"IEND")
