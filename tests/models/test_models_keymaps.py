"""diffusers' names against the single files' ones: diffusers' own converters turn them back."""

import pytest
import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, SD3Transformer2DModel, UNet2DConditionModel
from diffusers.loaders import single_file_utils as converters
from torch import Tensor, nn

from models.keymaps import diffusers_entries, diffusers_picks, native_shapes


def unet(**options) -> nn.Module:
    usual = {
        "block_out_channels": [32, 64, 64],
        "layers_per_block": 2,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "attention_head_dim": 8,
        "cross_attention_dim": 24,
    }
    return UNet2DConditionModel(**(usual | options))


def sdxl() -> nn.Module:
    return unet(
        transformer_layers_per_block=[1, 2, 3], use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=64,
    )  # fmt: skip


def sd1() -> nn.Module:
    return unet(
        down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    )


def sd3(dual: tuple[int, ...] = ()) -> nn.Module:
    return SD3Transformer2DModel(
        sample_size=8, num_layers=3, attention_head_dim=8, num_attention_heads=4, joint_attention_dim=24,
        caption_projection_dim=32, pooled_projection_dim=16, pos_embed_max_size=8,
        dual_attention_layers=dual, qk_norm="rms_norm" if dual else None,
    )  # fmt: skip


def flux() -> nn.Module:
    """The published width, to which diffusers' converter is bound, without memory."""
    with torch.device("meta"):
        return FluxTransformer2DModel(num_layers=2, num_single_layers=3, guidance_embeds=True)


def vae() -> nn.Module:
    return AutoencoderKL(
        block_out_channels=[32, 32, 64], layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
    )  # fmt: skip


def convert(name: str, module: nn.Module, native: dict[str, Tensor]) -> dict[str, Tensor]:
    """By diffusers: single-file tensors (without prefix) to its own."""
    if name in ("sd1", "sdxl"):
        return converters.convert_ldm_unet_checkpoint(
            {f"model.diffusion_model.{key}": value for key, value in native.items()}, dict(module.config)
        )
    if name == "vae":
        return converters.convert_ldm_vae_checkpoint(native, dict(module.config))
    if name == "flux":
        return converters.convert_flux_transformer_checkpoint_to_diffusers(native)
    return converters.convert_sd3_transformer_checkpoint_to_diffusers(native)


MODELS = {"sd1": sd1, "sdxl": sdxl, "sd3": sd3, "sd35": lambda: sd3((0, 1)), "flux": flux, "vae": vae}


@pytest.mark.parametrize("name", MODELS)
def test_diffusers_converter_turns_native_tensors_back(name: str):
    module = MODELS[name]()
    theirs = {key: values(value, narrow=name == "flux") for key, value in module.state_dict().items()}
    shapes = {key: tuple(value.shape) for key, value in theirs.items()}
    picks = diffusers_picks(shapes)
    native = {key: pick.of(*(theirs[n] for n in pick.names)).clone() for key, pick in picks.items()}
    assert native_shapes(shapes) == {key: tuple(value.shape) for key, value in native.items()}
    assert not theirs.keys() & native.keys() - {k for k in theirs if native_is_same(k)}
    entries = diffusers_entries({key: tuple(value.shape) for key, value in native.items()})
    assert {entry.native: entry.theirs for entry in entries} == {key: pick.names for key, pick in picks.items()}
    back = convert(name, module, dict(native))
    assert back.keys() == theirs.keys()
    for key, value in theirs.items():
        assert torch.equal(back[key].reshape(value.shape), value), key


def values(like: Tensor, narrow: bool) -> Tensor:
    """Random ones; narrow: only as many columns as tell two matrices apart, for what sorts rows alone."""
    return torch.randn(like.shape[0], 2) if narrow and like.dim() == 2 else torch.randn(like.shape)


def native_is_same(name: str) -> bool:
    """A few modules have one name in both."""
    same = ("context_embedder.", "encoder.conv_", "decoder.conv_", "quant_conv.", "post_quant_conv.")
    return name.startswith(same) or name == "pos_embed"


def test_other_files_are_left_alone():
    assert native_shapes({"input_blocks.0.0.weight": (4, 4, 3, 3)}) is None
    assert diffusers_entries({"foo.weight": (1,)}) == []


def test_a_missing_part_leaves_the_whole_out():
    shapes = {key: tuple(value.shape) for key, value in flux().state_dict().items()}
    del shapes["transformer_blocks.1.attn.to_k.weight"]
    found = native_shapes(shapes)
    assert "double_blocks.1.img_attn.qkv.weight" not in found
    assert found["double_blocks.0.img_attn.qkv.weight"] == (9216, 3072)
