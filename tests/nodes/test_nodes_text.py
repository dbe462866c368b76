"""The nodes of text encoders: what they ask of the handles, and the keys that samplers read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from graph.context import Context
from graph.folders import Folders, standard_folders
from nodes import text

STATES, POOLED = torch.ones(1, 77, 8), torch.ones(1, 4)


class Asked:
    """Stands for a CLIP and for the engine; remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*positional: Any, **named: Any) -> Any:
            self.calls.append((name, positional, named))
            return [[STATES, {"pooled_output": POOLED}]] if name.startswith("encode") else self

        return call


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return standard_folders(
        [tmp_path / "models"], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "temp"
    )


@pytest.fixture
def context(folders: Folders) -> Context:
    return Context(folders=folders, services=Asked())


def touch(context: Context, place: str) -> Path:
    path = context.folders.root("checkpoints").parent / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_encoding_for_sdxl_says_both_prompts_and_the_sizes(context: Context) -> None:
    clip = Asked()
    sizes = {"width": 1, "height": 2, "crop_w": 3, "crop_h": 4, "target_width": 5, "target_height": 6}
    conditioning = text.encode_text_for_sdxl(clip=clip, **sizes, text_g="g", text_l="l", context=context)
    assert conditioning == [[STATES, {"pooled_output": POOLED, **sizes}]]
    ((name, (parts,), named),) = clip.calls
    assert (name, parts, named["rest"]) == ("encode_parts", {"g": "g", "l": "l"}, "g")


def test_encoding_for_the_refiner_says_the_beauty(context: Context) -> None:
    conditioning = text.encode_text_for_the_refiner(
        ascore=2.5, width=7, height=8, text="a", clip=Asked(), context=context
    )
    assert conditioning == [[STATES, {"pooled_output": POOLED, "aesthetic_score": 2.5, "width": 7, "height": 8}]]


@pytest.mark.parametrize(("padding", "empty"), [("none", None), ("empty_prompt", "")])
def test_sd3s_empty_texts_are_left_out_or_encoded(padding: str, empty: str | None, context: Context) -> None:
    clip = Asked()
    text.encode_text_for_sd3(clip, "l", "", "", padding, context)
    assert clip.calls[0][1] == ({"l": "l", "g": empty, "t5xxl": empty},)


def test_encoding_for_flux_says_the_guidance(context: Context) -> None:
    clip = Asked()
    [[_, options]] = text.encode_text_for_flux(clip, "l", "t", context, 2.0)
    assert options == {"pooled_output": POOLED, "guidance": 2.0}
    assert clip.calls[0][1] == ({"l": "l", "t5xxl": "t"},)


def test_a_controlnets_prompt_goes_beside_the_models(context: Context) -> None:
    given = [[torch.zeros(1, 1, 1), {"strength": 0.5}]]
    [[states, options]] = text.encode_text_for_controlnet(Asked(), given, "a", context)
    assert states is given[0][0]
    assert options == {"strength": 0.5, "cross_attn_controlnet": STATES, "pooled_output_controlnet": POOLED}
    assert given[0][1] == {"strength": 0.5}


def test_t5s_options_reach_the_handle() -> None:
    clip = Asked()
    text.set_t5_options(clip, 3, 9)
    assert clip.calls == [("with_tokenizer_options", (), {"padding": 3, "least": 9})]


def test_loaders_pass_files_type_and_device(context: Context) -> None:
    paths = [touch(context, f"text_encoders/{name}.safetensors") for name in "abc"]
    names = [path.name for path in paths]
    text.load_clip(names[0], "sd3", context, "cpu")
    text.load_two_clips(names[0], names[1], "flux", context)
    text.load_three_clips(*names, context)
    assert context.services.calls == [
        ("load_clip", (paths[:1], "sd3"), {"on_cpu": True}),
        ("load_clip", (paths[:2], "flux"), {"on_cpu": False}),
        ("load_clip", (paths, "sd3"), {}),
    ]


def test_inversions_are_found_by_name_with_and_without_extension_and_in_subfolders(context: Context) -> None:
    plain, deep = touch(context, "embeddings/mine.pt"), touch(context, "embeddings/sub/deep.safetensors")
    find = text.files_for_prompts(context)["find_embedding"]
    assert [find(name) for name in ("mine", "mine.pt")] == [plain, plain]
    assert [find(name) for name in ("sub/deep", "deep", "deep.safetensors")] == [deep] * 3
    assert [find(name) for name in ("none", "../mine", "", "eep")] == [None] * 4


def test_t5s_tokenizer_is_looked_for_in_the_folders_of_text_encoders(context: Context) -> None:
    from tests.models.text_models import write_t5_tokenizer

    find = text.files_for_prompts(context)["find_tokenizer"]
    assert find() is None
    path = write_t5_tokenizer(touch(context, "clip/t5_tokenizer/tokenizer.json"))
    assert find() == path


def test_it_is_found_in_another_tools_folder(context: Context) -> None:
    from tests.models.text_models import write_t5_tokenizer

    path = write_t5_tokenizer(touch(context, "../comfy/text_encoders/t5_tokenizer/tokenizer.json"))
    found = text.files_for_prompts(context)["find_tokenizer"]()
    assert found is not None
    assert found.samefile(path)
