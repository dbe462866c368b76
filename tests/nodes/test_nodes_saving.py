"""Saved files: their names, what they carry, and what is left when writing fails."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pillow
from safetensors.torch import save_file

from graph.context import Context
from graph.errors import Cancelled, FileNameError
from graph.node import Results
from models import numbered, saving
from models.errors import CheckpointError
from models.numbered import SaveError, next_number, write_numbered
from nodes import image, output
from nodes.naming import expand

NOW = datetime(2026, 3, 9, 7, 5, 2)
PROMPT: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 42, "cfg": 4.5, "model": ["4", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a/cat: *"}, "_meta": {"title": "My prompt"}},
}


def saved(result: Results, kind: str = "images") -> list[dict[str, str]]:
    return list(result.ui[kind])


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("ComfyUI", "ComfyUI"),
        ("%width%x%height%", "64x32"),
        ("%year%-%month%-%day% %hour%.%minute%.%second%", "2026-03-09 07.05.02"),
        ("%date%", "20260309070502"),
        ("%date:yyyy-MM-dd hh:mm:ss%", "2026-03-09 07_05_02"),
        ("%date:d.M.yy%", "9.3.26"),
        ("%KSampler.seed%/%3.cfg%", "42/4.5"),
        ("%My prompt.text%", "a_cat_ _"),
        ("%KSampler.model%-%Nobody.seed%", "%KSampler.model%-%Nobody.seed%"),
        ("100% cotton, 50% wool", "100% cotton, 50% wool"),
        ("%batch_num%", "%batch_num%"),
    ],
)
def test_patterns_in_names(prefix: str, name: str) -> None:
    assert expand(prefix, PROMPT, 64, 32, NOW) == name


def test_pictures_carry_the_graph_that_made_them(context: Context, picture: torch.Tensor) -> None:
    extra = {"workflow": {"nodes": ["ä"]}}
    result = output.save_image(picture, context, "cats/a", PROMPT, extra)
    assert saved(result) == [
        {"filename": "a_00001_.png", "subfolder": "cats", "type": "output"},
        {"filename": "a_00002_.png", "subfolder": "cats", "type": "output"},
    ]
    with Pillow.open(context.folders.root("output") / "cats" / "a_00002_.png") as file:
        assert json.loads(file.text["prompt"]) == PROMPT
        assert json.loads(file.text["workflow"]) == extra["workflow"]
    assert next(iter(file.text)) == "prompt"


def test_saved_and_loaded_is_the_same_to_eight_bits(context: Context) -> None:
    exact = torch.arange(48).reshape(1, 4, 4, 3) / 255
    name = saved(output.save_image(exact, context))[0]["filename"]
    assert torch.equal(image.load_image(f"{name} [output]", context)[0], exact)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_colour_and_transparent_pictures_are_saved(context: Context, channels: int) -> None:
    name = saved(output.save_image(torch.full((1, 2, 2, channels), 0.5), context))[0]["filename"]
    with Pillow.open(context.folders.root("output") / name) as file:
        assert len(file.getbands()) == channels


def test_numbers_go_on_from_the_highest(context: Context, picture: torch.Tensor) -> None:
    root = context.folders.root("output")
    for name in (
        "a_00007_.png",
        "a_00011_.webp",
        "a_00012_mask.png",
        "a_b_00099_.png",
        "a_.png",
        "a_x.png",
        "ab_00050_.png",
    ):
        (root / name).touch()
    assert next_number(root, "a") == 13
    assert saved(output.save_image(picture[:1], context, "a"))[0]["filename"] == "a_00013_.png"


def test_batch_numbers_are_filled_in(context: Context, picture: torch.Tensor) -> None:
    names = [item["filename"] for item in saved(output.save_image(picture, context, "n%batch_num%"))]
    assert names == ["n0_00001_.png", "n1_00002_.png"], "the batch is counted on"
    names = [item["filename"] for item in saved(output.save_image(picture, context, "n%batch_num%"))]
    assert names == ["n0_00002_.png", "n1_00003_.png"], "no file is written over"


def test_a_prefix_that_is_a_folder(context: Context, picture: torch.Tensor) -> None:
    assert saved(output.save_image(picture[:1], context, "cats/"))[0] == {
        "filename": "__00001_.png",
        "subfolder": "cats",
        "type": "output",
    }


def test_a_prefix_that_is_empty(context: Context, picture: torch.Tensor) -> None:
    [file] = saved(output.save_image(picture[:1], context, ""))
    assert (file["filename"], file["subfolder"]) == ("__00001_.png", "")


@pytest.mark.parametrize(
    "prefix", ["../a", "a/../../b", "/tmp/a", "\\\\server\\a", "C:\\a", "a\0b", "%My prompt.text%/../.."]
)
def test_a_prefix_that_leaves_the_folder_is_refused(context: Context, picture: torch.Tensor, prefix: str) -> None:
    with pytest.raises(FileNameError):
        output.save_image(picture, context, prefix, PROMPT)
    assert not any(context.folders.root("output").iterdir())


def test_previews_go_to_the_temporary_folder(context: Context, picture: torch.Tensor) -> None:
    first, second = (saved(output.preview_image(picture[:1], context))[0] for _ in range(2))
    assert first["type"] == "temp"
    assert first["filename"].startswith("ComfyUI_temp_")
    assert first["filename"].endswith("_00001_.png")
    assert first["filename"] != second["filename"]
    masks = saved(output.preview_mask(torch.rand(3, 4, 5), context))
    assert len(masks) == 3
    with Pillow.open(context.folders.root("temp") / masks[0]["filename"]) as shown:
        assert shown.mode == "RGB"


def test_what_is_compared_is_told_in_two_lists(context: Context, picture: torch.Tensor) -> None:
    both = output.compare_images(context, picture[:1], picture[:2]).ui
    assert [len(both["a_images"]), len(both["b_images"])] == [1, 2]
    assert both["a_images"][0]["type"] == "temp"
    assert output.compare_images(context, None, picture[:1]).ui["a_images"] == []


def test_latents_survive_saving(context: Context) -> None:
    latent = torch.randn(2, 4, 3, 5)
    item = saved(output.save_latent({"samples": latent}, context, "a", PROMPT), "latents")[0]
    assert item == {"filename": "a_00001_.latent", "subfolder": "", "type": "output"}
    assert torch.equal(output.load_latent("a_00001_.latent [output]", context)["samples"], latent)


def test_the_first_format_of_latents_was_scaled(tmp_path: Path) -> None:
    save_file({"latent_tensor": torch.tensor([0.18215])}, tmp_path / "old.latent")
    assert saving.read_latent(tmp_path / "old.latent").tolist() == pytest.approx([1.0])


def test_what_is_no_latent_is_named(context: Context) -> None:
    root = context.folders.root("input")
    save_file({"weight": torch.ones(2)}, root / "lora.latent")
    (root / "empty.latent").touch()
    (root / "words.latent").write_text("these are only words\n")
    for name, sentence in (("lora", "no latent is in it"), ("empty", "is empty"), ("words", "a text file")):
        with pytest.raises(CheckpointError, match=rf"{name}\.latent: .*{sentence}"):
            output.load_latent(f"{name}.latent", context)


def _write_many(folder: Path, count: int) -> None:
    for _ in range(count):
        write_numbered(folder, "a", ".png", os.urandom(16))


def test_writers_at_once_never_take_each_other_s_name(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(_write_many, [(tmp_path, 25)] * 4)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"a_{n:05}_.png" for n in range(1, 101)]
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 100


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks /proc which file is meant")
def test_a_name_is_on_the_disk_when_the_writer_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[tuple[str, list[str]]] = []

    def note(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        forced.append((path.name[:8], sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []))

    monkeypatch.setattr(numbered.os, "fsync", note)
    write_numbered(tmp_path / "new", "a", ".png", b"1")
    assert forced == [(".saving-", []), ("new", ["a_00001_.png"])]


def test_a_disk_that_cannot_link_still_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(numbered.os, "link", refuse)
    monkeypatch.setattr(numbered, "next_number", lambda *_: 1)
    assert [write_numbered(tmp_path, "a", ".png", b"%d" % i).name for i in range(2)] == ["a_00001_.png", "a_00002_.png"]
    assert (tmp_path / "a_00001_.png").read_bytes() == b"0"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_name_that_was_taken_for_nothing_is_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "not possible")

    monkeypatch.setattr(numbered.os, "link", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SaveError, match="not possible"):
        write_numbered(tmp_path, "a", ".png", b"1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not write"), (errno.EIO, "not saved")]
)
def test_a_disk_that_fails_leaves_nothing_and_is_named(
    context: Context, picture: torch.Tensor, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(numbered.os, "fsync", fail)
    with pytest.raises(SaveError, match=sentence):
        output.save_image(picture, context, "a")
    assert not any(context.folders.root("output").iterdir())


def test_a_folder_that_is_a_file_is_named(context: Context, picture: torch.Tensor) -> None:
    (context.folders.root("output") / "a").touch()
    with pytest.raises(SaveError, match="b was not saved"):
        output.save_image(picture, context, "a/b")


def test_an_interrupt_stops_between_pictures(context: Context, picture: torch.Tensor) -> None:
    asked = iter([False, True])
    stopping = Context(folders=context.folders, cancelled=lambda: next(asked))
    with pytest.raises(Cancelled):
        output.save_image(picture, stopping, "a")
    assert len(list(context.folders.root("output").iterdir())) == 1


def test_a_folder_is_counted_once_until_somebody_else_changes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    count = numbered.next_number

    def noted(folder: Path, stem: str) -> int:
        counted.append(stem)
        return count(folder, stem)

    monkeypatch.setattr(numbered, "next_number", noted)
    names = [write_numbered(tmp_path, stem, ".txt", b"x").name for stem in ("a", "a", "b", "A", "b")]
    assert names == ["a_00001_.txt", "a_00002_.txt", "b_00001_.txt", "A_00003_.txt", "b_00002_.txt"]
    assert counted == ["a", "b"]
    (tmp_path / "a_00010_.png").touch()
    os.utime(tmp_path, ns=(1, 1))  # a coarse clock may not show the change
    assert write_numbered(tmp_path, "a", ".txt", b"x").name == "a_00011_.txt"
    assert counted == ["a", "b", "a"]
