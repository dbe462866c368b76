"""Pictures as conditions: noise on their vectors, sums of several, and pictures beside the latent for CosXL."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from models.inputs import beside_latent
from models.latents import SDXL
from models.unclip import augmented

WIDTH = 32
SEED = 5
PICTURES = torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(1))


def kept(level: int) -> float:
    """How much of the variance is left: a product of steps along a squared cosine."""
    bar = [math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(level + 2)]
    return math.prod(max(later / earlier, 0.001) for earlier, later in pairwise(bar))


def told(level: int) -> torch.Tensor:
    angles = level * torch.exp(-math.log(10000) * torch.arange(WIDTH // 2) / (WIDTH // 2))
    return torch.cat([angles.cos(), angles.sin()])[None]


def given(*entries: tuple[int, int, float, float]) -> list[dict[str, Any]]:
    """Each: the first picture and the last, the strength and the noise."""
    return [
        {
            "clip_vision_output": SimpleNamespace(image_embeds=PICTURES[start:end]),
            "strength": strength,
            "noise_augmentation": noise,
        }
        for start, end, strength, noise in entries
    ]


@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0])
def test_one_picture_gets_noise_of_the_seed(amount: float) -> None:
    level = round(999 * amount)
    noise = torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(SEED))
    vector = math.sqrt(kept(level)) * PICTURES[:1] + math.sqrt(1 - kept(level)) * noise
    found = augmented(given((0, 1, 0.7, amount)), 0.05, None, torch.device("cpu"), SEED)
    assert torch.allclose(found, 0.7 * torch.cat([vector, told(level)], 1), rtol=1e-5, atol=1e-6)


def test_a_sums_noise_follows_that_of_its_pictures() -> None:
    """Every picture gets the same noise; the sum gets what the generator gives next."""
    generator = torch.Generator().manual_seed(SEED)
    first, second = (torch.randn(1, WIDTH, generator=generator) for _ in range(2))
    total = torch.zeros(1, WIDTH)
    for number, strength, level in ((0, 0.5, 100), (1, 0.5, 100), (2, -1.0, 0)):
        noisy = math.sqrt(kept(level)) * PICTURES[number : number + 1] + math.sqrt(1 - kept(level)) * first
        total += strength * noisy
    merged = math.sqrt(kept(50)) * total + math.sqrt(1 - kept(50)) * second
    found = augmented(given((0, 2, 0.5, 0.1), (2, 3, -1.0, 0.0)), 0.05, None, torch.device("cpu"), SEED)
    assert torch.allclose(found, torch.cat([merged, told(50)], 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("mark", "factor"), [("edm_vpred.sigma_max", SDXL.scale), ("v_pred", 1.0)])
def test_a_model_that_edits_sees_pictures_as_it_was_trained(mark: str, factor: float) -> None:
    """CosXL's are scaled as the latent is, others' are not."""
    component = SimpleNamespace(network=SimpleNamespace(in_channels=8), file=SimpleNamespace(shapes={mark: ()}))
    model = SimpleNamespace(component=component, latent_format=SDXL)
    picture = torch.randn(1, 4, 6, 6)
    asked = SimpleNamespace(model=model, options={"concat_latent_image": picture}, noise=torch.zeros(2, 4, 6, 6))
    found = beside_latent(asked)  # type: ignore[arg-type]
    assert torch.allclose(found, (picture * factor).expand(2, -1, -1, -1))
