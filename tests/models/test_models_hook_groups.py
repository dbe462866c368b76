"""Hooks: changes of weights for single conditionings, at strengths that follow keyframes."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.conditions import Ready, prepare
from models.engine import Engine, Loaded
from models.errors import PatchError
from models.hook_groups import (
    INTERPOLATIONS,
    Hook,
    HookGroup,
    Keyframe,
    Keyframes,
    LoraSource,
    ModelSource,
    Properties,
    interpolated,
)
from models.patches import Lora
from models.prediction import flow
from models.sampling import ksample
from models.schedules import schedule
from tests.models.conftest import sd1_tensors

torch.set_num_threads(1)

SETTINGS: dict[str, Any] = {"seed": 4, "steps": 6, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
WEIGHTS = {
    "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q": (32, 32),
    "lora_unet_middle_block_1_transformer_blocks_0_attn2_to_v": (64, 64),
    "lora_unet_output_blocks_5_1_transformer_blocks_0_ff_net_2": (32, 128),
    "lora_te_text_model_encoder_layers_0_mlp_fc1": (128, 64),
    "lora_te_text_model_encoder_layers_1_self_attn_v_proj": (64, 64),
}


def write_lora(path: Path, seed: int) -> Path:
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, (leaves, enters) in WEIGHTS.items():
        tensors[f"{name}.lora_up.weight"] = torch.randn(leaves, 4, generator=generator)
        tensors[f"{name}.lora_down.weight"] = torch.randn(4, enters, generator=generator) * 0.5
    save_file(tensors, path)
    return path


@pytest.fixture(scope="module")
def loras(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lora, Lora]:
    folder = tmp_path_factory.mktemp("loras")
    first, second = (engine.load_lora(write_lora(folder / f"{seed}.safetensors", seed)) for seed in (1, 2))
    return first, second


@pytest.fixture(scope="module")
def prompts(loaded: Loaded) -> tuple[list, list]:
    return loaded.clip.encode("a red house"), loaded.clip.encode("blue")


def group(lora: Lora, model: float = 1.0, clip: float = 1.0) -> HookGroup:
    return HookGroup((Hook(LoraSource(lora), model, clip),))


def hooked(hooks: HookGroup, *conditionings: list) -> list[list]:
    return Properties(hooks=hooks).on(*conditionings)


def drawn(model, positive: list, negative: list, **settings: Any) -> Tensor:
    latent = settings.pop("latent", {"samples": torch.zeros(1, 4, 8, 8)})
    return ksample(model, positive, negative, latent, **{**SETTINGS, **settings})["samples"]


def close(a: Tensor, b: Tensor, atol: float = 2e-3) -> bool:
    return torch.allclose(a, b, atol=atol, rtol=1e-3)


# Weights


def test_hooks_on_all_prompts_are_a_patched_model(loaded: Loaded, prompts, loras):
    both = group(loras[0], 0.8).plus(group(loras[1], -0.4))
    found = drawn(loaded.model, *hooked(both, *prompts))
    patched = loaded.model.with_lora(loras[0], 0.8).with_lora(loras[1], -0.4)
    assert close(found, drawn(patched, *prompts))
    assert not close(found, drawn(loaded.model, *prompts))


def test_a_hook_holds_for_its_own_prompt_only(loaded: Loaded, prompts, loras):
    """Of one step: the positive answer is the patched model's, the negative one the other's."""
    (positive,) = hooked(group(loras[0]), prompts[0])
    patched = loaded.model.with_lora(loras[0], 1.0)
    once = {"steps": 1}
    cond = drawn(patched, *prompts, **once, cfg=1.0)
    uncond = drawn(loaded.model, *prompts[::-1], **once, cfg=1.0)
    assert close(drawn(loaded.model, positive, prompts[1], **once), uncond + 3.0 * (cond - uncond))


def test_masks_share_a_picture_between_two_hooks(loaded: Loaded, prompts, loras):
    left = torch.zeros(1, 8, 8)
    left[..., :4] = 1
    mine = Properties(mask=left, hooks=group(loras[0])).on(prompts[0])[0]
    theirs = Properties(mask=1 - left, hooks=group(loras[1])).on(prompts[0])[0]
    once = {"steps": 1, "cfg": 1.0}
    found = drawn(loaded.model, [*mine, *theirs], prompts[1], **once)
    a, b = (drawn(loaded.model.with_lora(lora, 1.0), *prompts, **once) for lora in loras)
    assert close(found[..., :4], a[..., :4])
    assert close(found[..., 4:], b[..., 4:])


def test_default_prompts_hold_where_no_other_does(loaded: Loaded, prompts, loras):
    left = torch.zeros(1, 8, 8)
    left[..., :4] = 0.75
    mine = Properties(mask=left).on(prompts[0])[0]
    rest = Properties(hooks=group(loras[1]), default=True).on(prompts[0])[0]
    once = {"steps": 1, "cfg": 1.0}
    found = drawn(loaded.model, [*mine, *rest], prompts[1], **once)
    a, b = (drawn(m, *prompts, **once) for m in (loaded.model, loaded.model.with_lora(loras[1], 1.0)))
    assert close(found[..., :4], 0.75 * a[..., :4] + 0.25 * b[..., :4])
    assert close(found[..., 4:], b[..., 4:])


def test_a_lora_for_another_kind_of_model_is_refused(loaded: Loaded, prompts, engine: Engine, write):
    name = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q"
    path = write({f"{name}.lora_up.weight": torch.ones(640, 4), f"{name}.lora_down.weight": torch.ones(4, 640)})
    (positive,) = hooked(group(engine.load_lora(path)), prompts[0])
    with pytest.raises(PatchError, match="made for another kind of model"):
        drawn(loaded.model, positive, prompts[1])


@pytest.fixture(scope="module")
def other(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    path = tmp_path_factory.mktemp("other") / "other.safetensors"
    save_file(sd1_tensors(seed=5), path)
    return engine.load_checkpoint(path)


def test_another_model_as_a_lora(loaded: Loaded, other: Loaded, prompts):
    hook = HookGroup((Hook(ModelSource.of(other), 1.0, 1.0),))
    assert close(drawn(loaded.model, *hooked(hook, *prompts)), drawn(other.model, *prompts), 5e-3)
    clip = loaded.clip.with_hooks(hook, for_model=False, scheduled=False)
    assert close(clip.encode("a red house")[0][0], other.clip.encode("a red house")[0][0])


def test_another_model_at_half_strength_beside_a_lora(loaded: Loaded, other: Loaded, loras):
    """w + lora + 0.5 * (other - w), w being the file's."""
    component, residency = loaded.model.component, loaded.model.engine.residency
    name = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
    halfway = HookGroup((Hook(ModelSource.of(other), 0.5, 0.0),))
    patches = (*loaded.model.with_lora(loras[0], 1.0).patches, halfway.hooks[0].source.patch(0.5))
    own, theirs = (residency.original(c, torch.float32, name) for c in (component, other.model.component))
    up, down = (dict(loras[0].file.read([f"lora_unet_{name[:-7].replace('.', '_')}.{part}.weight"])).popitem()[1]
                for part in ("lora_up", "lora_down"))  # fmt: skip
    with residency.use(component, torch.float32, patches) as network:
        found = network.get_parameter(name)
        assert torch.allclose(found, own + up @ down + 0.5 * (theirs - own), atol=1e-5)


