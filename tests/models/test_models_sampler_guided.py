"""Samplers that guide by CFG++ and samplers of flow models, against formulas written out another way."""

import math
from itertools import pairwise

import pytest
import torch

from models import noise as noises
from models.sampler_table import SAMPLERS
from models.samplers import Run, ancestral, ignore_step
from models.samplers_cfg_pp import euler_pp
from models.schedules import karras_between
from tests.models.sampler_oracle import EPS, FLOW, Gaussian, Guided, Numbered, flow_levels, run, start

LEVELS = karras_between(6, 0.05, 10.0)

# Guided by CFG++: towards the guided answer, with the noise of the unguided one


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_euler_cfg_pp_is_ddim_with_the_unguided_noise(eta: float):
    x = start()
    noise, model, expected = noises.fresh(x, 1), Guided(), x
    for s, n in pairwise(LEVELS.tolist()):
        denoised, uncond = model.pair(expected, torch.tensor(s))
        up = min(n, eta * math.sqrt(n**2 * (s**2 - n**2) / s**2))
        expected = denoised + math.sqrt(n**2 - up**2) * (expected - uncond) / s
        expected = expected + up * noise(None, None) if n else denoised
    assert torch.allclose(run("euler_ancestral_cfg_pp", x, LEVELS, denoise=Guided(), eta=eta), expected, atol=1e-5)
    if not eta:
        assert torch.allclose(run("euler_cfg_pp", x, LEVELS, denoise=Guided()), expected, atol=1e-5)


def test_dpmpp_2m_cfg_pp_written_out():
    expected, model, old, h_last = start(), Guided(), None, 1.0
    for s, n in pairwise(LEVELS.tolist()):
        denoised, uncond = model.pair(expected, torch.tensor(s))
        if n == 0:
            expected = denoised
            continue
        h, q = math.log(s / n), n / s
        expected = q * expected + denoised - q * uncond
        if old is not None:
            expected = expected + (1 - q) * h / (2 * h_last) * (denoised - old)
        old, h_last = uncond, h
    assert torch.allclose(run("dpmpp_2m_cfg_pp", start(), LEVELS, denoise=Guided()), expected, atol=1e-5)


def test_dpmpp_2s_ancestral_cfg_pp_written_out():
    x = start()
    noise, model, expected = noises.fresh(x, 1), Guided(), x
    for s, n in pairwise(LEVELS.tolist()):
        denoised, uncond = model.pair(expected, torch.tensor(s))
        if n == 0:
            expected = denoised
            continue
        down, up = (float(v) for v in ancestral(torch.tensor(s).double(), torch.tensor(n).double()))
        middle = math.sqrt(s * down)
        half = denoised + middle / s * (expected + denoised - uncond - denoised)
        denoised_2, uncond_2 = model.pair(half, torch.tensor(middle))
        expected = denoised_2 + down / s * (expected + denoised - uncond_2 - denoised_2) + up * noise(None, None)
    assert torch.allclose(run("dpmpp_2s_ancestral_cfg_pp", x, LEVELS, denoise=Guided()), expected, atol=1e-4)


def test_res_multistep_cfg_pp_written_out():
    expected, model, old, levels = start().double(), Guided(), None, LEVELS.double().tolist()
    for i, (s, n) in enumerate(pairwise(levels)):
        denoised, uncond = model.pair(expected, torch.tensor(s).double())
        if n == 0 or old is None:
            expected = denoised + n * (expected - uncond) / s
        else:
            h, last = math.log(s / n), math.log(levels[i - 1] / s)
            phi_1 = (1 - math.exp(-h)) / h
            phi_2 = (1 - phi_1) / h
            moved = math.exp(-h) * (expected + denoised - uncond)
            expected = moved + h * ((phi_1 + phi_2 * h / last) * uncond - phi_2 * h / last * old)
        old = uncond
    done = run("res_multistep_cfg_pp", start().double(), LEVELS.double(), denoise=Guided())
    assert torch.allclose(done, expected, atol=1e-6)


