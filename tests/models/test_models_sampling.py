"""KSampler's meaning: schedule, noise, guidance, areas, masks, batches, interruption."""

from typing import Any

import pytest
import torch
from torch import Tensor

from models import guiders
from models import noise as noises
from models.conditions import Condition, Ready, prepare, prepare_sides, with_same_area
from models.engine import Loaded
from models.errors import ModelError
from models.sampler_table import choose
from models.sampling import SAMPLERS, SCHEDULERS, SeededNoise, ksample, sample
from models.schedules import schedule

SETTINGS: dict[str, Any] = {"seed": 4, "steps": 3, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
INCUMBENTS_SAMPLERS = """
    euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms dpm_fast
    dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde dpmpp_sde_gpu dpmpp_2m dpmpp_2m_cfg_pp
    dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu dpmpp_3m_sde dpmpp_3m_sde_gpu ddpm lcm
    ipndm ipndm_v deis res_multistep res_multistep_cfg_pp res_multistep_ancestral res_multistep_ancestral_cfg_pp
    gradient_estimation gradient_estimation_cfg_pp er_sde seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc
    uni_pc_bh2
"""


@pytest.fixture(scope="module")
def prompts(loaded: Loaded) -> tuple[list, list]:
    return loaded.clip.encode("a red house"), loaded.clip.encode("blue")


def empty(count: int = 1, height: int = 8, width: int = 8) -> dict[str, Tensor]:
    return {"samples": torch.zeros(count, 4, height, width)}


def sampled(loaded: Loaded, prompts, latent=None, **settings) -> Tensor:
    latent = latent or empty()
    return ksample(loaded.model, *prompts, latent, **{**SETTINGS, **settings})["samples"]


def test_names_are_the_incumbents_in_its_order():
    assert list(SAMPLERS) == [name for name in INCUMBENTS_SAMPLERS.split() if name in SAMPLERS]
    names = "simple, sgm_uniform, karras, exponential, ddim_uniform, beta, normal, linear_quadratic, kl_optimal"
    assert list(SCHEDULERS) == names.split(", ")


def test_one_euler_step_written_out(loaded: Loaded, prompts):
    model = loaded.model
    sigma = torch.tensor(model.prediction.sigma_max)
    x = noises.initial((1, 4, 8, 8), 4) * (1 + sigma**2).sqrt()
    cond, uncond = (model.denoise(x, sigma, {"context": prompt[0][0]}) for prompt in prompts)
    expected = (uncond + 3.0 * (cond - uncond)) / 0.18215
    assert torch.allclose(sampled(loaded, prompts, steps=1), expected, atol=2e-3)


def test_guidance_of_one_leaves_the_negative_prompt_out(loaded: Loaded, prompts):
    other = (prompts[0], loaded.clip.encode("anything else"))
    assert torch.equal(sampled(loaded, prompts, cfg=1.0), sampled(loaded, other, cfg=1.0))
    assert not torch.equal(sampled(loaded, prompts, cfg=2.0), sampled(loaded, other, cfg=2.0))


@pytest.mark.parametrize("cfg", [0.0, 100.0])
def test_extreme_guidance_gives_numbers(cfg: float, loaded: Loaded, prompts):
    assert sampled(loaded, prompts, cfg=cfg).isfinite().all()


def test_the_latent_given_is_left_alone_and_its_other_keys_go_along(loaded: Loaded, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8), "batch_index": [2], "mine": object()}
    before = latent["samples"].clone()
    done = ksample(loaded.model, *prompts, latent, **SETTINGS)
    assert torch.equal(latent["samples"], before)
    assert done["batch_index"] == [2]
    assert done["mine"] is latent["mine"]


def test_the_same_prompt_twice_gives_the_same_bytes(loaded: Loaded, prompts):
    for sampler in ("euler", "dpmpp_sde", "euler_ancestral"):
        assert torch.equal(sampled(loaded, prompts, sampler=sampler), sampled(loaded, prompts, sampler=sampler))


def test_a_batch_is_its_single_pictures(loaded: Loaded, prompts):
    batch = sampled(loaded, prompts, empty(3))
    for i in range(3):
        single = sampled(loaded, prompts, {**empty(), "batch_index": [i]})
        assert torch.allclose(batch[i : i + 1], single, atol=2e-3)


