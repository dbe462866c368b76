"""Weight files: what tensors they hold, and reading those that are wanted. safetensors first, torch's pickles too.

A model may be one file, several shards, or a diffusers folder: one `WeightFile` in each case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from . import pickles
from .ema import averaged_names
from .errors import CheckpointError
from .pickles import forget as forget_pickles
from .safetensors_header import Place, read_header
from .shards import parts

Shape = tuple[int, ...]

_CHUNK = 16 << 20
"""Bytes that one thread reads at a time."""

__all__ = [
    "Shape",
    "Stamp",
    "WeightFile",
    "bytes_of",
    "forget_pickles",
    "in_memory",
    "open_together",
    "open_weights",
    "stamp",
]


@dataclass(frozen=True)
class Stamp:
    """When a file counts as the same file: its size in bytes and its time of change in nanoseconds."""

    size: int
    changed: int


@dataclass(frozen=True)
class _Source:
    """Where a tensor is: in which of the model's files, under which name, and for safetensors at which bytes."""

    path: Path
    name: str
    place: Place | None


@dataclass(frozen=True)
class WeightFile:
    """A model's table of contents. Equal when paths and stamps are; no weights are held."""

    path: Path
    """For people, and for messages: the file, the index or the folder that was asked for."""
    stamps: tuple[tuple[Path, Stamp], ...]
    """Of every file that it is made of."""
    shapes: Mapping[str, Shape] = field(compare=False, repr=False)
    dtypes: Mapping[str, torch.dtype] = field(compare=False, repr=False)
    metadata: Mapping[str, str] = field(compare=False, repr=False)
    _sources: Mapping[str, _Source] = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.path, self.stamps))

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(stamp.size for _, stamp in self.stamps)

    def read(
        self, names: Iterable[str], room: Callable[[Shape, torch.dtype], Tensor] = torch.empty
    ) -> Iterator[tuple[str, Tensor]]:
        """The named tensors, one after another, as the file has them, on the CPU.

        room: gives the memory (contiguous, on the CPU) for a tensor; by default it is the tensor's own. A pickle's
        tensors come as they are, may share the file's pages, and ask for no room. CheckpointError if the file changed
        since `open_weights`.
        """
        self._check_unchanged()
        for name in names:
            source = self._sources[name]
            if source.place is None:
                yield name, pickles.tensors(source.path, dict(self.stamps)[source.path])[source.name]
            else:
                tensor = room(source.place.shape, dtype=source.place.dtype)
                self._fill([(source, tensor)])
                yield name, tensor

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Read into tensors that are there: contiguous, on the CPU, of the file's shape and precision.

        Many at once, on several threads. CheckpointError if the file changed since `open_weights`.
        """
        self._check_unchanged()
        bytewise: list[tuple[_Source, Tensor]] = []
        for name, tensor in tensors.items():
            source = self._sources[name]
            if source.place is None:
                tensor.copy_(pickles.tensors(source.path, dict(self.stamps)[source.path])[source.name])
            else:
                bytewise.append((source, tensor))
        self._fill(bytewise)

    def in_order(self, names: Iterable[str]) -> list[str]:
        """These names in the order of their bytes, which is the fastest order to read them in."""
        rank = {path: number for number, (path, _) in enumerate(self.stamps)}

        def where(name: str) -> tuple[int, int]:
            source = self._sources[name]
            return rank[source.path], source.place.start if source.place else 0

        return sorted(names, key=where)

    def starting_with(self, prefix: str) -> dict[str, Shape]:
        """Shapes of the tensors under `prefix`, whose names lose it."""
        return {name[len(prefix) :]: shape for name, shape in self.shapes.items() if name.startswith(prefix)}

    def _check_unchanged(self) -> None:
        if any(stamp(path) != found for path, found in self.stamps):
            raise CheckpointError(self.path, "the file changed while it was in use", "Run the graph again.")

    def _fill(self, wanted: list[tuple[_Source, Tensor]]) -> None:
        chunks = [chunk for source, tensor in wanted for chunk in _chunks(source, tensor)]
        if len(chunks) < 2:
            whole = all(map(_read, chunks))
        else:
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                whole = all(pool.map(_read, chunks))
        if not whole:
            raise CheckpointError(self.path, "the file became shorter while it was read", "Fetch it again.")


def _chunks(source: _Source, tensor: Tensor) -> Iterator[tuple[Path, int, memoryview]]:
    assert source.place is not None
    assert tensor.dtype == source.place.dtype
    whole = bytes_of(tensor)
    for start in range(0, len(whole), _CHUNK):
        yield source.path, source.place.start + start, whole[start : start + _CHUNK]


def bytes_of(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor on the CPU."""
    return memoryview(tensor.detach().reshape(-1).view(torch.uint8).numpy()) if tensor.numel() else memoryview(b"")


