"""Nodes that change how a model is asked, guided and patched, and those of hooks: what they add to what they call."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.errors import ModelError
from models.hook_groups import Hook, HookGroup, Keyframe, Keyframes
from models.latents import PLAYGROUND
from nodes import guidance, hooks, model_sampling, patches
from tests.nodes.zoo import Zoo


@pytest.fixture(scope="module")
def model(zoo: Zoo):
    return zoo.model("sd1")


X, ANSWER, SIGMA = (torch.randn(1, 4, 4, 4), torch.randn(1, 4, 4, 4), torch.tensor(1.7))


def sigmas_of_training(zsnr: bool = False) -> Tensor:
    """Square roots of betas evenly spaced, in double precision; stretched to no signal at the end for zsnr."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    if zsnr:
        from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

        betas = rescale_zero_terminal_snr(betas)
    kept = torch.cumprod(1 - betas, 0)
    return ((1 - kept) / kept).sqrt()


@pytest.mark.parametrize(
    ("sampling", "seen", "denoised"),
    [
        ("eps", X / (1 + SIGMA**2).sqrt(), X - SIGMA * ANSWER),
        ("v_prediction", X / (1 + SIGMA**2).sqrt(), X / (1 + SIGMA**2) - ANSWER * SIGMA / (1 + SIGMA**2).sqrt()),
        ("x0", X / (1 + SIGMA**2).sqrt(), ANSWER),
        ("img_to_img", X, ANSWER),
    ],
)
def test_answers_are_read_as_the_node_says(model, sampling: str, seen: Tensor, denoised: Tensor) -> None:
    prediction = model_sampling.model_sampling_discrete(model, sampling).prediction
    assert torch.allclose(prediction.into_network(X, SIGMA), seen, atol=1e-6)
    assert torch.allclose(prediction.denoised(X, ANSWER, SIGMA), denoised, atol=1e-5)
    assert torch.allclose(prediction.sigmas.double(), sigmas_of_training(), rtol=1e-5)


def test_a_consistency_model_knows_50_levels(model) -> None:
    prediction = model_sampling.model_sampling_discrete(model, "lcm").prediction
    expected = sigmas_of_training()[19::20]
    assert torch.allclose(prediction.sigmas.double(), expected, rtol=1e-5)
    at = prediction.sigmas[7]
    assert float(prediction.timestep(at)) == 7 * 20 + 19
    t = (7 * 20 + 19) * 10.0
    boundary = X * 0.25 / (t**2 + 0.25) + (X - ANSWER * at) * t / (t**2 + 0.25) ** 0.5
    assert torch.allclose(prediction.denoised(X, ANSWER, at), boundary, atol=1e-5)


def test_zero_terminal_snr(model) -> None:
    prediction = model_sampling.model_sampling_discrete(model, "v_prediction", zsnr=True).prediction
    assert torch.allclose(prediction.sigmas[:-1].double(), sigmas_of_training(zsnr=True)[:-1], rtol=1e-4)
    assert 4000 < prediction.sigma_max < 5000


@pytest.mark.parametrize(("sampling", "spread", "sign"), [("edm", 0.5, 1), ("edm_playground_v2.5", 0.5, 1),
                                                          ("v_prediction", 1.0, -1)])  # fmt: skip
def test_edm(model, sampling: str, spread: float, sign: int) -> None:
    changed = model_sampling.model_sampling_continuous_edm(model, sampling, 80.0, 0.01)
    prediction = changed.prediction
    assert (prediction.sigma_min, prediction.sigma_max) == pytest.approx((0.01, 80.0), rel=1e-5)
    total = SIGMA**2 + spread**2
    c_skip, c_out = spread**2 / total, sign * SIGMA * spread / total.sqrt()
    assert torch.allclose(prediction.denoised(X, ANSWER, SIGMA), c_skip * X + c_out * ANSWER, atol=1e-6)
    assert torch.allclose(prediction.into_network(X, SIGMA), X / total.sqrt(), atol=1e-6)
    assert float(prediction.timestep(SIGMA)) == pytest.approx(math.log(1.7) / 4)
    assert (changed.latent_format == PLAYGROUND) == (sampling == "edm_playground_v2.5")


