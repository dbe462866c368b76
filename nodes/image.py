"""Pictures: loaded, made, scaled, cut and put together."""

from __future__ import annotations

from typing import Annotated

import torch
from torch.nn import functional

from graph.context import RUNNING, Context
from graph.node import MAX_RESOLUTION, Choice, File, Hidden, Int, Memory, Slider, Socket, Toggle, node
from models import compose, images
from nodes.values import Image, Mask

METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
CROPS = ("disabled", "center")
FLIPS = ("x-axis: vertically", "y-axis: horizontally")
ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")

Method = Annotated[
    str, Choice(options=METHODS, tooltip="lanczos and bicubic are sharp, area is best for making small.")
]
Crop = Annotated[str, Choice(options=CROPS, tooltip="center: cut off what would change the proportions.")]
Target = Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="In pixels; 0 keeps the proportions.")]
Side = Annotated[int, Int(min=1, max=MAX_RESOLUTION, tooltip="In pixels.")]
Offset = Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="In pixels.")]
Border = Annotated[int, Int(min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels.")]
Batch = Annotated[int, Int(min=1, max=4096)]


def _resized(image: torch.Tensor, width: int, height: int, method: str, crop: str = "disabled") -> torch.Tensor:
    return images.scale(image.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


@node("LoadImage", category="image", title="Load Image", search_aliases=("open", "picture", "upload"))
def load_image(
    image: Annotated[str, File(kind="input", upload="image", tooltip="A file in the input folder.")],
    context: Context,
) -> tuple[Image, Mask]:
    """Load a picture. The mask is white where the picture is transparent; an animation gives a batch."""
    picture = images.read_picture(context.folders.resolve("input", image))
    return picture.pixels, picture.mask


@node("LoadImageOutput", category="image", title="Load Image (from Outputs)", experimental=True)
def load_image_output(
    image: Annotated[str, File(kind="output", upload="image", tooltip="A file in the output folder.")],
    context: Context,
) -> tuple[Image, Mask]:
    """Load a picture that was saved before."""
    picture = images.read_picture(context.folders.resolve("output", image))
    return picture.pixels, picture.mask


def _captured(capture_on_queue: bool, image: str) -> float | str:
    context = RUNNING.get()
    own = "" if context is None else f"{context.person}: "  # two people's pictures of one name are two pictures
    return float("nan") if capture_on_queue else own + image


@node("WebcamCapture", category="image", title="Webcam Capture", is_changed=_captured, search_aliases=("camera",))
def webcam_capture(
    image: Annotated[str, Socket("WEBCAM")],
    width: Annotated[int, Int(min=0, max=MAX_RESOLUTION)] = 0,
    height: Annotated[int, Int(min=0, max=MAX_RESOLUTION)] = 0,
    capture_on_queue: Annotated[bool, Toggle(tooltip="Take a new picture for every run.")] = True,
    *,
    context: Context,
) -> Image:
    """A picture that the page took with a camera and uploaded. The page has scaled it to the size that is set here."""
    return images.read_picture(context.folders.resolve("input", image)).pixels


@node("EmptyImage", category="image", memory=Memory(12, ("width", "height", "batch_size")))
def empty_image(
    width: Side = 512,
    height: Side = 512,
    batch_size: Batch = 1,
    color: Annotated[int, Int(min=0, max=0xFFFFFF, display="color", tooltip="Red * 65536 + green * 256 + blue.")] = 0,
) -> Image:
    """Pictures of one colour."""
    rgb = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255]) / 255
    return rgb.repeat(batch_size, height, width, 1)


@node(
    "ImageScale",
    category="image/upscaling",
    title="Upscale Image",
    memory=Memory(12, ("width", "height")),
    search_aliases=("resize", "scale"),
)
def scale(image: Image, *, upscale_method: Method, width: Target = 512, height: Target = 512, crop: Crop) -> Image:
    """Scale pictures to a size, up or down."""
    if width == 0 and height == 0:
        return image
    rows, columns = image.shape[1:3]
    width, height = width or max(1, round(columns * height / rows)), height or max(1, round(rows * width / columns))
    return _resized(image, width, height, upscale_method, crop)


@node("ImageScaleBy", category="image/upscaling", title="Upscale Image By", search_aliases=("resize", "scale"))
def scale_by(
    image: Image, *, upscale_method: Method, scale_by: Annotated[float, Slider(min=0.01, max=8.0, step=0.01)] = 1.0
) -> Image:
    """Scale pictures by a factor, up or down."""
    height, width = (max(1, round(side * scale_by)) for side in image.shape[1:3])
    return _resized(image, width, height, upscale_method)


@node("ImageScaleToTotalPixels", category="image/upscaling", search_aliases=("resize", "scale"))
def scale_to_total_pixels(
    image: Image, *, upscale_method: Method, megapixels: Annotated[float, Slider(min=0.01, max=16.0, step=0.01)] = 1.0
) -> Image:
    """Scale pictures so that each has about this many pixels; 1 is 1024 x 1024."""
    factor = (int(megapixels * 1024 * 1024) / (image.shape[1] * image.shape[2])) ** 0.5
    height, width = (max(1, round(side * factor)) for side in image.shape[1:3])
    return _resized(image, width, height, upscale_method)


@node("ImageInvert", category="image", title="Invert Image")
def invert(image: Image) -> Image:
    """Turn every colour into its opposite."""
    return 1.0 - image


@node("ImageBatch", category="image", title="Batch Images")
def batch(image1: Image, image2: Image) -> Image:
    """Put pictures together in one batch; the second is scaled to the size of the first."""
    channels = max(image1.shape[-1], image2.shape[-1])
    first, second = (functional.pad(i, (0, channels - i.shape[-1]), value=1.0) for i in (image1, image2))
    if first.shape[1:3] != second.shape[1:3]:
        second = _resized(second, first.shape[2], first.shape[1], "bilinear", "center")
    return torch.cat((first, second))


@node("ImageFromBatch", category="image/batch")
def from_batch(
    image: Image,
    batch_index: Annotated[int, Int(min=0, max=4095)] = 0,
    length: Batch = 1,
) -> Image:
    """Take some pictures out of a batch."""
    start = min(len(image) - 1, batch_index)
    return image[start : start + length].clone()


@node("RepeatImageBatch", category="image/batch")
def repeat(image: Image, amount: Batch = 1) -> Image:
    """The same pictures several times over."""
    return image.repeat(amount, 1, 1, 1)


@node("ImageCrop", category="image/transform", title="Image Crop")
def crop(image: Image, width: Side = 512, height: Side = 512, x: Offset = 0, y: Offset = 0) -> Image:
    """Cut a rectangle out of pictures."""
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, top : top + height, left : left + width]


