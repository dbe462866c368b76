"""How each family's encoders become one conditioning, against transformers' models and formulas written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models.engine import Engine
from models.errors import CheckpointError, ModelError
from models.files import open_weights
from models.text.detect import find_encoders
from models.text.handle import Clip
from models.text.recipe import RECIPES, SD3, SDXL, SDXL_REFINER, TextRecipe
from tests.models.text_models import END, START, clip_text, open_clip_text, t5, tensors_of, write_t5_tokenizer

Write = Callable[..., Path]
CAT = [START, 320, 1125, 539, 320, 2368, END]  # "a photo of a cat"
PROMPT = "a photo of a cat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text_encoders folder: tiny L, G and T5, with T5's tokenizer."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("text_encoders")
    for name, tensors in (
        ("l", tensors_of(clip_text(64, seed=1))),
        ("g", open_clip_text(clip_text(128, activation="gelu", seed=2))),
        ("t5", tensors_of(t5(width=256, seed=3))),
    ):
        save_file(tensors, folder / f"{name}.safetensors")
    write_t5_tokenizer(folder / "t5_tokenizer" / "tokenizer.json")
    return folder


L, G, T5 = clip_text(64, seed=1), clip_text(128, activation="gelu", seed=2), t5(width=256, seed=3)


def clip_of(engine: Engine, folder: Path, type: str, *names: str) -> Clip:
    return engine.load_clip([folder / f"{name}.safetensors" for name in names], type)


def run(model: Any, ids: list[int], pad: int, layer: int | None = None, length: int = 77) -> Tensor:
    """(1, length, width): transformers' states for ids filled up; None for the last, normalised."""
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids + [pad] * (length - len(ids))]), output_hidden_states=True)
    return found.last_hidden_state if layer is None else found.hidden_states[layer]


def pooled(model: Any, ids: list[int], pad: int, projected: bool) -> Tensor:
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids + [pad] * (77 - len(ids))]))
    return found.text_embeds if projected else found.last_hidden_state[:, ids.index(END)]


def pieces(folder: Path, text: str) -> list[int]:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "t5_tokenizer" / "tokenizer.json")).encode(text).ids


def test_sdxl_joins_the_last_but_one_layers_and_pools_g(engine: Engine, folder: Path) -> None:
    [[states, extra]] = clip_of(engine, folder, "sdxl", "g", "l").encode(PROMPT)
    expected = torch.cat([run(L, CAT, END, -2), run(G, CAT, 0, -2)], -1)
    assert torch.allclose(states, expected, atol=1e-5)
    assert torch.allclose(extra["pooled_output"], pooled(G, CAT, 0, projected=True), atol=1e-5)


@pytest.mark.parametrize("layer", [-1, -3])
def test_the_last_layer_is_set_for_both_and_not_normalised(layer: int, engine: Engine, folder: Path) -> None:
    [[states, _]] = clip_of(engine, folder, "sdxl", "l", "g").with_last_layer(layer).encode(PROMPT)
    expected = torch.cat([run(L, CAT, END, layer), run(G, CAT, 0, layer)], -1)
    assert torch.allclose(states, expected, atol=1e-5)


def test_more_layers_skipped_than_there_are_is_the_last_one_normalised(engine: Engine, folder: Path) -> None:
    [[states, _]] = clip_of(engine, folder, "sdxl", "l", "g").with_last_layer(-20).encode(PROMPT)
    assert torch.allclose(states, torch.cat([run(L, CAT, END), run(G, CAT, 0)], -1), atol=1e-5)


def test_weights_lead_away_from_each_encoders_own_empty_prompt(engine: Engine, folder: Path) -> None:
    clip = clip_of(engine, folder, "sdxl", "l", "g")
    [[states, extra]] = clip.encode("a photo of a (cat:1.5)")
    for model, pad, columns in ((L, END, slice(0, 64)), (G, 0, slice(64, None))):
        plain, empty = run(model, CAT, pad, -2), run(model, [START, END], pad, -2)
        expected = plain.clone()
        expected[:, 5] = (plain[:, 5] - empty[:, 5]) * 1.5 + empty[:, 5]
        assert torch.allclose(states[..., columns], expected, atol=1e-5)
    assert torch.allclose(extra["pooled_output"], pooled(G, CAT, 0, projected=True), atol=1e-5)


