"""Samplers on a model whose answer is known: data spread normally, so that the way from noise has a closed form.

For data of variance S^2 the best denoiser is x * S^2 / (S^2 + sigma^2), and without added noise a latent x at level a
arrives at level b as x * sqrt((S^2 + b^2) / (S^2 + a^2)).
"""

import pytest
import torch
from torch import Tensor

from models.errors import ModelError
from models.sampler_table import SAMPLERS, choose
from models.samplers import Step
from models.schedules import karras_between
from models.sigmas import flipped
from tests.models.sampler_oracle import EPS, FLOW, Gaussian, Known, S, exact, flow_levels, run, start

RANDOM = {
    name for name in SAMPLERS if any(part in name for part in ("ancestral", "sde", "seeds", "sa_solver", "lcm", "ddpm"))
}
STOPS_EARLY = {"dpm_fast", "dpm_adaptive"}
"""At the last level above 0."""
OWN_SPREAD = {"lcm", "dpmpp_2s_ancestral_cfg_pp"}
"""lcm adds its noise to the mean picture; the other moves by answers to unlike latents."""
NO_FLOW = {"ddpm", "res_multistep_ancestral", "res_multistep_ancestral_cfg_pp"}
"""These add noise as if x were x0 + sigma noise, also for flow, as ComfyUI's do."""

ORDERS = {
    "euler": 1,
    "ddim": 1,
    "euler_cfg_pp": 1,
    "gradient_estimation": 1,
    "gradient_estimation_cfg_pp": 1,
    "heunpp2": 1,
    "heun": 2,
    "dpm_2": 2,
    "dpmpp_2m": 2,
    "dpmpp_2m_cfg_pp": 2,
    "res_multistep": 2,
    "res_multistep_cfg_pp": 2,
    "lms": 3,
    "ipndm": 2,
    "deis": 2,
    "dpm_fast": 2,
    "uni_pc": 2,
    "uni_pc_bh2": 2,
}
QUIET = {
    "euler_ancestral": (1, {"eta": 0.0}),
    "euler_ancestral_cfg_pp": (1, {"eta": 0.0}),
    "dpm_2_ancestral": (2, {"eta": 0.0}),
    "dpmpp_2s_ancestral": (2, {"eta": 0.0}),
    "dpmpp_sde": (2, {"eta": 0.0}),
    "dpmpp_2m_sde": (2, {"eta": 0.0}),
    "dpmpp_2m_sde_heun": (2, {"eta": 0.0}),
    "dpmpp_3m_sde": (2, {"eta": 0.0}),
    # Of the third order but for its integral, a sum of 200 parts.
    "er_sde": (1, {"s_noise": 0.0, "noise_scaler": lambda level: level}),
    "seeds_2": (2, {"eta": 0.0}),
    "seeds_3": (3, {"eta": 0.0}),
    "sa_solver": (3, {"eta": 0.0}),
    "sa_solver_pece": (3, {"eta": 0.0}),
}
"""The methods that add noise, without it."""


def error(name: str, steps: int, flow: bool = False, **options) -> float:
    """How far from the exact solution a run ends."""
    if flow:
        sigmas, x = torch.linspace(0.98, 0.1, steps + 1).double(), start(sigma=0.0).double()
    else:
        sigmas, x = karras_between(steps + 1, 0.1, 10.0)[:-1].double(), start().double()
    end = float(sigmas[-2 if name.startswith("sa_solver") else -1])  # it leaves out a last step that is not to 0
    wanted = exact(x, float(sigmas[0]), end, flow)
    done = run(name, x, sigmas, prediction=FLOW if flow else EPS, **options)
    return float((done - wanted).norm() / wanted.norm())


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_methods_converge_at_their_order(name: str, order: int):
    """Four times the steps leave a quarter of the error at order 1, a sixteenth at order 2."""
    coarse, fine = error(name, 60), error(name, 240)
    assert fine < 0.02
    assert coarse / fine > 4**order * 0.7


