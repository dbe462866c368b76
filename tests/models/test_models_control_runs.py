"""ControlNets in runs: when they count, how they add up, what is computed once, and what is refused."""

import gc
import weakref
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from safetensors.torch import save_file

from models import conditions
from models.control import Control, Running, apply
from models.control.running import merged, weighed
from models.denoise import predict
from models.engine import Engine
from models.errors import CheckpointError, ModelError
from models.networks.controlnet import ControlNetModule
from models.networks.hooks import Pass, Residuals

from .conftest import UNET, filled
from .control_models import (
    UNET_SIGMA,
    Step,
    Write,
    ldm_controlnet,
    randomized,
    ready,
    sd1,
    sd2,
    sdxl,
    state,
    to_native,
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two ControlNets for the tiny Stable Diffusion 1."""
    folder = tmp_path_factory.mktemp("controlnets")
    paths = [folder / f"tiny-{number}.safetensors" for number in range(2)]
    for number, path in enumerate(paths):
        save_file(to_native(randomized(ldm_controlnet(), number)), path)
    return paths


HINT = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(4))


def entry(step: Step, **options) -> list:
    return [[step.context[:1], options]]


def of(entries: list) -> Control:
    return entries[0][1]["control"]


def equal(a: Residuals, b: Residuals, factor: float = 1.0) -> None:
    for ours, theirs in zip((*a.output, a.middle), (*b.output, b.middle), strict=True):
        torch.testing.assert_close(ours, theirs * factor, rtol=1e-4, atol=1e-5)


def test_strength_multiplies_and_nothing_is_applied_at_0(engine: Engine, tmp_path: Path, files: list[Path]):
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    control = engine.load_controlnet(files[0])
    whole, half = (step.added(control, HINT.movedim(-1, 1), strength=s) for s in (1.0, 0.5))
    equal(half, whole, 0.5)
    prompt = entry(step)
    assert apply(control, [prompt], HINT, 0.0) == [prompt]


def test_a_second_one_is_added_to_the_first(engine: Engine, tmp_path: Path, files: list[Path]):
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    first, second = (engine.load_controlnet(path) for path in files)
    alone = [step.added(first, HINT.movedim(-1, 1)), step.added(second, HINT.movedim(-1, 1), strength=0.3)]
    prompt = apply(second, apply(first, [entry(step)], HINT, 1.0), HINT, 0.3)[0]
    found = step.of(of(prompt))
    for ours, a, b in zip((*found.output, found.middle), *((*r.output, r.middle) for r in alone), strict=True):
        torch.testing.assert_close(ours, a + b)


def test_prompts_share_a_handle_where_they_shared_one_before(engine: Engine, tmp_path: Path, files: list[Path]):
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    first, second = (engine.load_controlnet(path) for path in files)
    before = [entry(step, mark=1), entry(step, mark=2)]
    positive, negative = apply(first, before, HINT, 1.0)
    assert of(positive) is of(negative)
    assert [options for [[_, options]] in before] == [{"mark": 1}, {"mark": 2}]
    assert positive[0][1]["mark"] == 1
    assert positive[0][1]["control_apply_to_uncond"] is False
    other = entry(step)
    again = apply(second, [positive, negative, other], HINT, 1.0, to_uncond=True)
    assert of(again[0]) is of(again[1]) is not of(again[2])
    assert of(again[0]).previous is of(positive)
    assert of(again[2]).previous is None
    assert again[0][0][1]["control_apply_to_uncond"] is True
    run = ready(step.model, step.x.shape)
    assert of(again[0]).begin(run).previous is of(positive).begin(run)
    assert of(again[0]).begin(run) is not of(again[0]).begin(ready(step.model, step.x.shape))


def test_it_counts_from_start_to_end(engine: Engine, tmp_path: Path, files: list[Path]):
    base = sd1(engine, tmp_path)
    control = engine.load_controlnet(files[0])
    at = base.prediction.at_percent
    step = Step(base, (1, 4, 8, 8), 5, UNET_SIGMA)
    applied = of(apply(control, [entry(step)], HINT, 1.0, start=0.2, end=0.7)[0])
    running = applied.begin(kept := ready(base, step.x.shape))
    assert kept is running.ready

    def counts(sigma: float) -> bool:
        return running.residuals(step.x, torch.tensor(sigma), step.inputs(), Pass(sides=(0,))) is not None

    assert [counts(sigma) for sigma in (at(0.1), at(0.2), at(0.4), at(0.7), at(0.8))] == [
        False, True, True, True, False,
    ]  # fmt: skip
    chained = of(apply(control, [entry(step, control=applied)], HINT, 1.0, start=0.8)[0])
    late = chained.begin(kept)
    equal(
        late.residuals(step.x, torch.tensor(at(0.4)), step.inputs(), Pass(sides=(0,))),
        running.residuals(step.x, torch.tensor(at(0.4)), step.inputs(), Pass(sides=(0,))),
    )


def test_sampling_looks_at_a_hint_once(
    engine: Engine, tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
):
    """Both prompts go through the ControlNet together, and the hint is encoded in the first step alone."""
    base = sd1(engine, tmp_path)
    asked: dict[str, list[int]] = {"encode": [], "forward": []}
    encode, forward = ControlNetModule.encode, ControlNetModule.forward

    def counted_encode(self, hint, kinds=()):
        asked["encode"].append(len(hint))
        return encode(self, hint, kinds)

    def counted_forward(self, x, *args, **options):
        asked["forward"].append(len(x))
        return forward(self, x, *args, **options)

    monkeypatch.setattr(ControlNetModule, "encode", counted_encode)
    monkeypatch.setattr(ControlNetModule, "forward", counted_forward)
    generator = torch.Generator().manual_seed(1)
    prompts = [[[torch.randn(1, 77, 64, generator=generator), {}]] for _ in range(2)]
    x = torch.randn(1, 4, 8, 8, generator=generator)
    results = []
    for applied in (prompts, apply(engine.load_controlnet(files[0]), prompts, HINT, 1.0)):
        sides = conditions.prepare_sides({"positive": applied[0], "negative": applied[1]}, ready(base, x.shape))
        both = [sides["positive"], sides["negative"]]
        results.append([predict(base, both, x, torch.tensor(sigma)) for sigma in (9.0, 3.0, 1.0)])
    assert asked == {"encode": [1], "forward": [2, 2, 2]}
    for without, with_it in zip(*results, strict=True):
        assert all((a - b).abs().max() > 1e-4 for a, b in zip(without, with_it, strict=True))


def test_the_unet_adds_to_what_skips(engine: Engine, tmp_path: Path, files: list[Path]):
    """diffusers' UNet with the same weights, given diffusers' residuals, answers the same."""
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64, 64), layers_per_block=1, attention_head_dim=8, cross_attention_dim=64,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    )  # fmt: skip
    native = state(filled(UNET, 3), "model.diffusion_model.")
    unet.load_state_dict(convert_ldm_unet_checkpoint(native, dict(unet.config)))
    base = sd1(engine, tmp_path)
    step = Step(base, (1, 4, 8, 8), 5, UNET_SIGMA)
    module = randomized(ldm_controlnet(), 0)
    with torch.no_grad():
        down, middle = module(
            step.scaled, step.timestep, step.context, HINT.movedim(-1, 1), conditioning_scale=0.8, return_dict=False
        )
        eps = unet(
            step.scaled, step.timestep, step.context, down_block_additional_residuals=down,
            mid_block_additional_residual=middle, return_dict=False,
        )[0]  # fmt: skip
    found = step.added(engine.load_controlnet(files[0]), HINT.movedim(-1, 1), strength=0.8)
    ours = base.denoise(step.x, step.sigma, step.inputs(), control=found)
    torch.testing.assert_close(ours, step.x - step.sigma * eps, rtol=1e-4, atol=1e-3)
    plain = base.denoise(step.x, step.sigma, step.inputs())
    assert (ours - plain).abs().max() > 0.1


def test_sums_and_shared_results():
    shared = torch.ones(1, 2, 2, 2)
    once = weighed(Residuals(input=(shared, None, shared), output=(shared * 3,)), 0.5)
    assert once.input[0] is once.input[2]
    assert once.input[0].unique().tolist() == [0.5]
    assert shared.unique().tolist() == [1.0]
    total = merged(Residuals(input=(None, shared, shared), middle=shared), once)
    assert [None if t is None else float(t[0, 0, 0, 0]) for t in total.input] == [0.5, 1.0, 1.5]
    assert float(total.middle[0, 0, 0, 0]) == 1.0
    assert float(total.output[0][0, 0, 0, 0]) == 1.5
    assert merged(None, once) is once


@pytest.mark.parametrize(("make", "family"), [(sd2, "Stable Diffusion 2"), (sdxl, "Stable Diffusion XL")])
def test_a_controlnet_for_another_family(engine: Engine, tmp_path: Path, write: Write, make, family: str):
    control = engine.load_controlnet(write(to_native(randomized(ldm_controlnet())), "canny.safetensors"))
    step = Step(make(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    said = rf"canny.safetensors is for Stable Diffusion 1, and model-.* is a model of {family}\. Load a ControlNet that"
    with pytest.raises(ModelError, match=said):
        step.added(control, HINT.movedim(-1, 1))


def test_a_controlnet_for_other_sizes_of_the_family(engine: Engine, tmp_path: Path, write: Write):
    wide = randomized(ldm_controlnet(block_out_channels=(64, 64, 64)))
    control = engine.load_controlnet(write(to_native(wide), "wide.safetensors"))
    step = Step(sd1(engine, tmp_path), (1, 4, 8, 8), 5, UNET_SIGMA)
    with pytest.raises(ModelError, match=r"wide.safetensors is for Stable Diffusion 1 models of other sizes"):
        step.added(control, HINT.movedim(-1, 1))


def test_files_that_are_no_controlnets(engine: Engine, sd1: Path, write: Write):
    with pytest.raises(CheckpointError, match=r"tiny-sd1.safetensors: this is a model of Stable Diffusion 1, no Contr"):
        engine.load_controlnet(sd1)
    with pytest.raises(
        CheckpointError, match=r"noise.safetensors: no ControlNet or T2I-Adapter .* the first of them a, b"
    ):
        engine.load_controlnet(write({"a": torch.zeros(1), "b": torch.zeros(1)}, "noise.safetensors"))
    with pytest.raises(CheckpointError, match=r"a ControlNet for Hunyuan-DiT, a family that this version does not"):
        engine.load_controlnet(write({"after_proj_list.18.bias": torch.zeros(1)}))


def test_a_file_that_lacks_tensors(engine: Engine, write: Write):
    tensors = to_native(randomized(ldm_controlnet()))
    del tensors["middle_block_out.0.bias"], tensors["zero_convs.3.0.weight"]
    said = r"broken.safetensors: the ControlNet .* it lacks 2 tensors: zero_convs.3.0.weight, middle_block_out.0.bias"
    with pytest.raises(CheckpointError, match=said):
        engine.load_controlnet(write(tensors, "broken.safetensors"))


def test_a_running_one_ends_with_its_run(engine: Engine, tmp_path: Path, files: list[Path]):
    """Nothing of a run is kept once no condition holds it."""
    base = sd1(engine, tmp_path)
    applied = of(apply(engine.load_controlnet(files[0]), [[[torch.zeros(1, 5, 64), {}]]], HINT, 1.0)[0])
    running = applied.begin(ready(base, (1, 4, 8, 8)))
    assert isinstance(running, Running)
    gone = weakref.ref(running)
    del running
    gc.collect()
    assert gone() is None
