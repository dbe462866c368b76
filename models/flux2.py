"""Flux.2's noise levels: a shift that was fitted to the picture's size and the number of steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor

PATCH = 16
"""Pixels along each side of one token."""
LARGE = 4300
"""Tokens above which the number of steps no longer matters to the shift."""


def shift(tokens: int, steps: int) -> float:
    """The logarithm mu of the factor by which noise outweighs picture at half time.

    Two lines in the number of tokens were fitted, for 10 and for 200 steps; between and beyond them mu is linear in the
    steps. Large pictures take the line for 200.
    """
    at_200 = 0.00016927 * tokens + 0.45666666
    if tokens > LARGE:
        return at_200
    at_10 = 8.73809524e-05 * tokens + 1.89833333
    slope = (at_200 - at_10) / 190
    return at_200 + slope * (steps - 200)


def sigmas(steps: int, width: int, height: int) -> Tensor:
    """(steps + 1,) float32 from 1 down to 0, for a picture of `width` x `height` pixels."""
    mu = shift(round(width * height / PATCH**2), steps)
    t = torch.linspace(1, 0, steps + 1)
    return math.exp(mu) / (math.exp(mu) + (1 / t - 1))
