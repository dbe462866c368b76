"""Noise levels and schedules, against their formulas written out and values worked out by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import beta as beta_distribution

from models.prediction import discrete
from models.schedules import ONE_MORE, SCHEDULES, schedule

EPS = discrete("eps")
LEVELS = np.array(EPS.levels.exact)


def test_levels_are_stable_diffusions():
    assert len(EPS.levels.exact) == 1000
    assert EPS.sigma_min == pytest.approx(0.0291671, abs=1e-6)
    assert EPS.sigma_max == pytest.approx(14.614642, abs=1e-5)
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    kept = np.cumprod(1 - betas)
    assert np.allclose(LEVELS, np.sqrt((1 - kept) / kept), rtol=1e-6)


def test_zero_terminal_snr_keeps_the_first_level_and_ends_in_pure_noise():
    stretched = discrete("v", zero_terminal_snr=True)
    assert stretched.sigma_min == pytest.approx(EPS.sigma_min, rel=1e-3)
    assert stretched.sigma_max == pytest.approx(4518.76, rel=1e-3)


def test_timesteps_and_levels_are_each_others_inverse():
    steps = torch.tensor([0, 1, 499, 999])
    assert torch.equal(EPS.timestep(EPS.sigma(steps)), steps)
    between = float(EPS.sigma(torch.tensor(10.25)))
    assert between == pytest.approx(LEVELS[10] ** 0.75 * LEVELS[11] ** 0.25, rel=1e-5)
    assert float(EPS.sigma(torch.tensor(2000.0))) == pytest.approx(EPS.sigma_max)


def test_percentages_of_a_run():
    assert EPS.at_percent(0) > 1e8
    assert EPS.at_percent(1) == 0
    assert EPS.at_percent(0.5) == pytest.approx((LEVELS[499] * LEVELS[500]) ** 0.5, rel=1e-5)


def log_levels_at(times: np.ndarray) -> np.ndarray:
    return np.exp(np.interp(times, np.arange(1000), np.log(LEVELS)))


def expected(name: str, n: int) -> np.ndarray:
    low, high = LEVELS[0], LEVELS[-1]
    ramp = np.linspace(0, 1, n)
    if name == "karras":
        return (high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7
    if name == "exponential":
        return high ** (1 - ramp) * low**ramp
    if name == "normal":
        return log_levels_at(np.linspace(999, 0, n))
    if name == "sgm_uniform":
        return log_levels_at(np.linspace(999, 0, n + 1)[:-1])
    if name == "simple":
        return np.array([LEVELS[999 - int(i * 1000 / n)] for i in range(n)])
    if name == "ddim_uniform":
        return LEVELS[1 :: 1000 // n][::-1]
    if name == "beta":
        at = np.rint(beta_distribution.ppf(1 - np.arange(n) / n, 0.6, 0.6) * 999)
        return LEVELS[at.astype(int)]
    assert name == "kl_optimal"
    return np.tan(ramp * math.atan(low) + (1 - ramp) * math.atan(high))


@pytest.mark.parametrize("n", [2, 5, 20, 33])
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "linear_quadratic"])
def test_each_schedule_is_its_formula(name: str, n: int):
    sigmas = SCHEDULES[name](EPS, n)
    assert sigmas.dtype == torch.float32
    assert sigmas[-1] == 0
    assert np.allclose(sigmas[:-1].numpy(), expected(name, n), rtol=2e-5)


@pytest.mark.parametrize("n", [1, 2, 5, 20, 100])
def test_linear_quadratic(n: int):
    share = (SCHEDULES["linear_quadratic"](EPS, n) / EPS.sigma_max).double().numpy()
    assert len(share) == n + 1
    assert share[0] == 1
    assert share[-1] == 0
    straight = n // 2
    assert np.allclose(share[: straight + 1], 1 - 0.025 * np.arange(straight + 1) / max(straight, 1), atol=1e-6)
    if n - straight > 3:
        assert np.allclose(np.diff(share[straight:], n=3), 0, atol=1e-5)  # a parabola


@pytest.mark.parametrize("n", [1, 2, 3, 10, 1000])
@pytest.mark.parametrize("name", list(SCHEDULES))
def test_every_schedule_falls_to_zero(name: str, n: int):
    sigmas = SCHEDULES[name](EPS, n)
    assert sigmas.isfinite().all()
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] == 0
    if name not in ("ddim_uniform", "beta"):
        assert len(sigmas) == n + 1


def test_ddim_uniform_takes_whole_strides():
    assert len(SCHEDULES["ddim_uniform"](EPS, 20)) == 21
    assert len(SCHEDULES["ddim_uniform"](EPS, 33)) == 35


@pytest.mark.parametrize(("steps", "denoise", "whole"), [(6, 0.8, 7), (20, 0.6, 33), (10, 0.5, 20), (4, 0.01, 400)])
def test_denoise_is_the_tail_of_a_longer_schedule(steps: int, denoise: float, whole: int):
    sigmas = schedule(EPS, "normal", steps, "euler", denoise)
    assert len(sigmas) == steps + 1
    assert torch.equal(sigmas, SCHEDULES["normal"](EPS, whole)[-(steps + 1) :])


def test_denoise_of_one_and_none():
    assert torch.equal(schedule(EPS, "karras", 7, "euler", 1.0), SCHEDULES["karras"](EPS, 7))
    assert torch.equal(schedule(EPS, "karras", 7, "euler", 0.99995), SCHEDULES["karras"](EPS, 7))
    assert len(schedule(EPS, "karras", 7, "euler", 0.0)) == 0


@pytest.mark.parametrize("sampler", sorted(ONE_MORE))
def test_some_samplers_do_without_the_last_level(sampler: str):
    sigmas, longer = schedule(EPS, "karras", 5, sampler), SCHEDULES["karras"](EPS, 6)
    assert torch.equal(sigmas, longer[[0, 1, 2, 3, 4, 6]])
