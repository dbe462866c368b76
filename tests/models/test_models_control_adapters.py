"""T2I-Adapters against diffusers', each file in its published layout."""

import re
from pathlib import Path

import pytest
import torch
from diffusers import T2IAdapter
from torch import Tensor, nn
from torch.nn import functional

from models.engine import Engine
from models.errors import ModelError

from .control_models import UNET_SIGMA, Step, Write, close, randomized, sd1, sdxl, state

PLACES = (2, 5)
"""Where in the tiny UNet of six input blocks the levels are added; the deeper two have no place in it."""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def adapter(kind: str = "full_adapter", **options) -> T2IAdapter:
    usual = {
        "in_channels": 3, "channels": [32, 64, 128, 128], "num_res_blocks": 2, "downscale_factor": 8,
        "adapter_type": kind,
    }  # fmt: skip
    return randomized(T2IAdapter(**(usual | options)))


def published(module: nn.Module, resnets: int = 2) -> dict[str, Tensor]:
    """A full adapter's weights as Tencent ARC names them."""
    found = {}
    for name, value in state(module).items():
        name = name.removeprefix("adapter.")
        resnet = re.match(r"body\.(\d+)\.resnets\.(\d+)\.(.*)", name)
        other = re.match(r"body\.(\d+)\.(in_conv\..*)", name)
        if resnet:
            name = f"body.{int(resnet[1]) * resnets + int(resnet[2])}.{resnet[3]}"
        elif other:
            name = f"body.{int(other[1]) * resnets}.{other[2]}"
        found[name] = value
    return found


def published_light(module: nn.Module) -> dict[str, Tensor]:
    return {
        name.removeprefix("adapter.").replace(".resnets.", ".body."): value for name, value in state(module).items()
    }


def close_to_features(found, features: list[Tensor], places: tuple[int, ...]) -> None:
    assert not found.output
    for number, ours in enumerate(found.input):
        if number in places:
            close(ours, features[places.index(number)])
        else:
            assert ours is None or number > max(places)


@pytest.mark.parametrize("layout", [published, state])
@pytest.mark.parametrize("channels", [3, 1])
def test_full(engine: Engine, tmp_path: Path, write: Write, layout, channels: int):
    module = adapter(in_channels=channels)
    step = Step(sd1(engine, tmp_path), (1, 4, 16, 8), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 128, 64)
    control = engine.load_controlnet(write(layout(module)))
    assert control.source.family == "Stable Diffusion 1 or 2"
    seen = hint if channels == 3 else hint.mean(1, keepdim=True)
    found = step.added(control, hint, strength=0.5)
    features = [0.5 * value for value in module(seen)]
    close_to_features(found, features, (2, 5, 8, 11))
    assert found.middle is None


@pytest.mark.parametrize("layout", [published_light, state])
def test_light(engine: Engine, tmp_path: Path, write: Write, layout):
    module = adapter("light_adapter", channels=[32, 64, 128], num_res_blocks=4)
    step = Step(sd1(engine, tmp_path), (1, 4, 16, 16), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 128, 128)
    found = step.added(engine.load_controlnet(write(layout(module))), hint)
    close_to_features(found, module(hint), (2, 5, 8, 11))


def test_xl_sees_multiples_of_16_and_speaks_to_the_middle(engine: Engine, tmp_path: Path, write: Write):
    module = adapter("full_adapter_xl", channels=[32, 64, 64, 64], downscale_factor=16)
    step = Step(sdxl(engine, tmp_path), (1, 4, 16, 15), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 128, 128)
    control = engine.load_controlnet(write(published(module)))
    assert control.source.family == "Stable Diffusion XL"
    features = module(hint)
    found = step.added(control, hint)
    close_to_features(found, features[:3], (3, 5, 8))
    close(found.middle, features[3])


def test_an_old_adapter_halves_with_convolutions_of_wider_kernels(engine: Engine, tmp_path: Path, write: Write):
    """As the first ones were published: kernels of 3, and convolutions with a stride of two."""
    torch.manual_seed(2)
    widths, tensors = [32, 64, 128, 128], {}

    def convolution(name: str, enters: int, leaves: int, kernel: int = 3) -> None:
        tensors[f"{name}.weight"] = torch.randn(leaves, enters, kernel, kernel) / (enters * kernel**2) ** 0.5
        tensors[f"{name}.bias"] = torch.randn(leaves) * 0.1

    convolution("conv_in", 192, 32)
    for level, width in enumerate(widths):
        enters = widths[max(0, level - 1)]
        for j in range(2):
            name = f"body.{2 * level + j}"
            if level and not j:
                convolution(f"{name}.down_opt.op", enters, enters)
                if enters != width:
                    convolution(f"{name}.in_conv", enters, width)
            convolution(f"{name}.block1", width, width)
            convolution(f"{name}.block2", width, width)

    def run(name: str, x: Tensor, stride: int = 1) -> Tensor:
        return functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], stride, padding=1)

    hint = torch.rand(1, 3, 64, 64)
    x, expected = run("conv_in", functional.pixel_unshuffle(hint, 8)), []
    for number in range(8):
        name = f"body.{number}"
        x = run(f"{name}.down_opt.op", x, 2) if f"{name}.down_opt.op.weight" in tensors else x
        x = run(f"{name}.in_conv", x) if f"{name}.in_conv.weight" in tensors else x
        x = x + run(f"{name}.block2", run(f"{name}.block1", x).relu())
        expected += [x] if number % 2 else []
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    close_to_features(step.added(engine.load_controlnet(write(tensors)), hint), expected, (2, 5, 8, 11))


def test_an_odd_size_is_halved_with_zeros_beside_it(engine: Engine, tmp_path: Path, write: Write):
    module = adapter()
    step = Step(sd1(engine, tmp_path), (1, 4, 5, 6), 5, UNET_SIGMA)
    hint = torch.rand(1, 3, 40, 48)
    found = step.added(engine.load_controlnet(write(published(module))), hint)
    x = module.adapter.body[0](module.adapter.conv_in(functional.pixel_unshuffle(hint, 8)))
    second = module.adapter.body[1]
    padded = functional.pad(x, (0, 0, 1, 1))[:, :, :6]
    expected = second.resnets(second.in_conv(functional.avg_pool2d(padded, 2)))
    close(found.input[5], expected)


def test_an_adapter_for_another_family(engine: Engine, tmp_path: Path, write: Write):
    control = engine.load_controlnet(write(published(adapter()), "sketch.safetensors"))
    step = Step(sdxl(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    said = r"sketch.safetensors is for Stable Diffusion 1 or 2, and .* is a model of Stable Diffusion XL\. Load"
    with pytest.raises(ModelError, match=said):
        step.added(control, torch.rand(1, 3, 64, 64))


def test_one_hint_serves_all_latents_and_is_seen_once(
    engine: Engine, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
):
    from models.networks.t2i_adapter import FullModule

    asked, real = [], FullModule.levels
    monkeypatch.setattr(FullModule, "levels", lambda self, x: (asked.append(len(x)), real(self, x))[1])
    module = adapter()
    step = Step(sd1(engine, tmp_path), (4, 4, 8, 8), 5, UNET_SIGMA, parts=2)
    control = engine.load_controlnet(write(published(module)))
    hints = torch.rand(2, 3, 64, 64)
    found = step.added(control, hints)
    close(found.input[2], module(hints[[0, 1, 0, 1]])[0])
    assert asked == [2]
