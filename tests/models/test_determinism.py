"""A run again gives the same bytes; a batch gives what its latents give one by one, wherever its noise allows that."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from models.engine import Loaded
from models.sampler_table import SAMPLERS
from models.sampling import ksample

torch.set_num_threads(1)

STEPS = 3
OF_THE_BATCH = {
    **dict.fromkeys(
        (
            *("euler_ancestral", "euler_ancestral_cfg_pp", "dpm_2_ancestral"),
            *("dpmpp_2s_ancestral", "dpmpp_2s_ancestral_cfg_pp", "ddpm", "lcm"),
            *("res_multistep_ancestral", "res_multistep_ancestral_cfg_pp"),
            *("er_sde", "seeds_2", "seeds_3", "sa_solver", "sa_solver_pece"),
        ),
        "draws noise for the whole batch at each step, one draw after the other",
    ),
    **dict.fromkeys(
        (
            *("dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m_sde", "dpmpp_2m_sde_gpu"),
            *("dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu"),
        ),
        "walks one Brownian path through all of the batch's numbers",
    ),
    "dpm_adaptive": "chooses its steps by the error over the whole batch",
}
"""Samplers, in the incumbent too, whose result for a latent depends on the batch that it is in, and why."""


@pytest.fixture(scope="module")
def prompts(loaded: Loaded) -> tuple[Any, Any]:
    assert loaded.clip is not None
    return loaded.clip.encode("a photo of a cat"), loaded.clip.encode("")


def sampled(loaded: Loaded, prompts: tuple[Any, Any], sampler: str, places: list[int], named: bool = True) -> Tensor:
    """Latents of these places in a batch; not named: the batch itself."""
    latent: dict[str, Any] = {"samples": torch.zeros(len(places), 4, 8, 8)}
    if named:
        latent["batch_index"] = places
    settings = {"seed": 3, "steps": STEPS, "cfg": 1.5, "sampler": sampler, "scheduler": "karras"}
    return ksample(loaded.model, *prompts, latent, **settings)["samples"]


def pictures(loaded: Loaded, latent: Tensor) -> Tensor:
    """In steps of 255; (b, h, w, 3)."""
    assert loaded.vae is not None
    return (loaded.vae.decode(latent) * 255).round()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_again_gives_the_same_bytes(sampler: str, loaded: Loaded, prompts: tuple[Any, Any]) -> None:
    first = sampled(loaded, prompts, sampler, [0, 1], named=False)
    assert torch.equal(first, sampled(loaded, prompts, sampler, [0, 1], named=False))
    assert first.isfinite().all()


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in OF_THE_BATCH])
def test_a_batch_of_four_is_four_singles(sampler: str, loaded: Loaded, prompts: tuple[Any, Any]) -> None:
    batch = pictures(loaded, sampled(loaded, prompts, sampler, [0, 1, 2, 3], named=False))
    for place in range(4):
        [single] = pictures(loaded, sampled(loaded, prompts, sampler, [place]))
        assert (single - batch[place]).abs().max() <= 1
        assert (single - batch[place - 1]).abs().max() > 8


@pytest.mark.parametrize("sampler", OF_THE_BATCH)
def test_the_others_are_left_out_for_a_reason(sampler: str, loaded: Loaded, prompts: tuple[Any, Any]) -> None:
    batch = sampled(loaded, prompts, sampler, [0, 1, 2, 3], named=False)
    single = sampled(loaded, prompts, sampler, [3])
    assert not torch.allclose(single[0], batch[3], atol=1e-3)
