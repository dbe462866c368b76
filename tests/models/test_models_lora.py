"""LoRAs on networks: which names mean which weight, what fits, and that originals come back bit for bit."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.engine import Engine, Loaded
from models.errors import PatchError
from models.files import open_weights
from models.load import Component
from models.networks.flux import Flux
from models.networks.layout import Network
from models.networks.mmdit import Mmdit
from models.networks.t5 import T5
from models.patches import Patch, fits, read_lora, refuse_useless
from models.residency import Residency
from tests.models.conftest import TEXT2, filled, in_layout

Q = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"
Q_DIFFUSERS = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0"
CONV = "input_blocks.1.0.in_layers.2"
TEXT = "text_model.encoder.layers.1.self_attn.v_proj"
SIZES = {Q: (32, 32), OUT: (32, 32), CONV: (32, 32, 3, 3)}
FLUX = Flux(
    width=32, heads=2, double=2, single=2, in_channels=4, out_channels=4, context=24, vector=16, guided=True, mlp=128
)
SD3 = Mmdit(
    width=64,
    depth=2,
    in_channels=4,
    out_channels=4,
    patch=2,
    context=24,
    vector=16,
    positions=64,
    normalised=True,
    dual=1,
    mlp=4,
)


def pair(shape: tuple[int, ...], rank: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    ones = (1,) * (len(shape) - 2)
    return torch.randn(shape[0], rank, *ones), torch.randn(rank, *shape[1:])


def weights(loaded: Loaded, handle) -> dict[str, Tensor]:
    engine: Engine = loaded.model.engine
    component = handle.component if hasattr(handle, "component") else handle.encoders[0][1]
    with engine.residency.use(component, torch.float32, handle.patches) as module:
        return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [
        ("lora_unet_" + Q_DIFFUSERS.replace(".", "_"), ".lora_up.weight", ".lora_down.weight"),
        ("lora_unet_" + Q.replace(".", "_"), ".lora_up.weight", ".lora_down.weight"),
        ("unet." + Q_DIFFUSERS, ".lora_B.weight", ".lora_A.weight"),
        ("unet." + Q_DIFFUSERS, ".lora.up.weight", ".lora.down.weight"),
        ("unet." + Q_DIFFUSERS.replace("to_q", "processor.to_q"), "_lora.up.weight", "_lora.down.weight"),
        ("base_model.model.unet." + Q_DIFFUSERS, ".lora_B.default.weight", ".lora_A.default.weight"),
        ("diffusion_model." + Q, ".lora_B.weight", ".lora_A.weight"),
        ("lycoris_" + Q_DIFFUSERS.replace(".", "_"), ".lora_up.weight", ".lora_down.weight"),
        (Q_DIFFUSERS, ".lora_B.weight", ".lora_A.weight"),
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
    encoded = [clip.encode("x")[0][0] for clip in (loaded.clip, loaded.clip.with_lora(lora, 2.0))]
    assert not torch.equal(*encoded)


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


def test_two_handles_on_one_base_take_turns(engine: Engine, loaded: Loaded, write: Callable[..., Path], monkeypatch):
    patched = loaded.model.with_lora(engine.load_lora(lora_file(write, "lora.safetensors", 1)), 1.0)
    first, second = weights(loaded, loaded.model), weights(loaded, patched)
    monkeypatch.setattr("models.residency._patched", lambda *_: pytest.fail("patched again"))
    assert all(torch.equal(first[name], value) for name, value in weights(loaded, loaded.model).items())
    assert all(torch.equal(second[name], value) for name, value in weights(loaded, patched).items())
    assert not torch.equal(first[Q + ".weight"], second[Q + ".weight"])


def test_another_strength_reads_no_file(engine: Engine, loaded: Loaded, write: Callable[..., Path], monkeypatch):
    path = lora_file(write, "lora.safetensors", 1)
    weights(loaded, loaded.model.with_lora(engine.load_lora(path), 0.9))
    for what in ("models.files.read_header", "models.files._read", "models.files.open_together"):
        monkeypatch.setattr(what, lambda *_, **__: pytest.fail("a file was opened"))
    weights(loaded, loaded.model.with_lora(engine.load_lora(path), 0.4))
    monkeypatch.undo()
    lora_file(write, "lora.safetensors", 2)  # another file of the same name is another LoRA
    changed = weights(loaded, loaded.model.with_lora(engine.load_lora(path), 0.4))
    assert not torch.equal(
        changed[Q + ".weight"], weights(loaded, loaded.model.with_lora(read_first(engine, write), 0.4))[Q + ".weight"]
    )


def read_first(engine: Engine, write: Callable[..., Path]):
    return engine.load_lora(lora_file(write, "first.safetensors", 1))


def test_strength_zero_is_the_handle_itself(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    lora = engine.load_lora(lora_file(write, "lora.safetensors", 1))
    assert loaded.model.with_lora(lora, 0.0) is loaded.model
    assert loaded.clip.with_lora(lora, 1.0) is loaded.clip  # it has no part for text encoders


def test_a_lora_for_another_family_is_refused(engine: Engine, loaded: Loaded, write: Callable[..., Path]):
    b, a = pair((640, 2048))
    name = "lora_unet_" + Q.replace("attn1", "attn2").replace("to_q", "to_k").replace(".", "_")
    wrong = engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}, "xl.safetensors"))
    with pytest.raises(
        PatchError, match=r"xl\.safetensors was made for another .*: for Stable Diffusion XL\. 1 of its 1"
    ):
        loaded.model.with_lora(wrong, 1.0)
    name = "lora_unet_double_blocks_0_img_attn_proj"
    other = engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}, "flux.safetensors"))
    with pytest.raises(PatchError, match="another family"):
        loaded.model.with_lora(other, 1.0)


def test_a_lora_that_fits_neither_part_is_refused(loaded: Loaded, write: Callable[..., Path]):
    b, a = pair((64, 64))
    name = "lora_te3_encoder_block_0_layer_0_SelfAttention_q"
    lora = loaded.model.engine.load_lora(write({f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}))
    components = [loaded.model.component, *loaded.clip.components.values()]
    with pytest.raises(PatchError, match=r"no change that fits the .* nor the text encoder"):
        refuse_useless(components, lora)
    name = "lora_te_text_model_encoder_layers_0_mlp_fc1"
    b, a = pair((128, 64))
    tensors = {f"{name}.lora_up.weight": b, f"{name}.lora_down.weight": a}
    lora = loaded.model.engine.load_lora(write(tensors, "te.safetensors"))
    refuse_useless(components, lora)


def test_what_fits_nothing_is_told_once(loaded: Loaded, write: Callable[..., Path], caplog: pytest.LogCaptureFixture):
    b, a = pair((32, 32))
    names = ["lora_unet_" + Q.replace(".", "_"), "lora_unet_strange_place", "lora_te_text_model_strange"]
    tensors = {
        f"{n}.{half}.weight": value for n in names for half, value in (("lora_up", b.clone()), ("lora_down", a.clone()))
    }
    lora = loaded.model.engine.load_lora(write(tensors, "odd.safetensors"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            loaded.model.with_lora(lora, 1.0)
    said = [record.getMessage() for record in caplog.records if "odd.safetensors" in record.getMessage()]
    assert len(said) == 1
    assert "1 names fit nothing" in said[0]
    assert "lora_unet_strange_place" in said[0]


def test_a_few_wrong_sizes_are_left_out(loaded: Loaded, write: Callable[..., Path], caplog: pytest.LogCaptureFixture):
    """LoRAs taken out of inpainting models have a first convolution that other models lack."""
    right, wrong = pair((32, 32)), pair((32, 9, 3, 3))
    tensors = {f"diffusion_model.{n}.{half}.weight": value
               for n, (b, a) in ((Q, right), (OUT, right), ("input_blocks.0.0", wrong))
               for half, value in (("lora_B", b.clone()), ("lora_A", a.clone()))}  # fmt: skip
    lora = loaded.model.engine.load_lora(write(tensors, "inpainting.safetensors"))
    with caplog.at_level(logging.WARNING):
        patched = weights(loaded, loaded.model.with_lora(lora, 1.0))
    before = weights(loaded, loaded.model)
    assert {key for key in before if not torch.equal(before[key], patched[key])} == {Q + ".weight", OUT + ".weight"}
    assert "input_blocks.0.0" in caplog.text


def component(network: Network, folder: Path, prefix: str = "") -> Component:
    tensors = in_layout(network, filled(network), prefix)
    save_file(tensors, folder / "network.safetensors")
    return Component(open_weights(folder / "network.safetensors"), network, prefix, "the network")


def changed(component: Component, folder: Path, name: str, shape: tuple[int, ...]) -> tuple[str, Tensor, Tensor]:
    """The one parameter that a LoRA of this name changes, by how much, and the LoRA's own product."""
    b, a = pair(shape)
    halves = ("lora_up", "lora_down") if name.startswith(("lora_", "lycoris_")) else ("lora_B", "lora_A")
    save_file({f"{name}.{halves[0]}.weight": b, f"{name}.{halves[1]}.weight": a}, folder / "lora.safetensors")
    lora = read_lora(open_weights(folder / "lora.safetensors"))
    assert fits(component, lora)
    residency = Residency(torch.device("cpu"))
    with residency.use(component, torch.float32) as module:
        before = {key: value.clone() for key, value in module.state_dict().items()}
    with residency.use(component, torch.float32, (Patch(lora, 1.0),)) as module:
        after = module.state_dict()
    [key] = [key for key in before if not torch.equal(before[key], after[key])]
    return key, after[key] - before[key], (b.flatten(1) @ a.flatten(1)).reshape(shape)


