"""Text encoders read from files, against transformers' own models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.errors import CheckpointError
from models.files import open_weights
from models.load import Component, load
from models.networks.clip_text import ClipText, read_clip_text
from models.networks.layout import TextNetwork, UnknownLayout
from models.networks.t5 import T5, buckets, read_t5
from models.text.detect import assign, encoder_kind
from models.text.recipe import SD2, SDXL
from tests.models.text_models import END, START, clip_text, open_clip_text, t5, tensors_of

Write = Callable[..., Path]
IDS = torch.tensor([[START, 320, 1125, 539, END, *[0] * 72], [START, 2368, END, *[END] * 74]])
ENDS = torch.tensor([4, 2])


def loaded(tensors: dict[str, Tensor], write: Write, activation: str | None = None):
    file = open_weights(write(tensors))
    network = read_t5(file.shapes) if "shared.weight" in tensors else read_clip_text(file.shapes, activation)
    return load(Component(file, network, "", "the text encoder"), torch.float32, torch.device("cpu"))


@pytest.mark.parametrize("layout", ["transformers", "open_clip", "old projection"])
@pytest.mark.parametrize(("width", "activation"), [(64, "quick_gelu"), (128, "gelu")])
def test_clip_is_transformers(layout: str, width: int, activation: str, write: Write) -> None:
    reference = clip_text(width, activation=activation)
    tensors = open_clip_text(reference) if layout == "open_clip" else tensors_of(reference)
    if layout == "old projection":
        tensors["text_projection"] = tensors.pop("text_projection.weight").t()
    encoder = loaded(tensors, write, activation)
    with torch.no_grad():
        expected = reference(input_ids=IDS, output_hidden_states=True)
        norm = reference.text_model.final_layer_norm
        for layer, normalised, states in (
            (None, True, expected.last_hidden_state),
            (-1, True, expected.last_hidden_state),
            (-1, False, expected.hidden_states[-1]),
            (-2, True, norm(expected.hidden_states[-2])),
            (-2, False, expected.hidden_states[-2]),
            (-3, False, expected.hidden_states[1]),
            (-4, False, expected.last_hidden_state),  # there is no such layer
        ):
            found = encoder(IDS, ENDS, layer, normalised)
            assert torch.allclose(found.hidden, states, atol=1e-5), (layer, normalised)
            assert torch.allclose(found.projected, expected.text_embeds, atol=1e-5)
    assert torch.allclose(found.pooled, expected.last_hidden_state[[0, 1], ENDS], atol=1e-5)


def test_an_encoder_without_a_projection_gives_its_pooled_state(write: Write) -> None:
    tensors = {name: value for name, value in tensors_of(clip_text()).items() if name != "text_projection.weight"}
    found = loaded(tensors, write)(IDS, ENDS, None)
    assert torch.equal(found.projected, found.pooled)


def test_added_rows_take_the_place_of_tokens(write: Write) -> None:
    encoder = loaded(tensors_of(clip_text()), write)
    ids = IDS.clone()
    ids[0, 1], ids[1, 1] = 49408, 49409
    found = encoder(ids, ENDS, None, added=encoder.vocabulary.weight[[320, 2368]])
    assert torch.allclose(found.hidden, encoder(IDS, ENDS, None).hidden, atol=1e-6)


@pytest.mark.parametrize("kept", [torch.float32, torch.float16, torch.bfloat16])
def test_t5_is_transformers(kept: torch.dtype, write: Write) -> None:
    reference = t5(layers=3).to(kept).float()
    ids = torch.randint(0, 64, (2, 300))  # farther apart than the farthest bucket begins
    tensors = {name: value.to(kept) for name, value in tensors_of(reference).items()}
    encoder = loaded(tensors, write)
    with torch.no_grad():
        expected = reference(input_ids=ids, output_hidden_states=True)
        before = reference.encoder.final_layer_norm(expected.hidden_states[1])
    ends = torch.zeros(2, dtype=torch.long)
    found = encoder(ids, ends, None)
    assert torch.allclose(found.hidden, expected.last_hidden_state, atol=1e-5)
    assert torch.allclose(encoder(ids, ends, -3).hidden, before, atol=1e-5)
    assert found.pooled is None


def test_t5_kept_in_half_precision_computes_in_float32(write: Write) -> None:
    """Activations beyond float16's range come through."""
    reference = t5()
    with torch.no_grad():
        for block in reference.encoder.block:
            block.layer[1].DenseReluDense.wo.weight.mul_(3e4)
    reference = reference.half().float()
    file = open_weights(write({name: value.half() for name, value in tensors_of(reference).items()}))
    component = Component(file, read_t5(file.shapes), "", "T5")
    encoder = load(component, torch.float16, torch.device("cpu"))
    ids = torch.randint(0, 64, (1, 20))
    with torch.no_grad():
        inside = reference(input_ids=ids, output_hidden_states=True)
    assert inside.hidden_states[1].abs().max() > 65504
    assert torch.allclose(encoder(ids, ids[:, 0], None).hidden, inside.last_hidden_state, atol=1e-4)


