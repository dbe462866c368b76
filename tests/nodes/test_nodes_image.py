"""Pictures: what files of every kind load as, and scaling."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from graph.context import Context
from graph.errors import FileNameError
from models import images
from models.images import PictureError, bislerp, scale, slerp
from nodes import image, mask
from tests.pngs import bomb


def save(context: Context, name: str, picture: Pillow.Image, **options: object) -> str:
    path = context.folders.root("input") / name
    path.parent.mkdir(exist_ok=True, parents=True)
    picture.save(path, **options)
    return name


def gradient(mode: str = "RGB") -> Pillow.Image:
    """10 wide, 6 high; red rises to the right, green falls downwards."""
    data = np.zeros((6, 10, 4), np.uint8)
    data[..., 0] = np.arange(10) * 25
    data[..., 1] = 40 * np.arange(6)[:, None]
    data[..., 3] = np.arange(10) * 20
    return Pillow.fromarray(data).convert(mode)


def test_a_picture_loads_as_it_is(context: Context) -> None:
    pixels, empty = image.load_image(save(context, "a.png", gradient()), context)
    assert pixels.shape == (1, 6, 10, 3)
    assert pixels.dtype == torch.float32
    assert torch.equal(pixels[0], torch.from_numpy(np.asarray(gradient()).astype(np.float32) / 255))
    assert empty.shape == (1, 64, 64)
    assert not empty.any()


def test_transparency_becomes_a_mask(context: Context) -> None:
    pixels, found = image.load_image(save(context, "a.png", gradient("RGBA")), context)
    assert pixels.shape == (1, 6, 10, 3)
    assert torch.allclose(found[0, 0], 1 - torch.arange(10) * 20 / 255)


def test_a_palette_with_a_transparent_colour_has_a_mask(context: Context) -> None:
    two = Pillow.new("P", (2, 1))
    two.putpalette([255, 0, 0, 0, 255, 0])
    two.putpixel((1, 0), 1)
    pixels, found = image.load_image(save(context, "a.png", two, transparency=1), context)
    assert found.tolist() == [[[0.0, 1.0]]]
    assert pixels[0, 0].tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_photo_is_turned_upright(context: Context) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # The camera was held upright: turn it by 90 degrees.
    pixels, _ = image.load_image(save(context, "a.jpg", gradient(), exif=exif), context)
    assert pixels.shape == (1, 10, 6, 3)


def test_an_animation_is_a_batch(context: Context) -> None:
    frames = [Pillow.new("RGB", (4, 3), color) for color in ("red", "lime", "blue")]
    name = save(context, "a.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True)
    pixels, found = image.load_image(name, context)
    assert pixels.shape == (3, 3, 4, 3)
    assert pixels[:, 0, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert found.shape[0] == 3


def test_sixteen_bits_are_kept(context: Context) -> None:
    deep = Pillow.fromarray(np.array([[0, 300, 65535]], np.uint16))
    pixels, _ = image.load_image(save(context, "a.png", deep), context)
    assert torch.allclose(pixels[0, 0, :, 0], torch.tensor([0, 300 / 65535, 1.0]))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "RGBA", "F"])
def test_every_mode_loads_as_colours(context: Context, mode: str) -> None:
    name = save(
        context, "a.tif" if mode in ("CMYK", "F") else "a.png", gradient("L" if mode == "F" else "RGB").convert(mode)
    )
    pixels, found = image.load_image(name, context)
    assert pixels.shape == (1, 6, 10, 3)
    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert found.shape[0] == 1


def test_notes_and_folders_in_names(context: Context) -> None:
    gradient().save(context.folders.root("output") / "made.png")
    assert image.load_image("made.png [output]", context)[0].shape == (1, 6, 10, 3)
    save(context, "some folder/a.png", gradient())
    assert image.load_image("some folder/a.png", context)[0].shape == (1, 6, 10, 3)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "no such.png"])
def test_names_that_lead_out_or_nowhere_are_refused(context: Context, name: str) -> None:
    with pytest.raises(FileNameError, match=r"name|no file"):
        image.load_image(name, context)


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + b"x" * 40])
def test_what_is_no_picture_is_named(context: Context, content: bytes) -> None:
    (context.folders.root("input") / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.png"):
        image.load_image("a.png", context)


def test_half_a_picture_is_refused(context: Context, tmp_path: Path) -> None:
    save(context, "a.png", gradient().resize((200, 200)))
    path = context.folders.root("input") / "a.png"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(PictureError, match=r"a\.png cannot be read"):
        image.load_image("a.png", context)


def test_a_pixel_bomb_is_refused_before_it_is_decoded(context: Context) -> None:
    (context.folders.root("input") / "bomb.png").write_bytes(bomb())
    with pytest.raises(PictureError, match=r"bomb\.png says .* million pixels"):
        image.load_image("bomb.png", context)


def test_a_bomb_in_a_pictures_text_is_refused(context: Context) -> None:
    info = PngInfo()
    info.add_text("prompt", "a" * 80_000_000, zip=True)
    save(context, "a.png", gradient(), pnginfo=info)
    with pytest.raises(PictureError, match=r"a\.png cannot be read"):
        image.load_image("a.png", context)


def test_an_animation_of_too_many_pixels_is_refused(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Pillow.new("RGB", (10, 10), color) for color in ("red", "lime", "blue")]
    save(context, "a.webp", frames[0], save_all=True, append_images=frames[1:])
    monkeypatch.setattr(images, "MAX_PIXELS", 299)
    with pytest.raises(PictureError, match=r"a\.webp says that it holds .* million pixels \(10 x 10\)"):
        image.load_image("a.webp", context)


@pytest.mark.parametrize(
    ("channel", "value"), [("red", 25 / 255), ("green", 0.0), ("blue", 0.0), ("alpha", 1 - 20 / 255)]
)
def test_one_channel_as_a_mask(context: Context, channel: str, value: float) -> None:
    save(context, "a.png", gradient("RGBA"))
    found = mask.load_mask(image="a.png", channel=channel, context=context)
    assert found.shape == (1, 6, 10)
    assert found[0, 0, 1] == pytest.approx(value)


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_without_transparency_the_alpha_mask_is_empty_and_of_the_picture_s_size(context: Context, mode: str) -> None:
    save(context, "a.png", Pillow.new("I;16", (10, 6), 40000) if mode == "I;16" else gradient(mode))
    found = mask.load_mask(image="a.png", channel="alpha", context=context)
    assert found.shape == (1, 6, 10)
    assert not found.any()


@pytest.mark.parametrize("method", image.METHODS)
@pytest.mark.parametrize("crop", image.CROPS)
def test_scaling_gives_the_size_asked_for(picture: torch.Tensor, method: str, crop: str) -> None:
    scaled = image.scale(picture, upscale_method=method, width=50, height=70, crop=crop)
    assert scaled.shape == (2, 70, 50, 3)


def test_a_size_of_zero_keeps_the_proportions(picture: torch.Tensor) -> None:
    arguments = {"upscale_method": "area", "crop": "disabled"}
    assert image.scale(picture, width=0, height=48, **arguments).shape == (2, 48, 64, 3)
    assert image.scale(picture, width=16, height=0, **arguments).shape == (2, 12, 16, 3)
    assert image.scale(picture, width=0, height=0, **arguments) is picture


def test_cropping_cuts_off_the_sides_and_stretches_nothing() -> None:
    wide = torch.zeros(1, 1, 10, 30)
    wide[..., 10:20] = 1
    assert torch.equal(scale(wide, 10, 10, "nearest-exact", "center"), torch.ones(1, 1, 10, 10))
    assert scale(wide, 10, 10, "nearest-exact").mean() < 0.5


def test_lanczos_is_pillow_s_in_eight_bits(picture: torch.Tensor) -> None:
    scaled = image.scale(picture, upscale_method="lanczos", width=40, height=30, crop="disabled")
    pillow = Pillow.fromarray((picture[0] * 255).numpy().astype(np.uint8)).resize((40, 30), Pillow.Resampling.LANCZOS)
    assert np.array_equal((scaled[0] * 255).round().numpy(), np.asarray(pillow))


def test_bislerp_keeps_the_length_that_blending_loses() -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    x = x / x.norm(dim=1, keepdim=True)
    assert torch.allclose(bislerp(x, 16, 16).norm(dim=1), torch.ones(1, 16, 16), atol=1e-4)
    assert scale(x, 16, 16, "bilinear").norm(dim=1).mean() < 0.9


def test_bislerp_of_equal_neighbours_changes_nothing() -> None:
    x = torch.full((1, 4, 3, 3), 2.0)
    assert torch.equal(bislerp(x, 7, 5), torch.full((1, 4, 5, 7), 2.0))
    assert not bislerp(torch.zeros(1, 4, 3, 3), 6, 6).any()


@pytest.mark.parametrize(("old", "new"), [(3, 37), (6, 38), (17, 53), (9, 4), (5, 5), (1, 3)])
def test_bislerp_takes_the_neighbours_that_two_rounded_ramps_name(old: int, new: int) -> None:
    x = torch.randn(1, 4, 1, old, generator=torch.Generator().manual_seed(1))
    ramp = torch.arange(old, dtype=torch.float32)
    stretched = scale(ramp.reshape(1, 1, 1, -1), new, 1, "bilinear").flatten().tolist()
    following = torch.cat((ramp[1:], ramp[-1:]))
    after = scale(following.reshape(1, 1, 1, -1), new, 1, "bilinear").flatten().tolist()
    found = bislerp(x, new, 1)
    for i, (place, second) in enumerate(zip(stretched, after, strict=True)):
        a, b, t = x[0, :, 0, int(place)].double(), x[0, :, 0, int(second)].double(), place - int(place)
        cosine = min(1.0, float(a @ b / (a.norm() * b.norm())))
        if cosine > 1 - 1e-5:
            expected = a
        else:
            turn = math.acos(cosine)
            weights = (math.sin((1 - t) * turn) / math.sin(turn), math.sin(t * turn) / math.sin(turn))
            expected = (weights[0] * a / a.norm() + weights[1] * b / b.norm()) * ((1 - t) * a.norm() + t * b.norm())
        assert torch.allclose(found[0, :, 0, i].double(), expected, atol=1e-4), (i, place, second)


def test_slerp_of_right_angles_goes_along_the_circle() -> None:
    a, b = torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)
    a[0, 0], b[0, 1] = 1, 1
    half = slerp(a, b, torch.tensor(0.5))
    assert torch.allclose(half.flatten(), torch.full((2,), 0.5**0.5))
    assert torch.allclose(slerp(a, -a, torch.tensor(0.25)), a * 0.5), "opposite vectors span no arc"


def test_batches_are_put_together_at_the_size_of_the_first(picture: torch.Tensor) -> None:
    both = image.batch(picture, torch.rand(1, 10, 10, 4))
    assert both.shape == (3, 24, 32, 4)
    assert torch.equal(both[:2, ..., :3], picture)
    assert (both[:2, ..., 3] == 1).all(), "a picture without alpha is opaque"
    assert torch.equal(image.from_batch(both, 2, 5), both[2:])
    assert image.repeat(picture, 3).shape[0] == 6


def test_cutting_turning_and_mirroring(picture: torch.Tensor) -> None:
    assert torch.equal(image.crop(picture, 5, 4, 3, 2), picture[:, 2:6, 3:8])
    assert image.crop(picture, 5, 4, 9999, 9999).shape == (2, 1, 1, 3)
    assert torch.equal(image.flip(picture, image.FLIPS[0]), picture.flip(1))
    clockwise = image.rotate(picture, "90 degrees")
    assert torch.equal(clockwise[:, 0, -1], picture[:, 0, 0]), "the upper left corner goes to the upper right"


def test_outpainting_asks_for_the_border_and_a_soft_seam(picture: torch.Tensor) -> None:
    padded, border = image.pad_for_outpaint(picture, left=8, feathering=4)
    assert padded.shape == (2, 24, 40, 3)
    assert (padded[:, :, :8] == 0.5).all()
    assert torch.equal(padded[:, :, 8:], picture)
    assert border[0, 5].tolist()[:13] == [1] * 8 + [1, 9 / 16, 4 / 16, 1 / 16, 0]


def test_a_picture_of_one_colour() -> None:
    made = image.empty_image(4, 3, 2, 0xFF8000)
    assert made.shape == (2, 3, 4, 3)
    assert torch.allclose(made[1, 2, 3], torch.tensor([1, 128 / 255, 0]))


def test_pasting_through_a_mask(picture: torch.Tensor) -> None:
    white = torch.ones(1, 10, 10, 3)
    half = torch.full((1, 10, 10), 0.5)
    result = image.composite(picture, white, 28, 20, mask=half)
    assert torch.allclose(result[:, 20:, 28:], picture[:, 20:, 28:] * 0.5 + 0.5)
    assert torch.equal(result[:, :20], picture[:, :20])
    assert torch.equal(image.composite(picture, white, 0, 0, resize_source=True), torch.ones_like(picture))