S = "single_transformer_blocks.1."
D = "transformer_blocks.1."


@pytest.mark.parametrize(
    ("name", "shape", "parameter", "rows"),
    [
        ("lora_unet_double_blocks_1_img_attn_qkv", (96, 32), "double_blocks.1.img_attn.qkv", (0, 96)),
        ("diffusion_model.double_blocks.1.img_attn.qkv", (96, 32), "double_blocks.1.img_attn.qkv", (0, 96)),
        (f"transformer.{D}attn.to_q", (32, 32), "double_blocks.1.img_attn.qkv", (0, 32)),
        (f"transformer.{D}attn.to_k", (32, 32), "double_blocks.1.img_attn.qkv", (32, 64)),
        (f"base_model.model.{D}attn.add_v_proj", (32, 32), "double_blocks.1.txt_attn.qkv", (64, 96)),
        ("lora_transformer_transformer_blocks_1_ff_context_net_2", (32, 128), "double_blocks.1.txt_mlp.2", (0, 32)),
        ("lycoris_transformer_blocks_1_norm1_linear", (192, 32), "double_blocks.1.img_mod.lin", (0, 192)),
        (f"transformer.{D}attn.to_out.0", (32, 32), "double_blocks.1.img_attn.proj", (0, 32)),
        (f"transformer.{S}attn.to_v", (32, 32), "single_blocks.1.linear1", (64, 96)),
        (f"transformer.{S}proj_mlp", (128, 32), "single_blocks.1.linear1", (96, 224)),
        (f"{S}proj_out", (32, 160), "single_blocks.1.linear2", (0, 32)),
        ("diffusion_model.single_blocks.1.linear1_qkv", (96, 32), "single_blocks.1.linear1", (0, 96)),
        ("transformer.x_embedder", (32, 16), "img_in", (0, 32)),
    ],
)
def test_flux(name: str, shape: tuple[int, int], parameter: str, rows: tuple[int, int], tmp_path: Path):
    key, change, product = changed(component(FLUX, tmp_path), tmp_path, name, shape)
    assert key == parameter + ".weight"
    assert torch.allclose(change[rows[0] : rows[1]], product, atol=1e-4)
    change[rows[0] : rows[1]] = 0
    assert not change.any()


