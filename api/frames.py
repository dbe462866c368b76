"""Websocket messages as bytes of the wire (RFC 6455), for those that are written once and sent to many."""

from __future__ import annotations

import struct

TEXT, BINARY = 0x81, 0x82
"""The first byte of a message that is one frame."""


def frame_of(payload: str | bytes) -> bytes:
    """A whole message in one frame, as a server sends it: not masked, not compressed."""
    kind, body = (TEXT, payload.encode()) if isinstance(payload, str) else (BINARY, payload)
    size = len(body)
    if size < 126:
        return bytes((kind, size)) + body
    if size < 2**16:
        return struct.pack(">BBH", kind, 126, size) + body
    return struct.pack(">BBQ", kind, 127, size) + body
