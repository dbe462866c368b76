"""What is done to the pixels of a picture: mixing, blurring, sharpening, noise, edges, morphology, colour spaces.

Pictures are (b, h, w, c) in [0, 1]. Nothing changes its arguments. The formulas are ComfyUI's, so that graphs give the
same pictures to rounding. kornia is imported by the first call that needs it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from .images import scale

SHARPEN_GAIN = 10
"""How much stronger than its `alpha` says sharpening is, so that alphas below 1 are of use."""


class EffectError(ValueError):
    """Pictures and numbers that do not go together; the sentence says which and what would."""


# Mixing


def soft_light(a: Tensor, b: Tensor) -> Tensor:
    """The W3C's soft light: b darkens or brightens a (Compositing and Blending Level 1)."""
    root = torch.where(a <= 0.25, ((16 * a - 12) * a + 4) * a, a.sqrt())
    return torch.where(b <= 0.5, a - (1 - 2 * b) * a * (1 - a), a + (2 * b - 1) * (root - a))


BLENDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda a, b: b,
    "multiply": lambda a, b: a * b,
    "screen": lambda a, b: 1 - (1 - a) * (1 - b),
    "overlay": lambda a, b: torch.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b)),
    "soft_light": soft_light,
    "difference": lambda a, b: a - b,
}
"""The mixed colour of a picture a with b on it. `difference` is below 0 where b is brighter, and is cut off there."""


def same_channels(like: Tensor, image: Tensor) -> Tensor:
    """`image` with as many channels as `like`: alpha is cut off, or added as opaque."""
    missing = like.shape[-1] - image.shape[-1]
    return functional.pad(image, (0, missing), value=1.0) if missing > 0 else image[..., : like.shape[-1]]


def blend(a: Tensor, b: Tensor, factor: float, mode: str) -> Tensor:
    """`a` with so much of the mixed colour: 0 is a, 1 the mixture. mode: a key of `BLENDS`.

    b is scaled to a's size, its middle kept. EffectError where both are batches, and of different lengths.
    """
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise EffectError(f"image1 is {len(a)} pictures and image2 {len(b)}: give as many of each, or one of either")
    b = same_channels(a, b)
    if a.shape[1:3] != b.shape[1:3]:
        b = scale(b.movedim(-1, 1), a.shape[2], a.shape[1], "bicubic", "center").movedim(1, -1)
    return (a * (1 - factor) + BLENDS[mode](a, b) * factor).clamp(0, 1)


def add_noise(image: Tensor, seed: int, strength: float) -> Tensor:
    """Normal noise of this standard deviation, drawn on the CPU for the whole batch (b, h, w, c) at once."""
    generator = torch.Generator().manual_seed(seed % (1 << 64))
    return (image + strength * torch.randn(image.shape, generator=generator).to(image)).clamp(0, 1)


# Blurring and sharpening


def gaussian(radius: int, sigma: float) -> Tensor:
    """(2 radius + 1, 2 radius + 1), of sum 1. sigma is a fraction of the radius, not pixels."""
    axis = torch.linspace(-1, 1, 2 * radius + 1)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    weight = torch.exp(-(x * x + y * y) / (2 * sigma * sigma))
    return weight / weight.sum()


def unsharp(radius: int, sigma: float, alpha: float) -> Tensor:
    """The kernel, of sum 1, that takes away `alpha` times `SHARPEN_GAIN` of the blurred picture and makes up for it."""
    kernel = gaussian(radius, sigma) * (-SHARPEN_GAIN * alpha)
    kernel[radius, radius] += 1 - kernel.sum()
    return kernel


def convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """Each channel of (b, c, h, w) by a (k, k) kernel, k odd; the picture is mirrored at its edges.

    EffectError where it is too small for that.
    """
    radius, channels = len(kernel) // 2, x.shape[1]
    if radius >= min(x.shape[-2:]):
        height, width = x.shape[-2:]
        raise EffectError(
            f"a radius of {radius} needs more than {radius} rows and columns, and there are {height} x {width}"
        )
    padded = functional.pad(x, (radius,) * 4, "reflect")
    return functional.conv2d(padded, kernel.to(x).repeat(channels, 1, 1, 1), groups=channels)


