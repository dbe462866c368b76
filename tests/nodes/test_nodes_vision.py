"""The nodes of image encoders and style models."""

from __future__ import annotations

import torch
from torch import Tensor

from nodes import vision


class Encoder:
    def encode(self, pixels: Tensor, crop: bool) -> tuple[Tensor, bool]:
        return pixels, crop


class Style:
    def tokens(self, output: Tensor) -> Tensor:
        return output


def test_a_picture_is_cut_or_squeezed() -> None:
    image = torch.rand(1, 4, 4, 3)
    assert vision.encode_image(Encoder(), image, "center") == (image, True)
    assert vision.encode_image(Encoder(), image, "none") == (image, False)


def test_a_style_stands_behind_the_prompt() -> None:
    prompt, tokens = torch.randn(1, 2, 8), torch.randn(1, 3, 8)
    given = [[prompt, {}], [prompt * 2, {"strength": 0.5}]]
    found = vision.apply_style_model(given, Style(), tokens, strength=2.0, strength_type="multiply")
    assert torch.equal(found[0][0], torch.cat([prompt, tokens * 2], 1))
    assert torch.equal(found[1][0], torch.cat([prompt * 2, tokens * 2], 1))
    assert found[1][1] == {"strength": 0.5}
    found = vision.apply_style_model(given, Style(), tokens, strength=2.0, strength_type="attn_bias")
    assert torch.equal(found[0][0], torch.cat([prompt, tokens], 1))
    assert found[0][1]["attention_mask"].shape == (1, 6, 6)


def test_several_unclip_pictures_add_up() -> None:
    given = [[torch.zeros(1, 1, 1), {}]]
    assert vision.add_unclip(given, "a", 0.0, 0.5) is given
    first = vision.add_unclip(given, "a", 1.0, 0.0)
    second = vision.add_unclip(first, "b", -2.0, 0.25)
    assert second[0][1]["unclip_conditioning"] == [
        {"clip_vision_output": "a", "strength": 1.0, "noise_augmentation": 0.0},
        {"clip_vision_output": "b", "strength": -2.0, "noise_augmentation": 0.25},
    ]
    assert len(first[0][1]["unclip_conditioning"]) == 1
    assert given[0][1] == {}
