"""A unigram tokenizer's pieces, from SentencePiece's own file or a GGUF file's header; neither package is needed.

SentencePiece's file is a protocol buffer: ModelProto of sentencepiece_model.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..gguf_header import read_gguf_header

_NORMAL, _UNKNOWN, _CONTROL, _USER = 1, 2, 3, 4
"""Types of pieces, the same numbers in both formats."""
_UNUSED_SCORE = -1e9
"""For pieces that no text is ever cut into."""
_LARGEST = 64 << 20
"""Bytes; T5's own file has 0.8 MB."""


@dataclass(frozen=True)
class Pieces:
    """A unigram model."""

    texts: list[str]
    """By token id."""
    scores: list[float]
    """Logarithms of the pieces' probabilities."""
    unknown: int
    """The id for what no piece covers."""
    marks: list[int]
    """Ids of control symbols, such as the end of a text."""
    charsmap: bytes
    """How characters are normalised, in SentencePiece's compiled form; empty where the file does not say."""


def read_sentencepiece(path: Path) -> Pieces:
    """CheckpointError where the file is damaged."""
    if path.stat().st_size > _LARGEST:
        raise CheckpointError(path, "too large for a SentencePiece model", "Fetch it again.")
    texts: list[str] = []
    scores: list[float] = []
    types: list[int] = []
    charsmap = b""
    try:
        for number, value in _fields(path.read_bytes()):
            if number == 1:
                piece = dict(_fields(value))
                texts.append(piece[1].decode("utf-8"))
                scores.append(struct.unpack("<f", piece.get(2, bytes(4)))[0])
                types.append(piece.get(3, _NORMAL))
            elif number == 3:
                charsmap = dict(_fields(value)).get(2, b"")
        return _pieces(texts, scores, types, charsmap)
    except (LookupError, ValueError, TypeError, AttributeError, struct.error) as error:
        raise CheckpointError(
            path, f"no SentencePiece model can be read from it ({error})", "Fetch it again."
        ) from None


def read_gguf(path: Path) -> Pieces | None:
    """None where the file's header holds no unigram tokenizer. CheckpointError where it is damaged."""
    start = "tokenizer.ggml."
    try:
        with path.open("rb") as file:
            header = read_gguf_header(file)
        if f"{start}tokens" not in header or f"{start}scores" not in header:
            return None
        texts, scores = header[f"{start}tokens"], header[f"{start}scores"]
        types = header.get(f"{start}token_type", [_NORMAL] * len(texts))
        charsmap = bytes(byte & 255 for byte in header.get(f"{start}precompiled_charsmap", b""))
        return _pieces(texts, scores, types, charsmap)
    except (ValueError, TypeError) as error:  # a value may be of any kind
        raise CheckpointError(path, f"no GGUF header can be read from it ({error})", "Fetch it again.") from None


def _pieces(texts: list[str], scores: list[float], types: list[int], charsmap: bytes) -> Pieces:
    if not len(texts) == len(scores) == len(types) or _UNKNOWN not in types:
        raise ValueError("its pieces are not whole")
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(score, float) for score in scores):
        raise ValueError("its pieces are no texts with scores")
    kept = [score if kind in (_NORMAL, _USER) else _UNUSED_SCORE for score, kind in zip(scores, types, strict=True)]
    marks = [index for index, kind in enumerate(types) if kind == _CONTROL]
    return Pieces(texts, kept, types.index(_UNKNOWN), marks, charsmap)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protocol buffer: numbers as int, everything else as bytes."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("it has a number without end")

    while at < len(data):
        key = number()
        kind = key & 7
        if kind == 0:
            yield key >> 3, number()
            continue
        size = number() if kind == 2 else {1: 8, 5: 4}[kind]
        if at + size > len(data):
            raise ValueError("it is cut short")
        yield key >> 3, data[at : at + size]
        at += size
