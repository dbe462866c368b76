"""Noise levels without a model, published ones, and what is done with levels: against the formulas written out."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import laplace as laplace_distribution

from models import sigmas as levels
from models.errors import ModelError
from models.prediction import discrete
from models.schedules_gits import WAYS
from models.schedules_published import ALIGN_YOUR_STEPS, OPTIMAL_STEPS, align_your_steps, gits, optimal_steps

HIGH, LOW = 14.614642, 0.0291675


def near(found: torch.Tensor, wanted, tolerance: float = 1e-5) -> bool:
    return found.dtype == torch.float32 and np.allclose(found.numpy(), np.array(wanted), rtol=tolerance, atol=tolerance)


def test_exponential_levels_fall_by_one_factor():
    factor = (LOW / HIGH) ** (1 / 4)
    assert near(levels.exponential_between(5, LOW, HIGH), [*(HIGH * factor**i for i in range(5)), 0])


@pytest.mark.parametrize("rho", [0.5, 1.0, 2.0])
def test_polyexponential_levels(rho: float):
    wanted = [LOW * (HIGH / LOW) ** ((1 - i / 4) ** rho) for i in range(5)]
    assert near(levels.polyexponential_between(5, LOW, HIGH, rho), [*wanted, 0])


def test_levels_of_0_have_no_logarithm():
    with pytest.raises(ModelError, match="no logarithm"):
        levels.exponential_between(5, 0.0, HIGH)


def test_variance_preserving_levels():
    wanted = [math.sqrt(math.exp(19.9 * t * t / 2 + 0.1 * t) - 1) for t in np.linspace(1, 1e-3, 6)]
    assert near(levels.variance_preserving(6), [*wanted, 0], 1e-3)


def test_laplace_levels_are_quantiles():
    found = levels.laplace(9, 1e-3, 1e3, 0.3, 0.5)
    quantiles = [math.exp(laplace_distribution.ppf(p, 0.3, 0.5)) for p in np.linspace(0, 1, 9)[1:-1]]
    assert near(found[1:-1], quantiles[::-1], 1e-3)
    assert len(found) == 9
    # At the ends the quantiles are infinite: there a small number is added, and levels are cut to what is allowed.
    assert found[0] == pytest.approx(math.exp(0.3 + 0.5 * math.log(1e5)), rel=1e-2)
    assert levels.laplace(9, 0.5, 2.0).min() == 0.5
    assert levels.laplace(9, 0.5, 2.0).max() == 2.0


def test_turbo_levels_are_tenths_of_the_training():
    prediction = discrete("eps")
    table = prediction.sigmas
    assert near(levels.turbo(prediction, 4), [*(table[t] for t in (999, 899, 799, 699)), 0])
    assert near(levels.turbo(prediction, 10, 0.3), [*(table[t] for t in (299, 199, 99)), 0])


@pytest.mark.parametrize("tokens", [1024, 2000, 4096])
def test_ltxv_levels(tokens: int):
    mu = 0.95 + 1.1 * (tokens - 1024) / 3072
    plain = [1 / (1 + math.exp(-mu) * (1 / u - 1)) for u in (1.0, 0.8, 0.6, 0.4, 0.2)]
    assert near(levels.ltxv(5, tokens, stretch=False), [*plain, 0])
    stretched = levels.ltxv(5, tokens, terminal=0.25)
    assert stretched[0] == pytest.approx(1)
    assert stretched[-2] == pytest.approx(0.25)
    gaps = np.diff(plain) / np.diff(stretched[:-1].numpy())
    assert np.allclose(gaps, gaps[0], rtol=1e-4)
    with pytest.raises(ModelError, match="two steps"):
        levels.ltxv(1)


@pytest.mark.parametrize(
    ("find", "table", "own"),
    [
        (align_your_steps, ALIGN_YOUR_STEPS["SD1"], "SD1"),
        (align_your_steps, ALIGN_YOUR_STEPS["SVD"], "SVD"),
        (optimal_steps, OPTIMAL_STEPS["FLUX"], "FLUX"),
        (optimal_steps, OPTIMAL_STEPS["Wan"], "Wan"),
        (optimal_steps, OPTIMAL_STEPS["Chroma"], "Chroma"),
    ],
)
def test_published_levels_and_those_between(find, table, own: str):
    steps = len(table) - 1
    assert near(find(own, steps), [*table[:-1], 0])
    assert near(find(own, steps, 0.5), [*table[-(round(steps / 2) + 1) : -1], 0])
    double = find(own, 2 * steps)
    assert near(double[::2][:-1], table[:-1])
    assert near(double[1:-2:2], np.sqrt(np.array(table[:-2]) * np.array(table[1:-1])))
    assert find(own, steps, 0.0).shape == (0,)


def test_gits_levels_are_the_published_ones():
    """Some of the lists as they were published."""
    assert near(gits(0.8, 2), [14.61464119, 7.49001646, 0])
    assert near(gits(1.2, 5), [14.61464119, 2.84484982, 1.24153244, 0.59516323, 0.25053367, 0])
    ten = [14.61464119, 5.85520077, 2.84484982, 1.67050016, 1.08895338, 0.74807048, 0.50118381, 0.32104823, 0.19894916]
    assert near(gits(1.2, 10), [*ten, 0.09824532, 0])
    assert near(gits(1.5, 4), [14.61464119, 0.86115354, 0.32104823, 0.09824532, 0])
    assert near(gits(1.2, 10, 0.3), [0.32104823, 0.19894916, 0.09824532, 0])
    assert float(gits(1.2, 10)[-2]) == pytest.approx(0.09824532, rel=5e-6)
    assert len(gits(1.2, 40)) == 41
    assert near(gits(1.2, 40)[::2][:-1], gits(1.2, 20)[:-1])
    assert gits(1.2, 5, 0.0).shape == (0,)
    with pytest.raises(ModelError, match="coefficients"):
        gits(1.22, 5)


def test_gits_ways_are_whole():
    assert list(WAYS) == [round(0.8 + 0.05 * i, 2) for i in range(15)]
    for coefficient in WAYS:
        for steps in range(2, 21):
            found = gits(coefficient, steps)
            assert len(found) == steps + 1
            assert (found.diff() < 0).all()


def test_levels_are_split():
    sigmas = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0])
    high, low = levels.split(sigmas, 1)
    assert high.tolist() == [4, 3]
    assert low.tolist() == [3, 2, 1, 0]
    high, low = levels.split_by_share(sigmas, 0.5)
    assert high.tolist() == [4, 3, 2]
    assert low.tolist() == [2, 1, 0]
    high, low = levels.split_by_share(sigmas, 0.0)
    assert high.tolist() == []
    assert low.tolist() == [0]
    assert [part.tolist() for part in levels.split_by_share(sigmas, 1.0)] == [[4], [4, 3, 2, 1, 0]]


def test_levels_are_flipped_and_changed_in_copies():
    sigmas = torch.tensor([4.0, 3.0, 0.0])
    assert near(levels.flipped(sigmas), [0.0001, 3, 4])
    assert levels.flipped(torch.empty(0)).shape == (0,)
    assert levels.with_first(sigmas, 136.0).tolist() == [136, 3, 0]
    assert sigmas.tolist() == [4, 3, 0]
    with pytest.raises(ModelError, match="empty"):
        levels.with_first(torch.empty(0), 1.0)


def test_levels_are_put_between_others():
    sigmas = torch.tensor([8.0, 4.0, 2.0, 0.0])
    assert levels.extended(sigmas, 2, math.inf, 3.0).tolist() == [8, 6, 4, 3, 2, 0]
    assert levels.extended(sigmas, 2, 5.0, 0.0).tolist() == [8, 4, 3, 2, 1, 0]
    assert near(levels.extended(sigmas, 2, math.inf, 8.0, "cosine"), [8, 8 - 4 * math.sin(math.pi / 4), 4, 2, 0])
    assert near(levels.extended(sigmas, 2, math.inf, 8.0, "sine"), [8, 4 + 4 * math.cos(math.pi / 4), 4, 2, 0])
    assert levels.extended(sigmas, 1, math.inf, 0.0).tolist() == sigmas.tolist()
