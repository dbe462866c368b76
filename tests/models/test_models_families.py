"""Each family: a tiny file in the true layout, through the real loader, against the model of diffusers built directly.

Every kind of block is there and no weight is left at zero, so that a layer that was left out would show.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_sd3_transformer_checkpoint_to_diffusers,
)
from torch import Tensor

from models.conditions import Ready, prepare
from models.detect import find_denoiser
from models.engine import Engine
from models.errors import ModelError
from models.families import FAMILIES
from models.files import open_weights
from models.inputs_flux import stretched
from models.model import Model
from models.networks.flux import Flux
from models.networks.mmdit import Mmdit
from models.networks.unet import Level, Unet
from tests.models.conftest import PREFIXES, filled, in_layout

SD1 = [Level(32, 1, 1), Level(64, 1, 1), Level(64, 1, 0)]
SD2 = [Level(64, 2, 1), Level(128, 2, 1)]
SDXL = [Level(64, 2, 0), Level(64, 2, 2), Level(128, 2, 3)]
WIDE = {"linear": True, "heads": None}
UNETS: dict[str, tuple[Unet, list[Level], dict[str, Any]]] = {
    "sd1": (Unet.of_levels(SD1), SD1, {}),
    "sd1-inpainting": (Unet.of_levels(SD1, in_channels=9), SD1, {}),
    "sd1-instruct-pix2pix": (Unet.of_levels(SD1, in_channels=8), SD1, {}),
    "sd2": (Unet.of_levels(SD2, **WIDE), SD2, {}),
    "sdxl": (Unet.of_levels(SDXL, **WIDE, vector=2816, middle_transformers=3), SDXL, {"vector": 2816}),
    "sdxl-inpainting": (
        Unet.of_levels(SDXL, **WIDE, vector=2816, middle_transformers=3, in_channels=9), SDXL, {"vector": 2816},
    ),
    "sdxl_refiner": (Unet.of_levels(SDXL, **WIDE, vector=2560, middle_transformers=3), SDXL, {"vector": 2560}),
}  # fmt: skip
MMDITS = {
    "sd3": Mmdit(64 * 2, 3, 16, 16, 2, 96, 2048, 16 * 16, normalised=False),
    "sd35-large": Mmdit(64 * 2, 3, 16, 16, 2, 96, 2048, 16 * 16, normalised=True),
    "sd35-medium": Mmdit(64 * 2, 3, 16, 16, 2, 96, 2048, 16 * 16, normalised=True, dual=2),
}
FLUXES = {
    "flux-dev": Flux(64, 2, 2, 2, 16, 16, 48, 40, guided=True, mlp=256),
    "flux-schnell": Flux(64, 2, 2, 2, 16, 16, 48, 40, guided=False, mlp=256),
    "flux-fill": Flux(64, 2, 1, 1, 96, 16, 48, 40, guided=True, mlp=256),
}


@pytest.fixture
def load(write: Callable[..., Path], engine: Engine) -> Callable[..., Model]:
    """load(tensors, prefix) -> a model, from a file of these tensors."""

    def load(tensors: dict[str, Tensor], prefix: str = PREFIXES["unet"]) -> Model:
        return engine.load_model(write({prefix + name: tensor for name, tensor in tensors.items()}))

    return load


def conditions(model: Model, x: Tensor, cross: Tensor, **options: Any) -> dict[str, Any]:
    """What the family makes of an entry, for a latent like x."""
    ready = Ready(model, torch.zeros_like(x), torch.zeros_like(x), None, 0, torch.tensor([1.0, 0.0]))
    return prepare([[cross, options]], ready)[0].inputs_for(x)


def same(found: Tensor, expected: Tensor) -> None:
    assert torch.allclose(found, expected, atol=1e-4, rtol=1e-4), float((found - expected).abs().max())


@pytest.mark.parametrize("name", UNETS)
@pytest.mark.parametrize("size", [(16, 16), (9, 14)], ids=["even", "odd"])
@torch.no_grad()
def test_a_unets_step(name: str, size: tuple[int, int], load: Callable[..., Model]):
    unet, levels, extra = UNETS[name]
    weights = in_layout(unet, filled(unet), "")
    model = load(weights)
    family = name.partition("-")[0]
    assert model.family.name == family
    direct = diffusers_unet(unet, levels, weights, extra.get("vector", 0))
    x, cross = torch.randn(2, 4, *size), torch.randn(1, 7, 64)
    pooled = torch.randn(1, 1280)
    options: dict[str, Any] = {"pooled_output": pooled, "crop_w": 16, "target_height": 512}
    beside = torch.zeros(2, 0, *size)
    if unet.in_channels > 4:
        picture = torch.randn(1, 4, *size)
        options |= {"concat_latent_image": picture, "concat_mask": torch.rand(1, size[0] * 8, size[1] * 8)}
        mask = torch.nn.functional.interpolate(options["concat_mask"][:, None], size=size, mode="bilinear").round()
        scaled = picture * model.latent_format.scale if unet.in_channels == 9 else picture
        beside = torch.cat([mask, scaled] if unet.in_channels == 9 else [scaled], 1).expand(2, -1, -1, -1)
    sigma = model.prediction.sigmas[600]
    found = model.denoise(x, sigma, conditions(model, x, cross, **options))
    height, width = (side * 8 for side in size)
    numbers = {2816: [height, width, 0, 16, 512, width], 2560: [height, width, 0, 16, 6]}.get(unet.vector)
    more = {}
    if numbers:
        ids = torch.tensor([numbers], dtype=torch.float32).repeat(2, 1)
        more = {"added_cond_kwargs": {"text_embeds": pooled.repeat(2, 1), "time_ids": ids}}
    scaled_x = torch.cat([x / (sigma**2 + 1).sqrt(), beside], 1)
    eps = direct(scaled_x, 600, cross.repeat(2, 1, 1), **more).sample
    same(found, x - sigma * eps)


def diffusers_unet(unet: Unet, levels: list[Level], weights: dict[str, Tensor], vector: int) -> UNet2DConditionModel:
    attends = [level.transformers > 0 for level in levels]
    config: dict[str, Any] = {
        "in_channels": unet.in_channels,
        "block_out_channels": [level.channels for level in levels],
        "layers_per_block": levels[0].resnets,
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        "transformer_layers_per_block": [level.transformers or unet.middle.depth for level in levels],
        "attention_head_dim": [unet.heads_of(level.channels) for level in levels],  # its name for the number of heads
        "cross_attention_dim": unet.context,
        "use_linear_projection": unet.linear,
    }
    if vector:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": vector,
        }
    module = UNet2DConditionModel(**config).eval()
    prefixed = {PREFIXES["unet"] + name: tensor for name, tensor in weights.items()}
    module.load_state_dict(convert_ldm_unet_checkpoint(prefixed, dict(module.config)))
    return module


@pytest.mark.parametrize("name", MMDITS)
@pytest.mark.parametrize("size", [(8, 12), (7, 9)], ids=["even", "odd"])
@torch.no_grad()
def test_a_step_of_stable_diffusion_3(name: str, size: tuple[int, int], load: Callable[..., Model]):
    sizes = MMDITS[name]
    weights = filled(sizes).state_dict()
    model = load(weights)
    assert (model.family.name, model.component.network) == ("sd3", sizes)
    direct = SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=16,
        num_layers=sizes.depth,
        attention_head_dim=64,
        num_attention_heads=sizes.width // 64,
        joint_attention_dim=sizes.context,
        caption_projection_dim=sizes.width,
        pooled_projection_dim=sizes.vector,
        out_channels=16,
        pos_embed_max_size=16,
        dual_attention_layers=tuple(range(sizes.dual)),
        qk_norm="rms_norm" if sizes.normalised else None,
    ).eval()
    converted = convert_sd3_transformer_checkpoint_to_diffusers({k: v.clone() for k, v in weights.items()})
    direct.load_state_dict(converted)
    x, cross, pooled = torch.randn(2, 16, *size), torch.randn(1, 9, 96), torch.randn(1, 2048)
    sigma = torch.tensor(0.6)
    found = model.denoise(x, sigma, conditions(model, x, cross, pooled_output=pooled))
    whole = torch.nn.functional.pad(x, (0, size[1] % 2, 0, size[0] % 2), mode="circular")
    time = torch.full((2,), 600.0)
    answer = direct(whole, cross.repeat(2, 1, 1), pooled.repeat(2, 1), time).sample[..., : size[0], : size[1]]
    same(found, x - sigma * answer)


@pytest.mark.parametrize("name", FLUXES)
@torch.no_grad()
def test_a_step_of_flux(name: str, load: Callable[..., Model]):
    sizes = FLUXES[name]
    weights = filled(sizes).state_dict()
    model = load(weights)
    assert (model.family.name, model.component.network) == ("flux", sizes)
    assert model.prediction.sigmas[len(model.prediction.sigmas) // 2 - 1] == pytest.approx(
        0.5 if not sizes.guided else 0.7595, abs=1e-3
    )
    direct = diffusers_flux(sizes, weights)
    x, cross, pooled = torch.randn(2, 16, 6, 8), torch.randn(1, 5, 48), torch.randn(1, 40)
    options: dict[str, Any] = {"pooled_output": pooled, "guidance": 2.5}
    beside = torch.zeros(2, 0, 6, 8)
    if sizes.in_channels == 96:
        picture, mask = torch.randn(1, 16, 6, 8), torch.rand(1, 48, 64)
        options |= {"concat_latent_image": picture, "concat_mask": mask}
        cells = torch.nn.functional.pixel_unshuffle(mask[:, None], 8)
        beside = torch.cat([(picture - 0.1159) * 0.3611, cells], 1).expand(2, -1, -1, -1)
    sigma = torch.tensor(0.7)
    found = model.denoise(x, sigma, conditions(model, x, cross, **options))
    rows, columns = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
    places = torch.stack([torch.zeros(3, 4), rows, columns], -1).reshape(12, 3)
    answer = direct(
        torch.nn.functional.pixel_unshuffle(torch.cat([x, beside], 1), 2).flatten(2).transpose(1, 2),
        cross.repeat(2, 1, 1),
        pooled.repeat(2, 1),
        torch.full((2,), 0.7),
        places,
        torch.zeros(5, 3),
        torch.full((2,), 2.5) if sizes.guided else None,
    ).sample
    grid = torch.nn.functional.pixel_shuffle(answer.transpose(1, 2).unflatten(2, (3, 4)), 2)
    same(found, x - sigma * grid)


def diffusers_flux(sizes: Flux, weights: dict[str, Tensor]) -> FluxTransformer2DModel:
    """The same weights under diffusers' names, written out: q, k, v apart, and last scale before shift."""
    module = FluxTransformer2DModel(
        patch_size=1,
        in_channels=sizes.in_channels * 4,
        out_channels=sizes.out_channels * 4,
        num_layers=sizes.double,
        num_single_layers=sizes.single,
        attention_head_dim=sizes.head,
        num_attention_heads=sizes.heads,
        joint_attention_dim=sizes.context,
        pooled_projection_dim=sizes.vector,
        guidance_embeds=sizes.guided,
        axes_dims_rope=sizes.axes,
    ).eval()
    state: dict[str, Tensor] = {}
    embedders = {"time_in": "timestep_embedder", "guidance_in": "guidance_embedder", "vector_in": "text_embedder"}
    for name, value in weights.items():
        stem, kind = name.rsplit(".", 1)
        parts = stem.split(".")
        if parts[0] in embedders:
            layer = {"in_layer": "linear_1", "out_layer": "linear_2"}[parts[1]]
            state[f"time_text_embed.{embedders[parts[0]]}.{layer}.{kind}"] = value
        elif parts[0] in ("img_in", "txt_in"):
            state[f"{'x_embedder' if parts[0] == 'img_in' else 'context_embedder'}.{kind}"] = value
        elif stem == "final_layer.linear":
            state[f"proj_out.{kind}"] = value
        elif parts[0] == "final_layer":
            state[f"norm_out.linear.{kind}"] = torch.cat(value.chunk(2)[::-1])
        elif parts[0] == "double_blocks":
            block, rest = f"transformer_blocks.{parts[1]}", ".".join(parts[2:])
            text = rest.startswith("txt")
            match rest[4:]:
                case "mod.lin":
                    state[f"{block}.{'norm1_context' if text else 'norm1'}.linear.{kind}"] = value
                case "attn.qkv":
                    names = ("add_q_proj", "add_k_proj", "add_v_proj") if text else ("to_q", "to_k", "to_v")
                    for proj, part in zip(names, value.chunk(3), strict=True):
                        state[f"{block}.attn.{proj}.{kind}"] = part
                case "attn.proj":
                    state[f"{block}.attn.{'to_add_out' if text else 'to_out.0'}.{kind}"] = value
                case "attn.norm.query_norm":
                    state[f"{block}.attn.{'norm_added_q' if text else 'norm_q'}.weight"] = value
                case "attn.norm.key_norm":
                    state[f"{block}.attn.{'norm_added_k' if text else 'norm_k'}.weight"] = value
                case mlp:
                    net = {"mlp.0": "net.0.proj", "mlp.2": "net.2"}[mlp]
                    state[f"{block}.{'ff_context' if text else 'ff'}.{net}.{kind}"] = value
        else:
            block, rest = f"single_transformer_blocks.{parts[1]}", ".".join(parts[2:])
            match rest:
                case "modulation.lin":
                    state[f"{block}.norm.linear.{kind}"] = value
                case "linear1":
                    q, k, v, mlp_part = value.split([sizes.width] * 3 + [sizes.mlp])
                    for proj, part in (("to_q", q), ("to_k", k), ("to_v", v)):
                        state[f"{block}.attn.{proj}.{kind}"] = part
                    state[f"{block}.proj_mlp.{kind}"] = mlp_part
                case "linear2":
                    state[f"{block}.proj_out.{kind}"] = value
                case norm:
                    state[f"{block}.attn.{'norm_q' if 'query' in norm else 'norm_k'}.weight"] = value
    module.load_state_dict(state)
    return module


