"""What every node promises, on tiny real models: outputs of the declared kind that the next node can use, and inputs,
weights in memory included, left as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from graph import passed_images
from graph.context import Context
from graph.folders import standard_folders
from graph.node import Results
from models.saving import latent_bytes
from nodes.library import core_registry
from tests.nodes.small import CHECKS, FAMILIES, NOT_USED, Small, state, tensors, weights
from tests.nodes.zoo import Zoo

REGISTRY = core_registry()


@pytest.fixture
def small(zoo: Zoo, tmp_path: Path) -> Small:
    """A run with a file of every kind."""
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    folders = standard_folders([zoo.root, Path(__file__).parents[2] / "models"], **own)
    small = Small(zoo, Context(node_id="1", folders=folders, services=zoo.engine), REGISTRY)
    for name in ("input", "output"):
        own[name].mkdir()
        Pillow.fromarray(np.zeros((16, 24, 4), np.uint8)).save(own[name] / "a.png")
    sent = passed_images.place(folders, "sent")
    sent.parent.mkdir(parents=True)
    sent.write_bytes((own["input"] / "a.png").read_bytes())
    small.value("VIDEO").save_to(own["input"] / "a.mp4")
    (own["input"] / "a.latent").write_bytes(latent_bytes(torch.zeros(1, 4, 8, 8), {}))
    return small


@pytest.mark.parametrize("class_type", list(REGISTRY))
@torch.no_grad()
def test_outputs_are_as_declared_and_inputs_untouched(class_type: str, small: Small) -> None:
    node_type = REGISTRY[class_type]
    values = small.inputs_of(node_type)
    before, weights_before = {name: state(item) for name, item in values.items()}, weights(small.zoo, values)
    outcome = node_type.call(small.context, dict(values))
    assert isinstance(outcome, Results)
    assert len(outcome.values) == len(node_type.spec.outputs)
    for output, found in zip(node_type.spec.outputs, outcome.values, strict=True):
        for one in found if output.is_list else [found]:
            assert CHECKS.get(output.type, lambda v: v is not None)(one), (output.type, one)
            if class_type not in NOT_USED:
                small.use(output.type, one, FAMILIES.get(class_type, "sd1"))
        assert all(t.dtype == torch.float32 for t in tensors(found))
    assert {name: state(item) for name, item in values.items()} == before, "it changed what it was given"
    assert weights(small.zoo, values) == weights_before, "it changed weights in memory"


def _write_past_torch(image: torch.Tensor) -> None:
    image.numpy()[0, 0, 0, 0] += 1


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("IMAGE", lambda image: image.mul_(1)),
        ("IMAGE", _write_past_torch),
        ("LATENT", lambda latent: latent.update(batch_index=[0, 1])),
        ("LATENT", lambda latent: latent.pop("noise_mask")),
        ("CONDITIONING", lambda prompts: prompts[1][1].update(strength=2.0)),
        ("CONDITIONING", lambda prompts: prompts[0][1]["pooled_output"].mul_(1)),
        ("CONDITIONING", lambda prompts: prompts.append(prompts[0])),
        ("CONDITIONING", lambda prompts: prompts.reverse()),
        ("MODEL", lambda model: object.__setattr__(model, "patches", (1,))),
        ("MODEL", lambda model: object.__setattr__(model.options, "post_cfg", (print,))),
        ("CLIP", lambda clip: object.__setattr__(clip, "layer", -2)),
        ("UPSCALE_MODEL", lambda upscaler: next(upscaler.model.parameters()).data.add_(1)),
    ],
)
def test_a_change_would_be_seen(kind: str, change: Callable[[Any], object], small: Small) -> None:
    item = small.value(kind)
    if kind in ("MODEL", "CLIP"):
        item = replace(item)  # the zoo's own is everybody's
    if kind == "MODEL":
        item = replace(item, options=replace(item.options))
    before = state(item)
    assert state(item) == before
    change(item)
    assert state(item) != before


@pytest.mark.parametrize("kind", ["MODEL", "CLIP", "VAE", "GUIDER", "CLIP_VISION"])
def test_a_change_of_weights_in_memory_would_be_seen(kind: str, small: Small) -> None:
    item = small.value(kind)
    before = weights(small.zoo, item)
    assert len(before) == 1
    assert weights(small.zoo, item) == before
    [component] = before
    weight = next(iter(small.zoo.unpatched(component).values()))
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1)
        changed = weights(small.zoo, item)
        seen = small.zoo.changed(component)
        weight.copy_(kept)
    assert changed != before
    assert len(seen) == 1


@pytest.mark.parametrize("class_type", [name for name, item in REGISTRY.items() if item.spec.is_output])
def test_what_output_nodes_show_is_lists(class_type: str, small: Small) -> None:
    outcome = REGISTRY[class_type].call(small.context, small.inputs_of(REGISTRY[class_type]))
    assert isinstance(outcome, Results)
    assert outcome.ui or class_type == "SaveImageWebsocket", "which sends its pictures to a program"
    assert all(isinstance(shown, list) and shown for shown in outcome.ui.values())


def test_a_checkpoint_without_a_part_is_explained(small: Small) -> None:
    with pytest.raises(ValueError, match=r"holds no VAE. Load one"):
        REGISTRY["VAEDecode"].call(Context(), {"samples": small.value("LATENT"), "vae": None})


def test_after_all_that_the_weights_in_memory_are_the_files(zoo: Zoo) -> None:
    """Of all models of the zoo, whatever was patched, merged and hooked before."""
    assert [(component.title, changed) for component in zoo.components() if (changed := zoo.changed(component))] == []