@pytest.mark.parametrize("flow", [False, True])
@pytest.mark.parametrize("name", QUIET)
def test_stochastic_methods_without_noise_converge_at_their_order(name: str, flow: bool):
    order, options = QUIET[name]
    coarse, fine = error(name, 40, flow, **options), error(name, 160, flow, **options)
    assert fine < 0.02
    assert coarse / fine > 4**order * 0.5


@pytest.mark.parametrize("max_order", [1, 2, 3])
def test_ipndm_v_converges_at_the_order_of_its_weights(max_order: int):
    coarse, fine = (error("ipndm_v", steps, max_order=max_order) for steps in (40, 160))
    assert coarse / fine > 4**max_order * 0.7


@pytest.mark.parametrize("name", ["euler", "heun", "dpmpp_2m", "uni_pc", "deis", "ipndm"])
def test_deterministic_methods_serve_flow_too(name: str):
    assert error(name, 40, flow=True) < (0.05 if name == "euler" else 0.01)


def test_higher_order_is_nearer():
    second = ("heun", "dpm_2", "dpmpp_2m", "res_multistep", "uni_pc", "deis")
    assert max(error(name, 20) for name in second) < error("euler", 20)


@pytest.mark.parametrize("name", sorted(RANDOM - OWN_SPREAD))
def test_random_samplers_arrive_at_the_right_spread(name: str):
    done = run(name, start(count=300), karras_between(40, 0.03, 10.0))
    assert float(done.mean()) == pytest.approx(0, abs=0.02)
    assert float(done.std()) == pytest.approx(S, rel=0.08)


@pytest.mark.parametrize("name", sorted(RANDOM - OWN_SPREAD - NO_FLOW))
def test_random_samplers_arrive_at_the_right_spread_by_flow(name: str):
    x = torch.randn(300, 4, 4, 4, generator=torch.Generator().manual_seed(3))
    done = run(name, x, flow_levels(60), prediction=FLOW)
    assert float(done.mean()) == pytest.approx(0, abs=0.02)
    assert float(done.std()) == pytest.approx(S, rel=0.08)


@pytest.mark.parametrize("flow", [False, True])
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_perfect_model_is_followed_to_its_answer(name: str, flow: bool):
    """If the model always sees the same picture, every sampler ends with it."""
    picture = torch.randn(2, 4, 4, 4)
    sigmas = flow_levels(8, last=0.01) if flow else karras_between(8, 0.03, 10.0)
    done = run(name, start(2), sigmas, denoise=Known(picture), prediction=FLOW if flow else EPS)
    assert torch.allclose(done, picture, atol=0.7 if name in STOPS_EARLY else 0.05)


@pytest.mark.parametrize("name", SAMPLERS)
def test_steps_are_told_and_the_input_is_left_alone(name: str):
    x, sigmas = start(), karras_between(6, 0.03, 10.0)
    before, levels = x.clone(), sigmas.clone()
    steps: list[Step] = []
    run(name, x, sigmas, on_step=steps.append)
    numbers = [step.index for step in steps]
    if name in STOPS_EARLY:
        assert numbers == sorted(numbers)
        assert set(numbers) <= set(range(1, 7))
    else:
        assert numbers == [1, 2, 3, 4, 5, 6]
    assert {step.total for step in steps} == {6}
    assert all(step.denoised.shape == x.shape for step in steps)
    assert torch.equal(x, before)
    assert torch.equal(sigmas, levels)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("name", SAMPLERS)
def test_few_steps_give_numbers(name: str, steps: int):
    assert run(name, start(), karras_between(steps, 0.03, 10.0)).isfinite().all()
    assert run(name, start(), flow_levels(steps), prediction=FLOW).isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_latents_with_frames_are_sampled_like_any(name: str):
    x, sigmas = start(4), karras_between(5, 0.03, 10.0)
    frames = run(name, x.reshape(1, 4, 4, 4, 4), sigmas)
    assert torch.allclose(frames.reshape(x.shape), run(name, x, sigmas), atol=1e-5)


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

    model = Gaussian()
    with pytest.raises(KeyboardInterrupt):
        run("euler", start(), karras_between(9, 0.03, 10.0), denoise=model, on_step=stop)
    assert model.looks == 3