@torch.no_grad()
def test_reference_latents_stand_beside_fluxs_picture(load: Callable[..., Model]):
    """What a reference shows reaches the picture, and where it lies matters."""
    model = load(filled(FLUXES["flux-dev"]).state_dict())
    x, cross = torch.randn(1, 16, 6, 8), torch.randn(1, 5, 48)
    pooled, sigma = torch.randn(1, 40), torch.tensor(0.5)
    reference = torch.randn(1, 16, 4, 4)

    def answer(**options: Any) -> Tensor:
        return model.denoise(x, sigma, conditions(model, x, cross, pooled_output=pooled, **options))

    plain, beside = answer(), answer(reference_latents=[reference])
    assert plain.shape == beside.shape
    assert not torch.allclose(plain, beside, atol=1e-3)
    by_index = answer(reference_latents=[reference, reference], reference_latents_method="index")
    assert not torch.allclose(by_index, answer(reference_latents=[reference, reference]), atol=1e-4)


@pytest.mark.parametrize("prefix", ["model.diffusion_model.", ""])
def test_every_family_is_told_apart(prefix: str, write: Callable[..., Path]):
    networks = {name: unet for name, (unet, _, _) in UNETS.items()} | MMDITS | FLUXES
    told = {}
    for name, network in networks.items():
        with torch.device("meta"):
            shapes = {prefix + n: torch.empty(()) for n in ()}
        tensors = {prefix + n: torch.zeros(v.shape) for n, v in network.build().state_dict().items()} | shapes
        found = find_denoiser(open_weights(write(tensors, f"{name}.safetensors")))
        assert found is not None
        told[name] = (found[0].name, found[1].network, found[0].kinds(found[1].network))
    expected = {"sd35-large": "sd3", "sd35-medium": "sd3"}
    for name, (family, network, _) in told.items():
        assert family == expected.get(name, name.partition("-")[0])
        assert network == networks[name]
    assert told["sd1-inpainting"][2] == "inpainting"
    assert told["sd1-instruct-pix2pix"][2] == "instruct-pix2pix"
    assert told["flux-schnell"][2] == "schnell"
    assert told["flux-fill"][2] == "Fill"
    assert {family.name for family in FAMILIES} == {family for family, _, _ in told.values()}


