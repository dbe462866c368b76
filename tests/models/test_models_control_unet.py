"""ControlNets for Stable Diffusion 1, 2 and XL against diffusers', each file in its published layout."""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from torch.nn import functional

from models.engine import Engine
from models.errors import CheckpointError, ModelError

from .conftest import UNET, filled
from .control_models import (
    UNET_SIGMA,
    Step,
    Write,
    close,
    close_to_unet,
    from_native,
    ldm_controlnet,
    randomized,
    sd1,
    sd2,
    sdxl,
    state,
    to_native,
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def theirs(module: ControlNetModel, step: Step, hint: torch.Tensor, **more):
    return module(
        step.scaled, step.timestep, step.context, hint.expand(len(step.x), -1, -1, -1), return_dict=False, **more
    )


def unchanged(module):
    return state(module)


def published(module):
    return {f"control_model.{name}": value for name, value in to_native(module).items()}


@pytest.mark.parametrize("layout", [unchanged, to_native, published])
def test_sd1_in_each_layout(engine: Engine, tmp_path: Path, write: Write, layout):
    module = randomized(ldm_controlnet())
    step = Step(sd1(engine, tmp_path), (2, 4, 8, 12), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 96)
    control = engine.load_controlnet(write(layout(module)))
    assert control.source.family == "Stable Diffusion 1"
    close_to_unet(step.added(control, hint), *theirs(module, step, hint))


def test_sd2_has_heads_of_64_channels(engine: Engine, tmp_path: Path, write: Write):
    module = randomized(ldm_controlnet(
        block_out_channels=(64, 128), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        layers_per_block=2, attention_head_dim=(1, 2), use_linear_projection=True,
    ))  # fmt: skip
    step = Step(sd2(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    control = engine.load_controlnet(write(to_native(module)))
    assert control.source.family == "Stable Diffusion 2"
    close_to_unet(step.added(control, hint), *theirs(module, step, hint))


XL = {
    "block_out_channels": (32, 64, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "layers_per_block": 2,
    "transformer_layers_per_block": (0, 1, 2),
    "attention_head_dim": (1, 1, 1),
    "cross_attention_dim": 48,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
SIZES = torch.tensor([[1024.0, 768.0, 0.0, 16.0, 1024.0, 768.0]])


def xl_step(engine: Engine, tmp_path: Path) -> tuple[Step, dict[str, torch.Tensor]]:
    """A step of SDXL, whose vector holds a text and six sizes, and the same as diffusers wants it."""
    step = Step(sdxl(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    angles = SIZES.flatten()[:, None] * 10000.0 ** -(torch.arange(128) / 128)
    step.y = torch.cat([step.y[:, :1280], torch.cat([angles.cos(), angles.sin()], 1).reshape(1, -1)], 1)
    return step, {"text_embeds": step.y[:, :1280], "time_ids": SIZES}


@pytest.mark.parametrize("layout", [unchanged, to_native])
def test_sdxl(engine: Engine, tmp_path: Path, write: Write, layout):
    module = randomized(ldm_controlnet(**XL))
    step, added = xl_step(engine, tmp_path)
    hint = torch.rand(1, 3, 64, 64)
    control = engine.load_controlnet(write(layout(module)))
    assert control.source.family == "Stable Diffusion XL"
    close_to_unet(step.added(control, hint), *theirs(module, step, hint, added_cond_kwargs=added))


def test_a_small_one_for_sdxl_attends_to_nothing(engine: Engine, tmp_path: Path, write: Write):
    """Its middle is one res-block alone. A file may hold more than the network has use for."""
    small = {"down_block_types": ("DownBlock2D",) * 3, "mid_block_type": "UNetMidBlock2D"}
    module = randomized(ldm_controlnet(**(XL | small)))
    step, added = xl_step(engine, tmp_path)
    hint = torch.rand(1, 3, 64, 64)
    control = engine.load_controlnet(write(state(module) | {"training.step": torch.zeros(1)}))
    assert control.source.family == "Stable Diffusion XL"
    close_to_unet(step.added(control, hint), *theirs(module, step, hint, added_cond_kwargs=added))


def union(**options) -> ControlNetUnionModel:
    return randomized(ControlNetUnionModel(
        **XL, num_control_type=8, num_trans_channel=32, num_trans_head=4, num_proj_channel=32, **options
    ))  # fmt: skip


def test_union_that_is_told_a_kind(engine: Engine, tmp_path: Path, write: Write):
    """diffusers lets the hint's vector attend to the latent's as well, which the incumbent does not: with the weights
    by which they could learn of each other at zero, both are the same."""
    module = union()
    layer = module.transformer_layes[0]
    layer.attn.in_proj_weight[64:] = 0
    step, added = xl_step(engine, tmp_path)
    hint = torch.rand(1, 3, 64, 64)
    told = torch.zeros(1, 8)
    told[:, 3] = 1
    expected = module(
        step.scaled, step.timestep, step.context, [hint], told, control_type_idx=[3], added_cond_kwargs=added,
        return_dict=False,
    )  # fmt: skip
    control = engine.load_controlnet(write(state(module))).of_kind("canny/lineart/anime_lineart/mlsd")
    close_to_unet(step.added(control, hint), *expected)


def test_a_union_hint_attends_to_itself(engine: Engine, tmp_path: Path, write: Write):
    module = union()
    hint = torch.rand(1, 3, 64, 64)
    features = module.controlnet_cond_embedding(hint)
    seen = (features.mean((2, 3)) + module.task_embedding[1])[None]
    layer = module.transformer_layes[0]
    normed = layer.ln_1(seen)
    seen = seen + layer.attn(normed, normed, normed, need_weights=False)[0]
    inner = layer.mlp.c_fc(layer.ln_2(seen))
    seen = seen + layer.mlp.c_proj(inner * torch.sigmoid(1.702 * inner))
    expected = features + module.spatial_ch_projs(seen[0])[..., None, None]
    component = engine.load_controlnet(write(state(module))).source.component
    with engine.residency.use(component, torch.float32) as network:
        close(network.encode(hint, (1,)), expected)
        close(network.encode(hint, ()), features)


def test_kinds_make_a_difference_and_auto_tells_nothing(engine: Engine, tmp_path: Path, write: Write):
    step, _ = xl_step(engine, tmp_path)
    module = union()
    hint = torch.rand(1, 3, 64, 64)
    loaded = engine.load_controlnet(write(state(module)))
    results = [step.added(loaded.of_kind(kind), hint).middle for kind in ("openpose", "depth", "auto")]
    assert (results[0] - results[1]).abs().max() > 1e-3
    plain = step.added(loaded, hint).middle
    assert torch.equal(results[2], plain)
    assert loaded.of_kind("depth").of_kind("auto").kinds == ()

    small = state(module)
    small["task_embedding"] = small["task_embedding"][:6].contiguous()
    name = "control_add_embedding.linear_1.weight"
    small[name] = small[name][:, : 6 * 256].contiguous()
    few = engine.load_controlnet(write(small, "six.safetensors"))
    with pytest.raises(ModelError, match=r"six.safetensors knows 6 kinds of hints"):
        step.added(few.of_kind("repaint"), hint)


def test_a_hint_of_another_size_is_cut_at_the_middle_and_scaled(engine: Engine, tmp_path: Path, write: Write):
    module = randomized(ldm_controlnet())
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 50, 90)
    fitted = functional.interpolate(hint[..., 20:70], size=(64, 64), mode="nearest-exact")
    control = engine.load_controlnet(write(to_native(module)))
    close_to_unet(step.added(control, hint), *theirs(module, step, fitted))


def test_several_hints_go_to_the_latents_of_each_part(engine: Engine, tmp_path: Path, write: Write):
    """Three latents for each of two prompts, two hints: first, second and first again."""
    module = randomized(ldm_controlnet())
    step = Step(sd1(engine, tmp_path), (6, 4, 8, 8), 5, UNET_SIGMA, parts=2)
    hint = torch.rand(2, 3, 64, 64)
    control = engine.load_controlnet(write(to_native(module)))
    close_to_unet(step.added(control, hint), *theirs(module, step, hint[[0, 1, 0, 0, 1, 0]]))


def test_shuffle_is_averaged_over_all_places(engine: Engine, tmp_path: Path, write: Write):
    module = randomized(ldm_controlnet())
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    down, middle = theirs(module, step, hint)
    control = engine.load_controlnet(write(to_native(module), "control_v11e_sd15_shuffle.safetensors"))

    def mean(value):
        return value.mean((2, 3), keepdim=True).expand_as(value)

    close_to_unet(step.added(control, hint), [mean(value) for value in down], mean(middle))


def test_the_difference_to_a_model(engine: Engine, tmp_path: Path, write: Write):
    base = sd1(engine, tmp_path)
    weights = filled(UNET, 3).state_dict()
    difference = to_native(randomized(ldm_controlnet()))
    whole = {name: value + weights[name] if name in weights else value for name, value in difference.items()}
    module = from_native(whole, ldm_controlnet())
    tensors = {f"control_model.{name}": value for name, value in difference.items()}
    path = write(tensors | {"difference": torch.zeros(1)})
    step = Step(base, (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    close_to_unet(step.added(engine.load_controlnet(path, base), hint), *theirs(module, step, hint))
    with pytest.raises(CheckpointError, match=r"only the difference .* Load ControlNet Model \(diff\)"):
        engine.load_controlnet(path)


def test_a_diff_loader_takes_others_as_they_are(engine: Engine, tmp_path: Path, write: Write):
    module = randomized(ldm_controlnet())
    base = sd1(engine, tmp_path)
    step = Step(base, (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    close_to_unet(step.added(engine.load_controlnet(write(to_native(module)), base), hint), *theirs(module, step, hint))


def control_lora(seed: int = 5) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A Control-LoRA on the tiny UNet with weights of seed 3, and the whole ControlNet that it means."""
    weights = filled(UNET, 3).state_dict()
    torch.manual_seed(seed)
    own, whole = {"lora_controlnet": torch.zeros(1)}, {}
    for name, value in to_native(randomized(ldm_controlnet())).items():
        if name not in weights or (value.dim() == 1 and name.endswith("bias")):
            own[name] = whole[name] = value
        elif value.dim() == 1:  # what a file says nothing of is the model's
            whole[name] = weights[name]
        else:
            stem = name.removesuffix(".weight")
            up, down = torch.randn(value.shape[0], 2) * 0.2, torch.randn(2, value[0].numel()) * 0.2
            own[f"{stem}.up"] = up.reshape(-1, 2, *[1] * (value.dim() - 2))
            own[f"{stem}.down"] = down.reshape(2, *value.shape[1:])
            whole[name] = weights[name] + (up @ down).reshape(value.shape)
    return own, whole


def test_control_lora(engine: Engine, tmp_path: Path, write: Write):
    own, whole = control_lora()
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    control = engine.load_controlnet(write(own))
    close_to_unet(step.added(control, hint), *theirs(from_native(whole, ldm_controlnet()), step, hint))


def test_a_control_lora_on_a_model_with_a_lora(engine: Engine, tmp_path: Path, write: Write):
    """What the model's own LoRA changes, the ControlNet has changed as well."""
    own, whole = control_lora()
    up, down = torch.randn(32, 2), torch.randn(2, 32)
    lora = write({
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_up.weight": up,
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_down.weight": down,
    }, "lora.safetensors")  # fmt: skip
    whole["input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"] += 0.5 * up @ down
    patched = sd1(engine, tmp_path).with_lora(engine.load_lora(lora), 0.5)
    step = Step(patched, (1, 4, 8, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 64, 64)
    control = engine.load_controlnet(write(own, "control.safetensors"))
    close_to_unet(step.added(control, hint), *theirs(from_native(whole, ldm_controlnet()), step, hint))


def test_a_control_lora_for_another_family(engine: Engine, tmp_path: Path, write: Write):
    own, _ = control_lora()
    control = engine.load_controlnet(write(own, "edges.safetensors"))
    step = Step(sd2(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    with pytest.raises(ModelError, match=r"edges.safetensors is for .*, and model-.* is a model of Stable Diffusion 2"):
        step.added(control, torch.rand(1, 3, 64, 64))