def test_dpm_fast_looks_as_often_as_there_are_steps():
    for steps in range(1, 10):
        model = Gaussian()
        run("dpm_fast", start(), karras_between(steps, 0.03, 10.0), denoise=model)
        assert model.looks == steps


@pytest.mark.parametrize("order", [2, 3])
def test_dpm_adaptive_comes_nearer_with_a_smaller_tolerance(order: int):
    x, sigmas = start(), karras_between(5, 0.1, 10.0)
    wanted = exact(x, 10.0, 0.1)
    errors, looks = [], []
    for rtol in (0.5, 0.05, 0.005):
        model = Gaussian()
        done = run("dpm_adaptive", x, sigmas, denoise=model, rtol=rtol, atol=rtol / 10, order=order)
        errors.append(float((done - wanted).norm() / wanted.norm()))
        looks.append(model.looks)
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.05
    assert looks[0] <= looks[1] < looks[2]


def test_dpm_adaptive_can_add_noise():
    done = run("dpm_adaptive", start(300), karras_between(5, 0.03, 10.0), eta=1.0)
    assert float(done.std()) == pytest.approx(S, rel=0.08)


@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2", "dpmpp_2m", "uni_pc", "deis", "dpm_fast", "dpm_adaptive"])
def test_the_way_up_is_the_way_down_reversed(name: str):
    sigmas = flipped(karras_between(100, 0.1, 10.0)[:-1])
    x = start(sigma=0.1)
    done = run(name, x, sigmas, **({"rtol": 0.001} if name == "dpm_adaptive" else {}))
    assert torch.allclose(done, exact(x, 0.1, 10.0), rtol=0.1 if name == "euler" else 0.02, atol=0.05)


def test_dpm_adaptive_adds_no_noise_on_the_way_up():
    with pytest.raises(ModelError, match="way up"):
        run("dpm_adaptive", start(), torch.tensor([0.1, 1.0, 10.0]), eta=1.0)


@pytest.mark.parametrize("options", [{"h_init": 0.0}, {"rtol": 0.0, "atol": 0.0}, {"accept_safety": 3.0}])
def test_dpm_adaptive_refuses_what_would_never_end(options: dict[str, float]):
    with pytest.raises(ModelError, match="never arrive"):
        run("dpm_adaptive", start(), karras_between(5, 0.03, 10.0), **options)


def test_a_model_that_loses_itself_does_not_hold_up_dpm_adaptive():
    def lost(x: Tensor, sigma: Tensor) -> Tensor:
        return x * float("nan")

    assert not run("dpm_adaptive", start(), karras_between(5, 0.03, 10.0), denoise=lost).isfinite().any()


def test_names_are_comfyuis_in_its_order():
    names = """euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms dpm_fast
    dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde dpmpp_sde_gpu dpmpp_2m dpmpp_2m_cfg_pp
    dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu dpmpp_3m_sde dpmpp_3m_sde_gpu ddpm lcm ipndm
    ipndm_v deis res_multistep res_multistep_cfg_pp res_multistep_ancestral res_multistep_ancestral_cfg_pp
    gradient_estimation gradient_estimation_cfg_pp er_sde seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc
    uni_pc_bh2"""
    assert list(SAMPLERS) == names.split()


def test_a_choice_carries_its_options():
    choice = choose("euler_ancestral", eta=0.0)
    sigmas = karras_between(5, 0.03, 10.0)
    assert torch.equal(run("euler_ancestral", start(), sigmas, eta=0.0), run_choice(choice, sigmas))
    assert not choice.own_mask_noise
    assert choose("ddim").own_mask_noise
    with pytest.raises(ModelError, match="There is no sampler"):
        choose("eular")


def run_choice(choice, sigmas: Tensor) -> Tensor:
    from models.samplers import Run, ignore_step

    return choice(Gaussian(), start(), sigmas, Run(1, ignore_step, EPS))