def blur(image: Tensor, radius: int, sigma: float) -> Tensor:
    """radius: 1 to 31 pixels. EffectError where a picture has no more rows or columns than that."""
    return convolve(image.movedim(-1, 1), gaussian(radius, sigma)).movedim(1, -1)


def sharpen(image: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """radius: 1 to 31 pixels; alpha 0 changes nothing. EffectError as `blur`."""
    return convolve(image.movedim(-1, 1), unsharp(radius, sigma, alpha)).movedim(1, -1).clamp(0, 1)


# Edges and morphology


def canny(image: Tensor, low: float, high: float) -> Tensor:
    """White edges on black, (b, h, w, 3), by Canny (1986), kornia's. Pixels of a gradient above `high` are edges, and
    so are those above `low` that touch one. EffectError where low is above high."""
    if low > high:
        raise EffectError(f"low_threshold ({low:g}) is above high_threshold ({high:g}): give them the other way round")
    from kornia.filters import canny as detect

    edges = detect(image[..., :3].movedim(-1, 1), low, high)[1]
    return edges.repeat(1, 3, 1, 1).movedim(1, -1)


def dilate(x: Tensor, size: int) -> Tensor:
    """The brightest value of the square of `size` pixels round each of (b, c, h, w); what lies outside does not count.

    kornia's `dilation` with a kernel of ones, bit for bit, in two passes of one axis each: kornia's time grows with the
    square of `size`, which may be 999 here. An even square reaches one pixel further down and to the right.
    """
    before = (size - 1) // 2
    return _window_max(_window_max(x, before, size // 2, -1), before, size // 2, -2)


def erode(x: Tensor, size: int) -> Tensor:
    """The darkest value of the square of `size` pixels round each; kornia's `erosion`. An even square reaches one pixel
    further up and to the left, so that eroding and dilating together move nothing."""
    after = (size - 1) // 2
    return -_window_max(_window_max(-x, size // 2, after, -1), size // 2, after, -2)


def _window_max(x: Tensor, before: int, after: int, axis: int) -> Tensor:
    """The largest of x[i - before] to x[i + after] along an axis, -1 or -2."""
    before, after = min(before, x.shape[axis] - 1), min(after, x.shape[axis] - 1)
    size = before + 1 + after
    padding, window = ((before, after), (1, size)) if axis == -1 else ((0, 0, before, after), (size, 1))
    return functional.max_pool2d(functional.pad(x, padding, value=-torch.inf), window, stride=1)


MORPHOLOGY: dict[str, Callable[[Tensor, int], Tensor]] = {
    "erode": erode,
    "dilate": dilate,
    "open": lambda x, size: dilate(erode(x, size), size),
    "close": lambda x, size: erode(dilate(x, size), size),
    "gradient": lambda x, size: dilate(x, size) - erode(x, size),
    "bottom_hat": lambda x, size: erode(dilate(x, size), size) - x,
    "top_hat": lambda x, size: x - dilate(erode(x, size), size),
}


def morphology(image: Tensor, operation: str, size: int) -> Tensor:
    """operation: a key of `MORPHOLOGY`; size: of the square, in pixels."""
    return MORPHOLOGY[operation](image.movedim(-1, 1), size).movedim(1, -1)


# Colour


def to_yuv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Brightness, blueness and redness (YCbCr, JPEG's kind, from 0 to 1 with 0.5 for grey) as three grey pictures."""
    from kornia.color import rgb_to_ycbcr

    yuv = rgb_to_ycbcr(image[..., :3].movedim(-1, 1))
    y, u, v = (yuv[:, i, ..., None].expand(*image.shape[:3], 3) for i in range(3))
    return y, u, v


def from_yuv(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """The colours that `to_yuv` took apart. The mean of each picture's channels counts.

    EffectError where the sizes or counts differ.
    """
    if not y.shape[:3] == u.shape[:3] == v.shape[:3]:
        sizes = ", ".join(f"{len(x)} of {x.shape[2]} x {x.shape[1]}" for x in (y, u, v))
        raise EffectError(f"Y, U and V must be as many pictures, and of one size: they are {sizes}")
    from kornia.color import ycbcr_to_rgb

    return ycbcr_to_rgb(torch.stack([part.mean(-1) for part in (y, u, v)], 1)).movedim(1, -1)
