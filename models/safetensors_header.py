"""Where the tensors of a safetensors file are, and what is wrong with a file that is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from .errors import CheckpointError
from .safetensors_table import LARGEST_HEADER, CutShort, Malformed, read_table

DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class Place:
    """One tensor in a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    """Of its bytes, from the beginning of the file."""
    size: int
    """In bytes."""


def read_header(path: Path, file_size: int) -> tuple[dict[str, Place], dict[str, str]]:
    """The tensors' places and the metadata. CheckpointError where it is no whole safetensors file."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= file_size - 8:
                raise Malformed("it is no table of contents")
            if length > LARGEST_HEADER:
                raise Malformed(f"its table of contents alone has {length >> 20:,} MB")
            entries, metadata = read_table(file.read(length), file_size - 8 - length)
    except (Malformed, OSError) as error:
        raise CheckpointError(path, *what_is_wrong(path, file_size, error)) from error
    places: dict[str, Place] = {}
    for name, entry in entries.items():
        dtype = DTYPES.get(entry.dtype)
        if dtype is None:
            raise CheckpointError(path, f"{name} has numbers of a kind that cannot be used ({entry.dtype})")
        places[name] = Place(dtype, entry.shape, 8 + length + entry.start, entry.end - entry.start)
    return places, metadata


def what_is_wrong(path: Path, size: int, error: Exception) -> tuple[str, str]:
    """A clause on a file that is no whole safetensors file, and a sentence of advice."""
    with path.open("rb") as file:
        head = file.read(512)
    said = int.from_bytes(head[:8], "little")
    again = "Fetch it again."
    if head.lstrip()[:1] == b"<":
        return "this is a web page, not a model", "The download needed a login or a licence to be accepted."
    if head.startswith(b"version https://git-lfs"):
        return "this is a pointer of Git LFS, not the model", "Fetch the file itself: git lfs pull."
    if head.startswith(b"GGUF"):
        return "this is a GGUF file, a format that this version does not read yet", "Use the .safetensors version."
    if head and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "this is a text file, not a model", again
    if said < 100 << 20 and 8 + said > size:
        return f"the file is cut short: its header alone has {said + 8:,} bytes and the file has {size:,}", again
    if isinstance(error, CutShort):
        return f"the file is cut short: it has {size:,} bytes, and its header lists tensors beyond them", again
    return f"not a safetensors file ({error})", again