def test_an_angle_tells_the_time_of_continuous_v(model) -> None:
    prediction = model_sampling.model_sampling_continuous_v(model, "v_prediction").prediction
    assert float(prediction.timestep(torch.tensor(1.0))) == pytest.approx(0.5)
    assert prediction.sigma_max == pytest.approx(500, rel=1e-4)
    assert prediction.kind == "v"


def test_levels_that_are_none_are_refused(model) -> None:
    with pytest.raises(ValueError, match="sigma_min must be above 0"):
        model_sampling.model_sampling_continuous_edm(model, "edm", 80.0, 0.0)
    with pytest.raises(ValueError, match="below sigma_max"):
        model_sampling.model_sampling_continuous_v(model, "v_prediction", 1.0, 2.0)
    with pytest.raises(ValueError, match="cosmos_rflow is how Cosmos models are asked"):
        model_sampling.model_sampling_continuous_edm(model, "cosmos_rflow")


def test_shifts(zoo: Zoo) -> None:
    sd3 = model_sampling.model_sampling_sd3(zoo.model("sd3"), 1.7).prediction
    aura = model_sampling.model_sampling_aura_flow(zoo.model("sd3"), 1.7).prediction
    t = torch.arange(1, 1001) / 1000
    for prediction, highest in ((sd3, 1000.0), (aura, 1.0)):
        assert torch.allclose(prediction.sigmas, 1.7 * t / (1 + 0.7 * t), atol=1e-6)
        assert float(prediction.timestep(torch.tensor(1.0))) == highest
    for size, shift in ((1024, 1.15), (256, 0.5), (640, 0.5 + 0.65 * (1600 - 256) / 3840)):
        flux = model_sampling.model_sampling_flux(zoo.model("flux"), 1.15, 0.5, size, size).prediction
        assert flux.at_percent(0.25) == pytest.approx(math.exp(shift) / (math.exp(shift) + (1 / 0.75 - 1)))


def test_a_missing_model_is_told(zoo: Zoo) -> None:
    for call in (guidance.mahiro, lambda m: patches.easy_cache(m), lambda m: model_sampling.model_sampling_sd3(m)):
        with pytest.raises(ValueError, match="The MODEL input is empty"):
            call(None)


def test_numbers_of_layers_are_read_from_text(zoo: Zoo) -> None:
    sd3 = zoo.model("sd3")
    assert guidance.skip_layer_guidance_sd3(sd3, "no layers") is sd3
    assert len(guidance.skip_layer_guidance_sd3(sd3, "1, 2").options.post_cfg) == 1


def test_precision(model) -> None:
    assert patches.model_compute_dtype(model, "default") is model
    assert patches.model_compute_dtype(model, "bf16").dtype == torch.bfloat16


def test_freeu_says_what_it_is_for(zoo: Zoo) -> None:
    with pytest.raises(ModelError, match="works on UNets"):
        patches.free_u_v2(zoo.model("flux"))


# Hooks


class Source:
    pass


def group() -> HookGroup:
    return HookGroup((Hook(Source(), 1.0, 1.0),))  # type: ignore[arg-type]


def test_of_no_hooks_come_none_and_of_one_group_itself() -> None:
    assert hooks.combine_hooks_2() is None
    one, two, three = group(), group(), group()
    assert hooks.combine_hooks_4(hooks_C=one) is one
    joined = hooks.combine_hooks_8(one, two, None, one, hooks_H=three)
    assert joined.hooks == (*one.hooks, *two.hooks, *three.hooks)


def test_hooks_of_no_strength_are_not_made(zoo: Zoo, context) -> None:
    one = group()
    assert hooks.create_hook_lora("not there", context, 0.0, 0.0, one) is one
    assert hooks.create_hook_lora_model_only("not there", context, 0.0).hooks == ()