# Keyframes


class Nothing:
    """A source of changes, of which only the strength can be told."""

    def patch(self, strength: float) -> Any:
        return strength

    def check(self, component: Any) -> None:
        pass


def strengths(loaded: Loaded, keyframes: Keyframes, sigmas: list[float], model=None) -> list[float]:
    """At each level, of a hook of strength 1."""
    x = torch.zeros(1, 4, 8, 8)
    ready = Ready(model or loaded.model, x, x, None, 1, torch.tensor(sigmas))
    running = HookGroup((Hook(Nothing(), 1.0, 1.0),)).with_keyframes(keyframes).begin(ready)
    return [running.patches(sigma)[0] for sigma in sigmas]


def test_a_keyframe_holds_from_its_place_on(loaded: Loaded):
    at = loaded.model.prediction.at_percent
    frames = Keyframes().plus(Keyframe(0.5, 0.6), Keyframe(0.1), Keyframe(0.9, 0.3))
    assert [frame.strength for frame in frames.frames] == [0.1, 0.9, 0.5]
    sigmas = [at(0.05), at(0.2), at(0.3), at(0.45), at(0.59), at(0.61), at(0.9)]
    assert strengths(loaded, frames, sigmas) == [0.1, 0.1, 0.9, 0.9, 0.9, 0.5, 0.5]
    assert strengths(loaded, Keyframes(), sigmas) == [1.0] * 7
    assert strengths(loaded, Keyframes((Keyframe(0.3, 0.5),)), sigmas) == [0.3] * 7, (
        "the first one holds from the start"
    )


