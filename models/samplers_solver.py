"""DPM-Solver (Lu et al., 2022) in steps of one to three looks at the model: a fixed plan, and steps of fitted length.

Both walk in t = -log sigma from the first level to the last above 0, and stop there. Form as in `samplers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .errors import ModelError
from .samplers import Denoise, Run, ancestral

Eps = Callable[[Tensor, Tensor], Tensor]
"""(x, t) -> the noise that the model sees in x."""


def dpm_fast(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """As many looks at the model as there are steps, in steps of the third order and a lower one or two at the end."""
    looks = len(sigmas) - 1
    count = looks // 3 + 1
    orders = [3] * (count - 2) + [2, 1] if looks % 3 == 0 else [3] * (count - 1) + [looks % 3]
    t_start, t_end = _ends(sigmas)
    times = torch.linspace(t_start.item(), t_end.item(), count + 1, device=sigmas.device)
    eps = _noise_seen(denoise)
    done = 0
    for order, t, t_next in zip(orders, times, times[1:], strict=False):
        first = eps(x, t)
        done += order
        run.step(done - 1, sigmas, x - (-t).exp() * first, x)
        x = _advance(eps, x, first, t, t_next, order)[-1]
    return x


def dpm_adaptive(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Steps as long as the difference between two orders allows, whatever the number of sigmas.

    order: 2 or 3, of the better of the two. rtol, atol: how large the difference may be, as a share of x and in its
    units. h_init: the first step's length. pcoeff, icoeff, dcoeff: of the controller of lengths. accept_safety: a step
    is kept if the next would be at least this many times as long. eta, s_noise: fresh noise as in the ancestral ones.
    """
    if h_init <= 0 or rtol == atol == 0 or accept_safety >= _LIMIT:
        raise ModelError(
            "dpm_adaptive would never arrive: h_init must be above 0, rtol or atol too, "
            f"and accept_safety below {_LIMIT:.2f}. Set them so, or leave them as they were."
        )
    noise = run.fresh(x)
    t, t_end = _ends(sigmas)
    t_start = t
    eps = _noise_seen(denoise)
    way = 1 if t_end > t else -1  # back up where the levels rise
    if way < 0 and eta:
        raise ModelError(
            "dpm_adaptive cannot add noise on the way up to more of it. Set eta to 0, or flip the sigmas back."
        )
    control = _StepLength(way * h_init, pcoeff, icoeff, dcoeff, 1.5 if eta else order, accept_safety)
    before, first = x, None
    while way * (t_end - t) > 1e-5:
        t_next = (torch.minimum if way > 0 else torch.maximum)(t_end, t + control.h)
        t_down, up = t_next, torch.zeros_like(t_next)
        if eta:
            down, _ = ancestral((-t).exp(), (-t_next).exp(), eta)
            t_down = torch.minimum(t_end, -down.log())
            up = ((-t_next).exp() ** 2 - (-t_down).exp() ** 2).sqrt()
        first = eps(x, t) if first is None else first  # A refused step is tried again from the same place.
        low, high = _advance(eps, x, first, t, t_down, order)[-2:]
        allowed = (rtol * torch.maximum(low.abs(), before.abs())).clamp(min=atol)
        error = float(torch.linalg.vector_norm((low - high) / allowed)) / x.numel() ** 0.5
        if not math.isfinite(error):  # The model has lost itself; no step is short enough to help.
            return high
        part = float((t - t_start) / (t_end - t_start))
        run.step(min(int(part * (len(sigmas) - 1)), len(sigmas) - 2), sigmas, x - (-t).exp() * first, x)
        if control.accepts(error):
            before, x, first = low, high, None
            if eta:
                x = x + up * s_noise * noise((-t).exp(), (-t_next).exp())
            t = t_next
    return x


_LIMIT = 1 + math.pi / 2
"""No length grows more than this from one step to the next."""


class _StepLength:
    """The length of steps, by a controller over the last three errors (Söderlind, 2003)."""

    def __init__(self, h: float, p: float, i: float, d: float, order: float, safety: float) -> None:
        self.h = h
        self._powers = ((p + i + d) / order, -(p + 2 * d) / order, d / order)
        self._safety = safety
        self._past: list[float] = []

    def accepts(self, error: float) -> bool:
        """Whether a step with this error stands; the length is that of the next one, or of the next try."""
        inverse = 1 / (error + 1e-8)
        past = self._past[1:] if self._past else [inverse, inverse]
        errors = [inverse, *past]
        factor = math.prod(e**power for e, power in zip(errors, self._powers, strict=True))
        factor = 1 + math.atan(factor - 1)
        accepted = factor >= self._safety
        self._past = [inverse, inverse, errors[1]] if accepted else errors
        self.h *= factor
        return accepted


def _ends(sigmas: Tensor) -> tuple[Tensor, Tensor]:
    """t at the first level and at the last above 0."""
    last = sigmas[-1] if sigmas[-1] != 0 else sigmas[-2]
    return -sigmas[0].log(), -last.log()


def _noise_seen(denoise: Denoise) -> Eps:
    def eps(x: Tensor, t: Tensor) -> Tensor:
        sigma = (-t).exp()
        return (x - denoise(x, sigma)) / sigma

    return eps


def _advance(eps: Eps, x: Tensor, first: Tensor, t: Tensor, t_next: Tensor, order: int) -> list[Tensor]:
    """x at t_next by each order of DPM-Solver from 1 to `order`.

    first: eps(x, t). The second order looks again halfway, or at a third where the third order, at two thirds, comes
    after it.
    """
    h = t_next - t
    sigma = (-t_next).exp()
    straight = x - sigma * torch.expm1(h) * first
    if order == 1:
        return [straight]
    r1, r2 = (1 / 2, None) if order == 2 else (1 / 3, 2 / 3)
    s1 = t + r1 * h
    second = eps(x - (-s1).exp() * torch.expm1(r1 * h) * first, s1)
    quadratic = straight - sigma / (2 * r1) * torch.expm1(h) * (second - first)
    if r2 is None:
        return [straight, quadratic]
    s2 = t + r2 * h
    grown = torch.expm1(r2 * h)
    ahead = x - (-s2).exp() * (grown * first + r2 / r1 * (grown / (r2 * h) - 1) * (second - first))
    third = eps(ahead, s2)
    return [straight, quadratic, straight - sigma / r2 * (torch.expm1(h) / h - 1) * (third - first)]
