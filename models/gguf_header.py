"""What a GGUF file's header says by name, as ggml's docs/gguf.md describes it; bounded, and believed in nothing.

Of tensors nothing is read: this version uses only what lies beside them, such as a tokenizer.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

MOST_ENTRIES = 65_536
"""The largest published headers have some dozens."""
LARGEST_HEADER = 64 << 20
"""Bytes of all values together: the largest vocabularies with their merges stay below ten million."""
LONGEST_NAME = 65_535
"""Bytes, by the format."""
MOST_VALUES = 2_000_000
"""In one array: each becomes an object of ours, whatever its bytes."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9


def read_gguf_header(file: BinaryIO) -> dict[str, Any]:
    """Numbers, texts and lists of them, by name. Raises ValueError with a clause on what is wrong."""
    return _Header(file).read()


class _Header:
    """A reader that remembers how much it may still read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = LARGEST_HEADER

    def read(self) -> dict[str, Any]:
        if self._bytes(4) != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        (version,) = self._numbers("I")
        if version not in (2, 3):
            raise ValueError(f"its version is {version:,}")
        _, count = self._numbers("QQ")
        if count > MOST_ENTRIES:
            raise ValueError(f"it says that it has {count:,} entries")
        found: dict[str, Any] = {}
        for _ in range(count):
            name = self._name()
            if name in found:
                raise ValueError(f"it has {name[:80]!r} twice")
            (kind,) = self._numbers("I")
            found[name] = self._value(kind)
        return found

    def _name(self) -> str:
        data = self._text_bytes(LONGEST_NAME)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("it has a name that is no UTF-8") from None

    def _value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind != _ARRAY:
            return self._numbers(_scalar(kind))[0]
        inner, length = self._numbers("IQ")
        if length > MOST_VALUES:
            raise ValueError(f"it has an array of {length:,} values")
        if inner == _TEXT:
            return [self._text() for _ in range(length)]
        return list(self._numbers(f"{length}{_scalar(inner)}"))

    def _text(self) -> str:
        """Pieces of words may be half a letter, so what is no UTF-8 is replaced."""
        return self._text_bytes(self._left).decode("utf-8", "replace")

    def _text_bytes(self, most: int) -> bytes:
        (length,) = self._numbers("Q")
        if length > most:
            raise ValueError(f"it has a text of {length:,} bytes")
        return self._bytes(length)

    def _numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{layout}", self._bytes(struct.calcsize(f"<{layout}")))

    def _bytes(self, size: int) -> bytes:
        if size > self._left:
            raise ValueError(f"it is larger than {LARGEST_HEADER >> 20} MB")
        data = self._file.read(size)
        if len(data) != size:
            raise ValueError("it is cut short")
        self._left -= size
        return data


def _scalar(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"it has values of the unknown kind {kind:,}")
    return _SCALARS[kind]
