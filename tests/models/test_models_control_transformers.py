"""ControlNets for Stable Diffusion 3 and Flux.1 against diffusers', each file in its published layout."""

import math
from pathlib import Path

import pytest
import torch
from diffusers import FluxControlNetModel, SD3ControlNetModel
from torch import Tensor, nn
from torch.nn import functional

from models.control import apply, inpainting_hint
from models.engine import Engine
from models.errors import ModelError
from models.keymaps import flux as flux_names
from models.model import Model
from models.networks.controlnet_sd3 import DitControl
from models.networks.hooks import Pass
from models.vae import Vae

from .conftest import filled
from .control_models import FLUX, SD3, Step, Write, close, model, randomized, ready, state

SIGMA = 0.6


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class FakeVae:
    """Sixteen channels out of three colours, eight times smaller; counts how often it is asked."""

    factor = 8

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, pixels: Tensor) -> Tensor:
        self.asked += 1
        small = functional.avg_pool2d(pixels.movedim(-1, 1), 8)
        return torch.cat([small * (n - 3) for n in range(6)], 1)[:, :16]


def spread(values: list[Tensor], times: int) -> list[Tensor]:
    return [value for value in values for _ in range(times)]


# Stable Diffusion 3


def sd3(engine: Engine, tmp_path: Path) -> Model:
    return model(engine, tmp_path, SD3)


def sd3_controlnet(extra: int = 0) -> SD3ControlNetModel:
    module = SD3ControlNetModel(
        sample_size=16, num_layers=2, attention_head_dim=64, num_attention_heads=4, joint_attention_dim=24,
        caption_projection_dim=256, pooled_projection_dim=16, pos_embed_max_size=16, extra_conditioning_channels=extra,
    )  # fmt: skip
    return randomized(module)


def sd3_expected(module: SD3ControlNetModel, step: Step, hint: Tensor) -> list[Tensor]:
    """Pooled texts are zeros for these. Two blocks for four: each twice, save that the last one's text ends there."""
    zeros = torch.zeros(len(step.x), 16)
    (found,) = module(
        step.scaled, hint, encoder_hidden_states=step.context, pooled_projections=zeros,
        timestep=step.timestep.expand(len(step.x)), return_dict=False,
    )  # fmt: skip
    return spread(list(found), 2)[:-1]


def test_sd3_sees_a_latent_that_is_scaled_and_not_shifted(engine: Engine, tmp_path: Path, write: Write):
    module, vae = sd3_controlnet(), FakeVae()
    step = Step(sd3(engine, tmp_path), (2, 16, 8, 12), 5, SIGMA)
    picture = torch.rand(1, 3, 64, 96)
    expected = sd3_expected(module, step, vae.encode(picture.movedim(1, -1)).expand(2, -1, -1, -1) * 1.5305)
    control = engine.load_controlnet(write(state(module)))
    found = step.added(control, picture, vae=vae)
    assert len(found.output) == len(expected) == 3
    for ours, theirs in zip(found.output, expected, strict=True):
        close(ours, theirs)


def test_sd3_inpainting_sees_the_mask_beside_the_latent(engine: Engine, tmp_path: Path, write: Write):
    module, vae = sd3_controlnet(extra=1), FakeVae()
    step = Step(sd3(engine, tmp_path), (1, 16, 8, 8), 5, SIGMA)
    image, mask = torch.rand(1, 64, 64, 3), (torch.rand(1, 64, 64) > 0.5).float()
    control = engine.load_controlnet(write(state(module)))
    assert control.takes_mask

    black = image * (1 - mask)[..., None]
    kept = functional.interpolate(1 - mask[:, None], size=(8, 8), mode="nearest-exact")
    expected = sd3_expected(module, step, torch.cat([vae.encode(black) * 1.5305, kept], 1))
    seen, masks = inpainting_hint(image, mask)
    for ours, theirs in zip(
        step.added(control, seen.movedim(-1, 1), vae=vae, masks=(masks,)).output, expected, strict=True
    ):
        close(ours, theirs)

    expected = sd3_expected(module, step, torch.cat([vae.encode(image) * 1.5305, torch.ones(1, 1, 8, 8)], 1))
    for ours, theirs in zip(step.added(control, image.movedim(-1, 1), vae=vae).output, expected, strict=True):
        close(ours, theirs)


