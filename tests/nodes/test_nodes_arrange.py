"""Pictures side by side, in frames, at sizes, and in batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from models.arrange import KONTEXT_SIDES
from nodes import image, image_arrange

RED = [1.0, 0.0, 0.0]


def grey(value: float, rows: int, columns: int, count: int = 1, channels: int = 3) -> torch.Tensor:
    return torch.full((count, rows, columns, channels), value)


def test_without_a_second_picture_the_first_is_passed_on(picture: torch.Tensor) -> None:
    assert image_arrange.stitch(picture) is picture


@pytest.mark.parametrize(
    ("direction", "shape", "first"),
    [
        ("right", (10, 8 + 4 + 20), (slice(None), slice(0, 8))),
        ("left", (10, 20 + 4 + 8), (slice(None), slice(24, None))),
        ("down", (10 + 4 + 4, 8), (slice(0, 10), slice(None))),
        ("up", (4 + 4 + 10, 8), (slice(8, None), slice(None))),
    ],
)
def test_stitching_scales_the_second_to_the_edge(direction: str, shape: tuple[int, int], first: tuple) -> None:
    a, b = grey(0.25, 10, 8), grey(0.5, 20, 40)
    made = image_arrange.stitch(a, direction, True, 3, "red", b)
    assert made.shape == (1, *shape, 3), (
        "a spacing of 3 is made even; a height of 8 / 2 columns is cut off, not rounded"
    )
    assert torch.equal(made[:, first[0], first[1]], a)
    bar = made[0, :, 8:12] if direction == "right" else made[0, :, 20:24] if direction == "left" else None
    bar = bar if bar is not None else made[0, 10:14] if direction == "down" else made[0, 4:8]
    assert (bar == torch.tensor(RED)).all()
    assert ((made - 0.5).abs() < 1 / 255).all(-1).sum() == made.shape[1] * made.shape[2] - 80 - bar[..., 0].numel()


@pytest.mark.parametrize(("colour", "fill"), [("white", 1.0), ("black", 0.0), ("blue", 0.0)])
def test_stitching_without_scaling_fills_up_evenly(colour: str, fill: float) -> None:
    made = image_arrange.stitch(grey(0.25, 5, 8), "right", False, 0, colour, grey(0.5, 10, 3))
    assert made.shape == (1, 10, 11, 3)
    assert made[0, :, 0, 0].tolist() == [fill] * 2 + [0.25] * 5 + [fill] * 3
    assert (made[:, :, 8:] == 0.5).all()
    above = image_arrange.stitch(grey(0.25, 5, 8), "up", False, 0, colour, grey(0.5, 10, 3))
    assert above[0, 0, :, 0].tolist() == [fill] * 2 + [0.5] * 3 + [fill] * 3


def test_stitching_repeats_the_last_of_the_shorter_batch_and_adds_alpha() -> None:
    pair = torch.cat((grey(0.2, 4, 4), grey(0.4, 4, 4)))
    made = image_arrange.stitch(pair, "right", False, 2, "green", grey(0.6, 4, 4, 3, 4))
    assert made.shape == (3, 4, 10, 4)
    assert made[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.4, 0.4])
    assert (made[:, :, :4, 3] == 1).all()
    assert made[0, 0, 4].tolist() == [0, 1, 0, 1]
    assert made[0, 0, 9, 3].item() == pytest.approx(0.6)


def test_a_picture_too_thin_to_stitch_is_explained() -> None:
    with pytest.raises(ValueError, match="too long and thin"):
        image_arrange.stitch(grey(0, 4, 4), image2=grey(0, 90, 2))


@pytest.mark.parametrize(("colour", "fill"), [("white", 1.0), ("black", 0.0)])
def test_fitting_keeps_all_of_the_picture_in_the_middle(colour: str, fill: float) -> None:
    made = image_arrange.resize_and_pad(grey(0.5, 10, 30, 2), 64, 41, padding_color=colour, interpolation="area")
    assert made.shape == (2, 41, 64, 3)
    assert made[1, :, 5, 2].tolist() == [fill] * 10 + [0.5] * 21 + [fill] * 10
    exact = image_arrange.resize_and_pad(grey(0.5, 10, 30), 15, 5, padding_color=colour, interpolation="lanczos")
    assert (exact == torch.tensor(127 / 255)).all(), "lanczos works in 8 bits"
    with pytest.raises(ValueError, match="too long and thin"):
        image_arrange.resize_and_pad(grey(0, 1, 900), 30, 30, padding_color=colour, interpolation="area")


@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(20, 40, (25, 50)), (40, 20, (50, 25)), (30, 30, (50, 50)), (3, 7, (21, 50))]
)
@pytest.mark.parametrize("method", image_arrange.MAX_METHODS[1:])
def test_the_longer_side_gets_its_length(rows: int, columns: int, size: tuple[int, int], method: str) -> None:
    made = image_arrange.scale_to_max_dimension(grey(0.4, rows, columns), upscale_method=method, largest_size=50)
    assert made.shape[1:3] == size


def test_nothing_left_is_explained() -> None:
    with pytest.raises(ValueError, match="scaled to 0 pixels would have nothing left"):
        image_arrange.scale_to_max_dimension(grey(0, 4, 4), upscale_method="area", largest_size=0)


@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(64, 64, (1024, 1024)), (30, 70, (672, 1568)), (40, 60, (832, 1248))]
)
def test_kontext_gets_the_size_with_the_nearest_proportions(rows: int, columns: int, size: tuple[int, int]) -> None:
    assert image_arrange.scale_to_kontext(grey(0.4, rows, columns)).shape == (1, *size, 3)


def test_kontext_sizes_are_a_megapixel_in_steps_of_16() -> None:
    for width, height in zip(KONTEXT_SIDES, reversed(KONTEXT_SIDES), strict=True):
        assert width % 16 == height % 16 == 0
        assert abs(width * height / 1024**2 - 1) < 0.02


def test_kontext_scaling_is_pillow_s_lanczos() -> None:
    picture = torch.rand(1, 40, 60, 3)
    whole = Pillow.fromarray((picture[0].numpy() * 255).astype(np.uint8)).resize((1248, 832), Pillow.Resampling.LANCZOS)
    assert np.allclose(image_arrange.scale_to_kontext(picture)[0], np.asarray(whole) / 255, atol=1e-6)


def test_regrouping() -> None:
    first, second = torch.rand(3, 4, 5, 3), torch.rand(2, 4, 5, 3)
    groups = image_arrange.rebatch([first, second], [2])
    assert [len(group) for group in groups] == [2, 2, 1]
    assert torch.equal(torch.cat(groups), torch.cat((first, second)))
    with pytest.raises(ValueError, match="pictures of 5 x 4 and 6 x 4 with alpha: scale them first"):
        image_arrange.rebatch([first, torch.rand(1, 4, 6, 4)], [4])
    assert len(image_arrange.rebatch([first, torch.rand(1, 4, 6, 3)], [3])) == 2, "they would not meet"


def test_the_megapixels_are_whole_pixels() -> None:
    # 0.01 * 1024 * 1024 has a fraction, which is cut off; with it, this picture would be 234 wide.
    made = image.scale_to_total_pixels(grey(0.0, 20, 104), upscale_method="nearest-exact", megapixels=0.01)
    assert made.shape[1:3] == (45, 233)
