"""What is done to pixels, against scipy, Pillow, kornia and formulas written out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import kornia
import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from scipy import ndimage

from models import effects
from models.quantize import DITHERS, bayer
from nodes import image_effects


def pictures(count: int = 2, rows: int = 24, columns: int = 32, channels: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, rows, columns, channels, generator=torch.Generator().manual_seed(seed))


# Mixing


def mixed(a: float, b: float, mode: str) -> float:
    """One value of each mode, as the W3C's text has it."""
    match mode:
        case "normal":
            return b
        case "multiply":
            return a * b
        case "screen":
            return a + b - a * b
        case "overlay":
            return 2 * a * b if a <= 0.5 else 2 * a + 2 * b - 2 * a * b - 1
        case "soft_light":
            d = ((16 * a - 12) * a + 4) * a if a <= 0.25 else a**0.5
            return a - (1 - 2 * b) * a * (1 - a) if b <= 0.5 else a + (2 * b - 1) * (d - a)
    return a - b


@pytest.mark.parametrize("mode", list(effects.BLENDS))
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
def test_blending_is_the_mode_s_formula(mode: str, factor: float) -> None:
    a, b = pictures(seed=1), pictures(seed=2)
    result = image_effects.blend(a, b, factor, blend_mode=mode)
    for index in ((0, 0, 0, 0), (1, 3, 5, 2), (0, 23, 31, 1), (1, 11, 7, 0)):
        x, y = a[index].item(), b[index].item()
        expected = min(1, max(0, x * (1 - factor) + mixed(x, y, mode) * factor))
        assert result[index].item() == pytest.approx(expected, abs=1e-6)


def test_blending_scales_the_second_and_keeps_its_middle() -> None:
    wide = torch.zeros(1, 24, 60, 3)
    wide[:, :, 14:46] = 0.5  # the middle 32 columns of 60, in the first's proportions
    assert torch.allclose(
        image_effects.blend(pictures(), wide, 1.0, blend_mode="normal"), torch.full((2, 24, 32, 3), 0.5)
    )


def test_blending_takes_one_for_many_and_refuses_unequal_batches() -> None:
    one, three = pictures(1), pictures(3)
    assert image_effects.blend(one, three, 0.5, blend_mode="normal").shape[0] == 3
    assert image_effects.blend(three, one, 0.5, blend_mode="normal").shape[0] == 3
    with pytest.raises(ValueError, match="image1 is 2 pictures and image2 3"):
        image_effects.blend(pictures(2), three, 0.5, blend_mode="normal")


def test_blending_gives_the_second_the_channels_of_the_first() -> None:
    solid, glass = pictures(1), pictures(1, channels=4)
    assert torch.equal(image_effects.blend(solid, glass, 1.0, blend_mode="normal"), glass[..., :3])
    assert (image_effects.blend(glass, solid, 1.0, blend_mode="normal")[..., 3] == 1).all()


# Blurring and sharpening


def weights(radius: int, sigma: float) -> np.ndarray:
    at = np.linspace(-1, 1, 2 * radius + 1)
    one = np.exp(-(at**2) / (2 * sigma**2))
    both = np.outer(one, one)
    return both / both.sum()


@pytest.mark.parametrize(("radius", "sigma"), [(1, 1.0), (4, 0.3), (9, 10.0)])
def test_blurring_is_a_gaussian_with_mirrored_edges(radius: int, sigma: float) -> None:
    picture = pictures(1, 20, 26, 4)
    result = image_effects.blur(picture, radius, sigma)
    for channel in range(4):
        expected = ndimage.convolve(picture[0, ..., channel].double().numpy(), weights(radius, sigma), mode="mirror")
        assert np.allclose(result[0, ..., channel], expected, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 5.0])
def test_sharpening_takes_ten_times_the_blur_away(alpha: float) -> None:
    picture = pictures(1, 20, 26)
    result = image_effects.sharpen(picture, 2, 0.7, alpha)
    kernel = weights(2, 0.7)
    for channel in range(3):
        plain = picture[0, ..., channel].double().numpy()
        blurred = ndimage.convolve(plain, kernel, mode="mirror")
        # Ten alphas of the blur are taken away, and as many of the pixel itself are added: the sum of weights stays 1.
        expected = plain + 10 * alpha * (plain - blurred)
        assert np.allclose(result[0, ..., channel], expected.clip(0, 1), atol=1e-4)


@pytest.mark.parametrize("function", [image_effects.blur, image_effects.sharpen])
def test_a_radius_beyond_the_picture_is_explained(function: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="a radius of 31 needs more than 31 rows and columns, and there are 24 x 32"):
        function(pictures(), 31, 1.0)
    assert function(pictures(1, 32, 32), 31, 1.0).shape == (1, 32, 32, 3)


# Few colours


@pytest.mark.parametrize("dither", DITHERS[:2])
@pytest.mark.parametrize("colors", [1, 5, 256])
def test_few_colors_are_pillow_s(dither: str, colors: int) -> None:
    picture = pictures(2)
    result = image_effects.few_colors(picture, colors, dither=dither)
    for one, made in zip(picture, result, strict=True):
        whole = Pillow.fromarray((one.numpy() * 255).astype(np.uint8))
        palette = whole.quantize(colors)
        how = Pillow.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else Pillow.Dither.NONE
        expected = np.asarray(whole.quantize(palette=palette, dither=how).convert("RGB")) / 255
        assert np.allclose(made, expected, atol=1e-6)
        assert len({tuple(pixel) for pixel in made.reshape(-1, 3).tolist()}) <= colors


