"""ControlNets for Stable Diffusion 3 and 3.5. controlnet_blocks and pos_embed_input have one name everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from . import sd3
from .entry import Entry, both, present


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a ControlNet; Stability AI's names are half diffusers', half not."""
    return "controlnet_blocks.0.weight" in shapes and "pos_embed_input.proj.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    """LoRAs, which ask for this, are never of ControlNets."""
    return False


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    # Their last block is like the others, so it is never the last of those that are asked for.
    depth = count(shapes, "transformer_blocks.") + 1 if "transformer_blocks.0.attn.to_q.weight" in shapes else 0
    return present(sd3._entries(depth) if depth else _embedders(), shapes, native)


def _embedders() -> Iterator[Entry]:
    yield from both("x_embedder.proj", "pos_embed.proj")
    for native, theirs in (("t_embedder", "timestep_embedder"), ("y_embedder", "text_embedder")):
        yield from both(f"{native}.mlp.0", f"time_text_embed.{theirs}.linear_1")
        yield from both(f"{native}.mlp.2", f"time_text_embed.{theirs}.linear_2")
