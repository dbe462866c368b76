"""Masks: loaded, made, and their shapes changed. White (1) is selected."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional

from graph.context import Context
from graph.node import MAX_RESOLUTION, Choice, File, Int, Memory, Slider, Toggle, node
from models import compose, images, porter_duff
from nodes.values import Image, Mask

LOAD_CHANNELS = ("alpha", "red", "green", "blue")
CHANNELS = ("red", "green", "blue", "alpha")

Side = Annotated[int, Int(min=1, max=MAX_RESOLUTION, tooltip="In pixels.")]
Offset = Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="In pixels.")]
Value = Annotated[float, Slider(min=0.0, max=1.0, step=0.01)]


@node("LoadImageMask", category="mask", title="Load Image (as Mask)")
def load_mask(
    *,
    image: Annotated[str, File(kind="input", upload="image", tooltip="A file in the input folder.")],
    channel: Annotated[str, Choice(options=LOAD_CHANNELS, tooltip="alpha is white where the picture is transparent.")],
    context: Context,
) -> Mask:
    """Load one channel of a picture as a mask."""
    return images.read_channel(context.folders.resolve("input", image), channel)


@node("SolidMask", category="mask", memory=Memory(4, ("width", "height")))
def solid(value: Value = 1.0, width: Side = 512, height: Side = 512) -> Mask:
    """A mask of one brightness."""
    return torch.full((1, height, width), value)


@node("InvertMask", category="mask")
def invert(mask: Mask) -> Mask:
    """Select what was not selected."""
    return 1.0 - mask


@node("GrowMask", category="mask", search_aliases=("dilate", "erode", "shrink"))
def grow(
    mask: Mask,
    expand: Annotated[int, Int(min=-MAX_RESOLUTION, max=MAX_RESOLUTION, tooltip="In pixels; less than 0 shrinks.")] = 0,
    tapered_corners: Annotated[bool, Toggle(tooltip="Grow corners as diamonds, not as squares.")] = True,
) -> Mask:
    """Let what is selected grow or shrink."""
    flat = mask.reshape(-1, *mask.shape[-2:])
    return compose.grow_mask(flat, expand, tapered_corners) if expand else flat


@node("FeatherMask", category="mask", search_aliases=("soften", "fade"))
def feather(mask: Mask, left: Offset = 0, top: Offset = 0, right: Offset = 0, bottom: Offset = 0) -> Mask:
    """Fade a mask out towards its edges, over so many pixels."""
    return compose.feather_mask(mask.reshape(-1, *mask.shape[-2:]), left, top, right, bottom)


@node("CropMask", category="mask")
def crop(mask: Mask, x: Offset = 0, y: Offset = 0, width: Side = 512, height: Side = 512) -> Mask:
    """Cut a rectangle out of a mask."""
    return mask.reshape(-1, *mask.shape[-2:])[:, y : y + height, x : x + width]


@node("ThresholdMask", category="mask")
def threshold(mask: Mask, value: Value = 0.5) -> Mask:
    """Select all that is brighter than a value, and nothing else."""
    return (mask > value).float()


OPERATIONS = ("multiply", "add", "subtract", "and", "or", "xor")


@node("MaskComposite", category="mask")
def combine(
    destination: Mask, source: Mask, *, x: Offset, y: Offset, operation: Annotated[str, Choice(options=OPERATIONS)]
) -> Mask:
    """Work one mask into another, with its corner at (x, y)."""
    result = destination.reshape(-1, *destination.shape[-2:]).clone()
    over = source.reshape(-1, *source.shape[-2:])
    if len(over) not in (1, len(result)):
        raise ValueError(f"there are {len(over)} source masks and {len(result)} to lay them on: give one, or as many")
    over = over[:, : max(0, result.shape[1] - y), : max(0, result.shape[2] - x)]
    area = (slice(None), slice(y, y + over.shape[1]), slice(x, x + over.shape[2]))
    result[area] = _operate(operation, result[area], over)
    return result.clamp(0, 1)


def _operate(operation: str, a: Tensor, b: Tensor) -> Tensor:
    arithmetic = {"multiply": torch.mul, "add": torch.add, "subtract": torch.sub}
    if operation in arithmetic:
        return arithmetic[operation](a, b)
    logic = {"and": torch.logical_and, "or": torch.logical_or, "xor": torch.logical_xor}
    return logic[operation](a.round().bool(), b.round().bool()).float()


@node("MaskToImage", category="mask", title="Convert Mask to Image")
def to_image(mask: Mask) -> Image:
    """Show a mask as a grey picture."""
    return mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3)


@node("ImageToMask", category="mask", title="Convert Image to Mask")
def from_image(image: Image, channel: Annotated[str, Choice(options=CHANNELS)]) -> Mask:
    """Take one channel of a picture as a mask."""
    index = CHANNELS.index(channel)
    if index >= image.shape[-1]:
        raise ValueError(f"the picture has {image.shape[-1]} channels and no {channel}: choose red, green or blue")
    return image[..., index]


@node("ImageColorToMask", category="mask")
def from_color(
    image: Image,
    color: Annotated[int, Int(min=0, max=0xFFFFFF, display="color", tooltip="Red * 65536 + green * 256 + blue.")] = 0,
) -> Mask:
    """Select the pixels of exactly one colour."""
    levels = (image[..., :3].clamp(0, 1) * 255).round().int()
    return ((levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2] == color).float()


@node("JoinImageWithAlpha", category="mask/compositing", title="Join Image with Alpha")
def join_alpha(image: Image, alpha: Mask) -> Image:
    """Make a picture transparent where a mask is white. Of pictures and masks, the fewer count."""
    flat = alpha.reshape(-1, 1, *alpha.shape[-2:])
    sized = functional.interpolate(flat, size=image.shape[1:3], mode="bilinear").movedim(1, -1)
    count = min(len(image), len(sized))
    return torch.cat((image[:count, ..., :3], 1 - sized[:count]), -1)


@node(
    "PorterDuffImageComposite",
    category="mask/compositing",
    title="Porter-Duff Image Composite",
    search_aliases=("blend", "overlay", "alpha"),
)
def porter_duff_composite(
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Annotated[
        str, Choice(options=tuple(porter_duff.MODES), tooltip="SRC is the source, DST the destination.")
    ] = "DST",
) -> tuple[Image, Mask]:
    """Lay one picture on another, both with masks that are white where they are transparent."""
    flat = (mask.reshape(-1, *mask.shape[-2:]) for mask in (source_alpha, destination_alpha))
    return porter_duff.lay(source, next(flat), destination, next(flat), mode)


@node("SplitImageWithAlpha", category="mask/compositing", title="Split Image with Alpha")
def split_alpha(image: Image) -> tuple[Image, Mask]:
    """A picture's colours, and a mask that is white where it is transparent."""
    alpha = image[..., 3] if image.shape[-1] > 3 else torch.ones_like(image[..., 0])
    return image[..., :3].clone(), 1 - alpha