def test_denoise_zero_and_one(loaded: Loaded, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    assert torch.equal(sampled(loaded, prompts, latent, denoise=0.0), latent["samples"])
    assert not torch.equal(sampled(loaded, prompts, latent, denoise=0.3), latent["samples"])


def test_halves_of_a_run_are_the_run(loaded: Loaded, prompts):
    whole = sampled(loaded, prompts, steps=6, scheduler="karras")
    first = ksample(
        loaded.model, *prompts, empty(),
        **{**SETTINGS, "steps": 6, "scheduler": "karras"}, start_step=0, last_step=3, force_full_denoise=False,
    )  # fmt: skip
    second = ksample(
        loaded.model, *prompts, first,
        **{**SETTINGS, "steps": 6, "scheduler": "karras"}, start_step=3, last_step=10000, add_noise=False,
    )  # fmt: skip
    assert torch.allclose(second["samples"], whole, atol=2e-3)


def test_a_run_that_starts_after_its_end_does_nothing(loaded: Loaded, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    assert torch.equal(sampled(loaded, prompts, latent, start_step=50), latent["samples"])


def test_one_level_alone_only_adds_its_noise(loaded: Loaded, prompts):
    given, ask = {"samples": torch.randn(1, 4, 8, 8)}, guiders.cfg(loaded.model, *prompts, 3.0)
    made = sample(ask, given, SeededNoise(4), torch.tensor([2.0]), choose("euler"))
    noise = noises.initial((1, 4, 8, 8), 4)
    for latent in made:
        assert torch.allclose(latent["samples"], given["samples"] + 2 * noise / 0.18215, atol=1e-5)
    nothing = sample(ask, given, SeededNoise(4), torch.zeros(0), choose("euler"))
    assert all(torch.equal(latent["samples"], given["samples"]) for latent in nothing)


def test_a_mask_keeps_what_it_leaves_out(loaded: Loaded, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8), "noise_mask": torch.zeros(1, 1, 64, 64)}
    latent["noise_mask"][..., 32:] = 1
    done = sampled(loaded, prompts, latent)
    assert torch.allclose(done[..., :4], latent["samples"][..., :4], atol=1e-4)
    assert not torch.allclose(done[..., 4:], latent["samples"][..., 4:], atol=0.1)


@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m", "euler_ancestral", "uni_pc"])
def test_an_empty_mask_changes_nothing_and_a_full_one_all(sampler: str, loaded: Loaded, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    kept = sampled(loaded, prompts, {**latent, "noise_mask": torch.zeros(1, 64, 64)}, sampler=sampler)
    assert torch.allclose(kept, latent["samples"], atol=0.02)
    free = sampled(loaded, prompts, {**latent, "noise_mask": torch.ones(1, 64, 64)}, sampler=sampler)
    assert torch.allclose(free, sampled(loaded, prompts, latent, sampler=sampler), atol=2e-3)


def test_one_mask_serves_a_batch(loaded: Loaded, prompts):
    latent = {"samples": torch.randn(3, 4, 8, 8), "noise_mask": torch.rand(2, 1, 64, 64)}
    assert sampled(loaded, prompts, latent).shape == (3, 4, 8, 8)


def test_what_check_raises_ends_the_run_in_the_middle_of_a_step(loaded: Loaded, prompts):
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError

    steps: list[int] = []
    with pytest.raises(InterruptedError):
        sampled(loaded, prompts, check=check, on_step=lambda step: steps.append(step.index))
    assert len(calls) == 3
    assert steps == []
    assert sampled(loaded, prompts).isfinite().all()  # the next run is not stopped


def test_steps_are_reported_with_what_the_model_sees(loaded: Loaded, prompts):
    seen = []
    sampled(loaded, prompts, on_step=seen.append)
    assert [(step.index, step.total) for step in seen] == [(1, 3), (2, 3), (3, 3)]
    assert all(step.denoised.shape == (1, 4, 8, 8) for step in seen)


def test_what_belongs_to_another_kind_of_model_is_named(loaded: Loaded, prompts):
    with pytest.raises(ModelError, match=r"latent has 16 channels, and .* works on 4"):
        sampled(loaded, prompts, {"samples": torch.ones(1, 16, 8, 8)})
    wide = [[torch.zeros(1, 77, 768), {}]]
    with pytest.raises(ModelError, match=r"encoded 768 wide, and .* attends to 64"):
        sampled(loaded, (prompts[0], wide))


def test_an_empty_latent_fits_any_model(loaded: Loaded, prompts):
    found = sampled(loaded, prompts, {"samples": torch.zeros(1, 16, 8, 8)})
    assert torch.equal(found, sampled(loaded, prompts))


def test_guidance_in_halves_when_memory_runs_out(loaded: Loaded, prompts, monkeypatch: pytest.MonkeyPatch):
    whole = sampled(loaded, prompts)
    denoise, sizes = type(loaded.model).denoise, []

    def scarce(self, x: Tensor, *rest: Any) -> Tensor:
        sizes.append(len(x))
        if len(x) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return denoise(self, x, *rest)

    monkeypatch.setattr(type(loaded.model), "denoise", scarce)
    assert torch.allclose(sampled(loaded, prompts), whole, atol=2e-3)
    assert sizes == [2, 1, 1] * 3


def entry(prompt: list, **options) -> list:
    return [[prompt[0][0], {**prompt[0][1], **options}]]


def test_combined_prompts_are_their_mean(loaded: Loaded, prompts):
    model, sigma, x = loaded.model, torch.tensor(2.0), torch.randn(1, 4, 8, 8)
    both = prompts[0] + loaded.clip.encode("a dog")
    singles = [model.denoise(x, sigma, {"context": c[0]}) for c in both]
    combined = predicted(model, both, x, sigma)
    assert torch.allclose(combined, (singles[0] + singles[1]) / 2, atol=1e-4)
    weighed = predicted(model, entry(both[:1], strength=3.0) + both[1:], x, sigma)
    assert torch.allclose(weighed, (3 * singles[0] + singles[1]) / 4, atol=1e-4)


def predicted(model, conditioning: list, x: Tensor, sigma: Tensor) -> Tensor:
    from models.denoise import predict

    return predict(model, [prepare(conditioning, ready(model, x))], x, sigma)[0]


def ready(model, x: Tensor) -> Ready:
    return Ready(model, torch.zeros(x.shape), torch.zeros(x.shape), None, 0, torch.tensor([1.0, 0.0]))


def test_prompts_of_unlike_length_share_a_batch(loaded: Loaded, prompts):
    """A prompt repeated whole means the same to attention."""
    model, sigma, x = loaded.model, torch.tensor(2.0), torch.randn(1, 4, 8, 8)
    long = loaded.clip.encode("cat " * 100)
    together = predicted(model, prompts[0] + long, x, sigma)
    apart = [model.denoise(x, sigma, {"context": c[0][0]}) for c in (prompts[0], long)]
    assert torch.allclose(together, (apart[0] + apart[1]) / 2, atol=1e-4)


def test_an_area_is_seen_alone_and_fades_at_its_inner_edges(loaded: Loaded, prompts):
    model, sigma, x = loaded.model, torch.tensor(2.0), torch.randn(1, 4, 8, 16)
    parts = ((x, prompts[0]), (x[..., 8:], prompts[1]))
    everywhere, there = (model.denoise(part, sigma, {"context": prompt[0][0]}) for part, prompt in parts)
    found = predicted(model, prompts[0] + entry(prompts[1], area=(8, 8, 0, 8)), x, sigma)
    assert torch.allclose(found[..., :8], everywhere[..., :8], atol=1e-4)
    assert torch.allclose(found[..., 12:], (everywhere[..., 12:] + there[..., 4:]) / 2, atol=1e-4)
    half = (everywhere[..., 8] + 0.5 * there[..., 0]) / 1.5  # the first of two columns that fade
    assert torch.allclose(found[..., 8], half, atol=1e-4)


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ((4, 6, 2, 1), (4, 6, 2, 1)),
        ((99, 99, 2, 1), (6, 15, 2, 1)),
        (("percentage", 0.5, 0.25, 0.5, 0.0), (4, 4, 4, 0)),
        ((8, 8, 50, 50), (1, 1, 7, 15)),
    ],
)
def test_areas_are_cut_to_the_latent(area, expected, loaded: Loaded, prompts):
    (condition,) = prepare(entry(prompts[0], area=area), ready(loaded.model, torch.zeros(1, 4, 8, 16)))
    height, width, top, left = expected
    grid = torch.arange(8.0)[:, None] * 100 + torch.arange(16.0)
    found = condition.crop(grid[None, None])[0, 0]
    assert torch.equal(found, grid[top : top + height, left : left + width])
    assert condition.weight(grid[None, None]).shape[2:] == (height, width)


