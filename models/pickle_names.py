"""Which code a torch file asks for, by name, told from its bytes: nothing of it is made or run."""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LARGEST_PICKLE = 256 << 20
"""Bytes of what stands beside the numbers: the largest published checkpoints stay under ten million."""
UNPACKED = 2
"""Times its own size that a zip may have unpacked: torch packs nothing."""

MOST_NAMES = 200
LONGEST_LINE = 1 << 20
"""Bytes, in the pickles of old whose values are lines of text."""
_LEGACY_PARTS = 4
"""Pickles before the numbers in the format without zip: a mark, a version, facts of the machine, the content."""

_HARMLESS = frozenset(
    {
        *("collections.OrderedDict", "torch.Size", "torch.device", "torch.Tensor", "torch.nn.parameter.Parameter"),
        *("torch.storage.UntypedStorage", "torch.storage.TypedStorage", "_codecs.encode", "builtins.set"),
    }
)
"""What torch makes itself when it reads weights only; so are its kinds of storages and numbers, see `_is_harmless`."""


def packed_amiss(path: Path) -> str:
    """A clause on a zip that unpacks to much more than it is, or whose parts overlap; "" where nothing is wrong.

    Raises zipfile.BadZipFile and OSError.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    whole = sum(part.file_size for part in parts)
    if whole > UNPACKED * path.stat().st_size:
        return f"it would unpack to {whole:,} bytes, many times its size"
    if any(part.file_size > LARGEST_PICKLE for part in parts if part.filename.endswith(".pkl")):
        return f"its table of contents has more than {LARGEST_PICKLE >> 20} MB"
    if len({part.filename for part in parts}) != len(parts):
        return "two of its parts have one name"
    return ""


def asked_for(path: Path) -> list[str]:
    """The classes and functions that a torch file names and that are not torch's own, in order, as far as it can be
    read."""
    found: dict[str, None] = {}
    try:
        with path.open("rb") as file:
            for stream in _pickles(file):
                for name in _names(_Bounded(stream)):
                    if not _is_harmless(name):
                        found.setdefault(name)
                    if len(found) >= MOST_NAMES:
                        return list(found)
    except (OSError, ValueError, LookupError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, AssertionError):
        pass  # what was found until it broke off is what can be said
    return list(found)


class _Bounded:
    """A stream of which no more is asked at once than there may be: a length in a pickle is only said."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, LARGEST_PICKLE))

    def readline(self) -> bytes:
        return self._stream.readline(LONGEST_LINE)


def _pickles(file: BinaryIO) -> Iterator[BinaryIO]:
    """The pickles in a torch file, each to be read to its end before the next is asked for."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for part in archive.infolist():
                if part.filename.endswith("data.pkl") and part.file_size <= LARGEST_PICKLE:
                    with archive.open(part) as stream:
                        yield stream  # pyright: ignore[reportReturnType]
        return
    file.seek(0)
    for _ in range(_LEGACY_PARTS):
        yield file


def _names(stream: _Bounded) -> Iterator[str]:
    """From protocol 4 on a name lies on the stack as two texts, so texts and where they are kept are followed."""
    texts: list[str] = []
    kept: dict[int, str] = {}
    last = ""
    for operation, argument, _ in pickletools.genops(stream):
        name = operation.name
        if name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".", 1)
        elif name == "STACK_GLOBAL":
            yield ".".join(texts[-2:]) if len(texts) > 1 else "code of its own"
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            kept[int(argument or 0)] = last
        elif name == "MEMOIZE":
            kept[len(kept)] = last
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            last = kept.get(int(argument or 0), "")
            texts.append(last)
        elif "UNICODE" in name or "STRING" in name:
            last = str(argument)
            texts.append(last)
        else:
            last = ""
        del texts[:-4]


def _is_harmless(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if name in _HARMLESS or (module == "torch._utils" and last.startswith("_rebuild_")):
        return True
    return module in ("torch", "torch.cuda") and (last.endswith("Storage") or last[:4] in _KINDS)


_KINDS = ("floa", "bflo", "half", "doub", "int8", "int1", "int3", "int6", "uint", "long", "shor", "bool", "comp")
"""How the names of torch's kinds of numbers begin."""
