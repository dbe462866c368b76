"""Pictures that programs send and fetch by id: what Krita's plugin for AI images, and scripts like it, work with.

The plugin sends its pictures by `PUT /api/etn/image/ID` and fetches results by `GET /api/etn/image/ID` (api/krita).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import torch

from graph import passed_images
from graph.context import RUNNING, Context
from graph.errors import FileNameError
from graph.node import Choice, Results, Text, node
from graph.whole_files import write_whole
from models.images import PictureError, encoded, read_channels
from nodes.values import Image, Mask

FORMATS = ("PNG", "JPEG")
QUALITY = 95
"""Of JPEG."""
LEVEL = 1
"""PNG compression: pictures that are fetched once need not be small."""
MOST_REMEMBERED = 10_000
LONGEST_TEXT = 200 * 2**20
"""Letters of a picture that is sent as text."""


_digests: dict[Path, str] = {}
"""What was last found at each place: a picture that was let go may still be in the cache of results."""


def _content(id: str = "", **_: Any) -> str:
    """Differs when another picture lies under the id."""
    context = RUNNING.get()
    if context is None:
        return ""
    try:
        path = passed_images.place(context.folders, id)
    except FileNameError:
        return ""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _digests.get(path, "")
    if len(_digests) >= MOST_REMEMBERED:
        del _digests[next(iter(_digests))]
    _digests[path] = found
    return found


@node("ETN_LoadImageCache", category="external_tooling", title="Load Image from Cache", is_changed=_content)
def load_passed_image(
    id: Annotated[str, Text(tooltip="As the program that sent it named it.")] = "",
    *,
    context: Context,
) -> tuple[Image, Mask]:
    """Take a picture that a program sent by PUT /api/etn/image/ID. The mask is its alpha channel, 1 where it is opaque,
    or its red channel where it has none."""
    path = passed_images.place(context.folders, id)
    try:
        os.utime(path)  # it is needed: others are let go before it
    except FileNotFoundError:
        raise LookupError(
            f"there is no picture with the id {id!r}: it was never sent, or was let go because it was not asked for in"
            " ten minutes and room was needed. Send it again by PUT /api/etn/image/ID"
        ) from None
    channels = read_channels(path, f"The picture {id}")
    colours = channels[..., :1].expand(-1, -1, -1, 3) if channels.shape[-1] < 3 else channels[..., :3]
    has_alpha = channels.shape[-1] in (2, 4)
    return colours.contiguous(), channels[..., -1 if has_alpha else 0].contiguous()


def _until_some_are_dropped(**_: Any) -> str:
    context = RUNNING.get()
    return "" if context is None else passed_images.dropped(context.folders)


@node(
    "ETN_SaveImageCache",
    category="external_tooling",
    title="Save Image to Cache",
    output=True,
    is_changed=_until_some_are_dropped,
)
def pass_images(
    images: Image,
    format: Annotated[str, Choice(FORMATS)] = "PNG",
    *,
    context: Context,
) -> Results:
    """Give pictures to the program that queued the graph: it fetches them by GET /api/etn/image/ID."""
    told: list[dict[str, str]] = []
    for pixels in images:
        context.check()
        id = secrets.token_hex(16)
        _write(passed_images.place(context.folders, id), encoded(pixels, format, LEVEL, QUALITY))
        told.append({"source": "http", "id": id, "content-type": f"image/{format.lower()}", "type": "output"})
    return Results(ui={"images": told})


@node("ETN_LoadImageBase64", category="external_tooling", title="Load Image (Base64)")
def load_image_text(
    image: Annotated[str, Text(tooltip="A file in base64, with or without data:image/png;base64, before it.")] = "",
) -> tuple[Image, Mask]:
    """Take a picture from the text of a graph. The mask is its alpha channel, 1 where it is opaque."""
    channels = _from_text(image)
    colours = channels[..., :1].expand(-1, -1, -1, 3) if channels.shape[-1] < 3 else channels[..., :3]
    alpha = channels[..., -1] if channels.shape[-1] in (2, 4) else torch.ones(channels.shape[:3])
    return colours.contiguous(), alpha.contiguous()


@node("ETN_LoadMaskBase64", category="external_tooling", title="Load Mask (Base64)")
def load_mask_text(
    mask: Annotated[str, Text(tooltip="A file in base64; of a picture in colour, red counts.")] = "",
) -> Mask:
    """Take a mask from the text of a graph."""
    return _from_text(mask)[..., 0].contiguous()


def _from_text(text: str) -> torch.Tensor:
    if len(text) > LONGEST_TEXT:
        raise PictureError(f"The text has {len(text) >> 20} MB; a picture in it may have {LONGEST_TEXT >> 20}.")
    _, comma, rest = text.partition(",") if text.startswith("data:") else ("", "", text)
    try:
        data = base64.b64decode(rest if comma else text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise PictureError(f"The text is no picture in base64: {error}.") from None
    return read_channels(io.BytesIO(data), "The picture in the text")


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: the program may ask for it at once."""
    write_whole(path, data, lasting=False)
