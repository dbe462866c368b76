"""Files in slots of another kind, damaged tables of contents, and prompts of another family: each has its sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models.conditions import Ready, prepare
from models.detect import detect_model, detect_vae
from models.engine import Engine
from models.errors import CheckpointError, ModelError
from models.families import FAMILIES
from models.files import open_weights
from models.networks.flux import Flux
from models.networks.layout import Network
from models.networks.mmdit import Mmdit
from models.networks.unet import Level, Unet
from tests.models.conftest import PREFIXES, TEXT, UNET, VAE, filled, in_layout

SDXL = Unet.of_levels(
    [Level(64, 1, 0), Level(64, 1, 1)], context=64, linear=True, heads=None, vector=2816, middle_transformers=1
)
NETWORKS: dict[str, Network] = {
    "sd1": UNET,
    "sdxl": SDXL,
    "sd3": Mmdit(64, 2, 16, 16, 2, 96, 96, 16 * 16, normalised=True),
    "flux": Flux(64, 2, 1, 1, 16, 16, 48, 40, guided=True, mlp=256),
    "vae": VAE,
}

Write = Callable[..., Path]


@pytest.mark.parametrize("name", NETWORKS)
def test_no_shape_is_so_odd_that_only_a_traceback_is_left(name: str, write: Write) -> None:
    """A few dozen tensors by turns gone, or in another shape."""
    find: Callable[[Any], Any] = detect_vae if name == "vae" else detect_model
    file = open_weights(write(in_layout(NETWORKS[name], filled(NETWORKS[name]), "")))
    find(file)
    odd = [(3, 4, 3, 3), (7,), ()]
    refused, tried = 0, sorted(file.shapes.items())[:: -(-len(file.shapes) // 24)]
    for number, (tensor, shape) in enumerate(tried):
        other = odd[number % 3] if len(odd[number % 3]) != len(shape) else (5, *shape[1:])
        less = {key: value for key, value in file.shapes.items() if key != tensor}
        for shapes in (less, {**file.shapes, tensor: other}):
            try:
                find(replace(file, shapes=shapes))
            except CheckpointError:
                refused += 1
    assert refused > 1.6 * len(tried), "nearly every tensor is needed"


def test_a_damaged_middle_is_said_to_be_damaged(write: Write, engine: Engine) -> None:
    tensors = in_layout(UNET, filled(UNET), "")
    tensors["middle_block.0.in_layers.2.weight"] = torch.ones(3, 4, 3, 3)
    with pytest.raises(CheckpointError, match="the shapes of its tensors do not fit together: the file is damaged"):
        engine.load_model(write(tensors, "odd.safetensors"))


@pytest.mark.parametrize("legacy", [True, False])
def test_names_that_lie_about_the_format(legacy: bool, write: Write, engine: Engine, tmp_path: Path) -> None:
    """A pickle named .safetensors, and a safetensors file named .ckpt."""
    tensors = in_layout(VAE, filled(VAE), "")
    if legacy:
        path = tmp_path / "renamed.safetensors"
        torch.save({"state_dict": tensors}, path)
    else:
        path = write(tensors, "right.safetensors").rename(tmp_path / "renamed.ckpt")
    latent = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    expected = engine.load_vae(write(tensors)).decode(latent)
    assert torch.equal(engine.load_vae(path).decode(latent), expected)


def test_a_pickle_cut_short_is_told_in_one_sentence(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "cut.ckpt"
    torch.save({"a": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"not a whole file of weights .*Fetch it again") as found:
        engine.load_vae(path)
    assert len(str(found.value)) < 200


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.diffusion_model.double_layers.0.attn.w1q.weight", "an AuraFlow model"),
        ("model.diffusion_model.noise_refiner.0.attention.k_norm.weight", "a Lumina 2 model"),
        ("model.diffusion_model.clf.1.weight", "a Stable Cascade model"),
        ("double_stream_modulation_img.lin.weight", "a Flux.2 model"),
        ("model.diffusion_model.distilled_guidance_layer.in_proj.bias", "a Chroma model"),
    ],
)
def test_models_of_later_families_are_named(name: str, kind: str, write: Write, engine: Engine) -> None:
    path = write({name: torch.ones(1), "text_encoders.x.weight": torch.ones(1)})
    with pytest.raises(CheckpointError, match=f"this is {kind}, a family that this version does not run yet"):
        engine.load_checkpoint(path)


def test_each_slot_says_what_was_put_there(write: Write, engine: Engine) -> None:
    vae = write(in_layout(VAE, filled(VAE), ""), "vae.safetensors")
    model = write(in_layout(UNET, filled(UNET), PREFIXES["unet"]), "model.safetensors")
    text = write(in_layout(TEXT, filled(TEXT), ""), "text.safetensors")
    slots: dict[str, Callable[[Path], Any]] = {
        "LoRA": engine.load_lora,
        "text encoder": lambda path: engine.load_clip([path], "stable_diffusion"),
        "image encoder": engine.load_clip_vision,
        "ControlNet": engine.load_controlnet,
    }
    for slot, load in slots.items():
        with pytest.raises(CheckpointError, match=f"no {slot}.*this is a VAE; use Load VAE"):
            load(vae)
        with pytest.raises(CheckpointError, match="Load Checkpoint"):
            load(model)
        if slot != "text encoder":
            with pytest.raises(CheckpointError, match=f"no {slot}.*use Load CLIP"):
                load(text)


@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux"])
def test_pooled_text_of_another_family(name: str, write: Write, engine: Engine) -> None:
    network = NETWORKS[name]
    model = engine.load_model(write(in_layout(network, filled(network), "")))
    assert model.family in FAMILIES
    vector = getattr(network, "vector")  # noqa: B009
    right = 1280 if name == "sdxl" else vector
    noise = torch.zeros(1, 4 if name == "sdxl" else 16, 8, 8)

    def given(width: int) -> dict[str, Tensor]:
        entry = [torch.zeros(1, 3, getattr(network, "context")), {"pooled_output": torch.zeros(1, width)}]  # noqa: B009
        ready = Ready(model, noise, noise, None, 0, torch.tensor([1.0, 0.0]))
        return prepare([entry], ready)[0].inputs_for(noise)

    assert given(right)["y"].shape[-1] == vector
    with pytest.raises(ModelError, match=f"pooled text is 768 wide, and .* takes {right:,}"):
        given(768)
