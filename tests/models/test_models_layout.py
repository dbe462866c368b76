"""The loader against diffusers and transformers: names, numbers, sizes read off shapes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.detect import Checkpoint, detect
from models.engine import Engine, Loaded
from models.files import open_weights
from models.networks.unet import Level, Unet
from models.prediction import Prediction
from tests.models.conftest import PREFIXES, TEXT, TEXT2, UNET, UNET2, VAE, filled, in_layout


def test_sizes_are_read_off_shapes(sd1: Path, sd2: Path):
    first, second = (detect(open_weights(path)) for path in (sd1, sd2))
    assert (first.family.name, first.model.network, first.vae.network) == ("sd1", UNET, VAE)
    assert replace(first.text["l"].network, lora_starts=TEXT.lora_starts) == TEXT
    assert (second.family.name, second.model.network) == ("sd2", UNET2)
    assert replace(second.text["h"].network, lora_starts=TEXT2.lora_starts) == TEXT2
    assert predicted(first).kind == predicted(second).kind == "eps"


def predicted(found: Checkpoint) -> Prediction:
    return found.family.prediction(found.model)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_files_run_in_fp32(dtype, sd1: Path, write: Callable[..., Path], engine: Engine):
    tensors = load_file(sd1)
    path = write({name: value.to(dtype) for name, value in tensors.items()})
    model = engine.load_checkpoint(path).model
    with engine.residency.use(model.component, torch.float32) as module:
        weight = module.input_blocks[0][0].weight
    expected = tensors[PREFIXES["unet"] + "input_blocks.0.0.weight"].to(dtype).float()
    assert weight.dtype == torch.float32
    assert torch.equal(weight, expected)


def test_a_checkpoint_without_text_encoder_and_vae(sd1: Path, write: Callable[..., Path], engine: Engine):
    tensors = {name: value for name, value in load_file(sd1).items() if name.startswith(PREFIXES["unet"])}
    _, clip, vae = engine.load_checkpoint(write(tensors))
    assert clip is None
    assert vae is None


@pytest.mark.parametrize("prefix", ["first_stage_model.", ""])
def test_a_vae_in_a_file_of_its_own(prefix: str, write: Callable[..., Path], engine: Engine, loaded: Loaded):
    vae = engine.load_vae(write(in_layout(VAE, filled(VAE), prefix) | {"loss.logvar": torch.zeros(1)}))
    latent = torch.randn(1, 4, 4, 4)
    assert torch.equal(vae.decode(latent), loaded.vae.decode(latent))


def test_prediction_is_read_from_marks(sd1: Path, sd2: Path, write: Callable[..., Path]):
    marked = load_file(sd1) | {"v_pred": torch.empty(0), "ztsnr": torch.empty(0)}
    found = predicted(detect(open_weights(write(marked))))
    assert found.kind == "v"
    assert found.sigma_max > 1000  # levels stretched to pure noise
    assert predicted(detect(open_weights(write(load_file(sd2) | {"v_pred": torch.empty(0)})))).kind == "v"


@pytest.mark.parametrize(("spread", "channels", "kind"), [(0.2, 4, "v"), (0.05, 4, "eps"), (0.2, 9, "eps")])
def test_sd2s_prediction_is_told_by_the_spread_of_a_bias(spread: float, channels: int, kind: str, write):
    unet = Unet.of_levels([Level(64, 2, 1)] * 4, in_channels=channels, context=64, linear=True, heads=None)
    tensors = in_layout(unet, filled(unet), PREFIXES["unet"])
    bias = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    tensors[bias] = torch.tensor([spread, -spread] * 32)
    assert predicted(detect(open_weights(write(tensors)))).kind == kind
