"""Results: saved for good, or shown on the page."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from graph.context import Context
from graph.node import File, Hidden, Results, Text, node
from models.saving import latent_bytes, png_bytes, read_latent, svg_bytes
from nodes.context import engine, pnginfo
from nodes.naming import expand
from nodes.saved import write
from nodes.values import Image, Latent, Mask, Svg

PREFIX = Text(
    tooltip="Name of the files, with folders if you like; %date:yyyy-MM-dd%, %width%, %KSampler.seed% fill in."
)
Prompt = Annotated[Any, Hidden("PROMPT")]
PngInfo = Annotated[Any, Hidden("EXTRA_PNGINFO")]

SAVE_LEVEL = 4
"""PNG compression of saved pictures, 0 to 9: beyond 4 it takes much longer and saves little."""

PREVIEW_LEVEL = 1


@node("SaveImage", category="image", title="Save Image", output=True, search_aliases=("export", "output"))
def save_image(
    images: Image,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save pictures as PNG in the output folder. Each carries the graph that made it."""
    texts = {**pnginfo(prompt, extra_pnginfo), **_provenance(context)}
    return Results(ui={"images": _save(context, "output", filename_prefix, images, texts, prompt, SAVE_LEVEL)})


@node("PreviewImage", category="image", title="Preview Image", output=True, search_aliases=("show", "view"))
def preview_image(images: Image, context: Context, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Results:
    """Show pictures on the page without keeping them."""
    texts = pnginfo(prompt, extra_pnginfo)
    return Results(ui={"images": _save(context, "temp", _temporary_name(), images, texts, prompt, PREVIEW_LEVEL)})


@node("SaveImageWebsocket", category="api/image", output=True, is_changed=lambda **_: float("nan"))
def send_images(images: Image, context: Context) -> Results:
    """Send pictures as PNG to the program that queued the graph, on its websocket. They are kept nowhere."""
    for number, pixels in enumerate(images, 1):
        context.progress(number, len(images))
        context.preview(png_bytes(pixels, {}, PREVIEW_LEVEL), "PNG")
    return Results()


@node("ImageCompare", category="image", title="Image Compare", output=True, experimental=True)
def compare_images(
    context: Context,
    image_a: Image | None = None,
    image_b: Image | None = None,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Show two pictures in one place, with a line between that follows the pointer."""
    texts = pnginfo(prompt, extra_pnginfo)
    sides = {"a_images": image_a, "b_images": image_b}
    return Results(
        ui={
            side: []
            if images is None
            else _save(context, "temp", _temporary_name(), images, texts, prompt, PREVIEW_LEVEL)
            for side, images in sides.items()
        }
    )


@node("MaskPreview", category="mask", output=True)
def preview_mask(mask: Mask, context: Context, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Results:
    """Show a mask on the page without keeping it."""
    images, texts = mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3), pnginfo(prompt, extra_pnginfo)
    return Results(ui={"images": _save(context, "temp", _temporary_name(), images, texts, prompt, SAVE_LEVEL)})


@node(
    "SaveSVGNode",
    category="image/save",
    output=True,
    description="Save vector pictures in the output folder, with the graph that made them.",
)
def save_svg(
    svg: Svg,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "svg/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save vector pictures. `svg.data` is a list of open files, which are read from their beginning."""
    name = expand(filename_prefix, prompt, 0, 0, datetime.now())
    texts = pnginfo(prompt, extra_pnginfo)
    saved = []
    for number, file in enumerate(svg.data):
        file.seek(0)
        data = svg_bytes(file.read(), texts)
        saved.append(write(context, "output", name.replace("%batch_num%", str(number)), ".svg", data, number + 1))
    return Results(ui={"images": saved})


@node("SaveLatent", category="_for_testing", output=True)
def save_latent(
    samples: Latent,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "latents/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save latents in the output folder, to go on with them later."""
    name = expand(filename_prefix, prompt, 0, 0, datetime.now())
    data = latent_bytes(samples["samples"], pnginfo(prompt, extra_pnginfo))
    return Results(ui={"latents": [write(context, "output", name, ".latent", data)]})


@node("LoadLatent", category="_for_testing")
def load_latent(
    latent: Annotated[str, File(kind="input", media="latent", tooltip="A .latent file in the input folder.")],
    context: Context,
) -> Latent:
    """Load latents that were saved before."""
    return {"samples": read_latent(context.folders.resolve("input", latent))}


def _save(
    context: Context,
    kind: str,
    prefix: str,
    images: Image,
    texts: Mapping[str, Any],
    prompt: Mapping[str, Any] | None,
    compress_level: int,
) -> list[dict[str, str]]:
    """Write each picture of a batch, and say for `/view` where it is."""
    name = expand(prefix, prompt, images.shape[2], images.shape[1], datetime.now())
    saved = []
    for number, pixels in enumerate(images):
        context.check()
        data = png_bytes(pixels, texts, compress_level)
        saved.append(write(context, kind, name.replace("%batch_num%", str(number)), ".png", data, number + 1))
    return saved


def _temporary_name() -> str:
    return "ComfyUI_temp_" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(5))


def _provenance(context: Context) -> dict[str, Any]:
    """What the graph does not say and the pixels depend on."""
    if context.services is None:
        return {}
    own = engine(context)
    return {"easel": {"precision": own.precision, "device": own.device.type}}