def stability(network: DitControl, control_type: int) -> tuple[nn.Module, dict[str, Tensor]]:
    """A module with the weights, and the file: its own names for embedders, and not what the model lends."""
    module = filled(network, 11)
    tensors = {name: value for name, value in state(module).items() if name not in dict(network.borrowed)}
    renamed = {"t_embedder.mlp.0": "timestep_embedder.linear_1", "t_embedder.mlp.2": "timestep_embedder.linear_2",
               "y_embedder.mlp.0": "text_embedder.linear_1", "y_embedder.mlp.2": "text_embedder.linear_2"}  # fmt: skip
    for ours, theirs in renamed.items():
        for kind in ("weight", "bias"):
            tensors[f"time_text_embed.{theirs}.{kind}"] = tensors.pop(f"{ours}.{kind}")
    return module, tensors | {"control_type": torch.tensor(float(control_type))}


def as_diffusers(tensors: dict[str, Tensor]) -> SD3ControlNetModel:
    """diffusers' twin of Stability's larger ControlNets, which gets the latent as the model's tokens."""
    module = SD3ControlNetModel(
        sample_size=16, num_layers=2, attention_head_dim=64, num_attention_heads=4, joint_attention_dim=None,
        caption_projection_dim=256, pooled_projection_dim=16, pos_embed_max_size=None, pos_embed_type=None,
        use_pos_embed=False,
    )  # fmt: skip
    found = {name: value for name, value in tensors.items() if name.startswith("time_text_embed.")}
    found |= {name: value for name, value in tensors.items() if name.startswith(("controlnet_blocks.", "pos_embed_in"))}
    for i in range(2):
        here, there = f"transformer_blocks.{i}", f"transformer_blocks.{i}"
        for kind in ("weight", "bias"):
            parts = tensors[f"{here}.attn.qkv.{kind}"].chunk(3)
            for part, value in zip("qkv", parts, strict=True):
                found[f"{there}.attn.to_{part}.{kind}"] = value
            for ours, theirs in (("attn.proj", "attn.to_out.0"), ("adaLN_modulation.1", "norm1.linear"),
                                 ("mlp.fc1", "ff.net.0.proj"), ("mlp.fc2", "ff.net.2")):  # fmt: skip
                found[f"{there}.{theirs}.{kind}"] = tensors[f"{here}.{ours}.{kind}"]
    module.load_state_dict(found)
    return module.eval().requires_grad_(False)


