"""Sizes that nobody can mean, refused by what the nodes declare, before anything is allocated."""

from __future__ import annotations

import pytest

from graph.parse import parse
from graph.registry import Catalogue
from graph.validate import validate
from nodes.library import core_registry

MEMORY = 24 * 10**9
"""Bytes of the machine in these tests."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return core_registry().catalogue()


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"width": 7}, "width is 7, and must be 16 or more"),
        ({"width": 100_000}, "width is 100000, and must be 16384 or less. It would take 12.8 MB"),
        ({"batch_size": 10_000}, "batch_size is 10000, and must be 4096 or less. It would take 655 MB"),
        ({"width": 16384, "height": 16384, "batch_size": 4096}, "would take 275 GB (width 16384 × height 16384"),
        ({"width": "NaN"}, "width is 'NaN', which is no whole number"),
        ({"batch_size": 10**30}, "batch_size is 1"),
    ],
)
def test_sizes(inputs: dict[str, int], sentence: str, catalogue: Catalogue) -> None:
    sizes = {"width": 512, "height": 512, "batch_size": 1, **inputs}
    show = {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}
    report = validate(
        parse({"1": {"class_type": "EmptyLatentImage", "inputs": sizes}, "2": show}), catalogue, budget=MEMORY
    )
    assert report.targets == ()
    (problem,) = report.problems
    assert sentence in problem.sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"steps": 0}, "steps is 0, and must be 1 or more"),
        ({"cfg": 101.0}, "cfg is 101"),
        ({"denoise": 1.5}, "denoise is 1.5"),
        ({"sampler_name": "eular"}, "eular"),
    ],
)
def test_a_sampler_is_asked_for_what_it_can_do(values: dict[str, object], sentence: str, catalogue: Catalogue) -> None:
    prompt = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "easel-emoji.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
        "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
        "4": {"class_type": "KSampler", "inputs": {
            "model": ["1", 0], "seed": 1, "steps": 4, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal",
            "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0], "denoise": 1.0, **values,
        }},
        "5": {"class_type": "PreviewAny", "inputs": {"source": ["4", 0]}},
    }  # fmt: skip
    (problem,) = [p for p in validate(parse(prompt), catalogue, budget=MEMORY).problems if p.node == "4"]
    assert sentence in problem.sentence