@pytest.mark.parametrize(
    ("name", "shape", "parameter", "rows"),
    [
        ("lora_unet_joint_blocks_0_x_block_attn_qkv", (192, 64), "joint_blocks.0.x_block.attn.qkv", (0, 192)),
        ("diffusion_model.joint_blocks.1.context_block.attn.qkv", (192, 64), "joint_blocks.1.context_block.attn.qkv",
         (0, 192)),
        ("transformer.transformer_blocks.0.attn.to_v", (64, 64), "joint_blocks.0.x_block.attn.qkv", (128, 192)),
        ("transformer.transformer_blocks.0.attn2.to_q", (64, 64), "joint_blocks.0.x_block.attn2.qkv", (0, 64)),
        ("transformer.transformer_blocks.1.attn.add_k_proj", (64, 64), "joint_blocks.1.context_block.attn.qkv",
         (64, 128)),
        ("base_model.model.transformer_blocks.0.ff.net.0.proj", (256, 64), "joint_blocks.0.x_block.mlp.fc1", (0, 256)),
        ("lora_transformer_transformer_blocks_0_norm1_context_linear", (384, 64),
         "joint_blocks.0.context_block.adaLN_modulation.1", (0, 384)),
        ("transformer.time_text_embed.text_embedder.linear_1", (64, 16), "y_embedder.mlp.0", (0, 64)),
    ],
)  # fmt: skip
def test_sd3(name: str, shape: tuple[int, int], parameter: str, rows: tuple[int, int], tmp_path: Path):
    key, change, product = changed(component(SD3, tmp_path), tmp_path, name, shape)
    assert key == parameter + ".weight"
    assert torch.allclose(change[rows[0] : rows[1]], product, atol=1e-4)
    change[rows[0] : rows[1]] = 0
    assert not change.any()


