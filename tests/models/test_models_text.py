"""Prompts through a text encoder, against transformers' own forward."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

from models.engine import Engine, Loaded
from models.networks.clip_text import ClipText
from models.text.tokens import tokenize
from tests.models.conftest import TEXT, TEXT2, filled


def direct(network: ClipText, ids: list[int], layer: int = -1) -> tuple[torch.Tensor, torch.Tensor]:
    """What transformers makes of the ids with our weights."""
    config = CLIPTextConfig(
        hidden_size=network.width,
        num_hidden_layers=network.layers,
        intermediate_size=network.inner,
        num_attention_heads=network.heads,
        vocab_size=network.tokens,
        hidden_act=network.activation,
    )
    module = CLIPTextModel(config).eval()
    weights = {name.removeprefix("text."): value for name, value in filled(network).state_dict().items()}
    missing = module.load_state_dict(weights, strict=False).missing_keys
    assert not [name for name in missing if "position_ids" not in name]
    with torch.no_grad():
        found = module(input_ids=torch.tensor([ids]), output_hidden_states=True)
        states = found.last_hidden_state if layer == -1 else module.final_layer_norm(found.hidden_states[layer])
    return states, found.last_hidden_state[:, ids.index(49407)]


def ids_of(text: str, loaded: Loaded) -> list[int]:
    (chunk,) = tokenize(text, loaded.clip.recipe.encoders[0].tokens)
    return [token.id for token in chunk]


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_a_plain_prompt_is_the_encoders_output(layer: int, loaded: Loaded):
    [[states, extra]] = loaded.clip.with_last_layer(layer).encode("a photo of a cat")
    expected, pooled = direct(TEXT, ids_of("a photo of a cat", loaded), layer)
    assert torch.allclose(states, expected, atol=1e-4)
    assert torch.allclose(extra["pooled_output"], pooled, atol=1e-4)


def test_more_layers_skipped_than_there_are_is_the_last_layer(loaded: Loaded):
    [[states, _]] = loaded.clip.with_last_layer(-20).encode("a cat")
    [[last, _]] = loaded.clip.encode("a cat")
    assert torch.equal(states, last)


def test_sd2_takes_the_last_but_one_layer_and_pads_with_zero(engine: Engine, sd2: Path):
    loaded = engine.load_checkpoint(sd2)
    [[states, _]] = loaded.clip.encode("a cat")
    ids = ids_of("a cat", loaded)
    assert ids[-1] == 0
    assert torch.allclose(states, direct(TEXT2, ids, -2)[0], atol=1e-4)


def test_weights_move_from_the_empty_prompt(loaded: Loaded):
    [[plain, _]] = loaded.clip.encode("a cat")
    [[empty, _]] = loaded.clip.encode("")
    [[strong, _]] = loaded.clip.encode("a (cat:1.5)")
    expected = plain.clone()
    expected[:, 2] = empty[:, 2] + 1.5 * (plain[:, 2] - empty[:, 2])
    assert torch.allclose(strong, expected, atol=1e-5)


def test_long_prompts_are_chunks_one_after_another(loaded: Loaded):
    [[states, extra]] = loaded.clip.encode("cat " * 160)
    [[first, first_extra]] = loaded.clip.encode("cat " * 75)
    assert states.shape == (1, 3 * 77, 64)
    assert torch.allclose(states[:, :77], first, atol=1e-5)
    assert torch.allclose(extra["pooled_output"], first_extra["pooled_output"], atol=1e-5)


@pytest.mark.parametrize("name", ["emb_params", "clip_l", "anything"])
def test_an_embedding_equal_to_words_is_the_words(name: str, loaded: Loaded, write: Callable[..., Path]):
    table = filled(TEXT).vocabulary.weight
    path = write({name: table[[1125, 539]].detach()}, "photo-of.safetensors")
    [[states, _]] = loaded.clip.encode("a embedding:photo-of a cat", lambda _: path)
    [[words, _]] = loaded.clip.encode("a photo of a cat")
    assert torch.allclose(states, words, atol=1e-5)


def test_an_embedding_of_the_first_trainers_layout(loaded: Loaded, tmp_path: Path):
    path = tmp_path / "old.pt"
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": torch.randn(2, 64)}}, path)
    [[states, _]] = loaded.clip.encode("embedding:old", lambda _: path)
    [[without, _]] = loaded.clip.encode("")
    assert not torch.allclose(states, without, atol=1e-3)


def test_an_embedding_in_a_list_of_dictionaries(loaded: Loaded, tmp_path: Path):
    table = filled(TEXT).vocabulary.weight.detach()
    path = tmp_path / "parts.pt"
    torch.save([{"first": table[1125], "wide": torch.randn(1, 99)}, {"second": table[[539]]}], path)
    [[states, _]] = loaded.clip.encode("embedding:parts cat", lambda _: path)
    [[words, _]] = loaded.clip.encode("photo of cat")
    assert torch.allclose(states, words, atol=1e-5)


def test_an_embedding_for_another_model_is_left_out(loaded: Loaded, write: Callable[..., Path], caplog):
    path = write({"emb_params": torch.randn(2, 768)})
    [[states, _]] = loaded.clip.encode("a embedding:wide cat", lambda _: path)
    [[without, _]] = loaded.clip.encode("a cat")
    assert torch.allclose(states, without, atol=1e-5)
    assert "wide" in caplog.text


def test_weights_of_half_precision_stay_so_when_they_are_changed(engine: Engine, sd1: Path, write: Callable[..., Path]):
    """What flows through them is float32; a LoRA's sum is rounded to what the file keeps."""
    half = write({name: value.half() for name, value in load_file(sd1).items()}, "half.safetensors")
    clip = engine.load_checkpoint(half).clip
    name = "text.encoder.layers.1.mlp.fc1.weight"
    up, down = torch.randn(128, 2), torch.randn(2, 64)
    stem = "lora_te_text_model_encoder_layers_1_mlp_fc1"
    file = write({f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}, "lora.safetensors")
    [(_, component)] = clip.encoders
    patched = clip.with_lora(engine.load_lora(file), 0.3)
    with engine.residency.use(component, clip.dtype_of(component)) as module:
        before = module.get_parameter(name).clone()
    with engine.residency.use(component, clip.dtype_of(component), patched.patches) as module:
        after = module.get_parameter(name).clone()
    assert before.dtype == after.dtype == torch.float16
    assert torch.allclose(after.float(), before.float() + 0.3 * (up @ down), rtol=1e-3, atol=1e-6)
    [[states, _]] = patched.encode("a cat")
    assert states.dtype == torch.float32
