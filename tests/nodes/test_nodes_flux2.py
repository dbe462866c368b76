"""Flux.2's noise levels against diffusers' scheduler, and its empty latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from models.flux2 import shift
from nodes.flux2 import empty_flux2_latent, flux2_scheduler


def fitted(tokens: int, steps: int) -> float:
    """As Flux.2's own repository has it: through mu at 10 and at 200 steps, by slope and intercept."""
    m_200, m_10 = 0.00016927 * tokens + 0.45666666, 8.73809524e-05 * tokens + 1.89833333
    if tokens > 4300:
        return m_200
    a = (m_200 - m_10) / 190.0
    return a * steps + (m_200 - 200.0 * a)


@pytest.mark.parametrize("tokens", [1, 1024, 4096, 4300, 4301, 16384])
@pytest.mark.parametrize("steps", [1, 10, 28, 200, 1000])
def test_the_shift_is_the_fitted_one(tokens: int, steps: int) -> None:
    assert shift(tokens, steps) == pytest.approx(fitted(tokens, steps), rel=1e-12)


@pytest.mark.parametrize(
    ("steps", "width", "height", "tokens"),
    [(20, 1024, 1024, 4096), (4, 512, 768, 1536), (50, 2048, 1024, 8192), (1, 16, 16, 1), (8, 1000, 1000, 3906)],
)
def test_sigmas_are_those_of_diffusers(steps: int, width: int, height: int, tokens: int) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="exponential")
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps).tolist(), mu=fitted(tokens, steps))
    found = flux2_scheduler(steps, width, height)
    assert found.dtype == torch.float32
    assert found[-1] == 0
    torch.testing.assert_close(found, scheduler.sigmas, rtol=0, atol=1e-6)


def test_empty_latents_hold_sixteen_pixels_a_value() -> None:
    samples = empty_flux2_latent(1024, 768, 2)["samples"]
    assert samples.shape == (2, 128, 48, 64)
    assert samples.dtype == torch.float32
    assert not samples.any()
