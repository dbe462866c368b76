"""Samplers on a model whose answer is known: data spread normally, so that the way from noise has a closed form.

For data of variance S^2 the best denoiser is x * S^2 / (S^2 + sigma^2), and without added noise a latent x at level a
arrives at level b as x * sqrt((S^2 + b^2) / (S^2 + a^2)).
"""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from models import noise as noises
from models.prediction import discrete
from models.samplers import Run, Step, ancestral, ignore_step
from models.sampling import _TABLE, SAMPLERS
from models.schedules import karras_between

S = 0.5
RANDOM = {name for name in SAMPLERS if "ancestral" in name or "sde" in name or name in ("lcm", "ddpm")}


def gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    return x * S**2 / (S**2 + sigma**2)


def run(name: str, x: Tensor, sigmas: Tensor, seed: int = 1, denoise=gaussian, on_step=ignore_step) -> Tensor:
    return _TABLE[name](denoise, x, sigmas, Run(seed, on_step, discrete("eps").noised))


def start(count: int = 1, sigma: float = 10.0) -> Tensor:
    return torch.randn(count, 4, 4, 4, generator=torch.Generator().manual_seed(3)) * math.sqrt(S**2 + sigma**2)


def error(name: str, steps: int) -> float:
    """How far from the exact solution a run ends, from 10 down to 0.1."""
    x = start().double()
    sigmas = karras_between(steps, 0.1, 10.0)[:-1].double()
    exact = x * math.sqrt((S**2 + 0.1**2) / (S**2 + 10.0**2))
    return float((run(name, x, sigmas) - exact).norm() / exact.norm())


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("euler", 1),
        ("ddim", 1),
        ("heun", 2),
        ("dpm_2", 2),
        ("dpmpp_2m", 2),
        ("res_multistep", 2),
        ("lms", 2),
        ("uni_pc", 2),
        ("uni_pc_bh2", 2),
    ],
)
def test_deterministic_samplers_converge_at_their_order(name: str, order: int):
    """Four times the steps leave a quarter of the error at order 1, a sixteenth at order 2."""
    coarse, fine = error(name, 40), error(name, 160)
    assert fine < 0.02
    assert coarse / fine > 4**order * 0.7


def test_higher_order_is_nearer():
    second = ("heun", "dpm_2", "dpmpp_2m", "res_multistep", "uni_pc")
    assert max(error(name, 20) for name in second) < error("euler", 20)


@pytest.mark.parametrize("name", sorted(RANDOM - {"lcm"}))
def test_random_samplers_arrive_at_the_right_spread(name: str):
    sigmas = karras_between(40, 0.03, 10.0)
    done = run(name, start(count=300), sigmas)
    assert float(done.mean()) == pytest.approx(0, abs=0.02)
    assert float(done.std()) == pytest.approx(S, rel=0.08)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_perfect_model_is_followed_to_its_answer(name: str):
    """If the model always sees the same picture, every sampler ends with it."""
    picture = torch.randn(2, 4, 4, 4)
    done = run(name, start(2), karras_between(8, 0.03, 10.0), denoise=lambda x, sigma: picture)
    assert torch.allclose(done, picture, atol=0.005)


@pytest.mark.parametrize("name", SAMPLERS)
def test_steps_are_told_and_the_input_is_left_alone(name: str):
    x, sigmas = start(), karras_between(6, 0.03, 10.0)
    before, levels = x.clone(), sigmas.clone()
    steps: list[Step] = []
    run(name, x, sigmas, on_step=steps.append)
    assert [step.index for step in steps] == [1, 2, 3, 4, 5, 6]
    assert {step.total for step in steps} == {6}
    assert all(step.denoised.shape == x.shape for step in steps)
    assert torch.equal(x, before)
    assert torch.equal(sigmas, levels)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("name", SAMPLERS)
