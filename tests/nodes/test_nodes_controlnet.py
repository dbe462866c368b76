"""ControlNets: what the nodes put into the prompts' dicts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from graph.context import Context
from graph.folders import Folders
from models.control import Control, Source
from models.engine import Engine
from models.errors import CheckpointError
from nodes import controlnet


def prompt(count: int = 2) -> Any:
    return [[torch.rand(1, 77, 8), {"pooled_output": torch.rand(1, 8), "mark": n}] for n in range(count)]


def control(masked: bool = False) -> Control:
    return Control(Engine("cpu", "fp32"), Source(None, "", masked=masked))


def test_the_old_one_lends_itself_to_the_negative_prompt() -> None:
    loaded, image, given = control(), torch.rand(1, 24, 32, 3), prompt()
    made = controlnet.apply_to_one(given, loaded, image, 0.7)
    assert [options["mark"] for _, options in made] == [0, 1]
    for _, options in made:
        assert options["control_apply_to_uncond"] is True
        assert options["control"].strength == 0.7
        assert (options["control"].start, options["control"].end) == (0.0, 1.0)
        assert torch.equal(options["control"].hint, image.movedim(-1, 1))
    assert all("control" not in options for _, options in given)
    assert loaded.strength == 1.0


def test_both_prompts_get_one_and_the_same() -> None:
    vae: Any = object()
    made = controlnet.apply_to_both(prompt(1), prompt(2), control(), torch.rand(1, 24, 32, 3), 0.7, 0.1, 0.9, vae)
    handles = [options["control"] for entries in made for _, options in entries]
    assert len(handles) == 3
    assert all(handle is handles[0] for handle in handles)
    assert (handles[0].strength, handles[0].start, handles[0].end, handles[0].vae) == (0.7, 0.1, 0.9, vae)
    assert made[0][0][1]["control_apply_to_uncond"] is False
    again = controlnet.apply_with_vae(*made, control(), vae, torch.rand(1, 24, 32, 3), 1.0, 0.0, 0.5)
    assert again[1][1][1]["control"].previous is handles[0]
    assert again[1][1][1]["control"].end == 0.5


@pytest.mark.parametrize("apply", [controlnet.apply_to_both, controlnet.apply_with_vae])
def test_at_strength_0_nothing_is_applied(apply: Any) -> None:
    positive, negative = prompt(1), prompt(1)
    vae = [object()] if apply is controlnet.apply_with_vae else []
    made = apply(positive, negative, control(), *vae, torch.rand(1, 8, 8, 3), strength=0.0)
    assert made == (positive, negative)
    assert controlnet.apply_to_one(positive, control(), torch.rand(1, 8, 8, 3), 0.0) is positive


def test_a_union_is_told_a_kind_and_remembers_it_when_applied() -> None:
    told = controlnet.set_kind(control(), "tile")
    assert told.kinds == (6,)
    assert controlnet.set_kind(told, "auto").kinds == ()
    made = controlnet.apply_to_one(prompt(1), told, torch.rand(1, 8, 8, 3), 1.0)
    assert made[0][1]["control"].kinds == (6,)


def test_inpainting_blackens_the_hole_and_gives_the_mask_along() -> None:
    """The mask is half as large as the picture."""
    image, mask = torch.rand(2, 24, 32, 3), torch.rand(1, 12, 16)
    made, _ = controlnet.apply_inpainting(prompt(1), prompt(1), control(True), None, image, mask, 0.5, 0.2, 0.8)
    handle = made[0][1]["control"]
    assert torch.equal(handle.masks[0], 1 - mask[:, None])
    kept = functional.interpolate(1 - mask[:, None], size=(24, 32), mode="bilinear").round()
    assert torch.equal(handle.hint, image.movedim(-1, 1) * kept)
    assert (handle.strength, handle.start, handle.end) == (0.5, 0.2, 0.8)


def test_others_see_the_whole_picture() -> None:
    image = torch.rand(1, 24, 32, 3)
    made, _ = controlnet.apply_inpainting(prompt(1), prompt(1), control(), None, image, torch.ones(1, 24, 32))
    assert made[0][1]["control"].masks == ()
    assert torch.equal(made[0][1]["control"].hint, image.movedim(-1, 1))


def test_a_file_that_is_none_is_named(folders: Folders) -> None:
    folders.root("controlnet").mkdir(parents=True)
    save_file({"x": torch.zeros(1)}, folders.root("controlnet") / "odd.safetensors")
    context = Context(node_id="1", folders=folders, services=Engine("cpu", "fp32"))
    with pytest.raises(CheckpointError, match=r"odd.safetensors: no ControlNet or T2I-Adapter that we know is in it"):
        controlnet.load("odd.safetensors", context)
