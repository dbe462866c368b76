"""SA-Solver (Xue et al., 2023): a stochastic Adams method with a predictor and a corrector. Form as in `samplers`.

With lambda = log(alpha / sigma) and tau the share of noise, a step from s to t is
    x_t = sigma_t / sigma_s exp(-tau^2 h) x_s + alpha_t (integral of (1 + tau^2) exp((1 + tau^2)(l - t)) denoised(l) dl)
    + noise, where denoised(l) is a polynomial through the last answers.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import Tensor

from .samplers import Denoise, Run

NOISY_PART = (0.2, 0.8)
"""Between which shares of the way noise is added where nothing else is said."""


def sa_solver(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    eta: float = 1.0,
    noisy: tuple[float, float] | None = None,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Tensor:
    """The stochastic Adams solver.

    eta: tau at the levels from noisy[0] down to noisy[1]; elsewhere tau is 0, the plain equation. noisy: NOISY_PART if
    None. use_pece: look at the model once more after each correction. simple_order_2: the paper's shorter weights where
    the order is 2. predictor_order: at least 1. corrector_order: 0 leaves the corrector out.

    Where the levels do not end in 0, the last prediction is not made and x stays at the level before the last, as in
    the releases of ComfyUI that graphs were made with.
    """
    noise = run.fresh(x)
    high, low = noisy or tuple(run.at_percent(percent) for percent in NOISY_PART)
    sigmas = run.finite(sigmas)
    lambdas = run.half_log_snr(sigmas.double()).cpu().numpy()
    steps = len(sigmas) - 1
    to_zero = bool(sigmas[-1] == 0)
    answers: list[Tensor] = []
    ahead, added, tau = x, torch.zeros_like(x), 0.0
    for i in range(steps):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        denoised = denoise(ahead, sigma)
        run.step(i, sigmas, denoised, ahead)
        answers = [*answers, denoised][-max(predictor_order, corrector_order) :]
        predict = min(predictor_order, len(answers))
        correct = 0 if i == 0 or (sigma_next == 0 and not use_pece) else min(corrector_order, len(answers))
        if to_zero:  # Lower orders are steadier near the end.
            predict, correct = min(predict, steps - 1 - i), min(correct, steps - i)
        if correct == 0:
            x = ahead
        else:
            weights = _weights(lambdas[i + 1 - correct : i + 1], lambdas[i - 1], lambdas[i], tau, simple_order_2, True)
            x = _step(run, x, answers, weights, sigmas[i - 1], sigma, tau)
            if tau > 0 and s_noise > 0:
                x = x + added
            if use_pece:
                denoised = denoise(x, sigma)
                answers[-1] = denoised
        if sigma_next == 0:
            x = denoised
            continue
        tau = eta if eta > 0 and high >= float(sigma_next) >= low else 0.0
        weights = _weights(lambdas[i + 1 - predict : i + 1], lambdas[i], lambdas[i + 1], tau, simple_order_2, False)
        ahead = _step(run, x, answers, weights, sigma, sigma_next, tau)
        if tau > 0 and s_noise > 0:
            h = run.half_log_snr(sigma_next) - run.half_log_snr(sigma)
            added = noise(sigma, sigma_next) * sigma_next * (-torch.expm1(-2 * tau**2 * h)).sqrt() * s_noise
            ahead = ahead + added
    return x


def _step(
    run: Run, x: Tensor, answers: list[Tensor], weights: np.ndarray, sigma: Tensor, sigma_next: Tensor, tau: float
) -> Tensor:
    """x at sigma_next, without its noise, from x at sigma and the latest answers, as many as there are weights."""
    h = run.half_log_snr(sigma_next) - run.half_log_snr(sigma)
    mean = sum(float(w) * answer for w, answer in zip(weights, answers[-len(weights) :], strict=True))
    return sigma_next / sigma * (-(tau**2) * h).exp() * x + run.alpha(sigma_next) * mean


def _weights(points: np.ndarray, s: float, t: float, tau: float, simple: bool, corrects: bool) -> np.ndarray:
    """The integral from s to t of (1 + tau^2) exp((1 + tau^2)(l - t)) times each point's Lagrange polynomial."""
    rate, h = 1 + tau**2, t - s
    count = len(points)
    whole = -math.expm1(-rate * h)
    if simple and count == 2:
        newest = rate * h / 2 if corrects else None
        if newest is not None:
            return np.array([whole - newest, newest])
        oldest = rate * h**2 / 2 / (points[0] - s)
        return np.array([oldest, whole - oldest])
    # The moments of l - t, each from the one before by parts.
    moments = [whole]
    for p in range(1, count):
        moments.append(-((-h) ** p) * math.exp(-rate * h) - p / rate * moments[-1])
    return np.linalg.solve(np.vander(points - t, count, increasing=True).T, np.array(moments))


sa_solver_pece = partial(sa_solver, use_pece=True)
