"""Unpickling that makes descriptions of tensors and plain containers; every other name becomes a class that does
nothing."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

DTYPES: Mapping[str, tuple[str, int]] = {
    "float64": ("F64", 8),
    "float32": ("F32", 4),
    "float16": ("F16", 2),
    "bfloat16": ("BF16", 2),
    "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e5m2": ("F8_E5M2", 1),
    "int64": ("I64", 8),
    "int32": ("I32", 4),
    "int16": ("I16", 2),
    "int8": ("I8", 1),
    "uint8": ("U8", 1),
    "bool": ("BOOL", 1),
}
"""torch's kinds of numbers: as safetensors names them, and bytes of one. Others are left out."""

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "Float8_e4m3fnStorage": "float8_e4m3fn",
    "Float8_e5m2Storage": "float8_e5m2",
    "UntypedStorage": "uint8",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
}
_ELEMENTS = {"complex128": 16, "complex64": 8}


class CannotConvert(Exception):
    """The file cannot be taken apart. The text is a sentence."""


@dataclass(frozen=True)
class Kind:
    """A kind of number, or a kind of storage by its numbers."""

    dtype: str

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return DTYPES[self.dtype][1] if self.dtype in DTYPES else _ELEMENTS.get(self.dtype, 1)

    def __setstate__(self, state: object) -> None:
        """Nothing that a pickle says changes it."""


@dataclass(frozen=True)
class Storage:
    """Bytes of the file by their key. shift: numbers that a view of it begins later."""

    kind: Kind
    key: str
    count: int
    shift: int = 0

    def __setstate__(self, state: object) -> None:
        """Nothing that a pickle says changes it."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor's numbers are. Offset and strides count numbers."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def __setstate__(self, state: object) -> None:
        """Nothing that a pickle says changes it: attributes of tensors are left out."""


class Ordered(dict[Any, Any]):
    """In the place of an OrderedDict, which may be told attributes."""

    def __setstate__(self, state: object) -> None:
        """What is told beside the entries is left out."""


class Inert:
    """In the place of any object: it takes whatever it is given and does nothing; entries and attributes are kept to
    look for tensors in them."""

    asked = ""
    __slots__ = ("content",)

    def __new__(cls, *_: object, **__: object) -> Inert:
        made = object.__new__(cls)
        made.content = []
        return made

    def __init__(self, *_: object, **__: object) -> None:
        """Arguments are for code that is not run."""

    def __call__(self, *_: object, **__: object) -> Inert:
        return self

    def __setstate__(self, state: object) -> None:
        self.content.append((None, state))

    def __setitem__(self, key: object, value: object) -> None:
        self.content.append((key, value))

    def append(self, value: object) -> None:
        self.content.append((len(self.content), value))

    def extend(self, values: list[object]) -> None:
        for value in values:
            self.append(value)

    def add(self, value: object) -> None:
        self.append(value)

    def states(self) -> Iterator[Mapping[Any, Any]]:
        """What a pickle gave it as attributes, by name."""
        for key, state in self.content:
            parts = state if isinstance(state, tuple) else (state,)
            yield from (part for part in parts if key is None and isinstance(part, dict))

    def entries(self) -> dict[Any, Any]:
        """What a pickle gave it as entries of a dictionary or a list."""
        return {key: value for key, value in self.content if key is not None and isinstance(key, (str, int))}


class _Function:
    """What torch's rebuilding functions become: they only describe. No attribute of one can be set."""

    __slots__ = ()

    def __call__(self, *_: Any) -> Any:
        raise NotImplementedError

    def __setstate__(self, state: object) -> None:
        """Nothing that a pickle says changes it."""


class _Tensor(_Function):
    def __call__(self, storage: Any = None, offset: Any = 0, shape: Any = (), stride: Any = (), *rest: Any) -> Any:
        if not isinstance(storage, Storage):
            return Inert()
        named = next((part.dtype for part in rest if isinstance(part, Kind)), storage.kind.dtype)
        if not _whole([offset]) or not _whole(shape) or not _whole(stride) or len(shape) != len(stride):
            raise CannotConvert("A tensor in it has an impossible shape.")
        return Tensor(storage, named, offset, tuple(shape), tuple(stride))


class _First(_Function):
    """A parameter is the tensor that it holds."""

    def __call__(self, first: Any = None, *_: Any) -> Any:
        return first


class _OfType(_Function):
    """A subclass of tensors: `(function, class, arguments, state)`."""

    def __call__(self, function: Any = None, _type: Any = None, arguments: Any = (), *_: Any) -> Any:
        if not isinstance(function, _Function) or not isinstance(arguments, tuple):
            return Inert()
        return function(*cast("tuple[Any, ...]", arguments))


def _whole(numbers: Any) -> bool:
    if not isinstance(numbers, (tuple, list)):
        return False
    return all(type(number) is int and 0 <= number < 1 << 48 for number in cast("tuple[Any, ...]", numbers))


_KNOWN: Mapping[str, Any] = {
    "collections.OrderedDict": Ordered,
    "builtins.dict": Ordered,
    "__builtin__.dict": Ordered,
    "torch.Size": tuple,
    "torch._utils._rebuild_tensor": _Tensor(),
    "torch._utils._rebuild_tensor_v2": _Tensor(),
    "torch._utils._rebuild_tensor_v3": _Tensor(),
    "torch._utils._rebuild_parameter": _First(),
    "torch._utils._rebuild_parameter_with_state": _First(),
    "torch._tensor._rebuild_from_type_v2": _OfType(),
}
_HARMLESS = ("torch.device", "_codecs.encode", "builtins.set", "builtins.bytearray", "collections.Counter")
"""Inert like all others, and not worth naming."""


class Reader(pickle.Unpickler):
    """One pickle of a torch file. `asked` has the names that became inert."""

    def __init__(self, file: BinaryIO, asked: dict[str, None]) -> None:
        super().__init__(file, encoding="utf-8", errors="replace")
        self.asked = asked
        self.storages: dict[str, Storage] = {}
        self._classes: dict[str, type] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        full = f"{module}.{name}"
        if full in _KNOWN:
            return _KNOWN[full]
        if module in ("torch", "torch.cuda", "torch.storage"):
            if name in _STORAGES:
                return Kind(_STORAGES[name])
            if name in DTYPES or name in _ELEMENTS:
                return Kind(name)
        if full not in _HARMLESS and len(self.asked) < 1000:
            self.asked.setdefault(full)
        if full not in self._classes:
            self._classes[full] = type("Inert", (Inert,), {"asked": full, "__slots__": ()})
        return self._classes[full]

    def persistent_load(self, pid: Any, /) -> Any:
        match pid:
            case ("module", found, *_):
                return found
            case ("storage", Kind() as kind, str(key), _, int(count), *more) if 0 <= count < 1 << 48:
                whole = self.storages.setdefault(key, Storage(kind, key, count))
                match more:
                    case [(str(), int(shift), int()), *_] if 0 <= shift < 1 << 48:
                        return Storage(kind, key, whole.count, shift)
                    case _:
                        return whole
            case _:
                raise CannotConvert("It keeps its numbers in a way that no torch file does.")
