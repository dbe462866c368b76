"""The link's frames and the websocket's binary messages, with bytes and no sockets."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import ProtocolError
from graph.protocol import (
    MAX_BLOBS,
    Decoder,
    encode,
    preview_frame,
    preview_frame_with_metadata,
    text_frame,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
messages = st.lists(
    st.tuples(st.dictionaries(st.text(), json_values, max_size=4), st.lists(st.binary(max_size=300), max_size=4)),
    max_size=4,
)


@given(messages, st.integers(1, 50))
def test_frames_survive_however_they_are_cut(sent: list[tuple[dict, list[bytes]]], step: int) -> None:
    stream = b"".join(encode(header, *blobs) for header, blobs in sent)
    decoder = Decoder()
    received = [frame for at in range(0, len(stream), step) for frame in decoder.feed(stream[at : at + step])]
    assert received == [(header, tuple(blobs)) for header, blobs in sent]
    assert decoder.pending == 0


def test_a_stream_that_ends_early_is_noticed() -> None:
    decoder = Decoder()
    assert decoder.feed(encode({"a": 1}, b"xyz")[:-1]) == []
    assert decoder.pending > 0


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"EZ" + struct.pack(">HI", 0, 2001),
        b"EZ" + struct.pack(">HI", MAX_BLOBS + 1, 2),
        b"EZ" + struct.pack(">HII", 1, 2, 5001) + b"{}",
        b"EZ" + struct.pack(">HI", 0, 4) + b"null",
        b"EZ" + struct.pack(">HI", 0, 4) + b"{,,}",
        b"EZ" + struct.pack(">HI", 0, 2) + b"\xff\xff",
        b"EZ" + struct.pack(">HI", 0, 2000) + b"[" * 2000,
    ],
    ids=lambda data: repr(data[:16]),
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder(max_header=2000, max_blob=5000).feed(data)


def test_what_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"a": float("nan")})
    with pytest.raises(ProtocolError):
        encode({}, *[b""] * (MAX_BLOBS + 1))


def test_binary_messages_are_the_known_ones() -> None:
    assert preview_frame("JPEG", b"\xff\xd8") == bytes.fromhex("00000001 00000001 ffd8")
    assert preview_frame("PNG", b"\x89") == bytes.fromhex("00000001 00000002 89")
    assert text_frame("7", "hé") == bytes.fromhex("00000003 00000001 37 68c3a9")
    frame = preview_frame_with_metadata(
        "PNG", b"\x89", prompt_id="p", node_id="3.1", display_node_id="3", parent_node_id=None, real_node_id="3"
    )
    kind, length = struct.unpack(">II", frame[:8])
    assert kind == 4
    assert frame[8 : 8 + length] == (
        b'{"node_id": "3.1", "prompt_id": "p", "display_node_id": "3", "parent_node_id": null, '
        b'"real_node_id": "3", "image_type": "image/png"}'
    )
    assert frame[8 + length :] == b"\x89"
