"""The table of contents of a safetensors file: eight bytes of length, JSON, then the tensors' bytes end to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from .errors import CheckpointError

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
        with safe_open(path, "pt") as file:  # checks that all places are in the file and do not overlap
            metadata = dict(file.metadata() or {})
        with path.open("rb") as raw:
            length = int.from_bytes(raw.read(8), "little")
            table = json.loads(raw.read(length))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(path, *what_is_wrong(path, file_size, error)) from error
    places: dict[str, Place] = {}
    for name, entry in table.items():
        if name == "__metadata__":
            continue
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            raise CheckpointError(path, f"{name} has numbers of a kind that cannot be used ({entry['dtype']})")
        start, end = entry["data_offsets"]
        places[name] = Place(dtype, tuple(entry["shape"]), 8 + length + start, end - start)
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
    if "MetadataIncompleteBuffer" in str(error) or "incomplete" in str(error).lower():
        return f"the file is cut short: it has {size:,} bytes, and its header lists tensors beyond them", again
    return f"not a safetensors file ({error})", again