def test_keyframes_are_sure_of_a_step_unless_they_begin_before_the_run(loaded: Loaded):
    at = loaded.model.prediction.at_percent
    frames = Keyframes().plus(Keyframe(0.1), Keyframe(0.2, 0.3), Keyframe(0.3, 0.4), Keyframe(0.4, 0.5))
    few = [at(0.2), at(0.6), at(0.7), at(0.8)]
    assert strengths(loaded, frames, few) == [0.1, 0.2, 0.3, 0.4], "each of the four in turn"
    loose = Keyframes().spread([0.1, 0.2, 0.3, 0.4], 0.0, 0.6)
    assert strengths(loaded, loose, [at(0.1), at(0.61), at(0.7)]) == [0.1, 0.4, 0.4], "of even ones some are left out"
    assert strengths(loaded, frames, [at(0.45), at(0.46)]) == [0.3, 0.3], "a run that begins late"
    moving = loaded.model.with_prediction(flow(1.0))
    sure = Keyframes().plus(Keyframe(0.1, guaranteed=2), Keyframe(0.9, 0.01))
    assert strengths(loaded, sure, [1.0, 0.8, 0.6], moving) == [0.1, 0.1, 0.9]


def test_the_same_level_asked_twice_is_one_step(loaded: Loaded):
    at = loaded.model.prediction.at_percent
    frames = Keyframes().plus(Keyframe(0.1), Keyframe(0.2, 0.3), Keyframe(0.3, 0.4))
    assert strengths(loaded, frames, [at(0.2), at(0.6), at(0.6), at(0.7)]) == [0.1, 0.2, 0.2, 0.3]


def test_a_schedule_draws_as_a_run_in_two_parts(loaded: Loaded, prompts, loras):
    sigmas = schedule(loaded.model.prediction, "normal", 6, "euler")
    middle = float(sigmas[3])
    percent = min((i / 1000 for i in range(1000)), key=lambda p: abs(loaded.model.prediction.at_percent(p) - middle))
    keyframes = Keyframes().plus(Keyframe(1.0), Keyframe(-0.5, percent - 0.002))
    found = drawn(loaded.model, *hooked(group(loras[0], 0.8).with_keyframes(keyframes), *prompts))
    first, second = (loaded.model.with_lora(loras[0], strength) for strength in (0.8, -0.4))
    half = drawn(first, *prompts, last_step=3, force_full_denoise=False)
    rest = drawn(second, *prompts, start_step=3, add_noise=False, latent={"samples": half})
    assert close(found, rest, 5e-3)


@pytest.mark.parametrize("method", list(INTERPOLATIONS))
def test_interpolations(method: str):
    way = {"linear": lambda t: t, "ease_in": lambda t: t * t, "ease_out": lambda t: t * (2 - t),
           "ease_in_out": lambda t: math.sin(t * math.pi / 2) ** 2}[method]  # fmt: skip
    found = interpolated(0.5, 3.0, 5, method)
    assert found == pytest.approx([0.5 + 2.5 * way(i / 4) for i in range(5)], abs=1e-6)


# Groups and conditionings


def test_a_group_holds_a_hook_once(loras):
    a, b = group(loras[0]), group(loras[1])
    again = a.with_keyframes(Keyframes().plus(Keyframe(0.5)))
    joined = a.plus(b).plus(again)
    assert [hook.origin for hook in joined.hooks] == [a.hooks[0].origin, b.hooks[0].origin]
    assert joined.hooks[0] is a.hooks[0]
    assert len(a.plus(group(loras[0])).hooks) == 2, "two hooks made from one file are two"


