"""Samplers against their formulas, written out another way, and against diffusers' schedulers."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import Tensor

from models import noise as noises
from models.sampler_table import SAMPLERS
from models.samplers import Run, ancestral, ignore_step, lcm_upscale
from models.samplers_adams import _weights
from models.samplers_multistep import _deis_weights, _unlike_steps
from models.samplers_stochastic import er_noise, reverse_time_noise
from models.schedules import karras_between
from tests.models.sampler_oracle import EPS, FLOW, Gaussian, Numbered, S, run, start

LEVELS = karras_between(6, 0.05, 10.0)


def gaussian(x: Tensor, sigma: float) -> Tensor:
    return x * S**2 / (S**2 + sigma**2)


# Without guidance


def test_euler_ancestral_written_out():
    noise, expected = noises.fresh(start(), 5), start()
    for s, n in pairwise(LEVELS.tolist()):
        d = gaussian(expected, s)
        up = min(n, math.sqrt(n**2 * (s**2 - n**2) / s**2))
        expected = d + (expected - d) * math.sqrt(n**2 - up**2) / s
        if n:
            expected = expected + noise(None, None) * up
    assert torch.allclose(run("euler_ancestral", start(), LEVELS, 5), expected, atol=1e-5)


def test_heunpp2_written_out():
    expected, levels = start().double(), LEVELS.tolist()
    for i, (s, n) in enumerate(pairwise(levels)):
        slope = (expected - gaussian(expected, s)) / s
        if n == 0:
            expected = expected + slope * (n - s)
            continue
        x1 = expected + slope * (n - s)
        slope1 = (x1 - gaussian(x1, n)) / n
        last = levels[i + 2]
        if last == 0:
            share = n / (2 * levels[0])
            expected = expected + ((1 - share) * slope + share * slope1) * (n - s)
            continue
        x2 = x1 + slope1 * (last - n)
        slope2 = (x2 - gaussian(x2, last)) / last
        a, b = n / (3 * levels[0]), last / (3 * levels[0])
        expected = expected + ((1 - a - b) * slope + a * slope1 + b * slope2) * (n - s)
    assert torch.allclose(run("heunpp2", start().double(), LEVELS.double()), expected, atol=1e-5)


def test_dpmpp_2m_sde_is_the_papers_formula():
    """With t = -log sigma, as equation 17 of the SDE form is usually written out."""
    x, seed = start(), 5
    noise = noises.brownian(x, seed, LEVELS)
    expected, old, h_last = x.clone(), None, None
    for s, n in pairwise(LEVELS):
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
    assert torch.allclose(run("dpmpp_2m_sde", x, LEVELS, seed), expected, atol=1e-5)


def test_gradient_estimation_written_out():
    expected, old = start(), None
    for s, n in pairwise(LEVELS.tolist()):
        slope = (expected - gaussian(expected, s)) / s
        drawn_on = slope if old is None else 3.0 * slope - 2.0 * old
        expected = gaussian(expected, s) if n == 0 else expected + drawn_on * (n - s)
        old = slope
    assert torch.allclose(run("gradient_estimation", start(), LEVELS, ge_gamma=3.0), expected, atol=1e-5)


def test_ipndm_takes_adams_bashforth_by_its_orders():
    """For a slope that is a polynomial of degree 3 in sigma, and equal steps, the fourth order is exact."""
    sigmas = torch.linspace(5.0, 1.0, 9).double()

    def cubic(x: Tensor, sigma: Tensor) -> Tensor:
        return x - sigma * (sigma**3 - 2 * sigma + 1)

    x = torch.zeros(1, 1, 2, 2).double()
    start_up = run("ipndm", x, sigmas[:4], denoise=cubic)
    done = run("ipndm", x, sigmas, denoise=cubic)
    moved = sigmas[-1] ** 5 / 5 - sigmas[-1] ** 2 + sigmas[-1] - (sigmas[3] ** 5 / 5 - sigmas[3] ** 2 + sigmas[3])
    powers = (sigmas[-1] ** 4 - sigmas[3] ** 4) / 4 - (sigmas[-1] ** 2 - sigmas[3] ** 2) + sigmas[-1] - sigmas[3]
    assert moved != powers
    assert torch.allclose(done - start_up, powers.expand_as(x), atol=1e-9)


def test_weights_for_unlike_steps_are_the_published_ones():
    assert _unlike_steps([1.0]) == [1.0]
    assert _unlike_steps([1.0, 2.0]) == [1.25, -0.25]
    b = 29 / 60  # (1 - 1 / (3 * 2 * 5)) / 2
    assert _unlike_steps([1.0, 2.0, 3.0]) == pytest.approx([1.25 + b, -0.25 - 5 / 3 * b, 2 / 3 * b])
    b, c = 5 / 12, 11 / 24  # equal steps; Adams and Bashforth's c is 3/8
    wanted = [1.5 + b + c, -0.5 - 2 * b - 3 * c, b + 3 * c, -c]
    assert _unlike_steps([1.0, 1.0, 1.0, 1.0]) == pytest.approx(wanted)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_deis_weights_are_integrals_over_sigma(count: int):
    levels = LEVELS[:5]
    i = 3
    low, high = math.log(0.002**2 + 1), math.log(80.0**2 + 1)
    slope = 2 * (low / 1e-3 - high) / (1e-3 - 1)
    first = high - 0.5 * slope

    def time(sigma) -> float:
        sigma = float(sigma)
        return (math.sqrt(first**2 + 2 * slope * math.log(sigma**2 + 1)) - first) / slope

    past = [time(levels[i - k]) for k in range(count)]
    for j, weight in enumerate(_deis_weights(levels, i, count)):

        def polynomial(sigma: float, j=j) -> float:
            return math.prod((time(sigma) - t) / (past[j] - t) for k, t in enumerate(past) if k != j)

        assert weight == pytest.approx(quad(polynomial, levels[i], levels[i + 1])[0], rel=2e-3)


@pytest.mark.parametrize("tau", [0.0, 0.7])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_sa_solver_weights_are_integrals(count: int, tau: float):
    points, rate = np.array([-1.0, -0.2, 0.5, 1.1])[-count:], 1 + tau**2
    for j, weight in enumerate(_weights(points, 1.1, 1.9, tau, False, False)):

        def inner(at: float, j=j) -> float:
            lagrange = math.prod((at - p) / (points[j] - p) for k, p in enumerate(points) if k != j)
            return rate * math.exp(rate * (at - 1.9)) * lagrange

        assert weight == pytest.approx(quad(inner, 1.1, 1.9)[0], rel=1e-6)


def test_sa_solvers_short_weights_agree_with_the_integrals_to_second_order():
    errors = []
    for h in (0.2, 0.1):
        points = np.array([-h, 0.0])
        full, short = (_weights(points, 0.0, h, 0.5, simple, False) for simple in (False, True))
        assert full.sum() == pytest.approx(short.sum())
        errors.append(abs(full - short).max())
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("stages", [2, 3])
def test_seeds_written_out(stages: int):
    """The noise as independent pieces of the step, each faded by what follows it."""
    x = start().double()
    noise = Numbered(5, ignore_step, EPS).fresh(x)
    parts = [1 / 2] if stages == 2 else [1 / 3, 2 / 3]
    expected = x
    for s, n in pairwise(LEVELS.double().tolist()):
        d1 = gaussian(expected, s)
        if n == 0:
            expected = d1
            continue
        h = math.log(s / n)
        drawn: list[Tensor] = []

        def at(part: float, clean: Tensor, s=s, h=h, drawn=drawn, x=expected) -> Tensor:
            drawn.append(noise(None, None))
            edges = [0.0, *parts, 1.0][: len(drawn) + 1]
            spread = sum(
                math.sqrt(math.exp(-2 * h * (part - b)) - math.exp(-2 * h * (part - a))) * piece
                for (a, b), piece in zip(pairwise(edges), drawn, strict=True)
            )
            fade = math.exp(-2 * h * part)
            return fade * x + (1 - fade) * clean + s * math.exp(-h * part) * spread

        def share(part: float, look: float, h=h) -> float:
            z = 2 * h * part
            return part / look * (math.exp(-z) - 1 + z) / z / (1 - math.exp(-z))

        looks = [s * math.exp(-h * part) for part in parts]
        d2 = gaussian(at(parts[0], d1), looks[0])
        if stages == 2:
            expected = at(1.0, d2)
        else:
            d3 = gaussian(at(parts[1], d1 + share(2 / 3, 1 / 3) * (d2 - d1)), looks[1])
            expected = at(1.0, d1 + share(1.0, 2 / 3) * (d3 - d1))
    done = SAMPLERS[f"seeds_{stages}"](Gaussian(), x, LEVELS.double(), Numbered(5, ignore_step, EPS))
    assert torch.allclose(done, expected, atol=1e-6)


def bent(x: Tensor, sigma: float) -> Tensor:
    """An answer that is no straight line in x: on one, the reverse diffusion's first order is exact."""
    return torch.tanh(x / 3 + 1) / (1 + sigma)


