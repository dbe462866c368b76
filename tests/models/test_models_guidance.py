"""What is done with the answers to both prompts: each method against its formula, written out once more."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models import latent_operations
from models.conditions import Ready
from models.engine import Loaded
from models.guidance import fourier, masks, mixing, perturbed
from models.guiders import perpendicular
from models.options import Guidance, Options, Start
from models.prediction import flow

CFG = 6.0


def noisy(seed: int) -> Tensor:
    return torch.randn(2, 4, 12, 10, generator=torch.Generator().manual_seed(seed))


X, COND, UNCOND = noisy(1), noisy(2), noisy(3)


def ready(loaded: Loaded, sigmas: Tensor) -> Ready:
    return Ready(loaded.model, X, torch.zeros_like(X), None, 5, sigmas)


@pytest.fixture
def started(loaded: Loaded) -> Callable[..., Options]:
    def started(model, sigmas: Tensor | None = None) -> Options:
        sigmas = torch.tensor([9.0, 3.0, 1.0, 0.0]) if sigmas is None else sigmas
        return model.options.started(Start(model, sigmas, tuple(X.shape), ready(loaded, sigmas)))

    return started


@pytest.fixture
def guidance(loaded: Loaded) -> Guidance:
    sides = [["positive"], ["negative"]]
    sigmas = torch.tensor([9.0, 3.0, 1.0, 0.0])
    return Guidance(loaded.model, X, torch.tensor(3.0), CFG, sides, (COND, UNCOND), sigmas, lambda *_, **__: [])  # type: ignore[arg-type]


PLAIN = UNCOND + CFG * (COND - UNCOND)


def close(a: Tensor, b: Tensor, atol: float = 2e-5) -> bool:
    return torch.allclose(a, b, atol=atol, rtol=1e-4)


def test_rescaled_guidance_has_the_positive_answers_spread_as_v(loaded: Loaded, guidance: Guidance):
    alpha = 1 / (9.0 + 1)
    as_v = [(alpha**0.5) * ((X - d) / 3.0) - (9 * alpha) ** 0.5 * d for d in (COND, UNCOND)]  # v = a * eps - s * x0
    v = as_v[1] + CFG * (as_v[0] - as_v[1])
    for picture in range(2):
        same = v[picture] * (as_v[0][picture].std() / v[picture].std())
        mixed = 0.7 * same + 0.3 * v[picture]
        x0 = alpha**0.5 * (X[picture] * alpha**0.5) - (9 * alpha) ** 0.5 * mixed
        assert close(mixing.rescale_cfg(loaded.model, 0.7).options.cfg(guidance)[picture], x0)


def test_rescaling_by_nothing_is_plain_guidance(loaded: Loaded, guidance: Guidance):
    assert close(mixing.rescale_cfg(loaded.model, 0.0).options.cfg(guidance), PLAIN, 1e-4)


@pytest.mark.parametrize(("sigma", "renorm"), [(3.0, 1.0), (3.0, 0.5), (3.0, 100.0), (3.0, 0.0), (50.0, 1.0)])
def test_renormed_guidance_is_no_longer_than_the_positive_answer(loaded: Loaded, guidance, sigma: float, renorm: float):
    found = mixing.renorm_cfg(loaded.model, 40.0, renorm).options.cfg(replace(guidance, sigma=torch.tensor(sigma)))
    for picture in range(2):
        expected = COND[picture] if sigma >= 40 else PLAIN[picture]
        most = COND[picture].norm() * renorm
        if sigma < 40 and 0 < most < expected.norm():
            expected = expected * most / expected.norm()
        assert close(found[picture], expected)


def test_guidance_grows_over_the_frames_or_to_the_middle_one(loaded: Loaded, guidance: Guidance):
    five = [torch.randn(5, 4, 4, 4) for _ in range(2)]
    of_five = replace(guidance, answers=tuple(five))
    for method, scales in (
        (mixing.linear_over_frames, [2.0, 3.0, 4.0, 5.0, 6.0]),
        (mixing.triangle_over_frames, [2.0, 4.0, 6.0, 4.0, 2.0]),
    ):
        found = method(loaded.model, 2.0).options.cfg(of_five)
        for frame, scale in enumerate(scales):
            assert close(found[frame], five[1][frame] + scale * (five[0][frame] - five[1][frame]))


def test_the_negative_answer_is_scaled_to_fit_the_positive_one(loaded: Loaded, guidance: Guidance):
    (after,) = mixing.cfg_zero_star(loaded.model).options.post_cfg
    for picture, found in enumerate(after(guidance, PLAIN)):
        v_cond, v_uncond = X[picture] - COND[picture], X[picture] - UNCOND[picture]
        best = (v_cond * v_uncond).sum() / (v_uncond**2).sum()
        scaled = UNCOND[picture] * best
        assert close(found, scaled + CFG * (COND[picture] - scaled), 1e-4)


def test_channel_vectors_are_no_longer_than_the_positive_answers(loaded: Loaded, guidance: Guidance):
    (after,) = mixing.cfg_norm(loaded.model, 0.5).options.post_cfg
    found = after(guidance, PLAIN)
    for place in ((0, 3, 4), (1, 11, 9), (1, 0, 0)):
        at = (place[0], slice(None), *place[1:])
        longest = min(1.0, float(COND[at].norm() / PLAIN[at].norm()))
        assert close(found[at], PLAIN[at] * longest * 0.5)


def test_mahiro_written_out(loaded: Loaded, guidance: Guidance):
    (after,) = mixing.mahiro(loaded.model).options.post_cfg

    def rooted(x: Tensor) -> Tensor:
        return torch.sign(x) * torch.abs(x) ** 0.5

    leap = CFG * COND
    a, b = rooted(CFG * UNCOND), rooted(0.5 * (leap + PLAIN))
    cosine = ((a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))).mean()
    weight = (cosine + 1) / 2
    assert close(after(guidance, PLAIN), weight * PLAIN + (1 - weight) * leap, 1e-4)


def test_noise_is_taken_away_in_part(loaded: Loaded, guidance: Guidance):
    (after,) = mixing.epsilon_scaling(loaded.model, 1.25).options.post_cfg
    assert close(after(guidance, PLAIN), 0.2 * X + 0.8 * PLAIN)


def test_tangential_damping_keeps_the_part_along_the_main_direction(loaded: Loaded, guidance: Guidance):
    (before,) = mixing.tangential_damping(loaded.model).options.pre_cfg
    cond, uncond = before(guidance)
    assert cond is COND
    for picture in range(2):
        rows = torch.stack([(X - UNCOND)[picture].flatten(), (X - COND)[picture].flatten()]).double()
        values, vectors = torch.linalg.eigh(rows @ rows.T)
        direction = vectors[:, values.argmax()] @ rows
        direction = direction / direction.norm()
        kept = (rows[0] @ direction * direction).reshape(X.shape[1:]).float()
        assert close(uncond[picture], X[picture] - kept, 1e-4)


def test_damping_leaves_a_missing_negative_prompt_alone(loaded: Loaded, guidance: Guidance):
    (before,) = mixing.tangential_damping(loaded.model).options.pre_cfg
    assert before(replace(guidance, sides=[["positive"], None])) == (COND, UNCOND)  # type: ignore[list-item]


def apg(cond: Tensor, uncond: Tensor, eta: float, threshold: float, before: Tensor | None, momentum: float):
    """Algorithm 1 of Sadat et al. (2024), for one picture, with their scale on the way out: cond + scale * update."""
    added = cond - uncond
    if before is not None:
        added = added + momentum * before
    update = added * min(1.0, threshold / float(added.norm())) if threshold else added
    direction = cond / cond.norm()
    along = (update * direction).sum() * direction
    return cond + CFG * ((update - along) + eta * along), added


@pytest.mark.parametrize(("eta", "threshold", "momentum"), [(0.0, 5.0, -0.5), (1.0, 0.0, 0.0), (0.3, 2.0, 0.8)])
def test_projected_guidance(loaded: Loaded, started, guidance: Guidance, eta, threshold, momentum):
    (before,) = started(mixing.projected(loaded.model, eta, threshold, momentum)).pre_cfg
    last: list[Tensor | None] = [None, None]
    for step, sigma in enumerate((9.0, 3.0, 9.0)):
        if step == 2:
            last = [None, None]  # the noise rose: a new beginning
        answers = noisy(10 + step), noisy(20 + step)
        cond, uncond = before(replace(guidance, sigma=torch.tensor(sigma), answers=answers))
        found = uncond + CFG * (cond - uncond)
        for picture in range(2):
            average = last[picture] if momentum else None
            expected, last[picture] = apg(answers[0][picture], answers[1][picture], eta, threshold, average, momentum)
            assert close(found[picture], expected, 2e-4)


def test_each_run_of_projected_guidance_begins_anew(loaded: Loaded, started, guidance: Guidance):
    model = mixing.projected(loaded.model, 1.0, 0.0, 0.9)
    first, second = (started(model).pre_cfg[0](guidance)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_frequencies_are_scaled_apart():
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(12.0), indexing="ij")
    slow = (2 * math.pi * rows / 16).cos()
    fast = (2 * math.pi * (3 * rows / 16 + 4 * columns / 12)).sin()
    found = fourier.scaled((slow + fast + 0.5)[None, None], cutoff=2, low=0.5, high=3.0)
    assert close(found[0, 0], 0.5 * slow + 3.0 * fast + 0.25)


def test_the_middle_of_the_spectrum_is_from_minus_cutoff_to_below_cutoff():
    rows = torch.arange(16.0)[:, None].expand(16, 12)
    wave = (2 * math.pi * 2 * rows / 16).cos()
    found = fourier.scaled(wave[None, None], 2, 0.0, 1.0)[0, 0]
    assert close(found, 0.5 * wave), "of the wave just at the cutoff one of two halves is in the middle"


def test_fresca_scales_what_guidance_adds(loaded: Loaded, guidance: Guidance):
    (before,) = mixing.frequency_scaled(loaded.model, 1.0, 1.0, 20).options.pre_cfg
    assert close(before(guidance)[0], COND)
    (before,) = mixing.frequency_scaled(loaded.model, 0.5, 2.0, 3).options.pre_cfg
    cond, uncond = before(guidance)
    assert uncond is UNCOND
    assert close(cond, UNCOND + fourier.scaled(COND - UNCOND, 3, 0.5, 2.0))


def test_latent_operations_work_on_what_guidance_adds(loaded: Loaded, guidance: Guidance):
    (before,) = mixing.operation_on_guidance(loaded.model, latent_operations.tonemapper(0.8)).options.pre_cfg
    expected = latent_operations.tonemapper(0.8)(latent=COND - UNCOND) + UNCOND
    assert close(before(guidance)[0], expected)


def test_perp_neg_asks_for_the_empty_prompt(loaded: Loaded, started, guidance: Guidance):
    empty = loaded.clip.encode("")
    asked = []

    def predict(sides, model=None, x=None):
        asked.append(sides)
        return [noisy(7)]

    options = started(mixing.perp_neg(loaded.model, empty, 0.5))
    found = options.cfg(replace(guidance, predict=predict))
    ((condition,),) = asked[0]
    assert torch.equal(condition.inputs["context"], empty[0][0])
    assert close(found, perpendicular(COND, UNCOND, noisy(7), 0.5, CFG))


@pytest.mark.parametrize("prediction", [None, flow(3.0)])
def test_a_mask_opens_when_its_grey_says(loaded: Loaded, started, prediction):
    model = loaded.model if prediction is None else loaded.model.with_prediction(prediction)
    sigmas = torch.tensor([9.0, 3.0, 1.0, 0.0]) if prediction is None else torch.tensor([0.9, 0.5, 0.2, 0.0])
    grey = torch.tensor([0.0, 0.3, 0.5, 0.8, 1.0]).view(1, 1, 1, 5)
    mask_at = started(masks.differential(model), sigmas).mask_at
    times = [float(model.prediction.timestep(s)) for s in (*sigmas[:-1], torch.tensor(model.prediction.sigma_min))]
    for time, sigma in zip(times, sigmas, strict=False):
        share = (time - times[-1]) / (times[0] - times[-1])
        assert mask_at(grey, sigma, sigmas).flatten().tolist() == [float(g >= share) for g in grey.flatten()]
    half = started(masks.differential(model, 0.25), sigmas).mask_at
    expected = 0.25 * mask_at(grey, sigmas[1], sigmas) + 0.75 * grey
    assert close(half(grey, sigmas[1], sigmas), expected)


@pytest.mark.parametrize("sigma", [0.7, 2.0])
def test_blur_is_kornias(sigma: float):
    from kornia.filters import gaussian_blur2d

    assert close(perturbed.gaussian_blur(X, sigma), gaussian_blur2d(X, (9, 9), (sigma, sigma), border_type="reflect"))
    assert perturbed.gaussian_blur(X, 0.0) is X
