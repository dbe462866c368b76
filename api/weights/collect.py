"""Which tensors of a torch file are its weights, under which names, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, cast

from api.weights.inert import DTYPES, CannotConvert, Inert, Tensor
from api.weights.torch_file import TorchFile

HOLDERS = ("state_dict", "model", "params_ema", "params", "string_to_param")
"""Names under which trainers keep the weights, in the order in which Easel looks for them."""
SHARED = 4
"""Times that a file's bytes may be shared by its tensors, taken together: tied weights are."""
MOST_TENSORS = 200_000
MOST_SIDES = 32
LONGEST_NAME = 2_000
DEEPEST = 100
MOST_LEFT_OUT = 1_000


@dataclass
class Collected:
    """Tensors by name, and what stands beside them: where, and what it is."""

    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    left_out: dict[str, str] = field(default_factory=dict[str, str])

    def leave_out(self, name: str, value: object) -> None:
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out[name[:LONGEST_NAME] or "the file itself"] = _kind(value)


def collect(root: Any) -> Collected:
    """The tensors that Easel would load from the file: those of the innermost state_dict; where that holds none
    directly, those in its parts and modules, by names with dots between."""
    found = Collected()
    for key in HOLDERS:
        entries = _entries(root)
        if key in entries and _entries(entries[key]):
            for name, value in entries.items():
                if name != key:
                    found.leave_out(str(name), value)
            root = entries[key]
    entries = _entries(root)
    if any(isinstance(value, Tensor) for value in entries.values()):
        for name, value in entries.items():
            _take(str(name), value, found)
    else:
        _walk(root, found)
    return found


def _entries(value: Any) -> dict[Any, Any]:
    """The parts of a container, of a module, or of an object that is a container of somebody's own."""
    if isinstance(value, dict):
        return cast("dict[Any, Any]", value)
    if isinstance(value, (list, tuple)):
        return dict(enumerate(cast("list[Any]", value)))
    if not isinstance(value, Inert):
        return {}
    found: dict[Any, Any] = {}
    for state in value.states():
        for part in ("_parameters", "_buffers", "_modules"):
            if isinstance(state.get(part), dict):
                found |= {name: inner for name, inner in state[part].items() if inner is not None}
    return found or value.entries()


def _walk(root: Any, found: Collected) -> None:
    left: list[tuple[str, Any, int]] = [("", root, 0)]
    seen: set[int] = set()
    while left:
        name, value, depth = left.pop()
        inner = {} if id(value) in seen or depth > DEEPEST else _entries(value)
        if inner:
            seen.add(id(value))
            joined = [(f"{name}.{key}" if name else str(key), part, depth + 1) for key, part in inner.items()]
            left.extend(reversed(joined))
        else:
            _take(name, value, found)


def _take(name: str, value: Any, found: Collected) -> None:
    usable = isinstance(value, Tensor) and value.dtype in DTYPES and len(value.shape) <= MOST_SIDES
    if not usable or not 0 < len(name) <= LONGEST_NAME or name in found.tensors or name == "__metadata__":
        found.leave_out(name, value)
        return
    if len(found.tensors) >= MOST_TENSORS:
        raise CannotConvert(f"It holds more than {MOST_TENSORS:,} tensors.")
    found.tensors[name] = value


def _kind(value: Any) -> str:
    match value:
        case Tensor():
            return f"a tensor of {value.dtype}"
        case Inert():
            return value.asked or "an object"
        case bool() | int() | float() | None:
            return str(value)[:40]
        case str():
            return "a text"
        case bytes() | bytearray():
            return "bytes"
        case dict() | list() | tuple() | set() | frozenset():
            return f"{len(cast('list[Any]', value))} entries"
        case _:
            return "an object"


def size_of(tensor: Tensor) -> int:
    """Bytes that it takes when it is written."""
    return prod(tensor.shape) * DTYPES[tensor.dtype][1]


def check_sizes(found: Collected, whole: int) -> None:
    """Raises CannotConvert where a few bytes, read often, would become a file without end. whole: bytes of the file."""
    if sum(map(size_of, found.tensors.values())) > SHARED * whole + (1 << 20):
        raise CannotConvert("Its tensors say that they are many times larger than the file.")


def numbers_of(tensor: Tensor, file: TorchFile) -> Iterator[memoryview]:
    """A tensor's bytes, row by row where they do not lie end to end. Raises CannotConvert where they are not there."""
    size = DTYPES[tensor.dtype][1]
    there = file.bytes_of(tensor.storage)
    begin = tensor.offset * size + tensor.storage.shift * tensor.storage.kind.size
    if not prod(tensor.shape):
        return
    reach = sum((side - 1) * step for side, step in zip(tensor.shape, tensor.stride, strict=True))
    if begin + (reach + 1) * size > len(there):
        raise CannotConvert("It is cut short, or damaged: a tensor reaches beyond its bytes.")
    if _end_to_end(tensor):
        yield there[begin : begin + size_of(tensor)]
        return
    items = there[begin : begin + (reach + 1) * size].cast(_FORMATS[size])
    *outer, (side, step) = zip(tensor.shape, tensor.stride, strict=True)
    starts = [0]
    for count, stride in outer:
        starts = [start + index * stride for start in starts for index in range(count)]
    for start in starts:
        row = items[start : start + (side - 1) * step + 1 : step] if step else items[start : start + 1]
        yield memoryview(row.tobytes() * (1 if step else side))


_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def _end_to_end(tensor: Tensor) -> bool:
    expected = 1
    for side, step in reversed(list(zip(tensor.shape, tensor.stride, strict=True))):
        if side > 1 and step != expected:
            return False
        expected *= side
    return True
