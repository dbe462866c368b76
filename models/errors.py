"""What can go wrong with a model file or with memory, each with a sentence for the person who sees it.

ModelError
|- DeviceError         a device that this machine, or this torch, does not have
|- CheckpointError     the file is not what it should be: not whole, not weights, not a family we know
|  |- UnsafeFile       a pickle that asks for code
|- PatchError          a LoRA that does not fit the model
|- OutOfMemory         what is needed and what there is, in bytes
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ModelError(Exception):
    """Anything that a model's file, its use or its size can do wrong."""


class DeviceError(ModelError):
    """A device that was asked for is not there."""


class CheckpointError(ModelError):
    """A file that cannot be loaded: which one, why, and what to do."""

    def __init__(self, path: Path, why: str, advice: str = "") -> None:
        self.path = path
        super().__init__(f"{path.name}: {why.rstrip('.')}." + (f" {advice}" if advice else ""))


class UnsafeFile(CheckpointError):
    """A pickle whose loading would run code. It was not run."""

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        self.names = sorted(set(names))
        super().__init__(
            path,
            f"refused, because loading it would run code: it asks for {_first(self.names)}",
            "Nothing of it was run. Use the .safetensors version of this model, or make one of its weights by "
            f"`python3 server.py convert {path.name}`.",
        )


class PatchError(ModelError):
    """A LoRA or another change of weights that the model has no place for."""


class OutOfMemory(ModelError):
    """`need` and `have` are bytes."""

    def __init__(self, what: str, need: int, have: int, where: str) -> None:
        self.need, self.have = need, have
        super().__init__(
            f"{what} needs {in_words(need)} of memory on {where}, and {in_words(have)} can be had. "
            "Use a smaller model, picture or batch, or a lower precision (--precision bf16)."
        )


def mismatch(missing: list[str], extra: list[str], misshapen: list[str]) -> str:
    """One clause for each kind of difference between a file and the module it should fill; the first five of each."""
    kinds = (("lacks", missing), ("has beside what belongs there", extra), ("has in another shape", misshapen))
    return "; ".join(f"it {verb} {len(names):,} tensors: {_first(names)}" for verb, names in kinds if names)


def in_words(size: int) -> str:
    """Bytes as a person reads them: "812 MB", "3.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _first(names: list[str], count: int = 5) -> str:
    return ", ".join(names[:count]) + (f" and {len(names) - count:,} more" if len(names) > count else "")