@pytest.mark.parametrize("order", [2, 4, 8, 16])
def test_bayer_tiles_hold_each_threshold_once(order: int) -> None:
    steps = np.sort((bayer(order) * order**2).ravel())
    assert np.allclose(steps, np.arange(order**2) - (order**2 - 1) / 2)
    assert np.allclose(bayer(2), [[-0.375, 0.125], [0.375, -0.125]])


@pytest.mark.parametrize("order", [2, 4, 8, 16])
def test_ordered_dithering_adds_the_tile_before_it_chooses(order: int) -> None:
    picture = pictures(1, 21, 34)
    result = image_effects.few_colors(picture, 7, dither=f"bayer-{order}")[0]
    data = (picture[0].numpy() * 255).astype(np.uint8)
    palette = Pillow.fromarray(data).quantize(7)
    spread = 2 * 256 / (len(palette.getpalette() or ()) // 3)
    tile = np.tile(spread * bayer(order) + 0.5, (21 // order + 1, 34 // order + 1))[:21, :34, None]
    moved = Pillow.fromarray((data + tile).clip(0, 255).astype(np.uint8))
    expected = np.asarray(moved.quantize(palette=palette, dither=Pillow.Dither.NONE).convert("RGB")) / 255
    assert (np.abs(result.numpy() - expected).max(-1) < 1e-6).mean() > 0.999, "rounding may move a pixel in a thousand"


def test_few_colors_leave_alpha_alone() -> None:
    glass = pictures(1, channels=4)
    result = image_effects.few_colors(glass, 4, dither="none")
    assert torch.equal(result[..., 3], glass[..., 3])
    assert torch.equal(result[..., :3], image_effects.few_colors(glass[..., :3], 4, dither="none"))


# Noise, edges, morphology


def test_noise_is_that_of_the_seed_for_the_whole_batch() -> None:
    picture = torch.full((2, 8, 8, 3), 0.5)
    expected = torch.randn(2, 8, 8, 3, generator=torch.Generator().manual_seed(2**64 - 1))
    assert torch.equal(image_effects.add_noise(picture, 2**64 - 1, 0.1), (0.5 + 0.1 * expected).clamp(0, 1))
    assert torch.equal(image_effects.add_noise(picture, 5, 0.0), picture)


def test_edges_are_kornia_s_on_three_channels() -> None:
    square = torch.zeros(2, 32, 32, 4)
    square[0, 8:24, 8:24, :3] = 1
    found = image_effects.canny(square, 0.1, 0.3)
    expected = kornia.filters.canny(square[..., :3].movedim(-1, 1), 0.1, 0.3)[1]
    assert torch.equal(found, expected.movedim(1, -1).expand(-1, -1, -1, 3))
    assert found[0].any()
    assert not found[1].any(), "nothing is drawn on an even picture"
    with pytest.raises(ValueError, match=r"low_threshold \(0.8\) is above high_threshold \(0.4\)"):
        image_effects.canny(square, 0.8, 0.4)


@pytest.mark.parametrize("size", [3, 4, 7, 30])
@pytest.mark.parametrize("operation", list(effects.MORPHOLOGY))
def test_morphology_is_kornia_s_bit_for_bit(operation: str, size: int) -> None:
    names = {"erode": "erosion", "dilate": "dilation", "open": "opening", "close": "closing"}
    picture = pictures(2, 17, 21, 4)
    theirs = getattr(kornia.morphology, names.get(operation, operation))
    expected = theirs(picture.movedim(-1, 1), torch.ones(size, size)).movedim(1, -1)
    assert torch.equal(image_effects.morphology(picture, operation=operation, kernel_size=size), expected)


def test_dilating_is_scipy_s_too() -> None:
    picture = pictures(1, 17, 21, 1)
    expected = ndimage.grey_dilation(picture[0, ..., 0].numpy(), size=(5, 5))
    assert np.array_equal(image_effects.morphology(picture, operation="dilate", kernel_size=5)[0, ..., 0], expected)


def test_a_square_larger_than_the_picture_is_quick() -> None:
    picture = pictures(1)
    grown = image_effects.morphology(picture, operation="dilate", kernel_size=999)
    assert torch.equal(grown, picture.amax((1, 2), keepdim=True).expand_as(grown))


# Colour spaces


def test_yuv_is_jpeg_s_and_comes_back() -> None:
    picture = pictures(2)
    y, u, v = image_effects.to_yuv(picture)
    red, green, blue = picture.unbind(-1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    for part, expected in ((y, luma), (u, (blue - luma) * 0.564 + 0.5), (v, (red - luma) * 0.713 + 0.5)):
        assert torch.allclose(part, expected[..., None].expand(-1, -1, -1, 3), atol=1e-6)
    assert torch.allclose(image_effects.from_yuv(y, u, v), picture, atol=1e-3)


def test_yuv_of_a_picture_with_alpha_is_its_colours() -> None:
    glass = pictures(1, channels=4)
    assert torch.equal(image_effects.to_yuv(glass)[0], image_effects.to_yuv(glass[..., :3])[0])


def test_yuv_parts_of_different_sizes_are_explained() -> None:
    with pytest.raises(ValueError, match="they are 2 of 32 x 24, 2 of 32 x 24, 1 of 8 x 8"):
        image_effects.from_yuv(pictures(), pictures(), pictures(1, 8, 8))


def test_kornia_waits_for_the_node_that_needs_it() -> None:
    code = "import sys, nodes.image_effects; assert 'kornia' not in sys.modules; print('not yet')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "not yet\n", done.stderr
