"""Tiny models and ControlNets in the layouts of the published files, and what one of them adds in one step."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from safetensors.torch import save_file
from torch import Tensor, nn

from models.conditions import Ready
from models.control import apply
from models.engine import Engine
from models.keymaps import diffusers_picks
from models.model import Model
from models.networks.flux import Flux
from models.networks.hooks import Pass, Residuals
from models.networks.layout import Network
from models.networks.mmdit import Mmdit
from models.networks.unet import Level, Unet

from .conftest import UNET, UNET2, filled

UNET_XL = Unet.of_levels(
    [Level(32, 2, 0), Level(64, 2, 1), Level(64, 2, 2)], context=48, linear=True, heads=None, vector=2816,
    middle_transformers=2,
)  # fmt: skip
SD3 = Mmdit(256, 4, 16, 16, 2, 24, 16, 16 * 16, normalised=False)
FLUX = Flux(64, 2, 4, 6, 16, 16, 24, 16, guided=True, mlp=256)

UNET_SIGMA = 5.0


def randomized(module: nn.Module, seed: int = 1) -> nn.Module:
    """With all weights random, those that training would find at zero too."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(torch.randn_like(parameter) * 0.1 + (1 if name.endswith("weight") else 0))
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5)
    return module.eval().requires_grad_(False)


def state(module: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    return {prefix + name: value.contiguous() for name, value in module.state_dict().items()}


def ldm_controlnet(**options: Any) -> ControlNetModel:
    """diffusers' ControlNet for the tiny Stable Diffusion 1 of the tests."""
    usual: dict[str, Any] = {
        "block_out_channels": (32, 64, 64),
        "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        "layers_per_block": 1,
        "attention_head_dim": 8,
        "cross_attention_dim": 64,
    }
    return ControlNetModel(**(usual | options))


def from_native(native: dict[str, Tensor], module: nn.Module) -> nn.Module:
    """diffusers' module with a single file's weights, by diffusers' own converter."""
    found = convert_controlnet_checkpoint(dict(native), dict(module.config))
    module.load_state_dict({name: value for name, value in found.items() if value is not None})
    return module.eval().requires_grad_(False)


def to_native(module: nn.Module) -> dict[str, Tensor]:
    """The weights of a ControlNet of diffusers' under the published names: the converter's answer, turned round."""
    theirs = module.state_dict()
    names = diffusers_picks({name: tuple(value.shape) for name, value in theirs.items()}) or {}
    numbers = {name: torch.tensor(float(number)) for number, name in enumerate(names)}
    converted = convert_controlnet_checkpoint(dict(numbers), dict(module.config))
    back = {float(number): theirs[name] for name, number in converted.items() if number is not None}
    native = {name: back[float(number)].contiguous() for name, number in numbers.items() if float(number) in back}
    for ours, linear in (("0", "linear_1"), ("2", "linear_2")):  # the converter does not know SDXL's vector
        for kind in ("weight", "bias"):
            if f"add_embedding.{linear}.{kind}" in theirs:
                native[f"label_emb.0.{ours}.{kind}"] = theirs[f"add_embedding.{linear}.{kind}"]
    assert len(native) == len(theirs)
    return native


def model(engine: Engine, tmp_path: Path, network: Network, seed: int = 3) -> Model:
    """A model whose denoiser has these sizes, loaded from a file of its own."""
    path = tmp_path / f"model-{type(network).__name__}-{seed}.safetensors"
    save_file(state(filled(network, seed), "model.diffusion_model."), path)
    return engine.load_model(path)


def sd1(engine: Engine, tmp_path: Path) -> Model:
    return model(engine, tmp_path, UNET)


def sd2(engine: Engine, tmp_path: Path) -> Model:
    return model(engine, tmp_path, UNET2)


def sdxl(engine: Engine, tmp_path: Path) -> Model:
    return model(engine, tmp_path, UNET_XL)


def ready(model: Model, shape: Sequence[int]) -> Ready:
    noise = torch.zeros(*shape)
    return Ready(model, noise, noise, None, 0, torch.tensor([10.0, 1.0, 0.0]))


class Step:
    """What a network is asked in one step: a random latent of some parts, a prompt, a level."""

    def __init__(self, model: Model, shape: tuple[int, ...], tokens: int, sigma: float, parts: int = 1) -> None:
        generator = torch.Generator().manual_seed(7)
        self.model, self.parts = model, parts
        self.x = torch.randn(*shape, generator=generator)
        context = model.component.network.context
        self.context = torch.randn(shape[0], tokens, context, generator=generator)
        vector = model.component.network.vector
        self.y = torch.randn(shape[0], vector, generator=generator) if vector else None
        self.sigma = torch.tensor(sigma)
        self.timestep = model.prediction.timestep(self.sigma).float()
        self.scaled = model.prediction.into_network(self.x, self.sigma)

    def inputs(self, **more: Tensor) -> dict[str, Tensor]:
        return {"context": self.context, **({} if self.y is None else {"y": self.y}), **more}

    def added(self, control: Any, hint: Tensor, **options: Any) -> Residuals:
        """By a ControlNet that looks at a hint (n, c, h, w)."""
        given = {"strength": 1.0, **options}
        entries = [[[self.context[:1], {}]]]
        applied = apply(control, entries, hint.movedim(1, -1), **given)[0][0][1]["control"]
        return self.of(applied)

    def of(self, applied: Any, **more: Tensor) -> Residuals:
        run = Pass(float(self.sigma), tuple(range(self.parts)), tuple(self.x.shape))
        begun = applied.begin(ready(self.model, self.x.shape))
        found = begun.residuals(self.x, self.sigma, self.inputs(**more), run)
        assert found is not None
        return found


def close(ours: Tensor | None, theirs: Tensor) -> None:
    assert ours is not None
    assert ours.shape == theirs.shape
    assert theirs.std() > 1e-3
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def close_to_unet(found: Residuals, down: Sequence[Tensor], middle: Tensor) -> None:
    """down: by input block, as diffusers has them; the last one meets the first output block."""
    assert not any(value is not None for value in found.input)
    assert len(found.output) == len(down)
    for ours, theirs in zip(found.output, reversed(down), strict=True):
        close(ours, theirs)
    close(found.middle, middle)


Write = Callable[..., Path]
