"""The transformer of Flux.1.

double_blocks.n  transformer_blocks.n: img_attn is attn.to_q, to_k, to_v, txt_attn its add_q_proj, add_k_proj, ...
single_blocks.n  single_transformer_blocks.n: linear1 is attn.to_q, to_k, to_v and proj_mlp, linear2 proj_out
"""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from .entry import Entry, both, present

_EMBEDDERS = {"time_in": "timestep_embedder", "vector_in": "text_embedder", "guidance_in": "guidance_embedder"}


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a transformer."""
    return "single_transformer_blocks.0.proj_mlp.weight" in shapes and "x_embedder.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    return "double_blocks.0.img_attn.qkv.weight" in shapes and "single_blocks.0.linear1.weight" in shapes


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    doubles = count(shapes, "double_blocks." if native else "transformer_blocks.")
    singles = count(shapes, "single_blocks." if native else "single_transformer_blocks.")
    return present(_entries(doubles, singles), shapes, native)


def _entries(doubles: int, singles: int) -> Iterator[Entry]:
    yield from both("img_in", "x_embedder")
    yield from both("txt_in", "context_embedder")
    for native, theirs in _EMBEDDERS.items():
        yield from both(f"{native}.in_layer", f"time_text_embed.{theirs}.linear_1")
        yield from both(f"{native}.out_layer", f"time_text_embed.{theirs}.linear_2")
    for number in range(doubles):
        yield from _double(f"double_blocks.{number}", f"transformer_blocks.{number}")
    for number in range(singles):
        yield from _single(f"single_blocks.{number}", f"single_transformer_blocks.{number}")
    yield from both("final_layer.linear", "proj_out")
    yield from both("final_layer.adaLN_modulation.1", "norm_out.linear", swapped=True)


def _double(native: str, theirs: str) -> Iterator[Entry]:
    attn = f"{theirs}.attn"
    yield from both(f"{native}.img_mod.lin", f"{theirs}.norm1.linear")
    yield from both(f"{native}.txt_mod.lin", f"{theirs}.norm1_context.linear")
    yield from both(f"{native}.img_attn.qkv", f"{attn}.to_q", f"{attn}.to_k", f"{attn}.to_v")
    yield from both(f"{native}.txt_attn.qkv", f"{attn}.add_q_proj", f"{attn}.add_k_proj", f"{attn}.add_v_proj")
    for kind, part in (("query", "q"), ("key", "k")):
        yield Entry(f"{native}.img_attn.norm.{kind}_norm.scale", (f"{attn}.norm_{part}.weight",))
        yield Entry(f"{native}.txt_attn.norm.{kind}_norm.scale", (f"{attn}.norm_added_{part}.weight",))
    yield from both(f"{native}.img_attn.proj", f"{attn}.to_out.0")
    yield from both(f"{native}.txt_attn.proj", f"{attn}.to_add_out")
    for stream, ff in (("img_mlp", "ff"), ("txt_mlp", "ff_context")):
        yield from both(f"{native}.{stream}.0", f"{theirs}.{ff}.net.0.proj")
        yield from both(f"{native}.{stream}.2", f"{theirs}.{ff}.net.2")


def _single(native: str, theirs: str) -> Iterator[Entry]:
    attn = f"{theirs}.attn"
    yield from both(f"{native}.modulation.lin", f"{theirs}.norm.linear")
    yield from both(f"{native}.linear1", f"{attn}.to_q", f"{attn}.to_k", f"{attn}.to_v", f"{theirs}.proj_mlp")
    yield from both(f"{native}.linear2", f"{theirs}.proj_out")
    for kind, part in (("query", "q"), ("key", "k")):
        yield Entry(f"{native}.norm.{kind}_norm.scale", (f"{attn}.norm_{part}.weight",))