def test_keyframes(caplog: pytest.LogCaptureFixture) -> None:
    first = hooks.create_hook_keyframe(0.5, 0.4)
    both = hooks.create_hook_keyframe(0.8, 0.1, first)
    assert both.frames == (Keyframe(0.8, 0.1), Keyframe(0.5, 0.4))
    assert first.frames == (Keyframe(0.5, 0.4),)
    with caplog.at_level(logging.INFO):
        spread = hooks.create_hook_keyframes_interpolated(
            1.0, 0.0, interpolation="linear", end_percent=0.5, keyframes_count=3, print_keyframes=True
        )
    assert spread.frames == (Keyframe(1.0, 0.0, 1), Keyframe(0.5, 0.25, 0), Keyframe(0.0, 0.5, 0))
    assert len(caplog.records) == 3
    listed = hooks.create_hook_keyframes_from_floats([0.2, 0.4], 0.5, 1.0, prev_hook_kf=first)
    assert [(f.strength, f.start_percent) for f in listed.frames] == [(0.5, 0.4), (0.2, 0.5), (0.4, 1.0)]
    assert hooks.create_hook_keyframes_from_floats(0.7).frames == (Keyframe(0.7, 0.0, 1),)
    with pytest.raises(ValueError, match="floats_strength wants numbers"):
        hooks.create_hook_keyframes_from_floats(None)


def test_keyframes_are_set_on_copies() -> None:
    one, frames = group(), Keyframes((Keyframe(0.5),))
    assert hooks.set_hook_keyframes(one) is one
    assert hooks.set_hook_keyframes(one, frames).hooks[0].keyframes is frames
    assert one.hooks[0].keyframes.frames == ()


def test_parts_of_a_run() -> None:
    assert hooks.conditioning_timesteps_range(0.2, 0.7) == ((0.2, 0.7), (0.0, 0.2), (0.7, 1.0))


def test_pairs() -> None:
    a, b, c, d = ([[torch.full((1, 1, 1), float(n)), {}]] for n in range(4))
    mine = group()
    positive, negative = hooks.pair_set_properties_and_combine(
        a, b, c, d, set_cond_area="mask bounds", mask=torch.ones(1, 4, 4), hooks=mine, timesteps=(0.0, 0.5)
    )
    assert [entry[0].item() for entry in positive + negative] == [0, 2, 1, 3]
    assert positive[0][1] == {}
    assert positive[1][1]["hooks"] is negative[1][1]["hooks"] is mine
    assert positive[1][1]["set_area_to_bounds"] is True
    combined = hooks.pair_combine(a, b, c, d)
    assert [[entry[0].item() for entry in side] for side in combined] == [[0, 2], [1, 3]]
    positive, negative = hooks.pair_set_default_combine(a, b, c, d)
    assert [entry[1].get("default") for entry in positive + negative] == [None, True, None, True]
    assert hooks.conditioning_set_default_combine(a, b)[1][1] == {"default": True}
    assert hooks.conditioning_set_properties(a, set_cond_area="default", timesteps=(0.1, 0.2))[0][1] == {
        "start_percent": 0.1,
        "end_percent": 0.2,
    }
    assert len(hooks.conditioning_set_properties_and_combine(a, b, set_cond_area="default")) == 2
    assert c[0][1] == {}


def test_a_hypernetwork_from_a_folder(model, tmp_path: Path, context) -> None:
    folder = tmp_path / "models" / "hypernetworks"
    folder.mkdir(parents=True)
    layer = {"linear.0.weight": torch.eye(64), "linear.0.bias": torch.zeros(64)}
    torch.save({"activation_func": "linear", 64: (layer, layer)}, folder / "double.pt")
    changed = patches.hypernetwork_loader(model, "double.pt", context, 0.5)
    (hook,) = changed.options.hooks.attn1_in
    k = torch.randn(1, 2, 64)
    assert torch.allclose(hook(k, k, k, None)[1], 1.5 * k, atol=1e-6)
    assert changed.options.hooks.attn2_in == (hook,)