def test_a_prompt_of_its_own_for_each_encoder_in_equal_lengths(engine: Engine, folder: Path) -> None:
    clip = clip_of(engine, folder, "sdxl", "l", "g")
    [[states, _]] = clip.encode_parts({"l": "cat " * 80, "g": PROMPT})
    assert states.shape == (1, 154, 192)
    expected = torch.cat([run(G, CAT, 0, -2), run(G, [START, END], 0, -2)], 1)
    assert torch.allclose(states[..., 64:], expected, atol=1e-5)
    [[same, _]] = clip.encode_parts({"l": PROMPT, "g": PROMPT})
    assert torch.allclose(same, clip.encode(PROMPT)[0][0], atol=1e-6)


def test_an_encoder_that_the_family_lacks_is_named(engine: Engine, folder: Path) -> None:
    with pytest.raises(ModelError, match="has no text encoder t5xxl"):
        clip_of(engine, folder, "sdxl", "l", "g").encode_parts({"l": "", "t5xxl": "a"})


def test_the_refiner_is_g_alone(engine: Engine, folder: Path, write: Write) -> None:
    tensors = open_clip_text(G, "conditioner.embedders.0.model.")
    found = find_encoders(open_weights(write(tensors)), SDXL_REFINER)
    [[states, extra]] = Clip(engine, tuple(found.items()), SDXL_REFINER).encode(PROMPT)
    assert torch.allclose(states, run(G, CAT, 0, -2), atol=1e-5)
    assert torch.allclose(extra["pooled_output"], pooled(G, CAT, 0, projected=True), atol=1e-5)


def sd3(folder: Path, names: str) -> tuple[Tensor, Tensor]:
    """What Stable Diffusion 3 is given, written out."""
    width = 256 if "t" in names else 4096
    l_states, g_states = run(L, CAT, END, -2), run(G, CAT, 0, -2)
    parts = []
    if "l" in names and "g" in names:
        parts.append(torch.cat([l_states, g_states], -1))
    elif "l" in names:
        parts.append(l_states)
    elif "g" in names:
        parts.append(torch.cat([torch.zeros(1, 77, 768), g_states], -1))
    parts = [functional.pad(part, (0, width - part.shape[-1])) for part in parts]
    if "t" in names:
        parts.append(run(T5, pieces(folder, PROMPT), 0))
    l_pooled = pooled(L, CAT, END, projected=False) if "l" in names else torch.zeros(1, 768)
    g_pooled = pooled(G, CAT, 0, projected=True) if "g" in names else torch.zeros(1, 1280)
    return torch.cat(parts, 1), torch.cat([l_pooled, g_pooled], -1)


@pytest.mark.parametrize("names", ["lgt", "lg", "lt", "l", "g", "t"])
def test_sd3_takes_any_of_its_encoders(names: str, engine: Engine, folder: Path) -> None:
    whole = clip_of(engine, folder, "sd3", "t5", "l", "g")
    some = tuple((name, component) for name, component in whole.encoders if name[0] in names)
    if len(some) == 3 or "g" not in names:  # alone, so small a G is taken for L
        files = ["t5" if name == "t" else name for name in names]
        assert clip_of(engine, folder, "sd3", *files).encoders == some
    [[states, extra]] = Clip(engine, some, SD3).encode(PROMPT, find_tokenizer=lambda: None)
    expected, expected_pooled = sd3(folder, names)
    assert states.shape == expected.shape
    assert torch.allclose(states, expected, atol=1e-5)
    assert torch.allclose(extra["pooled_output"], expected_pooled, atol=1e-5)


