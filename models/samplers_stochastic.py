"""Samplers that follow the reverse diffusion itself, with noise on the way: DPM-Solver++(SDE), ER-SDE, SEEDS.

lambda = log(alpha / sigma) is half the logarithm of the signal-to-noise ratio; a step of length h in it solves the
linear part of the equation exactly. eta: how much of the noise is added, 0 none, 1 all of the reverse diffusion's.
s_noise: what that noise is multiplied with. Same form as in `samplers`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from .samplers import Denoise, Run, ancestral


def dpmpp_sde(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5
) -> Tensor:
    """Stochastic DPM-Solver++ with a second look at the part r of each step (Lu et al., 2022b)."""
    noise = run.brownian(x, sigmas)
    sigmas = run.finite(sigmas)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        start, end = run.half_log_snr(sigma), run.half_log_snr(sigma_next)
        middle = start + r * (end - start)
        sigma_middle = run.sigma_of(middle)
        halfway, up = _towards(run, x, denoised, (sigma, start), (sigma_middle, middle), eta)
        if eta > 0 and s_noise > 0:
            halfway = halfway + noise(sigma, sigma_middle) * s_noise * up
        mixed = (1 - 1 / (2 * r)) * denoised + 1 / (2 * r) * denoise(halfway, sigma_middle)
        x, up = _towards(run, x, mixed, (sigma, start), (sigma_next, end), eta)
        if eta > 0 and s_noise > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
    return x


def _towards(
    run: Run, x: Tensor, denoised: Tensor, start: tuple[Tensor, Tensor], end: tuple[Tensor, Tensor], eta: float
) -> tuple[Tensor, Tensor]:
    """x after an ancestral step without its noise, and how much of that to add. start, end: (sigma, lambda)."""
    alpha = run.alpha(end[0])
    down, up = ancestral((-start[1]).exp(), (-end[1]).exp(), eta)
    h = -down.log() - start[1]
    return alpha / run.alpha(start[0]) * (-h).exp() * x - alpha * torch.expm1(-h) * denoised, alpha * up


def dpmpp_2m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver: Literal["midpoint", "heun"] = "midpoint",
) -> Tensor:
    """Stochastic DPM-Solver++(2M): the last step's answer serves as the second look (Lu et al., 2022b)."""
    noise = run.brownian(x, sigmas)
    sigmas = run.finite(sigmas)
    old: Tensor | None = None
    h_last = torch.zeros(())
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        h = run.half_log_snr(sigma_next) - run.half_log_snr(sigma)
        h_eta = h * (eta + 1)
        gain = -torch.expm1(-h_eta)
        alpha = run.alpha(sigma_next)
        x = sigma_next / sigma * (-h * eta).exp() * x + alpha * gain * denoised
        if old is not None:
            slope = (denoised - old) * (h / h_last)
            x = x + alpha * slope * (0.5 * gain if solver == "midpoint" else 1 - gain / h_eta)
        if eta > 0 and s_noise > 0:
            x = x + noise(sigma, sigma_next) * _added(sigma_next, h, eta) * s_noise
        old, h_last = denoised, h
    return x