def test_a_mask_is_stretched_over_the_picture() -> None:
    """What is said of the picture as a whole holds for each of its tokens; what is said of text stays."""
    mask = torch.randn(1, 4, 4)  # three tokens of text, one for the picture
    wide = stretched(mask, (1, 1), (2, 3))
    assert wide.shape == (1, 9, 9)
    assert torch.equal(wide[:, :3, :3], mask[:, :3, :3])
    assert torch.allclose(wide[:, :3, 3:], mask[:, :3, 3:].expand(1, 3, 6))
    assert torch.allclose(wide[:, 3:, :3], mask[:, 3:, :3].expand(1, 6, 3))
    assert torch.equal(stretched(wide, (2, 3), (2, 3)), wide)


@torch.no_grad()
def test_what_a_mask_forbids_is_not_seen(load: Callable[..., Model]):
    """A token of text whose logits are lowered beyond all changes nothing any more."""
    model = load(filled(FLUXES["flux-dev"]).state_dict())
    x, cross, pooled = torch.randn(1, 16, 6, 8), torch.randn(1, 5, 48), torch.randn(1, 40)
    other = cross.clone()
    other[:, 4] += 1
    mask = torch.zeros(1, 6, 6)
    mask[..., 4] = -1e4
    answers = [
        model.denoise(x, torch.tensor(0.5), conditions(model, x, text, pooled_output=pooled, attention_mask=mask))
        for text in (cross, other)
    ]
    assert torch.allclose(*answers, atol=1e-5)


def test_pictures_read_by_another_image_encoder_are_told(load: Callable[..., Model]) -> None:
    unclip = Unet.of_levels(SD2, **WIDE, vector=1536)
    model = load(in_layout(unclip, filled(unclip), ""))
    seen = SimpleNamespace(image_embeds=torch.randn(1, 40))
    given = [{"clip_vision_output": seen, "strength": 1.0, "noise_augmentation": 0.0}]
    with pytest.raises(ModelError, match=r"read as 40 numbers each, and .* takes 768"):
        conditions(model, torch.zeros(1, 4, 8, 8), torch.randn(1, 7, 64), unclip_conditioning=given)