def test_gradient_estimation_cfg_pp_written_out():
    expected, model, old = start(), Guided(), None
    for s, n in pairwise(LEVELS.tolist()):
        denoised, uncond = model.pair(expected, torch.tensor(s))
        slope = (expected - uncond) / s
        expected = denoised + slope * n
        if n and old is not None:
            expected = expected + (slope - old) * (n - s)
        old = slope
    assert torch.allclose(run("gradient_estimation_cfg_pp", start(), LEVELS, denoise=Guided()), expected, atol=1e-5)


def test_the_other_reading_of_cfg_pp_counts_guidance_twice():
    x, model = start(), Guided()
    denoised, uncond = model.pair(x, LEVELS[0])
    step = euler_pp(Guided(), x, LEVELS[:2], Run(1, ignore_step, EPS))
    wanted = x + (x - (2 * denoised - uncond)) / LEVELS[0] * (LEVELS[1] - LEVELS[0])
    assert torch.allclose(step, wanted, atol=1e-5)


# Flow


SAME_DIFFUSION = """dpmpp_sde dpmpp_2m_sde dpmpp_2m_sde_heun dpmpp_3m_sde er_sde seeds_2 seeds_3 sa_solver
sa_solver_pece euler_ancestral_cfg_pp"""


@pytest.mark.parametrize("name", SAME_DIFFUSION.split())
def test_flow_is_the_same_diffusion_in_other_units(name: str):
    """x / (1 - sigma) at the level sigma / (1 - sigma) goes the same way."""
    flow = flow_levels(7, first=0.97).double()
    options = {"noisy": (math.inf, 0.0)} if name.startswith("sa_") else {}
    x = start(sigma=1.0).double()
    done = SAMPLERS[name](Gaussian(True), x, flow, Numbered(3, ignore_step, FLOW), **options)
    scaled, levels = x / (1 - flow[0]), flow / (1 - flow)
    wanted = SAMPLERS[name](Gaussian(), scaled, levels, Numbered(3, ignore_step, EPS), **options)
    assert torch.allclose(done, wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral"])
def test_ancestral_steps_of_flow_written_out(name: str):
    levels = flow_levels(6).double()
    x = expected = start(sigma=1.0).double()
    model, noise = Gaussian(True), Numbered(3, ignore_step, FLOW).fresh(x)
    for s, n in pairwise(levels.tolist()):
        clean = model(expected, torch.tensor(s))
        if n == 0:
            expected = clean
            continue
        down = n * n / s
        if name != "euler_ancestral":
            middle = math.sqrt(s * down)
            if name == "dpmpp_2s_ancestral":
                odds = math.sqrt((1 - s) / s * (1 - down) / down)
                middle = 1 / (1 + odds) if s < 1 else 0.9999
            half = clean + (expected - clean) * middle / s
            clean_2 = model(half, torch.tensor(middle))
            # By dpm_2, the slope there is taken from where the step began.
            clean = expected - (half - clean_2) * s / middle if name == "dpm_2_ancestral" else clean_2
        expected = clean + (expected - clean) * down / s
        kept = (1 - n) / (1 - down)
        expected = kept * expected + math.sqrt(n**2 - (kept * down) ** 2) * noise(None, None)
    done = SAMPLERS[name](Gaussian(True), x, levels, Numbered(3, ignore_step, FLOW))
    assert torch.allclose(done, expected, atol=1e-6)


def test_sa_solver_adds_noise_in_its_part_of_the_way_only():
    levels, x = flow_levels(10), start(sigma=1.0)
    quiet = run("sa_solver", x, levels, prediction=FLOW, noisy=(0.005, 0.001))
    assert torch.allclose(quiet, run("sa_solver", x, levels, prediction=FLOW, eta=0.0), atol=1e-6)
    default = run("sa_solver", x, levels, prediction=FLOW)
    assert torch.equal(default, run("sa_solver", x, levels, prediction=FLOW, noisy=(0.8, 1 - 0.8)))
    assert not torch.allclose(default, quiet, atol=0.01)