def _read(chunk: tuple[Path, int, memoryview]) -> bool:
    """Whether all of it could be read. Each has the file open by itself, so that threads do not share a position."""
    path, start, target = chunk
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        done = 0
        while done < len(target):
            got = file.readinto(target[done:])
            if not got:
                return False
            done += got
    return True


_NUMBERS = count(1)


@dataclass(frozen=True)
class TensorsInMemory(WeightFile):
    """What a node pack has read by itself, in a file's place. Two are never equal."""

    tensors: Mapping[str, Tensor] = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return super().__hash__()

    def read(
        self, names: Iterable[str], room: Callable[[Shape, torch.dtype], Tensor] = torch.empty
    ) -> Iterator[tuple[str, Tensor]]:
        for name in names:
            yield name, self.tensors[name]

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        for name, tensor in tensors.items():
            tensor.copy_(self.tensors[name])

    def in_order(self, names: Iterable[str]) -> list[str]:
        return list(names)


def in_memory(tensors: Mapping[str, Tensor], name: str) -> WeightFile:
    """A table of contents of tensors that are there already. name: what messages call them."""
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    dtypes = {key: tensor.dtype for key, tensor in tensors.items()}
    path = Path(name)
    size = sum(tensor.nbytes for tensor in tensors.values())
    return TensorsInMemory(path, ((path, Stamp(size, next(_NUMBERS))),), shapes, dtypes, {}, {}, tensors)


def stamp(path: Path) -> Stamp:
    """CheckpointError if there is no such file."""
    try:
        found = path.stat()
    except OSError as error:
        raise CheckpointError(path, f"cannot be read ({error.strerror})") from error
    return Stamp(found.st_size, found.st_mtime_ns)


def open_weights(path: Path | WeightFile) -> WeightFile:
    """Read a model's table of contents. CheckpointError, or UnsafeFile for a pickle that asks for code.

    path: a file; one shard, or an index of shards (the others must lie beside it); a folder of one network; or a
    diffusers model, whose networks' names then begin with their folder's: "unet.", "vae.", "text_encoder.", ...
    A table of contents is given back as it is.
    """
    if isinstance(path, WeightFile):
        return path
    path = Path(path)
    stamp(path)
    return open_together(path, parts(path))


def open_together(path: Path, files: Iterable[tuple[str, Path]]) -> WeightFile:
    """One table of contents for several files, each with what is put before its tensors' names. CheckpointError.

    path: what they are called together.
    """
    stamps: list[tuple[Path, Stamp]] = []
    shapes: dict[str, Shape] = {}
    dtypes: dict[str, torch.dtype] = {}
    metadata: dict[str, str] = {}
    sources: dict[str, _Source] = {}
    for prefix, file in files:
        found = stamp(file)
        stamps.append((file, found))
        if found.size == 0:
            raise CheckpointError(file, "the file is empty", "Its download or copy failed; fetch it again.")
        if pickles.is_pickle(file):
            for name, tensor in pickles.tensors(file, found).items():
                shapes[prefix + name], dtypes[prefix + name] = tuple(tensor.shape), tensor.dtype
                sources[prefix + name] = _Source(file, name, None)
            continue
        places, said = read_header(file, found.size)
        metadata |= said
        for name, place in places.items():
            shapes[prefix + name], dtypes[prefix + name] = place.shape, place.dtype
            sources[prefix + name] = _Source(file, name, place)
    for averaged, plain in averaged_names(shapes).items():
        for table in (shapes, dtypes, sources):
            table[plain] = table.pop(averaged)
    return WeightFile(path, tuple(stamps), shapes, dtypes, metadata, sources)
