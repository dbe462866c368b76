"""The transformer of Stable Diffusion 3 and 3.5: two streams, the picture's and the text's, joined in attention.

joint_blocks.n.x_block        transformer_blocks.n: attn.to_q, to_k, to_v; norm1; ff; in 3.5 medium attn2
joint_blocks.n.context_block  transformer_blocks.n: attn.add_q_proj, add_k_proj, add_v_proj; norm1_context; ff_context
"""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from .entry import Entry, both, present


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a transformer."""
    return "transformer_blocks.0.attn.add_k_proj.weight" in shapes and "pos_embed.proj.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    return "joint_blocks.0.x_block.attn.qkv.weight" in shapes


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    return present(_entries(count(shapes, "joint_blocks." if native else "transformer_blocks.")), shapes, native)


def _entries(depth: int) -> Iterator[Entry]:
    yield Entry("pos_embed", ("pos_embed.pos_embed",))
    yield from both("x_embedder.proj", "pos_embed.proj")
    yield from both("context_embedder", "context_embedder")
    for native, theirs in (("t_embedder", "timestep_embedder"), ("y_embedder", "text_embedder")):
        yield from both(f"{native}.mlp.0", f"time_text_embed.{theirs}.linear_1")
        yield from both(f"{native}.mlp.2", f"time_text_embed.{theirs}.linear_2")
    for number in range(depth):
        yield from _block(f"joint_blocks.{number}", f"transformer_blocks.{number}", number == depth - 1)
    yield from both("final_layer.linear", "proj_out")
    yield from both("final_layer.adaLN_modulation.1", "norm_out.linear", swapped=True)


def _block(native: str, theirs: str, last: bool) -> Iterator[Entry]:
    x, context, attn = f"{native}.x_block", f"{native}.context_block", f"{theirs}.attn"
    yield from both(f"{x}.attn.qkv", f"{attn}.to_q", f"{attn}.to_k", f"{attn}.to_v")
    yield from both(f"{context}.attn.qkv", f"{attn}.add_q_proj", f"{attn}.add_k_proj", f"{attn}.add_v_proj")
    for part in ("q", "k"):
        yield Entry(f"{x}.attn.ln_{part}.weight", (f"{attn}.norm_{part}.weight",))
        yield Entry(f"{context}.attn.ln_{part}.weight", (f"{attn}.norm_added_{part}.weight",))
        yield Entry(f"{x}.attn2.ln_{part}.weight", (f"{attn}2.norm_{part}.weight",))
    yield from both(f"{x}.attn.proj", f"{attn}.to_out.0")
    yield from both(f"{context}.attn.proj", f"{attn}.to_add_out")
    yield from both(f"{x}.attn2.qkv", f"{attn}2.to_q", f"{attn}2.to_k", f"{attn}2.to_v")
    yield from both(f"{x}.attn2.proj", f"{attn}2.to_out.0")
    yield from both(f"{x}.adaLN_modulation.1", f"{theirs}.norm1.linear")
    # The last block's text stream only goes in: what is left of its modulation is a final layer's.
    yield from both(f"{context}.adaLN_modulation.1", f"{theirs}.norm1_context.linear", swapped=last)
    for stream, ff in ((x, "ff"), (context, "ff_context")):
        yield from both(f"{stream}.mlp.fc1", f"{theirs}.{ff}.net.0.proj")
        yield from both(f"{stream}.mlp.fc2", f"{theirs}.{ff}.net.2")