def test_sd3_without_t5_needs_no_tokenizer_for_it(engine: Engine, write: Write) -> None:
    write(tensors_of(L), "l.safetensors")
    path = write(open_clip_text(G), "g.safetensors")
    clip = engine.load_clip([path, path.with_name("l.safetensors")], "sd3")
    assert clip.encode(PROMPT)[0][0].shape == (1, 77, 4096)


def test_sd3_leaves_encoders_without_a_prompt_out(engine: Engine, folder: Path) -> None:
    clip = clip_of(engine, folder, "sd3", "l", "g", "t5")
    [[states, extra]] = clip.encode_parts({"l": None, "g": None, "t5xxl": PROMPT})
    assert torch.allclose(states, run(T5, pieces(folder, PROMPT), 0), atol=1e-5)
    assert torch.equal(extra["pooled_output"], torch.zeros(1, 2048))
    [[states, _]] = clip.encode_parts({"l": PROMPT, "g": None, "t5xxl": None})
    with_empty_g = torch.cat([run(L, CAT, END, -2), run(G, [START, END], 0, -2)], -1)
    assert torch.allclose(states[:, :77, :192], with_empty_g, atol=1e-5)
    assert states.shape[1] == 78  # T5 says its end token alone
    assert torch.allclose(states[:, 77:], run(T5, [1], 0, length=1), atol=1e-5)


def test_sd3_without_any_word_is_zeros(engine: Engine, folder: Path) -> None:
    [[states, extra]] = clip_of(engine, folder, "sd3", "l", "g").encode_parts({"l": None, "g": None, "t5xxl": None})
    assert torch.equal(states, torch.zeros(1, 77, 4096))
    assert torch.equal(extra["pooled_output"], torch.zeros(1, 2048))


def test_flux_takes_t5s_states_and_ls_pooled_vector(engine: Engine, folder: Path) -> None:
    [[states, extra]] = clip_of(engine, folder, "flux", "t5", "l").encode(PROMPT)
    assert torch.allclose(states, run(T5, pieces(folder, PROMPT), 0, length=256), atol=1e-5)
    assert torch.allclose(extra["pooled_output"], pooled(L, CAT, END, projected=False), atol=1e-5)


def test_t5s_weights_lead_away_from_its_empty_prompt(engine: Engine, folder: Path) -> None:
    [[states, _]] = clip_of(engine, folder, "flux", "l", "t5").encode_parts({"l": "", "t5xxl": "a (red cat:0.4) boat"})
    first, weighed, last = (pieces(folder, part)[:-1] for part in ("a ", "red cat", " boat"))
    ids = [*first, *weighed, *last, 1]
    plain, empty = run(T5, ids, 0, length=256), run(T5, [1], 0, length=256)
    expected = plain.clone()
    span = slice(len(first), len(first) + len(weighed))
    expected[:, span] = (plain[:, span] - empty[:, span]) * 0.4 + empty[:, span]
    assert torch.allclose(states, expected, atol=1e-5)


@pytest.mark.parametrize(("padding", "least", "extra"), [(0, 0, 0), (5, 0, 5), (0, 40, None), (50, 40, 50)])
def test_t5_is_filled_up_as_asked(padding: int, least: int, extra: int | None, engine: Engine, folder: Path) -> None:
    clip = clip_of(engine, folder, "flux", "l", "t5").with_tokenizer_options(padding=padding, least=least)
    ids = pieces(folder, PROMPT)
    length = least if extra is None else len(ids) + extra
    [[states, _]] = clip.encode(PROMPT)
    assert torch.allclose(states, run(T5, ids, 0, length=length), atol=1e-5)


def test_t5_goes_beyond_its_least_length_in_one_piece(engine: Engine, folder: Path) -> None:
    prompt = "a photo of a cat and a dog " * 30
    ids = pieces(folder, prompt)
    assert len(ids) > 256
    [[states, _]] = clip_of(engine, folder, "flux", "l", "t5").encode_parts({"l": "", "t5xxl": prompt})
    assert torch.allclose(states, run(T5, ids, 0, length=len(ids)), atol=1e-5)


