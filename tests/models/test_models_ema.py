"""Averaged weights: found under their plain names where there are no others."""

from collections.abc import Callable
from pathlib import Path

import torch

from models.ema import averaged_names
from models.files import open_weights
from models.networks.unet import Level, Unet

PLAIN = "model.diffusion_model."
SDXL_LIKE = Unet.of_levels(
    [Level(64, 2, 0), Level(64, 2, 2), Level(64, 2, 10), Level(64, 2, 1)],
    context=64,
    linear=True,
    heads=None,
    vector=64,
)


def averaged(name: str) -> str:
    """As latent diffusion's training writes it."""
    return "model_ema." + name.removeprefix("model.").replace(".", "")


def test_every_name_of_a_unet_comes_back():
    names = [PLAIN + name for name in SDXL_LIKE.picks()]
    assert any("transformer_blocks.9." in name for name in names)
    assert any("output_blocks.11.0." in name for name in names)
    assert averaged_names([averaged(name) for name in names]) == {averaged(name): name for name in names}


def test_plain_weights_come_first(write: Callable[..., Path]):
    plain, average = PLAIN + "out.2.weight", averaged(PLAIN + "out.2.weight")
    both = open_weights(write({plain: torch.zeros(2), average: torch.ones(2)}))
    assert not dict(both.read([plain]))[plain].any()
    alone = open_weights(write({average: torch.ones(2), "model_ema.decay": torch.ones(1)}))
    assert alone.shapes == {plain: (2,), "model_ema.decay": (1,)}
    assert dict(alone.read([plain]))[plain].all()