def places(width: int, height: int, across: int) -> Tensor:
    """Sines and cosines of where each token is: the shorter side spans 0 to 15."""
    found = []
    for y in range(height):
        for x in range(across):
            row = []
            for at, length in ((x, across), (y, height)):
                reach = length / min(height, across) * 7.5
                spot = 7.5 - reach + at * (2 * reach / (length - 1))
                angles = [spot / 10000 ** (i / (width / 4)) for i in range(width // 4)]
                row += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
            found.append(row)
    return torch.tensor(found)


CHANGES = {0: lambda a: a, 1: lambda a: a * 255 * 0.5 + 0.5, 2: lambda a: 1 - a}


@pytest.mark.parametrize("kind", CHANGES)
def test_stability_s_for_the_large_model(engine: Engine, tmp_path: Path, write: Write, kind: int):
    base, vae = sd3(engine, tmp_path), FakeVae()
    _, tensors = stability(DitControl(256, 2, 16, 16, twice=False), kind)
    step = Step(base, (1, 16, 8, 12), 5, SIGMA)
    picture, pooled = torch.rand(1, 3, 64, 96), torch.randn(1, 16)
    weights = filled(SD3, 3).state_dict()
    tokens = functional.conv2d(step.x, weights["x_embedder.proj.weight"], weights["x_embedder.proj.bias"], stride=2)
    tokens = tokens.flatten(2).mT + places(256, 4, 6)
    hint = (vae.encode(CHANGES[kind](picture).movedim(1, -1)) - 0.0609) * 1.5305
    (expected,) = as_diffusers(tensors)(
        tokens, hint, pooled_projections=pooled, timestep=step.timestep.expand(1), return_dict=False
    )
    control = engine.load_controlnet(write(tensors))
    entries = [[[step.context, {}]]]
    applied = apply(control, entries, picture.movedim(1, -1), 1.0, vae=vae)[0][0][1]["control"]
    found = step.of(applied, y=pooled)
    assert len(found.output) == 4
    for ours, theirs in zip(found.output, spread(list(expected), 2), strict=True):
        close(ours, theirs)


def test_stability_s_smaller_ones_borrow_the_text_s_embedder(engine: Engine, tmp_path: Path, write: Write):
    """Their blocks all see the same tokens, which know no places."""
    base, vae = sd3(engine, tmp_path), FakeVae()
    network = DitControl(256, 2, 16, 16, twice=True)
    module, tensors = stability(network, 0)
    weights = filled(SD3, 3).state_dict()
    for ours, theirs in network.borrowed:
        module.get_parameter(ours).data.copy_(weights[theirs])
    step = Step(base, (1, 16, 8, 8), 5, SIGMA)
    picture, pooled = torch.rand(1, 3, 64, 64), torch.randn(1, 16)
    hint = (vae.encode(picture.movedim(1, -1)) - 0.0609) * 1.5305

    def embedded(values: Tensor, name: str) -> Tensor:
        embedder = module.get_submodule(name)
        return embedder.mlp[2](functional.silu(embedder.mlp[0](values)))

    angles = step.timestep * 10000.0 ** -(torch.arange(128) / 128)
    vec = embedded(torch.cat([angles.cos(), angles.sin()])[None], "t_embedder")
    vec = vec + embedded(embedded(pooled, "orig_y_embedder"), "y_embedder")
    tokens = sum(
        functional.conv2d(values, part.proj.weight, part.proj.bias, stride=2).flatten(2).mT
        for values, part in ((step.x, module.x_embedder), (hint, module.pos_embed_input))
    )
    expected = []
    for block, leave in zip(module.transformer_blocks, module.controlnet_blocks, strict=True):
        shift, scale, gate, shift2, scale2, gate2 = block.adaLN_modulation(vec)[:, None].chunk(6, -1)
        x = functional.layer_norm(tokens, (256,), eps=1e-6) * (1 + scale) + shift
        q, k, v = (t.unflatten(-1, (4, 64)).transpose(1, 2) for t in block.attn.qkv(x).chunk(3, -1))
        x = tokens + gate * block.attn.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        y = functional.layer_norm(x, (256,), eps=1e-6) * (1 + scale2) + shift2
        expected.append(leave(x + gate2 * block.mlp.fc2(functional.gelu(block.mlp.fc1(y), approximate="tanh"))))

    applied = apply(
        engine.load_controlnet(write(tensors)), [[[step.context, {}]]], picture.movedim(1, -1), 1.0, vae=vae
    )
    found = step.of(applied[0][0][1]["control"], y=pooled)
    for ours, theirs in zip(found.output, spread(expected, 2), strict=True):
        close(ours, theirs)


# Flux.1


def flux_controlnet(**options) -> FluxControlNetModel:
    usual = {
        "in_channels": 64, "num_layers": 2, "num_single_layers": 3, "attention_head_dim": 32, "num_attention_heads": 2,
        "joint_attention_dim": 24, "pooled_projection_dim": 16, "guidance_embeds": True, "axes_dims_rope": (4, 14, 14),
    }  # fmt: skip
    return randomized(FluxControlNetModel(**(usual | options)))


def packed(latent: Tensor) -> Tensor:
    """(b, c, h, w) in patches of 2 x 2, as diffusers' pipelines do it."""
    b, c, h, w = latent.shape
    return latent.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h * w // 4, c * 4)


class FluxStep(Step):
    def __init__(self, engine: Engine, tmp_path: Path) -> None:
        super().__init__(model(engine, tmp_path, FLUX), (1, 16, 8, 12), 5, SIGMA)
        self.y, self.guidance = torch.randn(1, 16), torch.tensor([3.5])

    def found(self, control, picture: Tensor, **options):
        applied = apply(control, [[[self.context, {}]]], picture.movedim(1, -1), 1.0, **options)[0][0][1]["control"]
        return self.of(applied, guidance=self.guidance)

    def expected(self, module: FluxControlNetModel, hint: Tensor, mode: int | None = None):
        ids = torch.zeros(4, 6, 3)
        ids[..., 1], ids[..., 2] = torch.arange(4)[:, None], torch.arange(6)[None]
        kind = None if mode is None else torch.tensor([[mode]])
        return module(
            packed(self.scaled), hint, controlnet_mode=kind, encoder_hidden_states=self.context,
            pooled_projections=self.y, timestep=self.timestep.expand(1), img_ids=ids.reshape(-1, 3),
            txt_ids=torch.zeros(5, 3), guidance=self.guidance, return_dict=False,
        )  # fmt: skip


def close_to_flux(found, double: list[Tensor], single: list[Tensor]) -> None:
    """Spread over the model's 19 double and 38 single blocks."""
    assert found.middle is None
    for ours, theirs, total in ((found.input, double, 19), (found.output, single, 38)):
        assert len(ours) == (total if theirs else 0)
        for a, b in zip(ours, theirs, strict=True):
            close(a, b)


def of_a_latent(vae: FakeVae, picture: Tensor) -> Tensor:
    return (vae.encode(picture.movedim(1, -1)) - 0.1159) * 0.3611


def test_flux_whose_hint_is_a_latent(engine: Engine, tmp_path: Path, write: Write):
    module, step, vae = flux_controlnet(), FluxStep(engine, tmp_path), FakeVae()
    picture = torch.rand(1, 3, 64, 96)
    double, single = step.expected(module, packed(of_a_latent(vae, picture)))
    found = step.found(engine.load_controlnet(write(state(module))), picture, vae=vae)
    close_to_flux(found, spread(list(double), 10)[:19], spread(list(single), 13)[:38])


def test_flux_without_single_blocks(engine: Engine, tmp_path: Path, write: Write):
    module, step, vae = flux_controlnet(num_single_layers=0), FluxStep(engine, tmp_path), FakeVae()
    picture = torch.rand(1, 3, 64, 96)
    double, single = step.expected(module, packed(of_a_latent(vae, picture)))
    assert not single
    close_to_flux(
        step.found(engine.load_controlnet(write(state(module))), picture, vae=vae), spread(list(double), 10)[:19], []
    )


def test_flux_union_is_told_a_kind(engine: Engine, tmp_path: Path, write: Write):
    module, step, vae = flux_controlnet(num_mode=10), FluxStep(engine, tmp_path), FakeVae()
    picture = torch.rand(1, 3, 64, 96)
    control = engine.load_controlnet(write(state(module)))
    double, single = step.expected(module, packed(of_a_latent(vae, picture)), mode=1)
    found = step.found(control.of_kind("depth"), picture, vae=vae)
    close_to_flux(found, spread(list(double), 10)[:19], spread(list(single), 13)[:38])
    untold = step.found(control, picture, vae=vae)
    assert (untold.input[0] - found.input[0]).abs().max() > 1e-3


def flux_native(module: FluxControlNetModel) -> dict[str, Tensor]:
    """The transformer's weights under the published names."""
    theirs = module.state_dict()
    shapes = {name: tuple(value.shape) for name, value in theirs.items()}
    return {e.native: e.pick().of(*(theirs[n] for n in e.theirs)) for e in flux_names.entries(shapes, native=False)}


def test_xlabs_sees_a_picture(engine: Engine, tmp_path: Path, write: Write):
    """Two results over and over again."""
    module = flux_controlnet(num_single_layers=0, conditioning_embedding_channels=16, patch_size=2)
    step, picture = FluxStep(engine, tmp_path), torch.rand(1, 3, 64, 96)
    tensors = flux_native(module)
    stack = [module.input_hint_block.conv_in, *module.input_hint_block.blocks, module.input_hint_block.conv_out]
    for number, part in enumerate(stack):
        tensors |= state(part, f"input_hint_block.{2 * number}.")
    tensors |= state(module.controlnet_blocks, "controlnet_blocks.")
    tensors |= state(module.controlnet_x_embedder, "pos_embed_input.")
    double, _ = step.expected(module, picture * 2 - 1)
    found = step.found(engine.load_controlnet(write(tensors)), picture)
    close_to_flux(found, [double[i % 2] for i in range(19)], [])


def test_mistoline_sees_a_picture_and_has_activated_results(engine: Engine, tmp_path: Path, write: Write):
    module = flux_controlnet()
    step, picture = FluxStep(engine, tmp_path), torch.rand(1, 3, 64, 96)
    sizes = ((3, 1), (1, 1), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (1, 1), (3, 1))
    stack = randomized(nn.Sequential(*(
        nn.Conv2d(16 if i else 3, 16, kernel, stride, kernel // 2) for i, (kernel, stride) in enumerate(sizes)
    )))  # fmt: skip
    tensors = flux_native(module)
    hint = picture * 2 - 1
    for number, part in enumerate(stack):
        tensors |= state(part, f"input_cond_block.encoder.{2 * number}.")
        hint = part(hint if number == 0 else functional.silu(hint))
    for ours, theirs in (("controlnet_blocks", "controlnet_blocks"),
                         ("single_controlnet_blocks", "controlnet_single_blocks")):  # fmt: skip
        for number, part in enumerate(module.get_submodule(theirs)):
            tensors |= state(part, f"{ours}.{number}.linear.")
    tensors |= state(module.controlnet_x_embedder, "pos_embed_input.")
    double, single = (list(map(functional.silu, values)) for values in step.expected(module, packed(hint)))
    found = step.found(engine.load_controlnet(write(tensors)), picture)
    close_to_flux(found, [double[i % 2] for i in range(19)], [single[i % 3] for i in range(38)])


def test_a_latent_hint_needs_a_vae(engine: Engine, tmp_path: Path, write: Write):
    control = engine.load_controlnet(write(state(flux_controlnet()), "union.safetensors"))
    with pytest.raises(ModelError, match=r"union.safetensors takes a latent as its hint, so it needs a VAE"):
        FluxStep(engine, tmp_path).found(control, torch.rand(1, 3, 64, 96))


def test_the_vae_is_asked_once(engine: Engine, tmp_path: Path, write: Write):
    vae, step = FakeVae(), FluxStep(engine, tmp_path)
    control = engine.load_controlnet(write(state(flux_controlnet(num_single_layers=0))))
    applied = apply(control, [[[step.context, {}]]], torch.rand(1, 64, 96, 3), 1.0, vae=vae)[0][0][1]["control"]
    running = applied.begin(run := ready(step.model, step.x.shape))
    for sigma in (0.9, 0.5, 0.1):
        running.residuals(step.x, torch.tensor(sigma), step.inputs(guidance=step.guidance), Pass(sides=(0,)))
    assert vae.asked == 1
    assert applied.begin(run) is running


def test_the_fake_has_what_is_asked_of_a_vae():
    assert all(hasattr(Vae, name) for name in ("factor", "encode"))