@pytest.mark.parametrize(
    ("kept", "bytes_each"), [(torch.float16, 2), (torch.bfloat16, 2), (torch.float8_e4m3fn, 2), (torch.float32, 4)]
)
def test_t5_stays_as_small_as_its_file(kept: torch.dtype, bytes_each: int, folder: Path, write: Write) -> None:
    engine = Engine("cpu", "fp32")
    tensors = {name: value.to(kept) for name, value in tensors_of(T5).items()}
    path = write(tensors, "t5.safetensors")
    l_path = folder / "l.safetensors"
    clip = engine.load_clip([path, l_path], "flux")
    alone = Engine("cpu", "fp32")
    alone.load_clip([l_path], "stable_diffusion")
    size = engine.residency.weights() - alone.residency.weights()
    assert size == bytes_each * sum(value.numel() for value in tensors.values())
    reference = t5(width=256, seed=3)
    reference.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=False)
    find = lambda: folder / "t5_tokenizer" / "tokenizer.json"  # noqa: E731
    [[states, _]] = clip.encode(PROMPT, find_tokenizer=find)
    assert torch.allclose(states, run(reference, pieces(folder, PROMPT), 0, length=256), atol=1e-5)


def test_skipping_layers_skips_t5s_too(engine: Engine, folder: Path) -> None:
    """As in ComfyUI, where every encoder of a family is told."""
    [[states, _]] = clip_of(engine, folder, "flux", "l", "t5").with_last_layer(-2).encode(PROMPT)
    with torch.no_grad():
        expected = T5.encoder.final_layer_norm(run(T5, pieces(folder, PROMPT), 0, -2, length=256))
    assert torch.allclose(states, expected, atol=1e-5)


def test_textual_inversions_for_several_encoders(engine: Engine, folder: Path, write: Write) -> None:
    def words(model: Any, ids: list[int]) -> Tensor:
        return model.get_input_embeddings().weight[ids].detach().clone()

    cat = pieces(folder, "cat")[:-1]
    path = write({"clip_g": words(G, [539, 320]), "clip_l": words(L, [1125, 539]), "t5xxl": words(T5, cat)})
    clip = clip_of(engine, folder, "sd3", "l", "g", "t5")
    [[states, _]] = clip.encode("a embedding:mine cat", lambda name: path if name == "mine" else None)
    own = [START, 320, 1125, 539, 2368, END], [START, 320, 539, 320, 2368, END]
    assert torch.allclose(states[:, :77, :64], run(L, own[0], END, -2), atol=1e-5)
    assert torch.allclose(states[:, :77, 64:192], run(G, own[1], 0, -2), atol=1e-5)
    ids = [*pieces(folder, "a")[:-1], *cat, *pieces(folder, "cat")]
    assert torch.allclose(states[:, 77:], run(T5, ids, 0), atol=1e-5)


