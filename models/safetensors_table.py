"""A safetensors file's table of contents, read with the standard library alone and believed in nothing.

The file: eight bytes of length, a JSON table, then the tensors' bytes end to end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

LARGEST_HEADER = 32 << 20
"""Bytes: the largest published models stay under ten million. More would hold up whoever shares this process."""
MOST_TENSORS = 200_000
LONGEST_NAME = 2_000
"""Letters."""
MOST_SIDES = 32
LARGEST_SIDE = 1 << 40

BITS: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
}
"""Of one number of each kind that the format names in whole bytes."""

Metadata = dict[str, str]


class Malformed(ValueError):
    """The table is not what the format says. The text is a clause that goes after "it is damaged: "."""


class CutShort(Malformed):
    """The file ends before its tensors do."""


@dataclass(frozen=True)
class Entry:
    """One tensor: its kind of number as the file names it, its shape, and its bytes counted from the table's end."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_table(header: bytes, room: int) -> tuple[dict[str, Entry], Metadata]:
    """The tensors by name, and the metadata. Raises Malformed.

    header: the JSON alone. room: bytes of the file after it, which the tensors must fill without gap or overlap.
    """
    try:
        table = json.loads(header.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Malformed("its table of contents is no UTF-8") from None
    except RecursionError:
        raise Malformed("its table of contents is nested without end") from None
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(f"its table of contents is no JSON ({error})") from None
    if not isinstance(table, dict):
        raise Malformed("its table of contents is no table")
    metadata = _metadata(table.pop("__metadata__", None))
    if len(table) > MOST_TENSORS:
        raise Malformed(f"it lists {len(table):,} tensors, and no model has more than {MOST_TENSORS:,}")
    entries = {name: _entry(name, said) for name, said in table.items()}
    _fill(entries, room)
    return entries, metadata


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Malformed(f"the name {twice[:80]!r} stands in its table of contents twice")
    return found


def _no_number(word: str) -> Any:
    raise Malformed(f"its table of contents has {word} for a number")


def _metadata(said: object) -> Metadata:
    if said is None:
        return {}
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise Malformed("its metadata are not texts by name")
    return said


def _entry(name: str, said: object) -> Entry:
    where = f"the entry of {name[:80]!r}"
    if len(name) > LONGEST_NAME or not _encodable(name):
        raise Malformed(f"{where} has a name that is too long, or no text")
    if not isinstance(said, dict) or not said.keys() >= {"dtype", "shape", "data_offsets"}:
        raise Malformed(f"{where} does not say dtype, shape and data_offsets")
    dtype, shape, places = said["dtype"], said["shape"], said["data_offsets"]
    if not isinstance(dtype, str):
        raise Malformed(f"{where} has no kind of number")
    if not _numbers(shape) or len(shape) > MOST_SIDES or any(side > LARGEST_SIDE for side in shape):
        raise Malformed(f"{where} has an impossible shape")
    if not _numbers(places) or len(places) != 2 or places[0] > places[1]:
        raise Malformed(f"{where} has impossible places")
    entry = Entry(dtype, tuple(shape), *places)
    bits = BITS.get(dtype)
    if bits is not None and prod(shape) * bits != 8 * (entry.end - entry.start):
        raise Malformed(f"{where} has a shape of other than its {entry.end - entry.start:,} bytes")
    return entry


def _encodable(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _numbers(said: object) -> bool:
    """Whether this is a list of whole numbers that are not negative. In JSON, true is none."""
    return isinstance(said, list) and all(type(number) is int and number >= 0 for number in said)


def _fill(entries: Mapping[str, Entry], room: int) -> None:
    """Whether the tensors lie end to end and fill the file."""
    end = 0
    for name, entry in _by_place(entries):
        if entry.start != end:
            how = "overlaps another tensor" if entry.start < end else "leaves bytes before it that are nobody's"
            raise Malformed(f"the entry of {name[:80]!r} {how}")
        end = entry.end
    if end > room:
        raise CutShort(f"it ends {end - room:,} bytes before its last tensor does")
    if end < room:
        raise Malformed(f"{room - end:,} bytes after its last tensor are nobody's")


def _by_place(entries: Mapping[str, Entry]) -> Iterable[tuple[str, Entry]]:
    return sorted(entries.items(), key=lambda item: (item[1].start, item[1].end))