@node("ImageFlip", category="image/transform")
def flip(image: Image, flip_method: Annotated[str, Choice(options=FLIPS)]) -> Image:
    """Mirror pictures."""
    return image.flip(1 if flip_method == FLIPS[0] else 2)


@node("ImageRotate", category="image/transform")
def rotate(image: Image, rotation: Annotated[str, Choice(options=ROTATIONS)]) -> Image:
    """Turn pictures clockwise."""
    return torch.rot90(image, ROTATIONS.index(rotation), (2, 1))


@node("ImagePadForOutpaint", category="image", title="Pad Image for Outpainting", search_aliases=("outpaint", "extend"))
def pad_for_outpaint(
    image: Image,
    left: Border = 0,
    top: Border = 0,
    right: Border = 0,
    bottom: Border = 0,
    feathering: Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="Pixels over which old and new blend.")] = 40,
) -> tuple[Image, Mask]:
    """Put a grey border round pictures, and a mask on it, to be drawn anew."""
    padded = functional.pad(image, (0, 0, left, right, top, bottom), value=0.5)
    mask = compose.outpaint_mask(image.shape[1], image.shape[2], left, top, right, bottom, feathering)
    return padded, mask.unsqueeze(0)


@node("ImageCompositeMasked", category="image", search_aliases=("paste", "overlay"))
def composite(
    destination: Image,
    source: Image,
    x: Offset = 0,
    y: Offset = 0,
    resize_source: Annotated[bool, Toggle()] = False,
    mask: Mask | None = None,
) -> Image:
    """Lay one picture over another, where a mask selects it."""
    channels = destination.shape[-1]
    source = functional.pad(source[..., :channels], (0, max(0, channels - source.shape[-1])), value=1.0)
    under, over = destination.movedim(-1, 1), source.movedim(-1, 1)
    return compose.composite(under, over, x, y, mask, multiplier=1, resize=resize_source).movedim(1, -1)


@node("GetImageSize", category="image", title="Get Image Size", outputs=("width", "height", "batch_size"))
def get_size(
    image: Image, context: Context, unique_id: Annotated[str, Hidden("UNIQUE_ID")] = ""
) -> tuple[int, int, int]:
    """A picture's width and height in pixels, and how many there are."""
    count, height, width = image.shape[:3]
    context.text(f"width: {width}, height: {height}\n batch size: {count}")
    return width, height, count
