"""Conditioning by pictures: what goes into the prompts' dicts and into the VAE."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nodes import edit_models, inpaint


class Vae:
    """Remembers what it was given; its latents say which."""

    def __init__(self) -> None:
        self.seen: list[torch.Tensor] = []

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        self.seen.append(pixels)
        return torch.full((len(pixels), 4, pixels.shape[1] // 8, pixels.shape[2] // 8), float(len(self.seen)))


def prompt(count: int = 2) -> Any:
    return [[torch.rand(1, 77, 8), {"pooled_output": torch.rand(1, 8), "strength": n}] for n in range(count)]


def test_inpainting_greys_the_hole_and_keeps_the_mask_soft() -> None:
    vae, positive, negative = Vae(), prompt(2), prompt(1)
    pixels, hole = torch.rand(2, 19, 36, 3), torch.rand(1, 19, 36)
    made, unmade, latent = inpaint.inpaint(positive, negative, vae, pixels, hole)
    greyed, whole = vae.seen
    assert torch.equal(whole, pixels), "the VAE cuts the edges itself"
    assert greyed.shape == (2, 16, 32, 3)
    inner, selected = pixels[:, 1:17, 2:34], np.round(hole[0, 1:17, 2:34].numpy()) == 1
    assert torch.allclose(greyed[:, selected], torch.tensor(0.5))
    assert torch.allclose(greyed[:, ~selected], inner[:, ~selected])
    for entry in (*made, *unmade):
        assert (entry[1]["concat_latent_image"] == 1).all()
        assert torch.equal(entry[1]["concat_mask"], hole[:, None, 1:17, 2:34])
    assert [entry[1]["strength"] for entry in made] == [0, 1]
    assert (latent["samples"] == 2).all()
    assert torch.equal(latent["noise_mask"], made[0][1]["concat_mask"])
    assert "concat_mask" not in positive[0][1]


def test_inpainting_without_a_noise_mask_and_with_one_of_another_size() -> None:
    made, _, latent = inpaint.inpaint(prompt(), prompt(), Vae(), torch.rand(1, 16, 24, 4), torch.ones(1, 8, 8), False)
    assert "noise_mask" not in latent
    assert made[0][1]["concat_mask"].shape == (1, 1, 16, 24)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_and_a_full_mask(value: float) -> None:
    vae, pixels = Vae(), torch.rand(1, 16, 16, 3)
    inpaint.inpaint(prompt(), prompt(), vae, pixels, torch.full((1, 16, 16), value))
    assert torch.allclose(vae.seen[0], torch.full_like(pixels, 0.5) if value else pixels)


def test_a_checkpoint_without_a_vae_is_explained() -> None:
    for call in (
        lambda: inpaint.inpaint(prompt(), prompt(), None, torch.rand(1, 16, 16, 3), torch.ones(1, 8, 8)),
        lambda: inpaint.instruct_pix2pix(prompt(), prompt(), None, torch.rand(1, 16, 16, 3)),
    ):
        with pytest.raises(ValueError, match="holds no VAE"):
            call()


def test_instructions_see_the_picture_and_start_from_nothing() -> None:
    vae, pixels = Vae(), torch.rand(1, 22, 16, 4)
    made, unmade, latent = inpaint.instruct_pix2pix(prompt(), prompt(1), vae, pixels)
    assert torch.equal(vae.seen[0], pixels[:, 3:19, :, :3])
    assert all((entry[1]["concat_latent_image"] == 1).all() for entry in (*made, *unmade))
    assert latent["samples"].shape == (1, 4, 2, 2)
    assert not latent["samples"].any()


def test_the_upscaler_sees_the_picture_at_a_quarter_of_the_result() -> None:
    pixels = torch.rand(2, 20, 30, 3)
    made, unmade, latent = inpaint.upscale_4x(pixels, prompt(), prompt(1), 4.0, 0.25)
    for entry in (*made, *unmade):
        assert torch.allclose(entry[1]["concat_image"], pixels.movedim(-1, 1) * 2 - 1, atol=1e-6)
        assert entry[1]["noise_augmentation"] == 0.25
    assert latent["samples"].shape == (2, 4, 20, 30)
    assert inpaint.upscale_4x(pixels, prompt(), prompt(), 2.0)[2]["samples"].shape == (2, 4, 10, 15)
    with pytest.raises(ValueError, match="scale_ratio 0 makes nothing of a picture of 30 x 20"):
        inpaint.upscale_4x(pixels, prompt(), prompt(), 0.0)


def test_guidance_is_set_and_taken_away() -> None:
    guided = edit_models.flux_guidance(prompt(), 2.5)
    assert [entry[1]["guidance"] for entry in guided] == [2.5, 2.5]
    assert [entry[1]["guidance"] for entry in edit_models.disable_guidance(guided)] == [None, None]
    assert guided[0][1]["guidance"] == 2.5


def test_references_are_chained_in_order() -> None:
    first, second = {"samples": torch.zeros(1, 4, 2, 2)}, {"samples": torch.ones(1, 16, 3, 3)}
    given = prompt()
    assert edit_models.reference(given) is given
    once = edit_models.reference(given, first)
    twice = edit_models.reference(once, second)
    assert [x.shape[1] for x in twice[1][1]["reference_latents"]] == [4, 16]
    assert len(once[1][1]["reference_latents"]) == 1, "a longer chain leaves the shorter one alone"


@pytest.mark.parametrize(("shown", "key"), [("offset", "offset"), ("index", "index"), ("uxo/uno", "uxo")])
def test_where_references_lie(shown: str, key: str) -> None:
    assert edit_models.reference_method(prompt(), shown)[0][1]["reference_latents_method"] == key
