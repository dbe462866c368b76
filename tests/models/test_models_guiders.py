"""Guiders against their formulas, and what CFG++ samplers take for the side that is guided away from."""

from typing import Any

import pytest
import torch
from torch import Tensor

from models import guiders
from models.conditions import Ready, prepare_sides
from models.engine import Loaded
from models.guiders import Guider, Guiding

SIGMA = torch.tensor(2.0)


@pytest.fixture(scope="module")
def texts(loaded: Loaded) -> list[Any]:
    return [loaded.clip.encode(text) for text in ("a red house", "blue", "")]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))


def answers(loaded: Loaded, texts: list[Any], x: Tensor) -> list[Tensor]:
    return [loaded.model.denoise(x, SIGMA, {"context": text[0][0]}) for text in texts]


def begun(guider: Guider, x: Tensor) -> Guiding:
    ready = Ready(guider.model, x, x, None, 1, torch.tensor([2.0, 0.0]))
    return guider.begin(prepare_sides(guider.sides, ready), ready, lambda: None)


def test_one_prompt_from_another_and_that_from_the_negative(loaded: Loaded, texts: list[Any], x: Tensor):
    first, second, negative = answers(loaded, texts, x)
    denoised, away = begun(guiders.dual(loaded.model, *texts, 3.0, 1.5, nested=False), x).pair(x, SIGMA)
    assert torch.allclose(denoised, negative + 1.5 * (second - negative) + 3.0 * (first - second), atol=1e-4)
    assert torch.allclose(away, negative, atol=1e-4)


def test_nested_the_mix_of_both_prompts_is_guided_from_the_negative(loaded: Loaded, texts: list[Any], x: Tensor):
    first, second, negative = answers(loaded, texts, x)
    denoised, away = begun(guiders.dual(loaded.model, *texts, 3.0, 1.5, nested=True), x).pair(x, SIGMA)
    mixed = second + 3.0 * (first - second)
    assert torch.allclose(denoised, negative + 1.5 * (mixed - negative), atol=1e-4)
    assert torch.allclose(away, second, atol=1e-4)


def perpendicular(answers: list[Tensor], scale: float, cfg: float) -> Tensor:
    positive, negative, empty = (answer.double().flatten() for answer in answers)
    p, n = positive - empty, negative - empty
    across = n - (n @ p) / (p @ p) * p
    return (empty + cfg * (p - scale * across)).float().reshape(answers[0].shape)


@pytest.mark.parametrize(("scale", "cfg"), [(1.0, 4.0), (0.5, 1.0), (0.0, 3.0), (0.0, 1.0)])
def test_of_the_negative_prompt_only_what_is_across(
    scale: float, cfg: float, loaded: Loaded, texts: list[Any], x: Tensor
):
    found = begun(guiders.perp_neg(loaded.model, *texts, cfg, scale), x)
    expected = perpendicular(answers(loaded, texts, x), scale, cfg)
    assert torch.allclose(found(x, SIGMA), expected, atol=1e-4)
    denoised, away = found.pair(x, SIGMA)
    assert torch.allclose(denoised, expected, atol=1e-4)
    assert torch.allclose(away, answers(loaded, texts, x)[1], atol=1e-4)


def test_what_changes_answers_before_guidance_changes_the_three_of_perp_neg(
    loaded: Loaded, texts: list[Any], x: Tensor
):
    model = loaded.model.with_options(pre_cfg=(lambda guidance: [answer * 2 for answer in guidance.answers],))
    found = begun(guiders.perp_neg(model, *texts, 4.0, 1.0), x)(x, SIGMA)
    assert torch.allclose(found, 2 * perpendicular(answers(loaded, texts, x), 1.0, 4.0), atol=1e-3)
