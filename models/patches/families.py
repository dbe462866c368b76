"""For which kind of model a LoRA was made, guessed from its names and widths, to say it where it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .adapters import Hadamard, LowRank
from .keys import plain
from .read import Lora, for_text

_BY_NAME: tuple[tuple[tuple[str, ...], str], ...] = (
    (("double_stream_modulation",), "Flux.2"),
    (("double_blocks_", "single_blocks_", "single_transformer_blocks_"), "Flux"),
    (("joint_blocks_", "add_k_proj"), "Stable Diffusion 3"),
    (("blocks_0_cross_attn_", "blocks_0_self_attn_", "blocks_0_ffn_"), "Wan"),
    (("img_mod_1", "txt_mod_1", "img_mlp_net"), "Qwen-Image"),
    (("layers_0_attention_",), "Lumina or Z-Image"),
    (("adaln_single", "caption_projection"), "PixArt or LTX-Video"),
)
_BY_WIDTH = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
_BY_WIDTH |= {1280: "the refiner of Stable Diffusion XL"}
"""How wide the text is that a UNet attends to."""


def guess(lora: Lora) -> str | None:
    """A family's name for people, or None."""
    names = [plain(entry.name) for entry in lora.entries if not for_text(entry.name)]
    for entry in lora.entries:
        if plain(entry.name).endswith(("attn2_to_k", "attn2_to_v")):
            adapter = entry.adapter
            down = adapter.down if isinstance(adapter, LowRank) else None
            down = adapter.w1_b if isinstance(adapter, Hadamard) else down
            if down is not None and down.dim() >= 2 and down.shape[1] in _BY_WIDTH:
                return _BY_WIDTH[down.shape[1]]
    return _named(names)


def by_shapes(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The same from a file's table of contents, before it is read: its tensors' names, as it has them, and shapes."""
    for name, shape in shapes.items():
        of_text = "attn2_to_k" in plain(name) or "attn2_to_v" in plain(name)
        narrows = "down" in name or "lora_A" in name or name.endswith("hada_w1_b")
        if of_text and narrows and len(shape) >= 2 and shape[1] in _BY_WIDTH:
            return _BY_WIDTH[shape[1]]
    return _named([plain(name) for name in shapes])


def _named(names: Iterable[str]) -> str | None:
    known = list(names)
    return next((family for marks, family in _BY_NAME if any(mark in name for name in known for mark in marks)), None)