@pytest.mark.parametrize(
    ("network", "width"), [(FLUX, 32), (SD3, 64)], ids=["flux", "sd3"]
)  # fmt: skip
def test_the_final_layers_halves_change_places(network: Network, width: int, tmp_path: Path):
    key, change, product = changed(
        component(network, tmp_path), tmp_path, "transformer.norm_out.linear", (2 * width, width)
    )
    assert key == "final_layer.adaLN_modulation.1.weight"
    assert torch.allclose(change, torch.cat([product[width:], product[:width]]), atol=1e-4)


def test_a_weight_of_another_ending_goes_by_its_whole_name(tmp_path: Path):
    base = component(FLUX, tmp_path)
    name = "double_blocks.0.img_attn.norm.query_norm.scale"
    save_file({f"diffusion_model.{name}.set_weight": torch.arange(16.0)}, tmp_path / "lora.safetensors")
    lora = read_lora(open_weights(tmp_path / "lora.safetensors"))
    with Residency(torch.device("cpu")).use(base, torch.float32, (Patch(lora, 0.5),)) as module:
        assert torch.equal(module.get_parameter(name), torch.arange(16.0))


def test_a_bias_goes_by_its_whole_name_too(tmp_path: Path):
    base = component(FLUX, tmp_path)
    name = "double_blocks.0.img_attn.proj.bias"
    values = torch.randn(32)
    save_file({f"diffusion_model.{name}.diff": values}, tmp_path / "lora.safetensors")
    lora = read_lora(open_weights(tmp_path / "lora.safetensors"))
    residency = Residency(torch.device("cpu"))
    with residency.use(base, torch.float32) as module:
        before = module.get_parameter(name).clone()
    with residency.use(base, torch.float32, (Patch(lora, 0.5),)) as module:
        assert torch.allclose(module.get_parameter(name), before + 0.5 * values, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "outputs", "inputs", "parameter"),
    [
        ("double_blocks.1.processor.qkv_lora1", 96, 32, "double_blocks.1.img_attn.qkv"),
        ("double_blocks.1.processor.proj_lora1", 32, 32, "double_blocks.1.img_attn.proj"),
        ("double_blocks.1.processor.qkv_lora2", 96, 32, "double_blocks.1.txt_attn.qkv"),
        ("double_blocks.1.processor.proj_lora2", 32, 32, "double_blocks.1.txt_attn.proj"),
        ("single_blocks.1.processor.qkv_lora", 96, 32, "single_blocks.1.linear1"),
        ("single_blocks.1.processor.proj_lora", 32, 160, "single_blocks.1.linear2"),
    ],
)
def test_flux_by_processors(name: str, outputs: int, inputs: int, parameter: str, tmp_path: Path):
    base = component(FLUX, tmp_path)
    up, down = torch.randn(outputs, 4), torch.randn(4, inputs)
    save_file({f"{name}.up.weight": up, f"{name}.down.weight": down}, tmp_path / "lora.safetensors")
    lora = read_lora(open_weights(tmp_path / "lora.safetensors"))
    residency = Residency(torch.device("cpu"))
    with residency.use(base, torch.float32) as module:
        before = {key: value.clone() for key, value in module.state_dict().items()}
    with residency.use(base, torch.float32, (Patch(lora, 1.0),)) as module:
        after = module.state_dict()
    assert [key for key in before if not torch.equal(before[key], after[key])] == [parameter + ".weight"]
    change = after[parameter + ".weight"] - before[parameter + ".weight"]
    assert torch.allclose(change[:outputs], up @ down, atol=1e-4)
    assert not change[outputs:].any()


T5_TINY = T5(width=32, layers=2, inner=64, heads=2, head=16, tokens=100)


@pytest.mark.parametrize(
    ("network", "name", "parameter"),
    [
        (TEXT2, "lora_te_text_model_encoder_layers_0_mlp_fc1", "text.encoder.layers.0.mlp.fc1"),
        (TEXT2, "text_encoder.text_model.encoder.layers.2.self_attn.q_proj", "text.encoder.layers.2.self_attn.q_proj"),
        (T5_TINY, "lora_te3_encoder_block_1_layer_0_SelfAttention_q", "encoder.block.1.layer.0.SelfAttention.q"),
    ],
    ids=["clip-kohya", "clip-diffusers", "t5"],
)
def test_encoders_of_each_kind(network: Network, name: str, parameter: str, tmp_path: Path):
    base = component(network, tmp_path)
    shape = tuple(filled(network).get_parameter(f"{parameter}.weight").shape)
    key, change, product = changed(base, tmp_path, name, shape)
    assert key == f"{parameter}.weight"
    assert torch.allclose(change, product, atol=1e-4)
