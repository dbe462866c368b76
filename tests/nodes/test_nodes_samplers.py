"""The nodes that give samplers and noise levels: what they hand on."""

from types import SimpleNamespace

import pytest
import torch

from models import schedules
from models.prediction import discrete
from models.sampler_table import SAMPLERS, SamplerChoice
from models.samplers import Run, ignore_step
from nodes import samplers, schedulers
from tests.models.sampler_oracle import EPS, Gaussian, Guided, start

MODEL = SimpleNamespace(prediction=discrete("eps"))
LEVELS = schedules.karras_between(6, 0.05, 10.0)


def sampled(choice: SamplerChoice, model=None) -> torch.Tensor:
    return choice(model or Gaussian(), start(), LEVELS, Run(3, ignore_step, EPS))


def plain(name: str, **options) -> torch.Tensor:
    return SAMPLERS[name](Guided(), start(), LEVELS, Run(3, ignore_step, EPS), **options)


CHOICES = {
    "dpmpp_2m_sde": (
        samplers.sampler_dpmpp_2m_sde(solver_type="heun", eta=0.5, s_noise=0.9, noise_device="gpu"),
        {"solver": "heun", "eta": 0.5, "s_noise": 0.9},
    ),
    "dpmpp_3m_sde": (samplers.sampler_dpmpp_3m_sde(eta=0.5, noise_device="cpu"), {"eta": 0.5}),
    "dpmpp_sde": (samplers.sampler_dpmpp_sde(r=0.3, noise_device="cpu"), {"r": 0.3}),
    "dpmpp_2s_ancestral": (samplers.sampler_dpmpp_2s_ancestral(eta=0.5), {"eta": 0.5}),
    "euler_ancestral": (samplers.sampler_euler_ancestral(s_noise=0.8), {"s_noise": 0.8}),
    "euler_ancestral_cfg_pp": (samplers.sampler_euler_ancestral_cfg_pp(eta=0.4), {"eta": 0.4}),
    "lms": (samplers.sampler_lms(order=2), {"order": 2}),
    "dpm_adaptive": (samplers.sampler_dpm_adaptive(order=2, rtol=0.01), {"order": 2, "rtol": 0.01}),
    "sa_solver": (samplers.sampler_sa_solver(MODEL, use_pece=True, eta=0.5), {"use_pece": True, "eta": 0.5}),
    "er_sde": (samplers.sampler_er_sde(solver_type="ER-SDE", max_stage=2), {"max_stage": 2}),
    "euler_cfg_pp": (samplers.sampler_euler_cfg_pp(version="regular"), {}),
}


@pytest.mark.parametrize("name", CHOICES)
def test_settings_reach_the_sampler(name: str):
    choice, options = CHOICES[name]
    assert choice.name == name
    found = sampled(choice, Guided())
    assert torch.equal(found, plain(name, **options))
    assert not options or not torch.equal(found, plain(name))


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_can_be_chosen_by_name(name: str):
    assert torch.equal(sampled(samplers.ksampler_select(sampler_name=name), Guided()), plain(name))


def test_er_sde_without_noise_is_the_plain_equation():
    ode = sampled(samplers.sampler_er_sde(solver_type="ODE"))
    assert torch.equal(ode, sampled(samplers.sampler_er_sde(solver_type="Reverse-time SDE", eta=0.0)))
    assert not torch.equal(ode, sampled(samplers.sampler_er_sde(solver_type="Reverse-time SDE")))


def test_samplers_that_have_no_name_in_the_list():
    larger = sampled(samplers.sampler_lcm_upscale(scale_ratio=2.0, upscale_method="bislerp"))
    assert larger.shape == (1, 4, 8, 8)
    other = sampled(samplers.sampler_euler_cfg_pp(version="alternative"), Guided())
    assert not torch.equal(other, plain("euler_cfg_pp"))
    assert other.isfinite().all()


@pytest.mark.parametrize("name", schedules.SCHEDULES)
def test_basic_scheduler_gives_the_end_of_a_longer_schedule(name: str):
    whole = schedules.SCHEDULES[name](MODEL.prediction, 20)
    assert torch.equal(schedulers.basic_scheduler(MODEL, scheduler=name, steps=20), whole[-21:])
    assert torch.equal(schedulers.basic_scheduler(MODEL, scheduler=name, steps=10, denoise=0.5), whole[-11:])
    assert schedulers.basic_scheduler(MODEL, scheduler=name, denoise=0.0).shape == (0,)


def test_percents_are_levels():
    prediction = MODEL.prediction
    assert schedulers.sampling_percent_to_sigma(MODEL, 0.3) == prediction.at_percent(0.3)
    assert schedulers.sampling_percent_to_sigma(MODEL, 0.0) > 1e8
    assert schedulers.sampling_percent_to_sigma(MODEL, 0.0, True) == prediction.sigma_max
    assert schedulers.sampling_percent_to_sigma(MODEL, 1.0, True) == prediction.sigma_min


def test_schedulers_take_their_settings():
    assert torch.equal(schedulers.karras_scheduler(7, 10.0, 0.1, 3.0), schedules.karras_between(7, 0.1, 10.0, 3.0))
    assert torch.equal(
        schedulers.beta_sampling_scheduler(MODEL, 7, 0.9, 0.4), schedules.beta(MODEL.prediction, 7, 0.9, 0.4)
    )
    latent = {"samples": torch.zeros(1, 128, 3, 16, 32)}
    by_size = schedulers.ltxv_scheduler(8, latent=latent)
    assert by_size[1] < schedulers.ltxv_scheduler(8)[1]
    for sigmas in (
        schedulers.exponential_scheduler(8),
        schedulers.polyexponential_scheduler(8),
        schedulers.vp_scheduler(8),
        schedulers.align_your_steps_scheduler(model_type="SDXL", steps=8),
        schedulers.gits_scheduler(steps=8),
        schedulers.optimal_steps_scheduler(model_type="FLUX", steps=8),
        schedulers.sd_turbo_scheduler(MODEL, 8),
    ):
        assert sigmas.shape == (9,)
        assert sigmas[-1] == 0
        assert (sigmas.diff() < 0).all()
    assert schedulers.laplace_scheduler(8).shape == (8,)


def test_extended_levels_begin_at_the_first_below_0():
    sigmas = torch.tensor([20.0, 10.0, 0.0])
    assert schedulers.extend_intermediate_sigmas(sigmas, spacing="linear").tolist() == [20, 15, 10, 0]
    found = schedulers.extend_intermediate_sigmas(sigmas, start_at_sigma=12.0, end_at_sigma=5.0, spacing="linear")
    assert found.tolist() == [20, 10, 5, 0]


def test_what_cannot_be_is_told():
    with pytest.raises(ValueError, match="rho is 0"):
        schedulers.karras_scheduler(rho=0.0)
    with pytest.raises(ValueError, match="above 0"):
        schedulers.beta_sampling_scheduler(MODEL, alpha=0.0)
    with pytest.raises(ValueError, match="r is 0"):
        samplers.sampler_dpmpp_sde(r=0.0, noise_device="cpu")
