"""Porter-Duff: every mode by its factors, written out pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from models.porter_duff import MODES
from nodes import latent, mask

FACTORS = {
    "CLEAR": (lambda sa, da: 0, lambda sa, da: 0),
    "SRC": (lambda sa, da: 1, lambda sa, da: 0),
    "DST": (lambda sa, da: 0, lambda sa, da: 1),
    "SRC_OVER": (lambda sa, da: 1, lambda sa, da: 1 - sa),
    "DST_OVER": (lambda sa, da: 1 - da, lambda sa, da: 1),
    "SRC_IN": (lambda sa, da: da, lambda sa, da: 0),
    "DST_IN": (lambda sa, da: 0, lambda sa, da: sa),
    "SRC_OUT": (lambda sa, da: 1 - da, lambda sa, da: 0),
    "DST_OUT": (lambda sa, da: 0, lambda sa, da: 1 - sa),
    "SRC_ATOP": (lambda sa, da: da, lambda sa, da: 1 - sa),
    "DST_ATOP": (lambda sa, da: 1 - da, lambda sa, da: sa),
    "XOR": (lambda sa, da: 1 - da, lambda sa, da: 1 - sa),
}
"""How much of each stays: table 1 of Porter and Duff."""


def expected(s: float, sa: float, d: float, da: float, mode: str) -> tuple[float, float]:
    """Of premultiplied values."""
    union, around = sa + da - sa * da, s * (1 - da) + d * (1 - sa)
    match mode:
        case "ADD":
            return min(1, s + d), min(1, sa + da)
        case "DARKEN":
            return around + min(s, d), union
        case "LIGHTEN":
            return around + max(s, d), union
        case "MULTIPLY":
            return s * d, sa * da
        case "SCREEN":
            return s + d - s * d, union
        case "OVERLAY":
            return (2 * s * d if 2 * d < da else sa * da - 2 * (da - s) * (sa - d)), union
    of_source, of_under = (factor(sa, da) for factor in FACTORS[mode])
    return s * of_source + d * of_under, sa * of_source + da * of_under


def inputs(count: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    image, alpha = (count, 6, 8, 3), (count, 6, 8)
    shapes = (image, alpha, image, alpha)
    source, hole, under, under_hole = (torch.rand(shape, generator=generator) for shape in shapes)
    hole[0, 0, :4] = torch.tensor([0, 0, 1, 1])
    under_hole[0, 0, :4] = torch.tensor([0, 1, 0, 1])
    return source, hole, under, under_hole


def test_there_are_eighteen_modes() -> None:
    assert len(MODES) == 18
    assert list(MODES) == sorted(MODES)


@pytest.mark.parametrize("mode", list(MODES))
def test_every_mode_is_its_factors(mode: str) -> None:
    source, hole, under, under_hole = inputs()
    image, alpha = mask.porter_duff_composite(source, hole, under, under_hole, mode)
    for row in range(6):
        for column in range(8):
            sa, da = 1 - hole[0, row, column].item(), 1 - under_hole[0, row, column].item()
            for channel in range(3):
                s, d = source[0, row, column, channel].item() * sa, under[0, row, column, channel].item() * da
                colour, opaque = expected(s, sa, d, da, mode)
                colour = min(1, max(0, colour / opaque)) if opaque > 1e-5 else 0
                assert image[0, row, column, channel].item() == pytest.approx(colour, abs=2e-5)
                assert alpha[0, row, column].item() == pytest.approx(1 - opaque, abs=1e-6)


def test_source_over_is_pillow_s() -> None:
    source, hole, under, under_hole = inputs()
    top, bottom = (
        Pillow.fromarray((np.dstack((i[0].numpy(), 1 - m[0].numpy())) * 255).round().astype(np.uint8))
        for i, m in ((source, hole), (under, under_hole))
    )
    image, alpha = mask.porter_duff_composite(source, hole, under, under_hole, "SRC_OVER")
    theirs = np.asarray(Pillow.alpha_composite(bottom, top)) / 255
    seen = theirs[..., 3] > 0.1
    assert np.abs(image[0].numpy() - theirs[..., :3])[seen].max() < 0.03
    assert np.abs(1 - alpha[0].numpy() - theirs[..., 3]).max() < 0.01


def test_all_is_scaled_to_what_lies_below() -> None:
    source, hole = torch.full((1, 12, 40, 3), 0.25), torch.zeros(1, 5, 9)
    under, under_hole = torch.rand(1, 6, 8, 3), torch.ones(1, 64, 64)
    image, alpha = mask.porter_duff_composite(source, hole, under, under_hole, "SRC_OVER")
    assert torch.allclose(image, torch.full_like(under, 0.25), atol=1e-5)
    assert alpha.shape == (1, 6, 8)
    assert torch.allclose(alpha, torch.zeros(1, 6, 8), atol=1e-5)


def test_the_shortest_batch_counts_and_unequal_channels_are_explained() -> None:
    source, hole, under, under_hole = inputs(3)
    image, alpha = mask.porter_duff_composite(source, hole, under[:2], under_hole, "XOR")
    assert image.shape[0] == alpha.shape[0] == 2
    with pytest.raises(ValueError, match="the source has 4 channels and the destination 3"):
        mask.porter_duff_composite(torch.rand(1, 6, 8, 4), hole, under, under_hole, "XOR")


def test_joining_alpha_takes_as_many_as_there_are_of_both() -> None:
    assert mask.join_alpha(torch.rand(3, 6, 8, 4), torch.rand(2, 6, 8)).shape == (2, 6, 8, 4)
    assert mask.join_alpha(torch.rand(1, 6, 8, 3), torch.rand(2, 12, 16)).shape == (1, 6, 8, 4)


def test_masks_that_do_not_match_are_explained() -> None:
    under, over = torch.zeros(2, 6, 8), torch.ones(3, 6, 8)
    with pytest.raises(ValueError, match="there are 3 source masks and 2 to lay them on"):
        mask.combine(under, over, x=0, y=0, operation="add")
    assert mask.combine(under, over[:1], x=0, y=0, operation="add").all()


def test_every_frame_of_a_video_s_latent_is_covered() -> None:
    under, over = torch.zeros(2, 4, 3, 6, 8), torch.rand(1, 4, 3, 4, 5)
    mask = torch.rand(1, 4, 5)
    laid = latent.paste_masked({"samples": under}, {"samples": over}, x=16, y=24, mask=mask)["samples"]
    for frame in range(3):
        pictures = ({"samples": x[:, :, frame]} for x in (under, over))
        assert torch.equal(laid[:, :, frame], latent.paste_masked(*pictures, x=16, y=24, mask=mask)["samples"])
    assert torch.equal(laid[1, :, :, 3:, 2:7], over[0, :, :, :3] * mask[:, :3])