def test_properties_change_copies_and_share_groups(loras):
    a, b = group(loras[0]), group(loras[1])
    first = [[torch.zeros(1, 77, 8), {"hooks": a}]]
    second = [[torch.ones(1, 77, 8), {"hooks": a}], [torch.ones(1, 77, 8), {}]]
    mask = torch.ones(6, 6)
    done, other = Properties(0.5, True, mask, b, (0.1, 0.6)).on(first, second)
    assert first[0][1] == {"hooks": a}
    options = done[0][1]
    assert options["mask"].shape == (1, 6, 6)
    assert (options["set_area_to_bounds"], options["mask_strength"]) == (True, 0.5)
    assert (options["start_percent"], options["end_percent"]) == (0.1, 0.6)
    assert options["hooks"].hooks == (*a.hooks, *b.hooks)
    assert other[0][1]["hooks"] is options["hooks"], "so that both sides go through the network at once"
    assert other[1][1]["hooks"] is b
    plain = Properties().on(first)[0]
    assert plain[0][1] == {"hooks": a}


# Text encoders


def test_prompts_are_encoded_with_hooks(loaded: Loaded, loras):
    hooks = group(loras[0], clip=0.7)
    clip = loaded.clip.with_hooks(hooks, for_model=True, scheduled=False)
    ((states, options),) = clip.encode("a red house")
    assert close(states, loaded.clip.with_lora(loras[0], 0.7).encode("a red house")[0][0], 1e-5)
    assert options["hooks"] is hooks
    frames = Keyframes().plus(Keyframe(0.0))
    ignoring = loaded.clip.with_hooks(hooks.with_keyframes(frames), for_model=False, scheduled=False)
    ((again, options),) = ignoring.encode("a red house")
    assert torch.equal(states, again)
    assert "hooks" not in options


def test_a_schedule_encodes_prompts_for_each_part(loaded: Loaded, loras):
    first = group(loras[0], clip=0.7).with_keyframes(
        Keyframes().plus(Keyframe(0.5), Keyframe(0.5, 0.2), Keyframe(1.0, 0.4))
    )
    second = group(loras[1]).with_keyframes(Keyframes().plus(Keyframe(2.0, 0.3), Keyframe(0.0, 0.8)))
    clip = loaded.clip.with_hooks(first.plus(second), for_model=False, scheduled=True)
    entries = clip.encode("a red house")
    parts = [(options["clip_start_percent"], options["clip_end_percent"]) for _, options in entries]
    assert parts == [(0.0, 0.3), (0.3, 0.4), (0.4, 0.8), (0.8, 1.0)]
    expected = [(0.35, 1.0), (0.35, 2.0), (0.7, 2.0), (0.7, 0.0)]  # before its first keyframe a hook is unchanged
    for (states, _), (a, b) in zip(entries, expected, strict=True):
        patched = loaded.clip.with_lora(loras[0], a)
        patched = patched.with_lora(loras[1], b) if b else patched
        assert close(states, patched.encode("a red house")[0][0], 1e-4)


def test_each_part_holds_in_its_part_of_the_run(loaded: Loaded, prompts, loras):
    keyframes = Keyframes().plus(Keyframe(0.0), Keyframe(1.0, 0.5))
    clip = loaded.clip.with_hooks(group(loras[0], 0.0, 1.0).with_keyframes(keyframes), False, True)
    entries = clip.encode("a red house")
    by_hand = [
        [states, {**options, "start_percent": start, "end_percent": end}]
        for (states, options), (start, end) in zip(entries, [(0.0, 0.5), (0.5, 1.0)], strict=True)
    ]
    bare = [[states, {k: v for k, v in options.items() if not k.startswith("clip_")}] for states, options in by_hand]
    assert torch.equal(drawn(loaded.model, entries, prompts[1]), drawn(loaded.model, bare, prompts[1]))
    assert not close(drawn(loaded.model, entries, prompts[1]), drawn(loaded.model, *prompts))
    both = [[states, {**options, "start_percent": 0.25, "end_percent": 0.6}] for states, options in entries]
    x = torch.zeros(1, 4, 8, 8)
    conditions = prepare(both, Ready(loaded.model, x, x, None, 1, torch.tensor([9.0, 0.0])))
    at = loaded.model.prediction.at_percent
    assert [(c.start, c.end) for c in conditions] == [(at(0.25), at(0.5)), (at(0.5), at(0.6))]
