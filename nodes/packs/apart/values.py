"""Values on their way between the worker and a pack's own process: JSON, and tensors through shared memory.

Nothing is pickled. Each tensor is written into a file of a private folder in memory (`/dev/shm` where there is one with
room), named in the JSON, and copied and deleted by whoever receives it.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

TENSOR = "$tensor"
TUPLE = "$tuple"
NUMBER = "$number"
"""Keys of the JSON objects that stand for what JSON has not: tensors, tuples, infinities and NaN."""
IN_MEMORY = Path("/dev/shm")
DEPTH = 40

SOCKETS = frozenset(
    {
        *("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"),
        *("IMAGE", "MASK", "LATENT", "CONDITIONING", "SIGMAS", "AUDIO", "CAMERA_CONTROL", "BBOX", "POINT", "*"),
    }
)
"""Socket types of the core whose values are tensors and JSON. Types of the pack's own may be so too, and are tried."""
HANDLES = frozenset(
    {
        *("MODEL", "CLIP", "VAE", "CONTROL_NET", "CLIP_VISION", "CLIP_VISION_OUTPUT", "STYLE_MODEL", "GLIGEN"),
        *("UPSCALE_MODEL", "SAMPLER", "GUIDER", "NOISE", "HOOKS", "HOOK_KEYFRAMES", "LATENT_OPERATION", "VIDEO", "SVG"),
        *("LORA_MODEL", "MODEL_PATCH", "PHOTOMAKER", "AUDIO_ENCODER", "AUDIO_ENCODER_OUTPUT"),
    }
)
"""Socket types whose values are objects of this process, which no other can be given."""


class CannotPass(TypeError):
    """A value that is neither a tensor nor JSON. The text names where in the value it stands, and its type."""


class Courier:
    """Turns values into JSON and back, with their tensors as files of one folder that both processes know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = itertools.count()

    @classmethod
    def make(cls) -> Courier:
        """A courier with a new folder, which only this user can read."""
        parent = IN_MEMORY if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) else None
        return cls(Path(tempfile.mkdtemp(prefix="easel-pack-", dir=parent)))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def pack(self, value: Any, where: str = "the value", depth: int = DEPTH) -> Any:
        """The value as JSON. Raises CannotPass."""
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {NUMBER: str(float(value))}
        if isinstance(value, torch.Tensor):
            return {TENSOR: self._write(value)}
        if depth == 0:
            raise CannotPass(f"{where} is nested more than {DEPTH} deep")
        if isinstance(value, list | tuple):
            items = [
                self.pack(item, f"{where}[{i}]", depth - 1) for i, item in enumerate(cast("tuple[Any, ...]", value))
            ]
            return {TUPLE: items} if isinstance(value, tuple) else items
        if isinstance(value, Mapping):
            found: dict[str, Any] = {}
            for name, item in cast("Mapping[Any, Any]", value).items():
                if not isinstance(name, str) or name.startswith("$"):
                    raise CannotPass(f"{where} has the key {name!r}, and only texts that begin with no $ can pass")
                found[name] = self.pack(item, f"{where}[{name!r}]", depth - 1)
            return found
        raise CannotPass(
            f"{where} is a {type(value).__name__}, and only tensors, numbers, texts, lists and dicts can pass"
        )

    def unpack(self, data: Any) -> Any:
        """The value again. Raises ValueError for what `pack` did not make."""
        if isinstance(data, list):
            return [self.unpack(item) for item in cast("list[Any]", data)]
        if not isinstance(data, dict):
            return data
        found = cast("dict[str, Any]", data)
        if TENSOR in found:
            return self._read(found[TENSOR])
        if TUPLE in found:
            return tuple(self.unpack(item) for item in found[TUPLE])
        if NUMBER in found:
            return float(found[NUMBER])
        return {name: self.unpack(item) for name, item in found.items()}

    def _write(self, tensor: torch.Tensor) -> dict[str, Any]:
        plain = tensor.detach().to("cpu").contiguous()
        about: dict[str, Any] = {"dtype": str(plain.dtype).removeprefix("torch."), "shape": list(plain.shape)}
        size = plain.numel() * plain.element_size()
        if size == 0:
            return {**about, "file": None}
        name = f"{os.getpid()}-{next(self._names)}"
        path = self.folder / name
        try:
            _reserve(path, size)
        except OSError:  # memory for shared files is often small in containers: a disk will do
            path.unlink(missing_ok=True)
            handle, other = tempfile.mkstemp(prefix="easel-tensor-")
            os.close(handle)
            path = Path(other)
            _reserve(path, size)
        shared = torch.from_file(str(path), shared=True, size=size, dtype=torch.uint8)
        shared.copy_(plain.reshape(-1).view(torch.uint8))
        return {**about, "file": str(path)}

    def _read(self, about: Any) -> torch.Tensor:
        dtype: Any = getattr(torch, str(about["dtype"]), None)
        shape = [int(n) for n in about["shape"]]
        if not isinstance(dtype, torch.dtype) or any(n < 0 for n in shape):
            raise ValueError(f"a tensor of {about['dtype']!r} and {shape} makes no sense")
        if about["file"] is None:
            return torch.empty(shape, dtype=dtype)
        path = Path(about["file"])
        try:
            size = math.prod(shape) * dtype.itemsize
            if path.stat().st_size != size:
                raise ValueError(f"the tensor {shape} came with {path.stat().st_size} bytes instead of {size}")
            shared = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8)
            return shared.view(dtype).reshape(shape).clone()
        finally:
            path.unlink(missing_ok=True)


def _reserve(path: Path, size: int) -> None:
    """A file of this size with its space set aside: a page that cannot be had later would kill the process."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