def test_an_inversion_for_one_of_two_encoders_leaves_its_places_in_the_other_empty(
    engine: Engine, folder: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """The tokens behind it move up there, their weights do not, as in ComfyUI."""
    rows = L.get_input_embeddings().weight[[1125, 539]].detach().clone()
    path = write({"emb_params": rows})
    clip = clip_of(engine, folder, "sdxl", "l", "g")
    [[states, _]] = clip.encode("a embedding:mine (cat:1.5)", lambda _: path)
    read = {"l": run(L, [START, 320, 1125, 539, 2368, END], END, -2), "g": run(G, [START, 320, 2368, END], 0, -2)}
    empty = {"l": run(L, [START, END], END, -2), "g": run(G, [START, END], 0, -2)}
    for name in read:
        read[name][:, 4] += 0.5 * (read[name][:, 4] - empty[name][:, 4])
    assert torch.allclose(states, torch.cat([read["l"], read["g"]], -1), atol=1e-5)
    assert "OpenCLIP-G" in caplog.text


def test_the_part_of_an_inversion_is_chosen_by_name_where_widths_are_equal(engine: Engine, write: Write) -> None:
    twin = clip_text(64, seed=1), clip_text(64, activation="gelu", seed=2)
    tensors = tensors_of(twin[0], "conditioner.embedders.0.transformer.")
    tensors |= open_clip_text(twin[1], "conditioner.embedders.1.model.")
    found = find_encoders(open_weights(write(tensors, "model.safetensors")), SDXL)
    rows = [
        model.get_input_embeddings().weight[[ids]].detach().clone()
        for model, ids in zip(twin, (539, 2368), strict=True)
    ]
    path = write({"clip_g": rows[1], "clip_l": rows[0]}, "mine.safetensors")
    [[states, _]] = Clip(engine, tuple(found.items()), SDXL).encode("embedding:mine", lambda _: path)
    expected = [
        run(model, [START, id, END], pad, -2) for model, id, pad in zip(twin, (539, 2368), (END, 0), strict=True)
    ]
    assert torch.allclose(states, torch.cat(expected, -1), atol=1e-5)


PLACES = {
    "sd1": {"l": "cond_stage_model.transformer."},
    "sdxl": {"l": "conditioner.embedders.0.transformer.", "g": "conditioner.embedders.1.model."},
    "sdxl_refiner": {"g": "conditioner.embedders.0.model."},
    "sd3": {
        "l": "text_encoders.clip_l.transformer.",
        "g": "text_encoders.clip_g.transformer.",
        "t5xxl": "text_encoders.t5xxl.transformer.",
    },
    "flux": {"l": "text_encoders.clip_l.transformer.", "t5xxl": "text_encoders.t5xxl.transformer."},
}

FOLDERS = {
    "sd1": {"l": "text_encoder."},
    "sdxl": {"l": "text_encoder.", "g": "text_encoder_2."},
    "sdxl_refiner": {"g": "text_encoder_2."},
    "sd3": {"l": "text_encoder.", "g": "text_encoder_2.", "t5xxl": "text_encoder_3."},
    "flux": {"l": "text_encoder.", "t5xxl": "text_encoder_2."},
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("places", [PLACES, FOLDERS], ids=["single file", "diffusers"])
def test_encoders_are_where_published_files_and_folders_have_them(
    places: dict[str, dict[str, str]], name: str, write: Write
) -> None:
    tensors: dict[str, Tensor] = {"model.diffusion_model.x": torch.zeros(1)}
    models = {"l": L, "g": G, "t5xxl": T5}
    for encoder, prefix in places[name].items():
        layout = open_clip_text if prefix.endswith("model.") else tensors_of
        tensors |= layout(models[encoder], prefix)
    recipe: TextRecipe = RECIPES[name]
    found = find_encoders(open_weights(write(tensors)), recipe)
    assert set(found) == set(places[name])
    assert [found[rules.name].network.lora_starts for rules in recipe.encoders] == [
        rules.lora_starts for rules in recipe.encoders
    ]
    assert recipe.is_complete(set(found))
    assert find_encoders(open_weights(write({"x": torch.zeros(1)}, "none.safetensors")), recipe) == {}
    assert not recipe.is_complete(set())


def test_only_sd3_may_lack_encoders(write: Write) -> None:
    assert SD3.is_complete({"l"})
    assert not SDXL.is_complete({"l"})
    half = open_weights(write(tensors_of(L, "conditioner.embedders.0.transformer.")))
    assert find_encoders(half, SDXL) == {}


def test_encoders_may_stay_off_the_device(folder: Path) -> None:
    engine = Engine("cpu", "fp32")
    assert clip_of(engine, folder, "stable_diffusion", "l").engine is engine
    engine.device = torch.device("cuda")  # as if there were one
    clip = engine.load_clip([folder / "l.safetensors"], "stable_diffusion", on_cpu=True)
    assert clip.engine is not engine
    assert clip.engine.device.type == "cpu"
    assert clip.encode(PROMPT)[0][0].shape == (1, 77, 64)
    assert clip.engine.residency.weights() > 0
    engine.device = torch.device("cpu")
    engine.free()
    assert clip.engine.residency.weights() == 0


def test_loaders_refuse_what_does_not_belong_together(engine: Engine, folder: Path) -> None:
    with pytest.raises(ModelError, match="Flux needs T5-XXL as well"):
        clip_of(engine, folder, "flux", "l")
    with pytest.raises(ModelError, match="wan belong to a family"):
        clip_of(engine, folder, "wan", "t5")
    with pytest.raises(CheckpointError, match="no family uses alone"):
        clip_of(engine, folder, "stable_diffusion", "t5")
    with pytest.raises(CheckpointError, match="a second time"):
        clip_of(engine, folder, "sd3", "t5", "t5")


def test_one_file_of_the_usual_type_is_its_own_family(engine: Engine, folder: Path) -> None:
    clip = clip_of(engine, folder, "stable_diffusion", "l")
    assert clip.recipe.name == "sd1"
    [[states, extra]] = clip.encode(PROMPT)
    assert torch.allclose(states, run(L, CAT, END), atol=1e-5)
    assert torch.allclose(extra["pooled_output"], pooled(L, CAT, END, projected=False), atol=1e-5)


def test_t5_without_its_tokenizer_says_what_is_missing_and_where_it_goes(engine: Engine, write: Write) -> None:
    write(tensors_of(L), "l.safetensors")
    path = write(tensors_of(T5), "t5.safetensors")
    clip = engine.load_clip([path, path.with_name("l.safetensors")], "flux")
    with pytest.raises(
        ModelError, match=r"t5\.safetensors needs T5's tokenizer.*spiece\.model.*text_encoders/t5_tokenizer"
    ):
        clip.encode(PROMPT)


def parts_of(states: Tensor, type: str) -> dict[str, Tensor]:
    """What each encoder says in a family's states."""
    if type == "flux":
        return {"t5xxl": states}
    found = {"l": states[:, :77, :64], "g": states[:, :77, 64:192]}
    return found | ({"t5xxl": states[:, 77:]} if type == "sd3" else {})


@pytest.mark.parametrize(
    ("type", "stem", "changed"),
    [
        ("sdxl", "lora_te1_text_model_encoder_layers_1_self_attn_q_proj", "l"),
        ("sdxl", "lora_te2_text_model_encoder_layers_1_self_attn_q_proj", "g"),
        ("sdxl", "text_encoder_2.text_model.encoder.layers.1.self_attn.q_proj", "g"),
        ("sdxl", "lora_te2_text_projection", "pooled"),
        ("sd3", "lora_te3_encoder_block_1_layer_0_SelfAttention_q", "t5xxl"),
        ("flux", "lora_te2_encoder_block_1_layer_0_SelfAttention_q", "t5xxl"),
    ],
)
def test_a_lora_changes_the_encoder_that_it_names(
    type: str, stem: str, changed: str, engine: Engine, folder: Path, write: Write
) -> None:
    files = {"sdxl": ("l", "g"), "sd3": ("l", "g", "t5"), "flux": ("l", "t5")}[type]
    clip = clip_of(engine, folder, type, *files)
    out, into = {"l": (64, 64), "g": (128, 128), "pooled": (48, 128), "t5xxl": (48, 256)}[changed]
    up, down = torch.randn(out, 2), torch.randn(2, into)
    lora = engine.load_lora(write({f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}))
    [[before, before_extra]] = clip.encode(PROMPT)
    [[after, after_extra]] = clip.with_lora(lora, 0.5).encode(PROMPT)
    said_before, said_after = parts_of(before, type), parts_of(after, type)
    for name, states in said_before.items():
        assert torch.allclose(states, said_after[name], atol=1e-6) == (name != changed), name
    same = torch.allclose(before_extra["pooled_output"], after_extra["pooled_output"], atol=1e-6)
    assert same == (changed not in ("g", "pooled"))
    if changed == "pooled":
        with torch.no_grad():
            state = G(input_ids=torch.tensor([CAT + [0] * 70])).last_hidden_state[:, 6]
        expected = before_extra["pooled_output"] + 0.5 * state @ (up @ down).t()
        assert torch.allclose(after_extra["pooled_output"], expected, atol=1e-4)