@pytest.mark.parametrize("scaler", [er_noise, lambda level: reverse_time_noise(level, 1.0)])
def test_er_sde_is_the_papers_integrals(scaler):
    levels = LEVELS[:-1].double()
    x = expected = start().double()
    answers, slopes = [], []
    for i, (s, n) in enumerate(pairwise(levels.tolist())):
        d = bent(expected, s)
        answers.append(d)
        scale = {v: float(scaler(torch.tensor(v).double())) for v in (s, n)}
        r = scale[n] / scale[s]
        expected = r * expected + (1 - r) * d
        if i:
            slopes.append((d - answers[-2]) / (s - float(levels[i - 1])))
            whole = quad(lambda v: 1 / float(scaler(torch.tensor(v).double())), n, s)[0]
            expected = expected + (n - s + whole * scale[n]) * slopes[-1]
        if i > 1:
            bend = 2 * (slopes[-1] - slopes[-2]) / (s - float(levels[i - 2]))
            whole = quad(lambda v, s=s: (v - s) / float(scaler(torch.tensor(v).double())), n, s)[0]
            expected = expected + ((n - s) ** 2 / 2 + whole * scale[n]) * bend
    done = run("er_sde", x, levels, denoise=bent, noise_scaler=scaler, s_noise=0.0)
    assert float((done - expected).norm() / expected.norm()) < 0.02
    for stage in (1, 2):
        lower = run("er_sde", x, levels, denoise=bent, noise_scaler=scaler, s_noise=0.0, max_stage=stage)
        assert float((lower - expected).norm()) > 5 * float((done - expected).norm())