def test_a_mask_weighs_a_prompt(loaded: Loaded, prompts):
    model, sigma, x = loaded.model, torch.tensor(2.0), torch.randn(1, 4, 8, 8)
    mask = torch.full((1, 64, 64), 0.5)
    plain, masked = (model.denoise(x, sigma, {"context": p[0][0]}) for p in prompts)
    found = predicted(model, prompts[0] + entry(prompts[1], mask=mask, mask_strength=0.5), x, sigma)
    assert torch.allclose(found, (plain + 0.25 * masked) / 1.25, atol=1e-4)


def test_a_mask_may_set_the_area(loaded: Loaded, prompts):
    mask = torch.zeros(1, 16, 32)
    mask[:, 4:6, 10:30] = 1
    options = {"mask": mask, "set_area_to_bounds": True}
    (condition,) = prepare(entry(prompts[0], **options), ready(loaded.model, torch.zeros(1, 4, 16, 32)))
    assert condition.area == (8, 20, 4, 10)


def test_time_ranges(loaded: Loaded, prompts):
    model, x = loaded.model, torch.randn(1, 4, 8, 8)
    both = entry(prompts[0], start_percent=0.0, end_percent=0.5) + entry(prompts[1], start_percent=0.5, end_percent=1.0)
    for sigma, prompt in ((torch.tensor(10.0), prompts[0]), (torch.tensor(0.5), prompts[1])):
        expected = model.denoise(x, sigma, {"context": prompt[0][0]})
        assert torch.allclose(predicted(model, both, x, sigma), expected, atol=1e-4)