def test_few_steps_give_numbers(name: str, steps: int):
    assert run(name, start(), karras_between(steps, 0.03, 10.0)).isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_seed_gives_the_same_bytes(name: str):
    sigmas = karras_between(5, 0.03, 10.0)
    first, again, other = (run(name, start(), sigmas, seed) for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in RANDOM)


def test_what_a_callback_raises_ends_the_run():
    def stop(step: Step) -> None:
        if step.index == 3:
            raise KeyboardInterrupt

    seen: list[float] = []
    with pytest.raises(KeyboardInterrupt):
        run("euler", start(), karras_between(9, 0.03, 10.0), denoise=lambda x, s: seen.append(1) or x, on_step=stop)
    assert len(seen) == 3


def test_dpmpp_2m_sde_is_the_papers_formula():
    """With t = -log sigma, as equation 17 of the SDE form is usually written out."""
    sigmas, x, seed = karras_between(7, 0.03, 10.0), start(), 5
    noise = noises.brownian(x, seed, sigmas)
    expected, old, h_last = x.clone(), None, None
    for s, n in pairwise(sigmas):
        d = gaussian(expected, s)
        if n == 0:
            expected = d
            continue
        h = -n.log() + s.log()
        expected = n / s * (-h).exp() * expected + (1 - (-2 * h).exp()) * d
        if old is not None:
            expected = expected + 0.5 * (1 - (-2 * h).exp()) * (h / h_last) * (d - old)
        expected = expected + noise(s, n) * n * (1 - (-2 * h).exp()).sqrt()
        old, h_last = d, h
    assert torch.allclose(run("dpmpp_2m_sde", x, sigmas, seed), expected, atol=1e-5)


def test_euler_ancestral_written_out():
    sigmas, x, seed = karras_between(5, 0.03, 10.0), start(), 5
    noise = noises.fresh(x, seed)
    expected = x.clone()
    for s, n in pairwise(sigmas.tolist()):
        d = gaussian(expected, torch.tensor(s))
        up = min(n, math.sqrt(n**2 * (s**2 - n**2) / s**2))
        down = math.sqrt(n**2 - up**2)
        expected = d + (expected - d) * down / s
        if n:
            expected = expected + noise(torch.tensor(s), torch.tensor(n)) * up
    assert torch.allclose(run("euler_ancestral", x, sigmas, seed), expected, atol=1e-5)


def test_an_ancestral_step_keeps_the_variance():
    down, up = ancestral(torch.tensor(3.0), torch.tensor(2.0))
    assert float(down**2 + up**2) == pytest.approx(4.0)
    assert ancestral(torch.tensor(3.0), torch.tensor(2.0), eta=0) == (torch.tensor(2.0), torch.tensor(0.0))


def test_initial_noise_is_torchs_for_the_seed():
    expected = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(11))
    assert torch.equal(noises.initial((2, 4, 3, 5), 11), expected)
    assert noises.initial((1, 1, 1, 1), 2**64 - 1).isfinite().all()


def test_noise_by_batch_index_is_that_of_the_whole_batch():
    whole = torch.cat([noises.initial((1, 4, 3, 5), 11, [i]) for i in range(4)])
    assert torch.equal(noises.initial((3, 4, 3, 5), 11, [3, 1, 1]), whole[[3, 1, 1]])


def test_brownian_noise_has_variance_one_and_adds_up():
    like, sigmas = torch.zeros(1, 4, 64, 64), torch.tensor([10.0, 4.0, 1.0, 0.0])
    noise = noises.brownian(like, 3, sigmas)
    a, b, c = (torch.tensor(v) for v in (10.0, 4.0, 1.0))
    assert float(noise(a, b).std()) == pytest.approx(1, abs=0.03)
    parts = noise(a, b) * (a - b).sqrt() + noise(b, c) * (b - c).sqrt()
    assert torch.allclose(parts, noise(a, c) * (a - c).sqrt(), atol=1e-4)
