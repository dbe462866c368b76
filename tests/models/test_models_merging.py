"""Merges against their arithmetic written out, with LoRAs beneath, between and above."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models import merging
from models.engine import Engine, Loaded
from models.errors import PatchError
from models.patches import Shares
from nodes import merging as nodes
from tests.models.conftest import PREFIXES, sd1_tensors

UNET = PREFIXES["unet"]
Q = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
Weights = dict[str, Tensor]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("merging")
    for seed in range(3):
        save_file(sd1_tensors(seed), folder / f"{seed}.safetensors")
    return [folder / f"{seed}.safetensors" for seed in range(3)]


@pytest.fixture(scope="module")
def three(files: list[Path]) -> list[Loaded]:
    engine = Engine("cpu", "fp32")
    return [engine.load_checkpoint(path) for path in files]


@pytest.fixture(scope="module")
def stored(files: list[Path]) -> list[Weights]:
    return [load_file(path) for path in files]


def unet_of(tensors: Weights) -> Weights:
    return {name.removeprefix(UNET): value for name, value in tensors.items() if name.startswith(UNET)}


def weights(handle) -> Weights:
    component = handle.component if hasattr(handle, "component") else handle.encoders[0][1]
    with handle.engine.residency.use(component, torch.float32, handle.patches) as module:
        return {name: value.clone() for name, value in module.state_dict().items()}


def same(found: Weights, expected: Weights) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
def test_the_ratio_is_the_share_of_the_first(ratio: float, three: list[Loaded], stored: list[Weights]):
    a, b = unet_of(stored[0]), unet_of(stored[1])
    merged = nodes.merge_simple(three[0].model, three[1].model, ratio)
    same(weights(merged), {name: ratio * a[name] + (1 - ratio) * b[name] for name in a})


def test_adding_a_difference(three: list[Loaded], stored: list[Weights]):
    """a + 0.7 (b - c): the way to move what one model learned onto another."""
    a, b, c = (unet_of(tensors) for tensors in stored)
    difference = nodes.merge_subtract(three[1].model, three[2].model, 0.7)
    merged = nodes.merge_add(three[0].model, difference)
    same(weights(merged), {name: a[name] + 0.7 * (b[name] - c[name]) for name in a})


def test_blocks(three: list[Loaded], stored: list[Weights]):
    a, b = unet_of(stored[0]), unet_of(stored[1])
    merged = weights(nodes.merge_blocks(three[0].model, three[1].model, input=0.2, middle=0.5, out=0.9))
    share = {"input_blocks": 0.2, "middle_block": 0.5, "output_blocks": 0.9, "out": 0.9, "time_embed": 0.2}
    same(merged, {n: share[n.split(".")[0]] * a[n] + (1 - share[n.split(".")[0]]) * b[n] for n in a})


def test_the_longest_beginning_counts(three: list[Loaded], stored: list[Weights]):
    a, b = unet_of(stored[0]), unet_of(stored[1])
    merged = weights(nodes.merge_sd1(three[0].model, three[1].model, **{"input_blocks.1.": 0.25, "out.": 0.0}))
    for name, value in merged.items():
        ratio = 0.25 if name.startswith("input_blocks.1.") else 0.0 if name.startswith("out.") else 1.0
        torch.testing.assert_close(value, ratio * a[name] + (1 - ratio) * b[name], rtol=1e-5, atol=1e-6)
    shares = Shares.blend(0.5, **{"input_blocks.1": 0.1, "input_blocks.1.1": 0.2, "in": 0.3})
    assert [shares.of(name)[0] for name in ("input_blocks.1.1.x", "input_blocks.1.0", "inner", "x")] == [
        0.2,
        0.1,
        0.3,
        0.5,
    ]


def lora_of(three: list[Loaded], write: Callable[..., Path], seed: int):
    torch.manual_seed(seed)
    name = "diffusion_model." + Q.removesuffix(".weight")
    up, down = torch.randn(32, 4), torch.randn(4, 32)
    path = write({f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down}, f"lora{seed}.safetensors")
    return three[0].model.engine.load_lora(path), up @ down


def test_loras_in_the_order_in_which_they_were_applied(three: list[Loaded], stored: list[Weights], write):
    """0.4 (a + l) + 0.6 (b + 2 m) + 3 l: what was there before the merge is mixed, what comes after is not."""
    first, change = lora_of(three, write, 1)
    second, other_change = lora_of(three, write, 2)
    merged = nodes.merge_simple(three[0].model.with_lora(first, 1.0), three[1].model.with_lora(second, 2.0), 0.4)
    found = weights(merged.with_lora(first, 3.0))
    a, b = unet_of(stored[0]), unet_of(stored[1])
    expected = {name: 0.4 * a[name] + 0.6 * b[name] for name in a}
    expected[Q] = 0.4 * (a[Q] + change) + 0.6 * (b[Q] + 2 * other_change) + 3 * change
    same(found, expected)


def test_a_merge_of_merges(three: list[Loaded], stored: list[Weights]):
    a, b, c = (unet_of(tensors) for tensors in stored)
    inner = nodes.merge_simple(three[1].model, three[2].model, 0.25)
    merged = nodes.merge_simple(three[0].model, inner, 0.5)
    same(weights(merged), {n: 0.5 * a[n] + 0.5 * (0.25 * b[n] + 0.75 * c[n]) for n in a})


def test_the_second_model_need_not_stay_in_memory(files: list[Path], stored: list[Weights]):
    """Its weights are read from its file where they are not loaded; the result is the same."""
    engine = Engine("cpu", "fp32")
    first, second = engine.load_checkpoint(files[0]), engine.load_checkpoint(files[1])
    merged = nodes.merge_simple(first.model, second.model, 0.5)
    loaded = weights(merged)
    engine.free(models=True)
    assert all(torch.equal(loaded[name], value) for name, value in weights(merged).items())
    a, b = unet_of(stored[0]), unet_of(stored[1])
    same(loaded, {name: 0.5 * a[name] + 0.5 * b[name] for name in a})


def test_nothing_is_computed_until_it_is_used(three: list[Loaded], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models.residency._patched", lambda *_: pytest.fail("computed"))
    monkeypatch.setattr("models.files.WeightFile.read", lambda *_: pytest.fail("read"))
    nodes.merge_simple(nodes.merge_add(three[0].model, three[1].model), three[2].model, 0.123)
    nodes.clip_merge_simple(three[0].clip, three[1].clip, 0.123)


def test_text_encoders(three: list[Loaded], stored: list[Weights]):
    a, b = (weights(loaded.clip) for loaded in three[:2])
    assert any(not torch.equal(a[name], b[name]) for name in a)
    same(weights(nodes.clip_merge_simple(three[0].clip, three[1].clip, 0.3)), {n: 0.3 * a[n] + 0.7 * b[n] for n in a})
    same(weights(nodes.clip_merge_add(three[0].clip, three[1].clip)), {n: a[n] + b[n] for n in a})
    same(weights(nodes.clip_merge_subtract(three[0].clip, three[1].clip, 2.0)), {n: 2 * (a[n] - b[n]) for n in a})


def test_other_shapes_are_multiplied_alone(three: list[Loaded], stored: list[Weights], tmp_path: Path):
    """An inpainting model takes in nine channels: its first convolution stays its own."""
    tensors = {name: value.clone() for name, value in stored[1].items()}
    name = UNET + "input_blocks.0.0.weight"
    tensors[name] = torch.randn(32, 9, 3, 3)
    save_file(tensors, tmp_path / "inpainting.safetensors")
    inpainting = three[0].model.engine.load_checkpoint(tmp_path / "inpainting.safetensors").model
    merged = weights(nodes.merge_simple(inpainting, three[0].model, 0.5))
    a, b = unet_of(stored[0]), unet_of(tensors)
    same(merged, {n: 0.5 * b[n] + (0.5 * a[n] if a[n].shape == b[n].shape else 0) for n in a})


def test_models_of_two_makes_are_refused(three: list[Loaded], sd2: Path):
    other = three[0].model.engine.load_checkpoint(sd2)
    with pytest.raises(PatchError, match=r"cannot be mixed: only .* of .* weights"):
        nodes.merge_simple(three[0].model, other.model, 0.5)
    with pytest.raises(PatchError, match="cannot be mixed"):
        nodes.clip_merge_simple(three[0].clip, other.clip, 0.5)


@pytest.mark.parametrize("attention", ["attn1", "attn2"])
def test_attention_times_a_number(attention: str, three: list[Loaded]):
    before = weights(three[0].model)
    node = nodes.multiply_self_attention if attention == "attn1" else nodes.multiply_cross_attention
    after = weights(node(three[0].model, 2.0, 3.0, 0.5, 0.0))
    factors = {"to_q": 2.0, "to_k": 3.0, "to_v": 0.5, "to_out.0": 0.0}
    for name, value in before.items():
        factor = next((f for part, f in factors.items() if f".{attention}.{part}." in name), 1.0)
        assert torch.equal(after[name], value * factor), name
    assert any(f".{attention}.to_out.0.bias" in name for name in before)


def test_what_attention_gives_times_a_number(three: list[Loaded]):
    """Without layers in time, only the numbers for structure count."""
    before = weights(three[0].model)
    after = weights(nodes.multiply_temporal_attention(three[0].model, 2.0, 5.0, 3.0, 7.0))
    for name, value in before.items():
        factor = 2.0 if ".attn1.to_out.0." in name else 3.0 if ".attn2.to_out.0." in name else 1.0
        assert torch.equal(after[name], value * factor), name


def test_clip_attention_times_a_number(three: list[Loaded]):
    before, after = weights(three[0].clip), weights(nodes.multiply_clip_attention(three[0].clip, 2.0, 3.0, 4.0, 5.0))
    factors = {"q_proj": 2.0, "k_proj": 3.0, "v_proj": 4.0, "out_proj": 5.0}
    for name, value in before.items():
        factor = next((f for part, f in factors.items() if f".self_attn.{part}." in name), 1.0)
        assert torch.equal(after[name], value * factor), name
    assert merging.multiply_clip_attention(three[0].clip, 1.0, 1.0, 1.0, 1.0).patches[0].key is None
