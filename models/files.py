"""Weight files: what tensors they hold, and reading those that are wanted.

safetensors first. A torch pickle is read with `weights_only`, which makes tensors and plain containers and refuses
everything else; what training frameworks leave in old checkpoints (Lightning's callbacks) becomes inert objects.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from .errors import CheckpointError, UnsafeFile

Shape = tuple[int, ...]

_TORCH_SUFFIXES = {".ckpt", ".pt", ".pth", ".bin"}
_INERT = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "omegaconf.")
"""Packages whose objects sit beside the weights in old checkpoints and mean nothing to us."""


_DAMAGE = (
    *(RuntimeError, EOFError, ValueError, OSError, LookupError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, struct.error, zipfile.BadZipFile),
)
"""What torch's reader raises where bytes of a pickle are wrong: it trusts their order. Found by changing bytes."""


@dataclass(frozen=True)
class Stamp:
    """When a file counts as the same file: its size in bytes and its time of change in nanoseconds."""

    size: int
    changed: int


@dataclass(frozen=True)
class WeightFile:
    """A file's table of contents. Equal when path and stamp are; no weights are held."""

    path: Path
    stamp: Stamp
    shapes: Mapping[str, Shape] = field(compare=False, repr=False)
    metadata: Mapping[str, str] = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.path, self.stamp))

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Tensor]]:
        """The named tensors, one after another, as the file has them, on the CPU.

        They may share the file's pages: copy what is kept. CheckpointError if the file changed since `open_weights`.
        """
        if stamp(self.path) != self.stamp:
            raise CheckpointError(self.path, "the file changed while it was in use", "Run the graph again.")
        if _is_torch(self.path):
            tensors = _torch_tensors(self.path)
            yield from ((name, tensors[name]) for name in names)
            return
        with safe_open(self.path, "pt") as file:
            for name in names:
                yield name, file.get_tensor(name)

    def starting_with(self, prefix: str) -> dict[str, Shape]:
        """Shapes of the tensors under `prefix`, whose names lose it."""
        return {name[len(prefix) :]: shape for name, shape in self.shapes.items() if name.startswith(prefix)}


def stamp(path: Path) -> Stamp:
    """CheckpointError if there is no such file."""
    try:
        found = path.stat()
    except OSError as error:
        raise CheckpointError(path, f"cannot be read ({error.strerror})") from error
    return Stamp(found.st_size, found.st_mtime_ns)


def open_weights(path: Path) -> WeightFile:
    """Read a file's table of contents. CheckpointError, or UnsafeFile for a pickle that asks for code."""
    path = Path(path)
    found = stamp(path)
    if found.size == 0:
        raise CheckpointError(path, "the file is empty", "Its download or copy failed; fetch it again.")
    if _is_torch(path):
        shapes = {name: tuple(tensor.shape) for name, tensor in _torch_tensors(path).items()}
        return WeightFile(path, found, shapes, {})
    try:
        with safe_open(path, "pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            return WeightFile(path, found, shapes, file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(path, *_what_is_wrong(path, found.size, error)) from error


def _is_torch(path: Path) -> bool:
    if path.suffix.lower() in _TORCH_SUFFIXES:
        return True
    with path.open("rb") as file:
        head = file.read(4)
    return head[:2] == b"PK" or (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04"))


def _what_is_wrong(path: Path, size: int, error: Exception) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(512)
    said = int.from_bytes(head[:8], "little")
    again = "Fetch it again."
    if head.lstrip()[:1] == b"<":
        return "this is a web page, not a model", "The download needed a login or a licence to be accepted."
    if head.startswith(b"version https://git-lfs"):
        return "this is a pointer of Git LFS, not the model", "Fetch the file itself: git lfs pull."
    if head and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "this is a text file, not a model", again
    if said < 100 << 20 and 8 + said > size:
        return f"the file is cut short: its header alone has {said + 8:,} bytes and the file has {size:,}", again
    if "MetadataIncompleteBuffer" in str(error) or "incomplete" in str(error).lower():
        return f"the file is cut short: it has {size:,} bytes, and its header lists tensors beyond them", again
    return f"not a safetensors file ({error})", again


@lru_cache(maxsize=1)
def _torch_file(path: Path, found: Stamp) -> dict[str, Tensor]:
    try:
        return _tensors_in(_load_pickle(path))
    except pickle.UnpicklingError as error:
        names = _unsafe_names(path)
        if names or "Unsupported global" in str(error):
            raise UnsafeFile(path, names or [_global_in(str(error))]) from None
        if "Unsupported operand" in str(error):  # damage, or a pickle whose kind could hide anything
            why = "nothing in it can be read as weights without running code"
            raise CheckpointError(path, why, "Fetch it again, best as .safetensors.") from None
        raise CheckpointError(path, "not a file of weights", "Fetch it again.") from error
    except _DAMAGE as error:
        # A KeyError is torch's own, at an opcode that pickles do not have: its text is a bare number.
        reason = "" if isinstance(error, KeyError) or not str(error) else f" ({str(error).splitlines()[0]})"
        raise CheckpointError(path, f"not a whole file of weights{reason}", "Fetch it again.") from error


def _torch_tensors(path: Path) -> dict[str, Tensor]:
    return _torch_file(path, stamp(path))


def forget_pickles() -> None:
    """Let go of the tensors of the last pickle read; the table of contents stays good."""
    _torch_file.cache_clear()


def _load_pickle(path: Path) -> Any:
    zipped = zipfile.is_zipfile(path)
    inert = [(_inert(name), name) for name in _unsafe_names(path) if name.startswith(_INERT)] if zipped else []
    with torch.serialization.safe_globals(inert), path.open("rb") as file:
        # Only a zip can be mapped, and only by name; torch takes a name ending in .safetensors for what it says.
        mapped = zipped and path.suffix.lower() in _TORCH_SUFFIXES
        source = str(path) if mapped else file
        return torch.load(source, map_location="cpu", weights_only=True, mmap=mapped or None)


def _inert(name: str) -> type:
    """A class that takes whatever a pickle gives it and does nothing."""
    methods = {"__new__": lambda cls, *_, **__: object.__new__(cls), "__init__": lambda *_, **__: None}
    return type(name.rsplit(".", 1)[-1], (), {**methods, "__setstate__": lambda *_: None})


def _unsafe_names(path: Path) -> list[str]:
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (RuntimeError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile):
        return []  # The format before zip cannot be asked; the refusal's own words name the first one.


def _global_in(message: str) -> str:
    words = message.partition("GLOBAL ")[2].split()
    return words[0] if words else "code of its own"


def _tensors_in(loaded: Any) -> dict[str, Tensor]:
    for key in ("state_dict", "model", "params_ema", "params", "string_to_param"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict):
        raise ValueError("it holds no dictionary of tensors")
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
