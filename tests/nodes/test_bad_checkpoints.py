"""Broken checkpoints in a graph: the loader node says what is wrong with which file, and the run goes no further."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from graph.cache import Cache
from graph.execute import Executor, Job
from graph.folders import Folders
from graph.parse import parse
from graph.validate import validate
from models.engine import Engine
from nodes.library import core_registry
from tests.models.conftest import sd1_tensors

REGISTRY = core_registry()


class Evil:
    """Sets a flag when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("import builtins; builtins.easel_ran = True",)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "whole.safetensors"
    save_file(sd1_tensors(), path)
    return path


def cut_short(whole: Path, path: Path) -> None:
    content = whole.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def not_numbers(whole: Path, path: Path) -> None:
    tensors = load_file(whole)
    tensors["model.diffusion_model.out.2.bias"].fill_(float("nan"))
    save_file(tensors, path)


BROKEN: dict[str, tuple[str, Callable[[Path, Path], object], str]] = {
    "cut short": ("cut.safetensors", cut_short, "cut short"),
    "empty": ("nothing.safetensors", lambda _, path: path.touch(), "the file is empty"),
    "a text": ("notes.safetensors", lambda _, path: path.write_text("these are only words\n"), "this is a text file"),
    "code": ("evil.ckpt", lambda _, path: torch.save({"state_dict": Evil()}, path), "would run code"),
    "noise": ("noise.ckpt", lambda _, path: path.write_bytes(bytes(range(256)) * 9), "nothing in it can be read"),
    "NaN": ("nan.safetensors", not_numbers, "out.2.bias holds 4 of 4 values that are no numbers"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_the_loader_says_what_is_wrong(kind: str, whole: Path, folders: Folders) -> None:
    name, make, sentence = BROKEN[kind]
    root = folders.root("checkpoints")
    root.mkdir(parents=True)
    make(whole, root / name)
    loader: dict[str, Any] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": name}}
    prompt = {"4": loader, "5": {"class_type": "PreviewAny", "inputs": {"source": ["4", 0]}}}
    report = validate(parse(prompt), REGISTRY.catalogue(), folders)
    assert not report.problems, "the name is right; only its content is not"
    engine = Engine("cpu", "fp32")
    executor = Executor(REGISTRY, Cache(1 << 20, lambda _: 1), engine, folders)
    job = Job(prompt_id="p", graph=report.graph, targets=report.targets)
    outcome = executor.run(job, lambda _: None, lambda: False)
    assert outcome.status == "error"
    assert outcome.error is not None
    assert outcome.error["node_id"] == "4"
    assert outcome.error["node_type"] == "CheckpointLoaderSimple"
    assert name in outcome.error["exception_message"]
    assert sentence in outcome.error["exception_message"]
    assert not hasattr(builtins, "easel_ran")
