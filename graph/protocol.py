"""The bytes between processes and to the page, without any input or output.

The link: frames of a JSON header and raw byte blobs, in both directions.

    "EZ" | uint16 number of blobs | uint32 length of the header | uint32 length of each blob | header | blobs

All integers are big-endian. Nothing is ever unpickled. The page: the binary websocket frames that clients know.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Literal, cast

from graph.errors import ProtocolError
from graph.types import JsonObject

MAX_HEADER = 256 * 2**20
"""Bytes of JSON in one frame: room for the largest prompt that is accepted."""
MAX_BLOB = 512 * 2**20
"""Bytes of one blob."""
MAX_BLOBS = 1024

_MAGIC = b"EZ"
_PREFIX = struct.Struct(">2sHI")


def encode(header: JsonObject, *blobs: bytes) -> bytes:
    """One frame. Raises ProtocolError if it is beyond the limits, ValueError for NaN or infinity in the header."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    if len(text) > MAX_HEADER or len(blobs) > MAX_BLOBS or any(len(blob) > MAX_BLOB for blob in blobs):
        raise ProtocolError(f"A message of {len(text)} bytes and {len(blobs)} blobs is beyond the link's limits.")
    lengths = struct.pack(f">{len(blobs)}I", *(len(blob) for blob in blobs))
    return b"".join((_PREFIX.pack(_MAGIC, len(blobs), len(text)), lengths, text, *blobs))


class Decoder:
    """Cuts a stream of bytes into frames. After a ProtocolError the stream cannot be used any more."""

    def __init__(self, *, max_header: int = MAX_HEADER, max_blob: int = MAX_BLOB) -> None:
        self._buffer = bytearray()
        self._max_header = max_header
        self._max_blob = max_blob

    def feed(self, data: bytes) -> list[tuple[JsonObject, tuple[bytes, ...]]]:
        """The frames that are complete with these bytes, in order."""
        self._buffer += data
        frames: list[tuple[JsonObject, tuple[bytes, ...]]] = []
        at = 0
        while (end := self._frame_end(at)) is not None:
            frames.append(self._frame(at))
            at = end
        if at:
            del self._buffer[:at]
        return frames

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet: other than 0 at the end of a stream means that it was cut off."""
        return len(self._buffer)

    def _frame_end(self, at: int) -> int | None:
        if len(self._buffer) - at < _PREFIX.size:
            return None
        magic, blobs, header = _PREFIX.unpack_from(self._buffer, at)
        if magic != _MAGIC:
            raise ProtocolError(f"The link carries {magic!r} where a message should begin.")
        if header > self._max_header or blobs > MAX_BLOBS:
            raise ProtocolError(f"A message of {header} bytes and {blobs} blobs is beyond the link's limits.")
        body = at + _PREFIX.size + 4 * blobs
        if len(self._buffer) < body:
            return None
        lengths = struct.unpack_from(f">{blobs}I", self._buffer, at + _PREFIX.size)
        if any(length > self._max_blob for length in lengths):
            raise ProtocolError(f"A blob of {max(lengths)} bytes is beyond the link's limits.")
        end = body + header + sum(lengths)
        return end if len(self._buffer) >= end else None

    def _frame(self, at: int) -> tuple[JsonObject, tuple[bytes, ...]]:
        _, blobs, header_length = _PREFIX.unpack_from(self._buffer, at)
        lengths = struct.unpack_from(f">{blobs}I", self._buffer, at + _PREFIX.size)
        at += _PREFIX.size + 4 * blobs
        try:
            header: Any = json.loads(bytes(self._buffer[at : at + header_length]))
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"A message on the link is no JSON: {error}") from error
        if not isinstance(header, dict):
            raise ProtocolError("A message on the link is no JSON object.")
        at += header_length
        parts: list[bytes] = []
        for length in lengths:
            parts.append(bytes(self._buffer[at : at + length]))
            at += length
        return cast(JsonObject, header), tuple(parts)


PREVIEW_IMAGE = 1
TEXT = 3
PREVIEW_IMAGE_WITH_METADATA = 4

ImageFormat = Literal["JPEG", "PNG"]
_FORMATS: dict[ImageFormat, int] = {"JPEG": 1, "PNG": 2}
_MEDIA_TYPES: dict[ImageFormat, str] = {"JPEG": "image/jpeg", "PNG": "image/png"}


def preview_frame(format: ImageFormat, image: bytes) -> bytes:
    """Type 1: an encoded picture for clients that did not announce `supports_preview_metadata`."""
    return struct.pack(">II", PREVIEW_IMAGE, _FORMATS[format]) + image


def text_frame(node_id: str, text: str) -> bytes:
    """Type 3: a line of text of a node."""
    id = node_id.encode()
    return struct.pack(">II", TEXT, len(id)) + id + text.encode()


def preview_frame_with_metadata(
    format: ImageFormat,
    image: bytes,
    *,
    prompt_id: str,
    node_id: str,
    display_node_id: str,
    parent_node_id: str | None,
    real_node_id: str,
) -> bytes:
    """Type 4: an encoded picture and which node of which prompt it belongs to."""
    metadata = json.dumps(
        {
            "node_id": node_id,
            "prompt_id": prompt_id,
            "display_node_id": display_node_id,
            "parent_node_id": parent_node_id,
            "real_node_id": real_node_id,
            "image_type": _MEDIA_TYPES[format],
        }
    ).encode()
    return struct.pack(">II", PREVIEW_IMAGE_WITH_METADATA, len(metadata)) + metadata + image
