"""What a run of a node takes, known before it starts: so that a run which cannot be met is refused at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.errors import Problem
from graph.types import JsonObject, Node


@dataclass(frozen=True, slots=True)
class Memory:
    """The least memory that a run takes, known before it starts: `bytes_per` times the product of INT inputs.

    An empty latent of SD1 is `Memory(4 * 4 / 64, ("width", "height", "batch_size"))`.
    """

    bytes_per: float
    inputs: tuple[str, ...]

    def need(self, constants: Mapping[str, Any]) -> int | None:
        """Bytes; None where an input is linked or no number, so nothing can be said."""
        total = self.bytes_per
        for name in self.inputs:
            value = constants.get(name)
            if not isinstance(value, int) or isinstance(value, bool):
                return None
            total *= min(value, 2**62)
        return int(total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a node cannot do without: `Needs(device="cuda", vram=8_000_000_000)`."""

    device: str | None = None
    """The kind of device that must run it: `cuda`, `mps` or `cpu`; None for any."""
    vram: int = 0
    """Bytes that the device must have in all; on the CPU these are the machine's memory."""

    def to_json(self) -> JsonObject:
        return {"device": self.device, "vram": self.vram}

    @classmethod
    def from_json(cls, data: JsonObject) -> Needs:
        return cls(device=data.get("device"), vram=int(data.get("vram", 0)))


def lacking(node: Node, needs: Needs | None, device: str | None, total: int | None) -> Problem | None:
    """What this machine lacks for a node; None where it has all, or nothing can be said yet.

    device: such as `cuda:0`. total: the device's bytes.
    """
    if needs is None:
        return None
    kind = device.partition(":")[0] if device else None
    if needs.device is not None and kind not in (None, "none", needs.device):
        wanted = DEVICES.get(needs.device, needs.device)
        sentence = (
            f"{node.label} needs {wanted}, and this server runs on {DEVICES.get(str(kind), kind)}. "
            "Nothing was started. Run it where there is one, or bypass the node."
        )
        return _unmet(node, f"device - needs {needs.device}, have {kind}", sentence, {"device": kind})
    if total is not None and needs.vram > total:
        need, have = bytes_in_words(needs.vram), bytes_in_words(total)
        sentence = (
            f"{node.label} needs a device with {need} of memory, and this one has {have}. "
            "Nothing was started. Run it on a larger one, or bypass the node."
        )
        extra = {"need_bytes": needs.vram, "have_bytes": total}
        return _unmet(node, f"vram - needs {need}, {have} available", sentence, extra)
    return None


DEVICES = {"cuda": "a CUDA graphics card", "mps": "an Apple graphics processor", "cpu": "the processor (CPU)"}


def _unmet(node: Node, details: str, sentence: str, extra: Mapping[str, Any]) -> Problem:
    return Problem(
        node=node.id,
        type="custom_validation_failed",
        message="Custom validation failed for node",
        details=details,
        sentence=sentence,
        extra_info=extra,
    )


def bytes_in_words(count: int) -> str:
    """`3.2 GB`: decimal units, as drives and memory are sold."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1e} EB"
