"""What a file is that was put where another kind belongs: told by its tensors' names, for messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_OTHER_KINDS: tuple[tuple[str, str], ...] = (
    ("lora_unet_", "a LoRA; use Load LoRA"),
    ("lora_te", "a LoRA; use Load LoRA"),
    ("lora_transformer_", "a LoRA; use Load LoRA"),
    ("control_model.", "a ControlNet; use Load ControlNet Model"),
    ("controlnet_blocks.", "a ControlNet; use Load ControlNet Model"),
    ("zero_convs.", "a ControlNet; use Load ControlNet Model"),
    ("first_stage_model.", "a VAE; use Load VAE"),
    ("encoder.down.", "a VAE; use Load VAE"),
    ("encoder.down_blocks.", "a VAE; use Load VAE"),
    ("taesd_decoder.", "a VAE; use Load VAE"),
    ("string_to_param", "a textual inversion; write embedding:name in a prompt"),
    ("emb_params", "a textual inversion; write embedding:name in a prompt"),
    ("text_model.", "a text encoder without its model; use Load CLIP"),
    ("encoder.block.0.layer.0.SelfAttention.", "a text encoder (T5) without its model; use Load CLIP"),
    ("vision_model.", "an image encoder; use Load CLIP Vision"),
    ("visual.transformer.", "an image encoder; use Load CLIP Vision"),
    ("vae.", "a VAE; use Load VAE"),
)
"""How a name begins, of all the names in a file."""

_MODELS: tuple[tuple[str, str], ...] = (
    ("model.diffusion_model.", "a checkpoint; use Load Checkpoint"),
    ("input_blocks.", "a diffusion model; use Load Diffusion Model"),
    ("joint_blocks.", "a diffusion model; use Load Diffusion Model"),
    ("double_blocks.", "a diffusion model; use Load Diffusion Model"),
)

_LATER: tuple[tuple[str, str], ...] = (
    ("clf.1.weight", "a Stable Cascade"),
    ("down_blocks.0.0.channelwise.", "a Stable Cascade"),
    ("distilled_guidance_layer.", "a Chroma"),
    ("transformer_blocks.0.img_mod.", "a Qwen-Image"),
    ("blocks.0.cross_attn.norm_k.", "a Wan video"),
    ("double_layers.0.attn.w1q.", "an AuraFlow"),
    ("double_stream_modulation_img.", "a Flux.2"),
    ("noise_refiner.0.attention.", "a Lumina 2"),
    ("time_caption_embed.", "an OmniGen 2"),
    ("caption_projection.0.linear.", "a HiDream"),
    ("t_block.1.", "a PixArt"),
    ("mlp_t5.0.", "a Hunyuan-DiT"),
    ("txt_in.individual_token_refiner.", "a Hunyuan video"),
    ("t5_yproj.", "a Mochi video"),
    ("adaln_single.emb.", "an LTX video"),
    ("input_blocks.1.1.time_stack.", "a Stable Video Diffusion"),
    ("x_embedder.proj.1.", "a Cosmos"),
)
"""Models that cannot be run yet."""

_BEFORE = ("", "model.diffusion_model.", "model.", "net.", "transformer.", "diffusion_model.")


def what_it_is(names: Mapping[str, object], *, models: bool = False) -> str:
    """A clause on a file that has tensors of these names and is not what it was taken for.

    models: whether it may be a model that runs; not where those were looked for.
    """
    if (later := _later(names)) is not None:
        return f"this is {later} model, a family that this version does not run yet"
    for start, kind in (*_OTHER_KINDS[:6], *_MODELS, *_OTHER_KINDS[6:]) if models else _OTHER_KINDS:
        if _any(names, [start]):
            return f"this is {kind}"
    first = ", ".join(list(names)[:5])
    return f"it holds {len(names):,} tensors that fit no known family, the first of them {first}"


def later_family(names: Mapping[str, object]) -> str | None:
    """The family of a model that this version does not run yet; None where it is none of those."""
    later = _later(names)
    return later and later.removeprefix("an ").removeprefix("a ")


def _later(names: Mapping[str, object]) -> str | None:
    return next((kind for start, kind in _LATER if _any(names, [before + start for before in _BEFORE])), None)


def _any(names: Iterable[str], starts: Iterable[str]) -> bool:
    wanted = tuple(starts)
    return any(name.startswith(wanted) for name in names)