def dpmpp_3m_sde(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """Stochastic DPM-Solver++ of the third order from the last three answers (k-diffusion)."""
    noise = run.brownian(x, sigmas)
    sigmas = run.finite(sigmas)
    old: list[tuple[Tensor, Tensor]] = []  # denoised and step length, the latest first
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        h = run.half_log_snr(sigma_next) - run.half_log_snr(sigma)
        h_eta = h * (eta + 1)
        alpha = run.alpha(sigma_next)
        x = sigma_next / sigma * (-h * eta).exp() * x - alpha * torch.expm1(-h_eta) * denoised
        phi_2 = torch.expm1(-h_eta) / h_eta + 1
        if len(old) == 2:
            (denoised_1, h_1), (denoised_2, h_2) = old
            r0, r1 = h_1 / h, h_2 / h
            first, second = (denoised - denoised_1) / r0, (denoised_1 - denoised_2) / r1
            d1 = first + (first - second) * r0 / (r0 + r1)
            d2 = (first - second) / (r0 + r1)
            x = x + alpha * phi_2 * d1 - alpha * (phi_2 / h_eta - 0.5) * d2
        elif old:
            denoised_1, h_1 = old[0]
            x = x + alpha * phi_2 * (denoised - denoised_1) / (h_1 / h)
        if eta > 0 and s_noise > 0:
            x = x + noise(sigma, sigma_next) * _added(sigma_next, h, eta) * s_noise
        old = [(denoised, h), *old][:2]
    return x


def _added(sigma_next: Tensor, h: Tensor, eta: float) -> Tensor:
    """How much fresh noise a step of length h ends with."""
    return sigma_next * _share(h, eta)


def _share(h: Tensor, eta: float) -> Tensor:
    """How much of the noise at the end of a step of length h is fresh, as a standard deviation."""
    return (-torch.expm1(-2 * h * eta)).sqrt()


def er_noise(level: Tensor) -> Tensor:
    """How fast noise grows with the level sigma / alpha, up to a factor: the paper's choice."""
    return level * ((level**0.3).exp() + 10)


def reverse_time_noise(level: Tensor, eta: float) -> Tensor:
    """The same of the reverse diffusion; without any noise at eta 0."""
    return level ** (eta + 1)


_ER_POINTS = 200


def er_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    s_noise: float = 1.0,
    noise_scaler: Callable[[Tensor], Tensor] = er_noise,
    max_stage: int = 3,
) -> Tensor:
    """Extended reverse-time SDE solver of up to third order (Cui et al., 2023). max_stage: 1 to 3.

    noise_scaler: level -> how fast noise grows with it, up to a factor.
    """
    noise = run.fresh(x)
    sigmas = run.finite(sigmas)
    levels = (-run.half_log_snr(sigmas)).exp()  # sigma / alpha, the paper's lambda
    old: Tensor | None = None
    old_slope: Tensor | None = None
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        level, level_next = levels[i], levels[i + 1]
        alpha = run.alpha(sigma_next)
        scale_next = noise_scaler(level_next)
        r = scale_next / noise_scaler(level)
        x = alpha / run.alpha(sigma) * r * x + alpha * (1 - r) * denoised
        if old is not None and max_stage >= 2:
            dt = level_next - level
            width = -dt / _ER_POINTS
            points = level_next + torch.arange(_ER_POINTS, dtype=torch.float32, device=x.device) * width
            scaled = noise_scaler(points)
            slope = (denoised - old) / (level - levels[i - 1])
            x = x + alpha * (dt + (1 / scaled).sum() * width * scale_next) * slope
            if old_slope is not None and max_stage >= 3:
                bend = (slope - old_slope) / ((level - levels[i - 2]) / 2)
                x = x + alpha * (dt**2 / 2 + ((points - level) / scaled).sum() * width * scale_next) * bend
            old_slope = slope
        if s_noise > 0:
            up = (level_next**2 - level**2 * r**2).sqrt().nan_to_num(nan=0.0)
            x = x + alpha * noise(sigma, sigma_next) * s_noise * up
        old = denoised
    return x


def seeds_2(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5
) -> Tensor:
    """SEEDS of two stages, on the denoised latent (Gonzalez et al., 2023). r: where in a step the second look is."""
    return _seeds(denoise, x, sigmas, run, eta, s_noise, (r,))


def seeds_3(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """SEEDS of three stages, on the denoised latent (Gonzalez et al., 2023)."""
    return _seeds(denoise, x, sigmas, run, eta, s_noise, (r_1, r_2))


def _seeds(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float, s_noise: float, parts: tuple[float, ...]
) -> Tensor:
    """parts: the places of the further looks in a step, one or two, rising."""
    noise = run.fresh(x)
    sigmas = run.finite(sigmas)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        start, end = run.half_log_snr(sigma), run.half_log_snr(sigma_next)
        h = end - start
        level, done = sigma, 0.0
        path = torch.zeros_like(x)  # the noise so far, of standard deviation _share(done * h) at the level reached
        clean, answers = denoised, [denoised]
        for stage, part in enumerate((*parts, 1.0)):
            last = stage == len(parts)
            there = sigma_next if last else run.sigma_of(start.lerp(end, part))
            gain, alpha = -torch.expm1(-part * h * (eta + 1)), run.alpha(there)
            if stage > 0:
                clean = _seeds_mean(answers, parts, part, h * (eta + 1), gain)
            ahead = there / sigma * (-part * h * eta).exp() * x + alpha * gain * clean
            if eta > 0 and s_noise > 0:
                way = (part - done) * h
                path = path * (-way * eta).exp() + _share(way, eta) * noise(level, there)
                ahead = ahead + path * there * s_noise
            level, done = there, part
            if not last:
                answers.append(denoise(ahead, there))
        x = ahead
    return x


def _seeds_mean(answers: list[Tensor], parts: tuple[float, ...], part: float, h: Tensor, gain: Tensor) -> Tensor:
    """The mean of the denoised latent over the first `part` of a step of length h, from the looks so far."""
    if len(parts) == 1:
        return torch.lerp(answers[0], answers[1], 1 / (2 * parts[0]))
    # Straight through the first look and the latest one; the weight is phi_2 over phi_1.
    weight = (part * h - gain) / (part * h) / gain * part / parts[len(answers) - 2]
    return answers[0] + weight * (answers[-1] - answers[0])


dpmpp_2m_sde_heun = partial(dpmpp_2m_sde, solver="heun")
