"""Weights in torch's pickles, read with `weights_only`, which makes tensors and plain containers and refuses all else.

What training frameworks leave in old checkpoints (Lightning's callbacks) becomes inert objects.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from .errors import CheckpointError, UnsafeFile
from .pickle_names import asked_for, packed_amiss

R = TypeVar("R")

SUFFIXES = {".ckpt", ".pt", ".pth", ".bin"}

_INERT = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "omegaconf.")
"""Packages whose objects sit beside the weights in old checkpoints and mean nothing to us."""

_DAMAGE = (
    *(RuntimeError, EOFError, ValueError, OSError, LookupError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, struct.error, zipfile.BadZipFile),
)
"""What torch's reader raises where bytes of a pickle are wrong: it trusts their order. Found by changing bytes."""


_SHARED = 4
"""Times that a file's bytes may be shared by its tensors, taken together: tied weights are."""


def is_pickle(path: Path) -> bool:
    """By its suffix or, where its first bytes say something else, by those."""
    with path.open("rb") as file:
        head = file.read(9)
    if path.suffix.lower() in SUFFIXES:
        return head[8:] != b"{" or int.from_bytes(head[:8], "little") > path.stat().st_size  # else safetensors, renamed
    return head[:2] == b"PK" or (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"))


@lru_cache(maxsize=1)
def tensors(path: Path, stamp: object) -> dict[str, Tensor]:
    """All tensors of a pickle, kept until the next one is read. CheckpointError, or UnsafeFile where it asks for code.

    stamp: what tells this version of the file from others.
    """
    return _read(path, _tensors_in)


def content(path: Path) -> dict[Any, Any]:
    """All that a pickle of more than weights says, such as a hypernetwork's. Errors as those of `tensors`."""
    return _read(path, _dictionary)


def _read(path: Path, of: Callable[[Any], R]) -> R:
    try:
        found = _load(path)
        _check_sizes(found, path)
        return of(found)
    except pickle.UnpicklingError as error:
        names = _unsafe_names(path) or asked_for(path)
        if names or "Unsupported global" in str(error):
            raise UnsafeFile(path, names or [_global_in(str(error))]) from None
        if "Unsupported operand" in str(error):  # damage, or a pickle whose kind could hide anything
            why = "nothing in it can be read as weights without running code"
            raise CheckpointError(path, why, "Fetch it again, best as .safetensors.") from None
        raise CheckpointError(path, "not a file of weights", "Fetch it again.") from error
    except _DAMAGE as error:
        # A KeyError is torch's own, at an opcode that pickles do not have: its text is a bare number.
        reason = "" if isinstance(error, KeyError) or not str(error) else f" ({_first_sentence(error)})"
        raise CheckpointError(path, f"not a whole file of weights{reason}", "Fetch it again.") from error


def _check_sizes(loaded: Any, path: Path) -> None:
    """Raises ValueError where tensors say that they are much larger than the file: a few bytes that are read as often
    as one likes would fill all memory at their first use."""
    most = _SHARED * path.stat().st_size + (1 << 20)
    left, seen = [loaded], set[int]()
    while left:
        value = left.pop()
        if isinstance(value, Tensor):
            most -= value.numel() * value.element_size()
            if most < 0:
                raise ValueError("its tensors say that they are many times larger than the file")
        elif isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            left.extend(value.values() if isinstance(value, dict) else value)


def _first_sentence(error: Exception) -> str:
    """torch goes on to say at length that the file may be damaged."""
    return str(error).splitlines()[0].partition(". This is an internal")[0]


def forget() -> None:
    """Let go of the tensors of the last pickle read."""
    tensors.cache_clear()


def _load(path: Path) -> Any:
    zipped = zipfile.is_zipfile(path)
    if zipped and (amiss := packed_amiss(path)):
        raise ValueError(amiss)
    inert = [(_inert(name), name) for name in _unsafe_names(path) if name.startswith(_INERT)] if zipped else []
    with torch.serialization.safe_globals(inert), path.open("rb") as file:
        # Only a zip can be mapped, and only by name; torch takes a name ending in .safetensors for what it says.
        mapped = zipped and path.suffix.lower() in SUFFIXES
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
    if isinstance(loaded, list) and all(isinstance(part, dict) for part in loaded):  # textual inversions of some tools
        loaded = {f"{number}.{name}": value for number, part in enumerate(loaded) for name, value in part.items()}
    return {str(name): value for name, value in _dictionary(loaded).items() if isinstance(value, Tensor)}


def _dictionary(loaded: Any) -> dict[Any, Any]:
    if not isinstance(loaded, dict):
        raise ValueError("it holds no dictionary of tensors")
    return loaded
