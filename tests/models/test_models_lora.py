"""LoRAs: what they change, in every naming, and that what they changed comes back bit for bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.engine import Engine, Loaded
from models.errors import CheckpointError, PatchError

Q = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0"
CONV = "down_blocks.0.resnets.0.conv1"
TEXT = "text_model.encoder.layers.1.self_attn.v_proj"
SIZES = {Q: (32, 32), OUT: (32, 32), CONV: (32, 32, 3, 3)}


def pair(shape: tuple[int, ...], rank: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    ones = (1,) * (len(shape) - 2)
    return torch.randn(shape[0], rank, *ones), torch.randn(rank, *shape[1:])


def weights(loaded: Loaded, handle) -> dict[str, Tensor]:
    engine: Engine = loaded.model.engine
    with engine.residency.use(handle.component, torch.float32, handle.patches) as module:
        return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [
        ("lora_unet_" + Q.replace(".", "_"), ".lora_up.weight", ".lora_down.weight"),
        ("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", ".lora_up.weight", ".lora_down.weight"),
        ("unet." + Q, ".lora_B.weight", ".lora_A.weight"),
        ("unet." + Q, ".lora.up.weight", ".lora.down.weight"),
        ("unet." + Q.replace("to_q", "processor.to_q"), "_lora.up.weight", "_lora.down.weight"),
        ("base_model.model.unet." + Q, ".lora_B.default.weight", ".lora_A.default.weight"),
        ("diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q", ".lora_B.weight", ".lora_A.weight"),
    ],
)
def test_every_naming_finds_its_weight(name: str, up: str, down: str, loaded: Loaded, write: Callable[..., Path]):
    b, a = pair(SIZES[Q])
    lora = loaded.model.engine.load_lora(write({name + up: b, name + down: a}))
    before, after = weights(loaded, loaded.model), weights(loaded, loaded.model.with_lora(lora, 0.5))
    assert {key for key in before if not torch.equal(before[key], after[key])} == {Q + ".weight"}
    assert torch.allclose(after[Q + ".weight"], before[Q + ".weight"] + 0.5 * (b @ a), atol=1e-5)


def test_alpha_over_rank_scales(loaded: Loaded, write: Callable[..., Path]):
    b, a = pair(SIZES[Q], rank=8)
    name = "lora_unet_" + Q.replace(".", "_")
    tensors = {f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a, f"{name}.alpha": torch.tensor(2.0)}
    patched = weights(loaded, loaded.model.with_lora(loaded.model.engine.load_lora(write(tensors)), 1.0))
    expected = weights(loaded, loaded.model)[Q + ".weight"] + (b @ a) * 2 / 8
    assert torch.allclose(patched[Q + ".weight"], expected, atol=1e-5)


@pytest.mark.parametrize("tucker", [False, True])
def test_convolutions(tucker: bool, loaded: Loaded, write: Callable[..., Path]):
    """As two convolutions after each other, or three with LoCon's small one between them."""
    name, x = "lora_unet_" + CONV.replace(".", "_"), torch.randn(1, 32, 6, 6)
    torch.manual_seed(1)
    up, down = torch.randn(32, 4, 1, 1), torch.randn(4, 32, *((1, 1) if tucker else (3, 3)))
    mid = torch.randn(4, 4, 3, 3)
    tensors = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}
    chain = [down, mid, up] if tucker else [down, up]
    if tucker:
        tensors[f"{name}.lora_mid.weight"] = mid
    key = CONV + ".weight"
    before = weights(loaded, loaded.model)[key]
    after = weights(loaded, loaded.model.with_lora(loaded.model.engine.load_lora(write(tensors)), 1.0))[key]
    y = x
    for kernel in chain:
        y = torch.nn.functional.conv2d(y, kernel, padding=kernel.shape[-1] // 2)
    change = torch.nn.functional.conv2d(x, after - before, padding=1)
    assert torch.allclose(change, y, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("prefix", ["lora_te_", "lora_te1_", "text_encoder."])
def test_text_encoders(prefix: str, loaded: Loaded, write: Callable[..., Path]):
    b, a = pair((64, 64))
    name = prefix + (TEXT if prefix.endswith(".") else TEXT.replace(".", "_"))
    lora = loaded.model.engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}))
    before, after = weights(loaded, loaded.clip), weights(loaded, loaded.clip.with_lora(lora, 2.0))
    key = "text.encoder.layers.1.self_attn.v_proj.weight"
    assert {k for k in before if not torch.equal(before[k], after[k])} == {key}
    assert torch.allclose(after[key], before[key] + 2 * (b @ a), atol=1e-5)
    assert not torch.equal(loaded.clip.with_lora(lora, 2.0).encode("x")[0][0], loaded.clip.encode("x")[0][0])


