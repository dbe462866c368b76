"""The picture process: decodes and encodes pictures for the control process, which never opens one itself.

Pictures come from anywhere, and decoders have faults. So this process holds nothing of value, may take little memory,
is killed when it takes too long, and is started again when it dies. One request at a time:

    {"op": "convert", "path", "format", "quality", "channel", "size"}  ->  {"type": media type} and the picture
    {"op": "check", "path"}                                            ->  {"width", "height", "format"}
    {"op": "mask", "path", "mask"}                                     ->  {"type"} and a PNG
    {"op": "describe", "paths"}                                        ->  {"files": [{"width", "height", "facts"}]}

A request that cannot be answered gets {"error": sentence}.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import struct
import sys
from typing import Any

from PIL import ExifTags, Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from graph.picture_facts import facts_of
from graph.picture_text import MOST_TEXT, ORIENTATION_TURNED, Texts, exif_texts, png_texts
from graph.protocol import Decoder, encode

MAX_PIXELS = 2**27
"""Of one picture, and of all frames of an animated one that are decoded: 512 MB as RGBA."""
MAX_FRAMES = 4096
MEMORY = 3 * 2**30
"""Bytes of address space, where the system can limit it."""
MEDIA_TYPES = {"webp": "image/webp", "jpeg": "image/jpeg", "png": "image/png"}

Image.MAX_IMAGE_PIXELS = None  # Pillow's own check only warns at first; `opened` refuses
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20  # a large workflow, compressed


class Refused(Exception):
    """The picture is not one, or too large. The text is for the person who sent it."""


def opened(path: str) -> Image.Image:
    """The picture, its size checked before a pixel is decoded."""
    try:
        picture = Image.open(path)
    except UnidentifiedImageError:
        raise Refused("it is no picture of a kind that is known") from None
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise Refused(f"{width} x {height} pixels are more than the {MAX_PIXELS:,} that one picture may have")
    return picture


def check(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode the whole picture, and for an animated one a bounded number of frames."""
    with opened(request["path"]) as picture:
        frames = int(getattr(picture, "n_frames", 1))
        if frames > MAX_FRAMES:
            raise Refused(f"it has {frames} frames, more than the {MAX_FRAMES} that are taken")
        width, height = picture.size
        for index in range(min(frames, max(1, MAX_PIXELS // max(1, width * height)))):
            if index:
                picture.seek(index)
            picture.load()
        return {"width": width, "height": height, "format": picture.format}, b""


def convert(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Encode the picture anew: another format, one channel, or fitted into a square."""
    with opened(request["path"]) as picture:
        image = ImageOps.exif_transpose(_eight_bits(picture))
        if request["size"]:
            image.thumbnail((request["size"], request["size"]), Image.Resampling.LANCZOS)
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        if request["channel"] == "rgb":
            image = image.convert("RGB")
        elif request["channel"] == "a":
            alpha = image.convert("RGBA").getchannel("A")
            image = Image.new("RGBA", image.size)
            image.putalpha(alpha)
        else:
            image = image.convert("RGBA" if has_alpha and request["format"] != "jpeg" else "RGB")
        out = io.BytesIO()
        image.info = {}
        image.save(out, request["format"].upper(), quality=request["quality"])
        return {"type": MEDIA_TYPES[request["format"]]}, out.getvalue()


def mask(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The picture with its alpha channel replaced by the mask's; a PNG with the texts that the picture had."""
    with opened(request["path"]) as picture, opened(request["mask"]) as painted:
        image = ImageOps.exif_transpose(_eight_bits(picture))  # as it is seen, and painted on
        if painted.size != image.size:
            raise Refused(
                f"the mask has {painted.width} x {painted.height} pixels and the picture {image.width} x"
                f" {image.height}; they must be equal"
            )
        texts = PngImagePlugin.PngInfo()
        for name, value in getattr(picture, "text", {}).items():
            texts.add_text(name, value)
        image = image.convert("RGBA")
        image.putalpha(_eight_bits(painted).convert("RGBA").getchannel("A"))
        out = io.BytesIO()
        image.save(out, "PNG", pnginfo=texts, compress_level=4)
        return {"type": "image/png"}, out.getvalue()


def describe(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What many pictures say of themselves; no pixel is decoded. One that cannot be read says why instead."""
    return {"files": [_described(path) for path in request["paths"]]}, b""


def _described(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            found = png_texts(file)
        found = _other_texts(path) if found is None else found
        facts = facts_of(found.texts)
    except (Refused, OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError) as error:
        return {"error": str(error)[:200] or type(error).__name__}
    if found.too_large:
        facts.problem = f"Its text {found.too_large[0][:80]!r} is broken, or larger than {MOST_TEXT // 2**20} MB."
    return {"width": found.width, "height": found.height, "facts": facts.to_json()}


def _other_texts(path: str) -> Texts:
    """Of what is no PNG: from EXIF."""
    with opened(path) as picture:
        width, height = picture.size
        if len(picture.info.get("exif") or b"") > MOST_TEXT:
            return Texts(width=width, height=height, too_large=["EXIF"])
        exif = picture.getexif()
        if exif.get(ExifTags.Base.Orientation) in ORIENTATION_TURNED:
            width, height = height, width
        return Texts(exif_texts(exif, exif.get_ifd(ExifTags.IFD.Exif)), width, height)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A picture of 16 or 32 bits a channel as one of 8: `convert` alone would clip it to white."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture


OPERATIONS = {"check": check, "convert": convert, "mask": mask, "describe": describe}


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        return OPERATIONS[request["op"]](request)
    except Refused as refused:
        return {"error": str(refused)}, b""
    except MemoryError:
        return {"error": "it takes more memory to decode than pictures are given"}, b""
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        return {"error": f"it is damaged: {error}"}, b""


def limit_memory() -> None:
    """Keep a decoder that goes wild from taking the machine with it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def open_link(how: str) -> socket.socket:
    if how == "share":  # Windows: the parent writes the shared socket's description to standard input
        return socket.fromshare(sys.stdin.buffer.read())  # type: ignore[attr-defined]
    return socket.socket(fileno=int(how))


def main() -> None:
    parser = argparse.ArgumentParser(description="Easel's picture process; server.py starts it.")
    parser.add_argument("--link", required=True, help=argparse.SUPPRESS)
    link = open_link(parser.parse_args().link)
    limit_memory()
    decoder = Decoder()
    while data := link.recv(65536):
        for request, _ in decoder.feed(data):
            header, picture = answer(request)
            link.sendall(encode(header, picture))
    os._exit(0)


if __name__ == "__main__":
    main()
