"""The two formats of torch's files: a zip of a pickle and of bytes, and before that pickles with the bytes behind."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from api.weights.inert import CannotConvert, Reader, Storage

LARGEST_PICKLE = 256 << 20
"""Bytes of what stands beside the numbers: the largest published checkpoints stay under ten million."""
_MAGIC = 0x1950A86A20F9469CFC6C
_LOCAL = struct.Struct("<4s5HIIIHH")
"""The head of a part in a zip; its last two numbers are the lengths of what stands before the part's bytes."""


@dataclass
class TorchFile:
    """A file that is taken apart: what its pickle says, and where its bytes are."""

    root: Any
    asked: dict[str, None]
    """Names of code in it."""
    _places: dict[str, tuple[int, int]] = field(repr=False)
    """By the key of a storage: from where to where in the file."""
    _all: memoryview = field(repr=False)

    def bytes_of(self, storage: Storage) -> memoryview:
        """Raises CannotConvert where they are not there."""
        place = self._places.get(storage.key)
        if place is None or place[1] > len(self._all):
            raise CannotConvert("It is cut short: bytes of its tensors are missing.")
        return self._all[place[0] : place[1]]


def open_torch_file(file: BinaryIO, whole: memoryview) -> TorchFile:
    """whole: the file's bytes. Raises CannotConvert, and what the standard library raises for damage."""
    if zipfile.is_zipfile(file):
        return _of_zip(file, whole)
    return _of_pickles(file, whole)


def _of_zip(file: BinaryIO, whole: memoryview) -> TorchFile:
    with zipfile.ZipFile(file) as archive:
        parts = {part.filename: part for part in archive.infolist()}
        count = len(archive.infolist())
    tables = [name for name in parts if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(tables) != 1 or len(parts) != count:
        raise CannotConvert("It is a zip, and none of torch's.")
    start = tables[0].removesuffix("data.pkl")
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts.values()):
        raise CannotConvert("Its parts are packed, which torch never does: it may be a bomb. Unpack and zip it anew.")
    order = parts.get(f"{start}byteorder")
    if order is not None and bytes(_part(order, whole)) != b"little":
        raise CannotConvert("Its numbers have the bytes of another kind of machine (big-endian).")
    table = _part(parts[tables[0]], whole)
    if len(table) > LARGEST_PICKLE:
        raise CannotConvert(f"Its table of contents has more than {LARGEST_PICKLE >> 20} MB.")
    reader = Reader(io.BytesIO(table), {})
    root = reader.load()
    places: dict[str, tuple[int, int]] = {}
    for key, storage in reader.storages.items():
        part = parts.get(f"{start}data/{key}")
        if part is not None:
            begin = _begin(part, whole)
            places[key] = begin, begin + min(part.file_size, storage.count * storage.kind.size)
    return TorchFile(root, reader.asked, places, whole)


def _begin(part: zipfile.ZipInfo, whole: memoryview) -> int:
    """Where a part's bytes begin. The checks of sums are passed over: torch lets people save without them."""
    head = whole[part.header_offset : part.header_offset + _LOCAL.size]
    if len(head) != _LOCAL.size or bytes(head[:4]) != b"PK\x03\x04":
        raise CannotConvert("It is a damaged zip.")
    *_, name, extra = _LOCAL.unpack(head)
    return part.header_offset + _LOCAL.size + name + extra


def _part(part: zipfile.ZipInfo, whole: memoryview) -> memoryview:
    begin = _begin(part, whole)
    return whole[begin : begin + part.file_size]


def _of_pickles(file: BinaryIO, whole: memoryview) -> TorchFile:
    file.seek(0)
    asked: dict[str, None] = {}
    try:
        first = Reader(file, asked).load()
    except (pickle.UnpicklingError, ValueError, EOFError, LookupError, AttributeError, TypeError):
        first = None
    if first != _MAGIC:
        raise CannotConvert("It is no file of torch's.")
    for _ in range(2):  # the format's version, and facts of the machine that wrote it
        Reader(file, asked).load()
    reader = Reader(file, asked)
    root = reader.load()
    keys = Reader(file, asked).load()
    if not isinstance(keys, list):
        raise CannotConvert("It does not list its tensors' bytes.")
    places: dict[str, tuple[int, int]] = {}
    at = file.tell()
    for key in cast("list[Any]", keys):
        storage = reader.storages.get(key) if isinstance(key, str) else None
        if storage is None or at + 8 > len(whole):
            raise CannotConvert("It is cut short: bytes of its tensors are missing.")
        size = int.from_bytes(whole[at : at + 8], "little") * storage.kind.size
        places[storage.key] = at + 8, at + 8 + size
        at += 8 + size
    return TorchFile(root, asked, places, whole)