def test_the_reverse_diffusions_noise_at_eta_0_is_none():
    level = torch.tensor([0.5, 3.0])
    assert torch.equal(reverse_time_noise(level, 0.0), level)


# Against diffusers


def stepped(scheduler, levels: Tensor, x: Tensor, prediction_of, **options) -> Tensor:
    """diffusers' scheduler over our levels, with x0 predicted from latents that keep their variance."""
    scheduler.set_timesteps(len(levels) - 1)
    scheduler.sigmas = levels.clone()
    x = x / (levels[0] ** 2 + 1).sqrt()
    for i, t in enumerate(scheduler.timesteps[: len(levels) - 1]):
        answer = prediction_of(x * (levels[i] ** 2 + 1).sqrt(), levels[i])
        x = scheduler.step(answer, t, x, **options).prev_sample
    return x * (levels[-1] ** 2 + 1).sqrt()


SETUP = {"prediction_type": "sample", "num_train_timesteps": 1000}


def test_dpmpp_2m_is_diffusers():
    from diffusers import DPMSolverMultistepScheduler

    scheduler = DPMSolverMultistepScheduler(**SETUP, lower_order_final=False, final_sigmas_type="sigma_min")
    expected = stepped(scheduler, LEVELS[:-1], start(), gaussian)
    assert torch.allclose(run("dpmpp_2m", start(), LEVELS[:-1]), expected, atol=1e-4)


@pytest.mark.parametrize("variant", ["bh1", "bh2"])
def test_uni_pc_is_diffusers(variant: str):
    from diffusers import UniPCMultistepScheduler

    scheduler = UniPCMultistepScheduler(**SETUP, solver_order=3, solver_type=variant, lower_order_final=True)
    expected = stepped(scheduler, LEVELS[:-1], start(), gaussian)
    name = "uni_pc" if variant == "bh1" else "uni_pc_bh2"
    assert torch.allclose(run(name, start(), LEVELS[:-1]), expected, atol=1e-4)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_sa_solver_without_noise_is_diffusers(order: int):
    from diffusers import SASolverScheduler

    scheduler = SASolverScheduler(
        **SETUP, predictor_order=order, corrector_order=order, tau_func=lambda t: 0, lower_order_final=False
    )
    expected = stepped(scheduler, LEVELS[:-1], start(), gaussian)
    options = {"predictor_order": order, "corrector_order": order, "eta": 0.0, "simple_order_2": True}
    further, predicted = torch.cat([LEVELS[:-1], LEVELS[-2:-1] / 2]), []
    run("sa_solver", start(), further, on_step=lambda step: predicted.append(step.x), **options)
    assert torch.allclose(predicted[-1], expected, atol=2e-3)


def test_sa_solver_leaves_out_a_last_step_that_is_not_to_zero():
    longer, shorter = (run("sa_solver", start(), LEVELS[:end], eta=0.0, corrector_order=0) for end in (4, 5))
    seen: list[Tensor] = []
    run("sa_solver", start(), LEVELS[:5], on_step=lambda step: seen.append(step.x), eta=0.0, corrector_order=0)
    assert torch.equal(shorter, seen[3])
    assert torch.equal(longer, seen[2])


