"""Saved models: the same bits when they are loaded again, under the names that others know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from graph.context import Context
from models.extract import low_rank
from models.handles import Clip, Model, Vae
from models.load import Component
from models.numbered import SaveError
from nodes import merging, save_models
from tests.nodes.zoo import Zoo

FAMILIES = ("sd1", "sd1-inpainting", "sdxl", "sd3", "flux")
Weights = dict[str, Tensor]


def weights(engine: Any, component: Component, patches: Any = (), dtype: torch.dtype = torch.float32) -> Weights:
    with engine.residency.use(component, dtype, tuple(patches)) as module:
        return {name: value.clone() for name, value in module.state_dict().items()}


def everything(model: Model, clip: Clip, vae: Vae) -> Weights:
    found = {f"model.{k}": v for k, v in weights(model.engine, model.component, model.patches).items()}
    for name, component in clip.encoders:
        those = weights(clip.engine, component, clip.patches, clip.dtype_of(component))
        found |= {f"{name}.{k}": v for k, v in those.items()}
    return found | {f"vae.{k}": v for k, v in weights(vae.engine, vae.component).items()}


def changed(model: Model, clip: Clip) -> tuple[Model, Clip]:
    """Some of the weights of each, by a merge with itself and by factors."""
    model = merging.merge_subtract(model, model, 0.7)
    model = merging.merge_add(model, model)
    return model, merging.multiply_clip_attention(clip, 1.5, 0.7, 1.1, 0.3)


def only_file(context: Context, folder: str) -> Path:
    [path] = (context.folders.root("output") / folder).glob("*.safetensors")
    return path


@pytest.mark.parametrize("patched", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_is_the_same_when_loaded_again(family: str, patched: bool, zoo: Zoo, context: Context):
    model, clip, vae = zoo.loaded(family)
    if patched:
        model, clip = changed(model, clip)
    save_models.save_checkpoint(model, clip, vae, context)
    path = only_file(context, "checkpoints")
    assert path.name == "ComfyUI_00001_.safetensors"
    again = model.engine.load_checkpoint(path)
    before, after = everything(model, clip, vae), everything(*again)
    assert before.keys() == after.keys()
    assert [name for name in before if not torch.equal(before[name], after[name])] == []
    assert again.model.family == model.family
    assert again.model.prediction == model.prediction


@pytest.mark.parametrize("family", FAMILIES)
def test_names_and_shapes_are_those_of_the_file_that_was_loaded(family: str, zoo: Zoo, context: Context):
    model, clip, vae = zoo.loaded(family)
    if len({handle.component.file for handle in (model, vae)} | {c.file for _, c in clip.encoders}) > 1:
        pytest.skip("its parts come from several files")
    save_models.save_checkpoint(*changed(model, clip), vae, context)
    saved, loaded = load_file(only_file(context, "checkpoints")), load_file(model.component.file.path)
    ignored = {name for name in loaded if name.endswith(("position_ids", "logit_scale"))}
    assert saved.keys() == loaded.keys() - ignored
    assert [name for name in saved if saved[name].shape != loaded[name].shape] == []


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_a_checkpoint_of_parts_has_the_published_beginnings(family: str, zoo: Zoo, context: Context):
    save_models.save_checkpoint(*zoo.loaded(family), context)
    names = load_file(only_file(context, "checkpoints")).keys()
    encoders = ["clip_l", "t5xxl"] + (["clip_g"] if family == "sd3" else [])
    starts = {name.split(".")[0] for name in names}
    assert starts == {"model", "first_stage_model", "text_encoders"}
    assert {name.split(".")[1] for name in names if name.startswith("text_encoders.")} == set(encoders)
    table = "transformer.text_model.embeddings.token_embedding.weight"
    assert {f"text_encoders.{name}.{table}" for name in encoders if name != "t5xxl"} <= names
    assert "text_encoders.t5xxl.transformer.shared.weight" in names
    first = "joint_blocks.0.x_block.attn.qkv.weight" if family == "sd3" else "double_blocks.0.img_attn.qkv.weight"
    assert f"model.diffusion_model.{first}" in names


def test_what_no_patch_touches_is_kept_as_the_file_has_it(zoo: Zoo, context: Context, tmp_path: Path):
    """Half precision in, half precision out, whatever the engine runs in."""
    halves = {name: value.half() for name, value in load_file(zoo.model("sd1").component.file.path).items()}
    save_file(halves, tmp_path / "half.safetensors")
    model, clip, vae = zoo.model("sd1").engine.load_checkpoint(tmp_path / "half.safetensors")
    save_models.save_checkpoint(merging.multiply_self_attention(model, q=2.0), clip, vae, context)
    saved = load_file(only_file(context, "checkpoints"))
    for name, value in halves.items():
        if name in saved and ".attn1.to_q." in name and name.startswith("model."):
            assert torch.equal(saved[name], value.float() * 2)
        elif name in saved:
            assert saved[name].dtype == torch.float16
            assert torch.equal(saved[name], value)
    assert len(saved) > 100


def test_a_model_and_its_parts_alone(zoo: Zoo, context: Context):
    model, clip, vae = zoo.loaded("sdxl")
    save_models.save_model(merging.multiply_self_attention(model, q=2.0), context)
    save_models.save_clip(merging.multiply_clip_attention(clip, q=2.0), context)
    save_models.save_vae(vae, context)
    root = context.folders.root("output")
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*.safetensors"))
    assert names == [
        "clip/ComfyUI_clip_g_00001_.safetensors",
        "clip/ComfyUI_clip_l_00001_.safetensors",
        "diffusion_models/ComfyUI_00001_.safetensors",
        "vae/ComfyUI_vae_00001_.safetensors",
    ]
    engine = model.engine
    alone = engine.load_model(root / names[2])
    expected = weights(engine, model.component, merging.multiply_self_attention(model, q=2.0).patches)
    found = weights(engine, alone.component)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    again = engine.load_vae(root / names[3])
    latent = torch.randn(1, vae.network.latent_channels, 4, 4)
    assert torch.equal(again.decode(latent), vae.decode(latent))
    encoders = engine.load_clip([root / names[0], root / names[1]], "sdxl")
    doubled = merging.multiply_clip_attention(clip, q=2.0)
    assert torch.equal(encoders.encode("a cat")[0][0], doubled.encode("a cat")[0][0])
    assert all(name.startswith(("text_model.", "text_projection.")) for name in load_file(root / names[0]))


def test_metadata(zoo: Zoo, context: Context):
    prompt = {"1": {"class_type": "CheckpointSave", "inputs": {}}}
    model = zoo.model("sdxl")
    save_models.save_model(model, context, "a/b", prompt, {"workflow": {"nodes": ["ä"]}})
    with safe_open(only_file(context, "a"), "pt") as file:
        said = file.metadata()
    assert json.loads(said["prompt"]) == prompt
    assert json.loads(said["workflow"]) == {"nodes": ["ä"]}
    assert said["modelspec.architecture"] == "stable-diffusion-xl-v1-base"
    assert said["modelspec.title"] == "b 1"
    assert said["modelspec.predict_key"] == {"eps": "epsilon", "v": "v"}[model.prediction.kind]


def test_what_a_model_predicts_is_saved_with_it(zoo: Zoo, context: Context):
    from models.prediction import discrete

    model = zoo.model("sd1").with_prediction(discrete("v", zero_terminal_snr=True))
    save_models.save_model(model, context)
    path = only_file(context, "diffusion_models")
    assert {"v_pred", "ztsnr"} <= load_file(path).keys()
    again = model.engine.load_model(path)
    assert again.prediction.kind == "v"
    assert again.prediction.sigma_max == model.prediction.sigma_max


def test_a_failure_leaves_nothing_behind(zoo: Zoo, context: Context, monkeypatch: pytest.MonkeyPatch):
    model = zoo.model("sd1")
    monkeypatch.setattr("models.files.WeightFile.read", lambda *_: (_ for _ in ()).throw(ValueError("stop")))
    with pytest.raises(ValueError, match="stop"):
        save_models.save_model(model, context)
    assert not [path for path in context.folders.root("output").rglob("*") if path.is_file()]
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("", (), {"free": 1000}))
    with pytest.raises(SaveError, match=r"The disk is full: ComfyUI .* was not saved"):
        save_models.save_model(model, context)


@pytest.mark.parametrize("full", [False, True])
def test_a_lora_of_a_difference(full: bool, zoo: Zoo, context: Context):
    """A difference of low rank comes back whole: the LoRA on the base gives what it was made of."""
    base, base_clip, _ = zoo.loaded("sd1")
    engine = base.engine
    lora = engine.load_lora(context_lora(zoo, context))
    tuned, tuned_clip = base.with_lora(lora, 0.5), base_clip.with_lora(lora, 0.5)
    difference = merging.merge_subtract(tuned, base), merging.clip_merge_subtract(tuned_clip, base_clip)
    kind = "full_diff" if full else "standard"
    save_models.save_lora(context, "loras/x", 2, kind, True, *difference)
    path = only_file(context, "loras")
    saved = load_file(path)
    assert all(value.dtype == torch.float16 for value in saved.values())
    again = engine.load_lora(path)
    for before, after, component in (
        (tuned, base.with_lora(again, 1.0), base.component),
        (tuned_clip, base_clip.with_lora(again, 1.0), base_clip.encoders[0][1]),
    ):
        expected, found = (weights(engine, component, handle.patches) for handle in (before, after))
        original = weights(engine, component)
        moved = [name for name in expected if not torch.equal(expected[name], original[name])]
        assert moved
        for name in moved:
            distance = (found[name] - expected[name]).norm() / (expected[name] - original[name]).norm()
            assert distance < (0.01 if full else 0.4), name  # the largest values are clamped, as ComfyUI does


def context_lora(zoo: Zoo, context: Context) -> Path:
    """A LoRA on one matrix, one convolution and one text projection, rank 2."""
    torch.manual_seed(5)
    modules = {
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_unet_input_blocks_1_0_in_layers_2": (32, 32, 3, 3),
        "lora_te_text_model_encoder_layers_0_mlp_fc1": (128, 64),
    }
    tensors: Weights = {}
    for name, shape in modules.items():
        tensors[f"{name}.lora_up.weight"] = torch.randn(shape[0], 2, *[1] * (len(shape) - 2))
        tensors[f"{name}.lora_down.weight"] = torch.randn(2, *shape[1:])
    path = context.folders.root("input") / "made.safetensors"
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("shape", [(40, 60), (60, 40, 3, 3), (30, 50, 1, 1)])
def test_the_product_is_the_nearest_of_its_rank(shape: tuple[int, ...]):
    """Eckart and Young: what is left are the other singular values; clamping one value in a hundred adds little."""
    torch.manual_seed(0)
    difference = torch.randn(shape)
    up, down = low_rank(difference, 8)
    assert up.shape == (shape[0], 8, *[1] * (len(shape) - 2))
    assert down.shape == (8, *shape[1:])
    left = (up.flatten(1) @ down.flatten(1) - difference.flatten(1)).norm()
    values = torch.linalg.svdvals(difference.flatten(1))
    assert values[8:].norm() <= left < 1.05 * values[8:].norm()
    assert low_rank(difference, 4096)[0].shape[1] == min(shape[:2])


def test_no_difference_is_no_lora(zoo: Zoo, context: Context):
    model = zoo.model("sd1")
    nothing = merging.merge_subtract(model, model)
    with pytest.raises(ValueError, match="do not differ"):
        save_models.save_lora(context, bias_diff=False, model_diff=nothing)
    assert save_models.save_lora(context).values == ()