def test_each_area_has_its_like_on_the_other_side():
    inputs = [{"context": torch.full((1, 1, 1), float(i))} for i in range(4)]
    ours = [Condition(inputs[0]), Condition(inputs[1], area=(4, 4, 0, 0))]
    others = [
        Condition(inputs[2], area=(2, 2, 1, 1)),
        Condition(inputs[2], area=(4, 4, 0, 0)),
        Condition(inputs[3], area=(8, 8, 0, 0), strength=2.0),
    ]
    for other in others:
        ours = with_same_area(ours, other)
    added = ours[2:]
    assert [(c.area, float(c.inputs["context"])) for c in added] == [((2, 2, 1, 1), 1.0), ((8, 8, 0, 0), 0.0)]
    assert added[1].strength == 2.0


def test_areas_are_told_apart_by_what_lies_beyond_the_latent(loaded: Loaded, prompts):
    """Both end at the right edge of 16 latents, but only one was asked to go on: the shorter one is inside it."""
    short, long = (("percentage", 1.0, width, 0.0, 0.5) for width in (0.5, 1.0))
    for ours, others, added in ((short, long, 1), (long, short, 0), (long, long, 0)):
        sides = {"positive": entry(prompts[0], area=ours), "negative": entry(prompts[1], area=others)}
        found = prepare_sides(sides, ready(loaded.model, torch.zeros(1, 4, 8, 16)))
        assert len(found["negative"]) == 1 + added


def test_every_name_runs(loaded: Loaded, prompts):
    for name in SAMPLERS:
        assert sampled(loaded, prompts, sampler=name, scheduler="karras", steps=2).isfinite().all()
    assert all(len(schedule(loaded.model.prediction, name, 4)) for name in SCHEDULERS)


class Listening:
    """In a ControlNet's place: adds nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Tensor]] = []

    def begin(self, _ready: Ready) -> Any:
        return self

    def residuals(self, _x: Tensor, _sigma: Tensor, inputs: dict[str, Tensor], _run: Any) -> None:
        self.heard.append(inputs)


def test_a_text_of_its_own_reaches_the_controlnet_and_not_the_model(loaded: Loaded, prompts):
    ears, own = Listening(), loaded.clip.encode("a sketch " * 60)[0][0]
    steered = [entry(side, control=ears, cross_attn_controlnet=own) for side in prompts]
    assert torch.equal(sampled(loaded, steered), sampled(loaded, prompts))
    assert all(torch.equal(heard["control_context"], own.repeat(2, 1, 1)) for heard in ears.heard)
    assert len(ears.heard) == 3


def test_of_controlnets_that_share_one_negative_prompt_it_gets_the_last(loaded: Loaded, prompts):
    nets = [Listening(), Listening()]
    lending = [entry(prompts[0], control=net, control_apply_to_uncond=True)[0] for net in nets]
    sides = prepare_sides({"positive": lending, "negative": prompts[1]}, ready(loaded.model, torch.zeros(1, 4, 8, 8)))
    assert [condition.control for condition in sides["negative"]] == [nets[1]]
    both = prepare_sides(
        {"positive": lending, "negative": prompts[1] * 2}, ready(loaded.model, torch.zeros(1, 4, 8, 8))
    )
    assert [condition.control for condition in both["negative"]] == nets