@pytest.mark.parametrize(("variant", "B"), [("uni_pc", math.log(5)), ("uni_pc_bh2", 0.8)])
def test_uni_pc_of_two_steps_written_out(variant: str, B: float):
    first = gaussian(start(), 5.0)
    base = start() / 5 + 0.8 * first
    second = gaussian(base, 1.0)
    corrected = base + B * 0.5 * (second - first)
    last = 2**-10  # for 0.001, by 1 - alpha^2 in single precision
    expected = last * corrected + (1 - last) * second
    assert torch.allclose(run(variant, start(), torch.tensor([5.0, 1.0, 0.0])), expected, rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("name", ["uni_pc", "uni_pc_bh2"])
def test_uni_pc_of_one_step_gives_its_noise_back(name: str):
    noise = start() / math.sqrt(26)
    assert torch.allclose(run(name, start(), torch.tensor([5.0, 0.0])), noise, rtol=1e-5)
    assert torch.allclose(run(name, start(), torch.tensor([5.0, 2.0])), noise * math.sqrt(5), rtol=1e-5)


def test_an_ancestral_step_of_flow_may_go_down_to_zero_and_come_back():
    seen: list[Tensor] = []
    levels = torch.tensor([1.0, 0.5, 0.0])
    run("euler_ancestral", start(), levels, on_step=lambda step: seen.append(step.x), prediction=FLOW, eta=2.0)
    noise = noises.fresh(start(), 1)(levels[0], levels[1])
    clean = Gaussian(flow=True)(start(), levels[0])
    assert torch.allclose(seen[1], 0.5 * clean + 0.5 * noise)


@pytest.mark.parametrize("levels", [[0.05, 0.02, 0.01, 0.004], [0.02, 0.009, 0.006, 0.003]])
def test_deis_weights_round_as_single_precision_does(levels: list[float]):
    """The time of a small level has few digits; what is between two such times is told by these digits."""
    sigmas, single = torch.tensor(levels), np.float32
    low, high = (np.log(single(end) ** 2 + single(1)) for end in (0.002, 80))
    slope = single(2) * (low / single(1e-3) - high) / single(1e-3 - 1)
    first = high - single(0.5) * slope
    logs = np.log(sigmas.numpy() ** 2 + single(1))
    past, now, then = ((np.sqrt(first**2 + 2 * slope * logs) - first) / slope)[1:].astype(float)
    slope, first = float(slope), float(first)

    def d_sigma(t: float) -> float:
        variance = math.expm1(slope * t**2 / 2 + first * t)
        return (slope * t + first) * (variance + 1) / (2 * math.sqrt(variance))

    exact = quad(lambda t: d_sigma(t) * (t - past) / (now - past), now, then)[0]
    assert _deis_weights(sigmas, 2, 2)[0] == pytest.approx(exact, rel=3e-4)


# Noise


def test_an_ancestral_step_keeps_the_variance():
    down, up = ancestral(torch.tensor(3.0), torch.tensor(2.0))
    assert float(down**2 + up**2) == pytest.approx(4.0)
    assert ancestral(torch.tensor(3.0), torch.tensor(2.0), eta=0) == (torch.tensor(2.0), torch.tensor(0.0))
    assert ancestral(torch.tensor(math.inf), torch.tensor(2.0)) == (torch.tensor(0.0), torch.tensor(2.0))


def test_lcm_that_enlarges_ends_at_the_size_asked_for():
    x = start(sigma=1.0)

    def run_it(**options) -> Tensor:
        return lcm_upscale(Gaussian(), x, LEVELS, Run(4, ignore_step, EPS), **options)

    assert run_it(scale=2.0).shape == (1, 4, 8, 8)
    assert run_it(scale=1.5, scale_steps=1, method="bilinear").shape == (1, 4, 6, 6)
    assert run_it(scale=2.0, scale_steps=0).shape == x.shape
    sizes: list[int] = []
    lcm_upscale(
        Gaussian(), x, LEVELS, Run(4, lambda step: sizes.append(step.x.shape[-1]), EPS), scale=2.0, scale_steps=4
    )
    assert sizes == [4, 5, 6, 7, 8, 8]
    generator = torch.Generator().manual_seed(4)
    torch.randn(x.shape, generator=generator)
    first = gaussian(x, LEVELS[0]) + LEVELS[1] * torch.randn(x.shape, generator=generator)
    one = lcm_upscale(Gaussian(), x, LEVELS[:2], Run(4, ignore_step, EPS), scale_steps=0)
    assert torch.allclose(one, first, atol=1e-6)


def test_initial_noise_is_torchs_for_the_seed():
    expected = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(11))
    assert torch.equal(noises.initial((2, 4, 3, 5), 11), expected)
    assert noises.initial((1, 1, 1, 1), 2**64 - 1).isfinite().all()


def test_noise_that_goes_on_lies_as_the_latent_does():
    shape = (2, 4, 6, 5)
    lying = (torch.zeros(shape), torch.zeros(2, 6, 5, 4).movedim(-1, 1))
    draw = noises.continued(shape, 7)
    torch.manual_seed(7)
    torch.randn(shape)
    for latent in lying:
        assert torch.equal(draw(latent), torch.randn_like(latent))


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
