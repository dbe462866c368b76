"""T2I-Adapter. Full: body.n is adapter.body.level.resnets.j; light: body.level.body.j."""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes
from .entry import Entry

_START = "adapter."


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such an adapter."""
    return "adapter.body.0.resnets.0.block1.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    """LoRAs, which ask for this, are never of adapters."""
    return False


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    return list(_entries(shapes))


def _entries(shapes: Shapes) -> Iterator[Entry]:
    light = "adapter.conv_in.weight" not in shapes
    resnets = 1 + max(int(name.split(".")[4]) for name in shapes if ".resnets." in name)
    for name in shapes:
        parts = name.removeprefix(_START).split(".")
        if parts[0] == "body":
            level, rest = int(parts[1]), parts[2:]
            if light:
                parts = ["body", str(level), *("body" if part == "resnets" else part for part in rest)]
            elif rest[0] == "resnets":
                parts = ["body", str(level * resnets + int(rest[1])), *rest[2:]]
            else:
                parts = ["body", str(level * resnets), *rest]
        yield Entry(".".join(parts), (name,))
