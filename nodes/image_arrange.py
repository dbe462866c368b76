"""Pictures side by side, fitted into frames, brought to sizes, and regrouped."""

from __future__ import annotations

from typing import Annotated

from graph.node import MAX_RESOLUTION, Choice, Int, Memory, Toggle, node
from models import arrange
from nodes.values import Image

DIRECTIONS = ("right", "down", "left", "up")
MAX_METHODS = ("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic")
"""One stands there twice in ComfyUI too; its order is what graphs are checked against."""

FIT_METHODS = ("area", "bicubic", "nearest-exact", "bilinear", "lanczos")

Side = Annotated[int, Int(min=1, max=MAX_RESOLUTION, tooltip="In pixels.")]


@node("ImageStitch", category="image/transform", title="Image Stitch", search_aliases=("concatenate", "side by side"))
def stitch(
    image1: Image,
    direction: Annotated[str, Choice(options=DIRECTIONS, tooltip="Where the second picture goes.")] = "right",
    match_image_size: Annotated[bool, Toggle(tooltip="Scale the second picture to the edge where they meet.")] = True,
    spacing_width: Annotated[int, Int(min=0, max=1024, step=2, tooltip="Pixels between the two.")] = 0,
    spacing_color: Annotated[str, Choice(options=tuple(arrange.COLOURS))] = "white",
    image2: Image | None = None,
) -> Image:
    """Put two pictures side by side. Without a second, the first is passed on."""
    if image2 is None:
        return image1
    return arrange.stitch(image1, image2, direction, match_image_size, spacing_width, spacing_color)


@node("ResizeAndPadImage", category="image/transform", memory=Memory(12, ("target_width", "target_height")))
def resize_and_pad(
    image: Image,
    target_width: Side = 512,
    target_height: Side = 512,
    *,
    padding_color: Annotated[str, Choice(options=("white", "black"))],
    interpolation: Annotated[str, Choice(options=FIT_METHODS)],
) -> Image:
    """Fit whole pictures into a frame, and fill what is left of it."""
    return arrange.fit(image, target_width, target_height, padding_color, interpolation)


@node("ImageScaleToMaxDimension", category="image/upscaling", search_aliases=("resize", "longest side"))
def scale_to_max_dimension(
    image: Image,
    *,
    upscale_method: Annotated[str, Choice(options=MAX_METHODS)],
    largest_size: Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="Of the longer side, in pixels.")] = 512,
) -> Image:
    """Scale pictures so that the longer side has so many pixels."""
    return arrange.to_longest(image, largest_size, upscale_method)


@node("FluxKontextImageScale", category="advanced/conditioning/flux")
def scale_to_kontext(image: Image) -> Image:
    """Scale and cut pictures to the nearest of the sizes on which Flux Kontext was trained."""
    return arrange.to_kontext(image)


@node(
    "RebatchImages",
    category="image/batch",
    title="Rebatch Images",
    input_is_list=True,
    output_is_list=(True,),
    search_aliases=("split batch",),
)
def rebatch(images: Image, batch_size: Annotated[int, Int(min=1, max=4096)] = 1) -> list[Image]:
    """Regroup all pictures of a list into batches of so many, which are then worked on one after the other."""
    return arrange.regrouped(list(images), _first(batch_size))


def _first(value: int | list[int]) -> int:
    """A node that gets whole lists gets one of its fields too."""
    return value[0] if isinstance(value, list) else value