def test_t5_of_scaled_float8_is_its_numbers_times_their_scale(write: Write) -> None:
    reference = t5()
    tensors = {"scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn)}
    for name, value in tensors_of(reference).items():
        if "SelfAttention" in name or "DenseReluDense" in name:
            if "relative" in name:
                tensors[name] = value
                continue
            scale = value.abs().max() / 400
            tensors[name] = (value / scale).to(torch.float8_e4m3fn)
            tensors[name.removesuffix("weight") + "scale_weight"] = scale
            reference.get_parameter(name).data = tensors[name].float() * scale
        else:
            tensors[name] = value
    ids = torch.randint(0, 64, (1, 9))
    with torch.no_grad():
        expected = reference(input_ids=ids).last_hidden_state
    assert torch.allclose(loaded(tensors, write)(ids, ids[:, 0], None).hidden, expected, atol=1e-5)


def test_t5_finds_its_table_under_the_encoders_name(write: Write) -> None:
    reference = t5()
    tensors = tensors_of(reference)
    tensors["encoder.embed_tokens.weight"] = tensors.pop("shared.weight")
    file = open_weights(write(tensors))
    encoder = load(Component(file, read_t5(file.shapes), "", "T5"), torch.float32, torch.device("cpu"))
    assert torch.equal(encoder.vocabulary.weight, reference.shared.weight)


def test_buckets_are_those_of_transformers() -> None:
    from transformers.models.t5.modeling_t5 import T5Attention

    position = torch.arange(400)
    expected = T5Attention._relative_position_bucket(position[None, :] - position[:, None])
    assert torch.equal(buckets(400, 32, torch.device("cpu")), expected)


def test_umt5_and_old_t5_are_refused_by_name() -> None:
    shapes = {name: tuple(value.shape) for name, value in tensors_of(t5()).items()}
    bias = "encoder.block.{}.layer.0.SelfAttention.relative_attention_bias.weight"
    with pytest.raises(UnknownLayout, match="umT5"):
        read_t5(shapes | {bias.format(1): shapes[bias.format(0)]})
    with pytest.raises(UnknownLayout, match="wi_0"):
        read_t5({name.replace("wi_0", "wi"): shape for name, shape in shapes.items()})


@pytest.mark.parametrize(("layers", "kind"), [(12, "l"), (23, "h"), (24, "h"), (32, "g")])
@pytest.mark.parametrize("start", ["text_model.encoder.layers.", "transformer.resblocks.", "encoder.layers."])
def test_layers_tell_the_encoder(layers: int, kind: str, start: str) -> None:
    assert encoder_kind({f"{start}{i}.mlp.fc1.weight": (1, 1) for i in range(layers)}) == kind


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_files_find_their_places_in_any_order(order: tuple[int, int], write: Write) -> None:
    files = [write(tensors_of(clip_text(64)), "l.safetensors"), write(open_clip_text(clip_text(128)), "g.safetensors")]
    found = assign([open_weights(files[i]) for i in order], SDXL)
    assert {name: component.file.path.name for name, component in found.items()} == {
        "l": "l.safetensors",
        "g": "g.safetensors",
    }
    assert [found[name].network.activation for name in ("l", "g")] == ["quick_gelu", "gelu"]


def test_a_file_that_the_family_has_no_use_for_is_named(write: Write) -> None:
    with pytest.raises(CheckpointError, match=r"t5\.safetensors.*no use for"):
        assign([open_weights(write(tensors_of(t5()), "t5.safetensors"))], SDXL)
    with pytest.raises(CheckpointError, match="no text encoder that we know"):
        assign([open_weights(write({"x": torch.zeros(1)}))], SDXL)


def test_openclip_h_without_its_last_layer_counts_as_whole() -> None:
    assert SD2.rules("h").counted(23) == 24
    assert SD2.rules("h").counted(24) == 24
    assert SD2.rules("h").counted(3) == 3
    assert SDXL.rules("g").counted(23) == 23


def test_loras_know_each_encoder_by_its_own_start(write: Write) -> None:
    l_file, g_file = write(tensors_of(clip_text(64)), "l.st"), write(open_clip_text(clip_text(128)), "g.st")
    found = assign([open_weights(l_file), open_weights(g_file)], SDXL)
    networks = [component.network for component in found.values()]
    assert all(isinstance(network, ClipText) and isinstance(network, TextNetwork) for network in networks)
    assert "lora_te1_" in networks[0].lora_starts
    assert "lora_te2_" in networks[1].lora_starts
    assert not set(networks[0].lora_starts) & set(networks[1].lora_starts)
    stems = networks[0].lora_stems()
    assert stems["text.encoder.layers.0.self_attn.q_proj"] == "text_model.encoder.layers.0.self_attn.q_proj"
    assert stems["projection"] == "text_projection"
    own = T5(32, 2, 64, 4, 8, 64)
    assert own.lora_stems()["encoder.block.1.layer.1.DenseReluDense.wo"] == "encoder.block.1.layer.1.DenseReluDense.wo"
