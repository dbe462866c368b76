"""Masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from models.compose import edge_ramp, grow_mask
from nodes import mask


def dot(size: int = 9) -> torch.Tensor:
    made = torch.zeros(1, size, size)
    made[0, size // 2, size // 2] = 1
    return made


def test_growing_makes_a_diamond_or_a_square() -> None:
    assert mask.grow(dot(), 2, True).sum() == 13
    assert mask.grow(dot(), 2, False).sum() == 25
    assert torch.equal(mask.grow(dot(), 0, True), dot())


def test_shrinking_undoes_growing_of_a_square() -> None:
    assert torch.equal(mask.grow(mask.grow(dot(), 3, False), -3, False), dot())


@pytest.mark.parametrize("amount", [16384, -16384])
@pytest.mark.parametrize("tapered", [True, False])
def test_growing_by_more_than_the_mask_is_quick_and_even(amount: int, tapered: bool) -> None:
    half = torch.zeros(1, 12, 20)
    half[..., :10] = 1
    assert torch.equal(grow_mask(half, amount, tapered), torch.full_like(half, float(amount > 0)))


def test_feathering_reaches_the_edge_in_equal_steps() -> None:
    faded = mask.feather(torch.ones(1, 1, 10), left=4)
    assert faded[0, 0].tolist() == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]
    assert mask.feather(torch.ones(1, 1, 6), right=3)[0, 0].tolist() == pytest.approx([1 / 3, 1, 1, 1, 1, 2 / 3])
    assert mask.feather(torch.ones(1, 3, 3), right=100)[0, 0].tolist() == pytest.approx([1 / 3, 1, 2 / 3])
    assert mask.feather(torch.ones(1, 3, 3), bottom=1).tolist() == torch.ones(1, 3, 3).tolist()
    assert edge_ramp(4, 0, 2).tolist() == [1, 1, 1, 0.5]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("multiply", 0.24), ("add", 1.0), ("subtract", 0.2), ("and", 0.0), ("or", 1.0), ("xor", 1.0)],
)
def test_combining(operation: str, expected: float) -> None:
    under, over = torch.full((1, 4, 4), 0.6), torch.full((1, 3, 3), 0.4)
    result = mask.combine(under, over, x=2, y=2, operation=operation)
    assert result[0, 3, 3] == pytest.approx(expected)
    assert (result[0, :2] == 0.6).all()


def test_to_pictures_and_back() -> None:
    made = torch.rand(2, 5, 6)
    assert torch.equal(mask.from_image(mask.to_image(made), "green"), made)
    with pytest.raises(ValueError, match="no alpha"):
        mask.from_image(mask.to_image(made), "alpha")


def test_alpha_joins_and_splits() -> None:
    picture, hole = torch.rand(1, 8, 8, 3), torch.rand(1, 8, 8)
    joined = mask.join_alpha(picture, hole)
    assert joined.shape == (1, 8, 8, 4)
    colours, found = mask.split_alpha(joined)
    assert torch.equal(colours, picture)
    assert torch.allclose(found, hole)
    assert not mask.split_alpha(picture)[1].any()


def test_small_ones() -> None:
    assert torch.equal(mask.invert(mask.solid(0.25, 3, 2)), torch.full((1, 2, 3), 0.75))
    assert mask.crop(torch.rand(1, 9, 9), 1, 2, 3, 4).shape == (1, 4, 3)
    assert mask.threshold(torch.tensor([[[0.5, 0.51]]]), 0.5).tolist() == [[[0, 1]]]
    picture = torch.tensor([[[[1.0, 128 / 255, 0], [1, 0.5, 0.1]]]])
    assert mask.from_color(picture, 0xFF8000).tolist() == [[[1, 0]]]


@pytest.mark.parametrize("expand", [-3, -1, 1, 4])
@pytest.mark.parametrize("tapered", [True, False])
def test_growing_is_scipy_s(expand: int, tapered: bool) -> None:
    soft = torch.rand(2, 9, 14, generator=torch.Generator().manual_seed(1))
    corner = 0 if tapered else 1
    footprint = np.array([[corner, 1, corner], [1, 1, 1], [corner, 1, corner]])
    step = ndimage.grey_dilation if expand > 0 else ndimage.grey_erosion
    for given, made in zip(soft, mask.grow(soft, expand, tapered), strict=True):
        expected = given.numpy()
        for _ in range(abs(expand)):
            expected = step(expected, footprint=footprint)
        assert np.array_equal(made, expected)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_and_a_full_mask_stay_what_they_are(value: float) -> None:
    even = torch.full((1, 6, 7), value)
    for made in (mask.grow(even, 3), mask.grow(even, -3, False), mask.threshold(even, 0.5), mask.invert(1 - even)):
        assert torch.equal(made, even)