def lora_file(write: Callable[..., Path], name: str, seed: int) -> Path:
    tensors = {}
    for module, shape in SIZES.items():
        b, a = pair(shape, seed=seed)
        base = "lora_unet_" + module.replace(".", "_")
        tensors |= {f"{base}.lora_up.weight": b, f"{base}.lora_down.weight": a}
    return write(tensors, name)


def test_originals_come_back_bit_for_bit(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    loras = [engine.load_lora(lora_file(write, f"{i}.safetensors", i)) for i in range(6)]
    before = weights(loaded, loaded.model)
    for lora in loras:
        for strength in (0.3, -1.7):
            weights(loaded, loaded.model.with_lora(lora, strength).with_lora(loras[0], 0.1))
    after = weights(loaded, loaded.model)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_strength_changed_twice_is_a_fresh_load(engine: Engine, sd1: Path, loaded: Loaded, write):
    path = lora_file(write, "lora.safetensors", 1)
    lora = engine.load_lora(path)
    weights(loaded, loaded.model.with_lora(lora, 0.9))
    changed = weights(loaded, loaded.model.with_lora(lora, 0.4))
    fresh_engine = Engine("cpu", "fp32")
    fresh = fresh_engine.load_checkpoint(sd1)
    expected = weights(fresh, fresh.model.with_lora(fresh_engine.load_lora(path), 0.4))
    assert all(torch.equal(changed[name], expected[name]) for name in expected)


def test_two_handles_on_one_base_take_turns(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    patched = loaded.model.with_lora(engine.load_lora(lora_file(write, "lora.safetensors", 1)), 1.0)
    x, sigma, cross = torch.randn(1, 4, 8, 8), torch.tensor(1.0), torch.randn(1, 77, 64)
    answers = [model.denoise(x, sigma, cross, lambda: None) for model in (loaded.model, patched) * 2]
    assert torch.equal(answers[0], answers[2])
    assert torch.equal(answers[1], answers[3])
    assert not torch.equal(answers[0], answers[1])


def test_strength_zero_is_the_handle_itself(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    lora = engine.load_lora(lora_file(write, "lora.safetensors", 1))
    assert loaded.model.with_lora(lora, 0.0) is loaded.model
    assert loaded.clip.with_lora(lora, 1.0) is loaded.clip  # it has no part for text encoders


def test_a_lora_for_another_family_is_refused(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    b, a = pair((640, 2048))
    name = "lora_unet_" + Q.replace(".", "_")
    wrong = engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}, "xl.safetensors"))
    with pytest.raises(PatchError, match=r"xl\.safetensors was made for another kind of model .*1 of its 1"):
        loaded.model.with_lora(wrong, 1.0)
    name = "lora_unet_double_blocks_0_img_attn_proj"
    other = engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}, "flux.safetensors"))
    with pytest.raises(PatchError, match="another family"):
        loaded.model.with_lora(other, 1.0)


def test_broken_loras(engine: Engine, write: Callable[..., Path]):
    with pytest.raises(CheckpointError, match="no LoRA"):
        engine.load_lora(write({"foo": torch.ones(2)}))
    with pytest.raises(CheckpointError, match="no half"):
        engine.load_lora(write({"lora_unet_x.lora_up.weight": torch.ones(2, 2)}))
    halves = {"lora_unet_x.lora_up.weight": torch.ones(2, 3), "lora_unet_x.lora_down.weight": torch.ones(4, 2)}
    with pytest.raises(CheckpointError, match="do not meet"):
        engine.load_lora(write(halves))
    flat = {"lora_unet_x.lora_up.weight": torch.ones(3), "lora_unet_x.lora_down.weight": torch.ones(3)}
    with pytest.raises(CheckpointError, match="do not meet"):
        engine.load_lora(write(flat))
    halves["lora_unet_x.lora_down.weight"] = torch.full((3, 2), float("nan"))
    with pytest.raises(CheckpointError, match="no numbers"):
        engine.load_lora(write(halves))
