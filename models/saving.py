"""Writing results: names that are never used twice, files that are whole or not there.

A file is written under a temporary name, forced to the disk, and then given its name in one step that fails if the name
is taken, so two processes that save at once never overwrite each other and a crash leaves no half file.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import torch
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save
from torch import Tensor

from models.errors import CheckpointError
from models.files import open_weights
from models.images import to_pillow
from models.latents import SD1

LATENT = "latent_tensor"
NO_LATENT_SCALE = "latent_format_version_0"
"""An empty tensor of this name says that a latent file is unscaled; older files are scaled by SD1's factor."""


class SaveError(OSError):
    """A result could not be written; the sentence says where and why."""


def write_numbered(folder: Path, stem: str, suffix: str, data: bytes, first: int = 1) -> Path:
    """Write `folder/stem_00001_suffix` with the next free number, from `first` on, and return its path.

    Raises SaveError; then nothing is left behind.
    """
    return stream_numbered(folder, stem, suffix, len(data), lambda file: file.write(data), first)


def stream_numbered(
    folder: Path, stem: str, suffix: str, size: int, write: Callable[[IO[bytes]], object], first: int = 1
) -> Path:
    """As `write_numbered`, with a function that writes what may be too large to be had at once.

    size: in bytes, for messages and to see beforehand whether there is room. What `write` raises is passed on.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < size:
            raise OSError(errno.ENOSPC, "no room")
        temporary = _write_temporary(folder, write)
        try:
            return _give_name(temporary, folder, stem, suffix, first)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(_why(error, folder, stem, size)) from error


def _write_temporary(folder: Path, write: Callable[[IO[bytes]], object]) -> Path:
    path = folder / f".saving-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _give_name(temporary: Path, folder: Path, stem: str, suffix: str, first: int) -> Path:
    number = max(first, next_number(folder, stem))
    while True:
        path = folder / f"{stem}_{number:05}_{suffix}"
        try:
            _claim(temporary, path)
            return path
        except FileExistsError:
            number += 1


def _claim(temporary: Path, path: Path) -> None:
    """Name the file. A second name for it is made where the disk can do that; else the name is taken first."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        with path.open("xb"):
            pass
        temporary.replace(path)


def next_number(folder: Path, stem: str) -> int:
    """One more than the highest number of the files `stem_NUMBER...` in the folder, whatever their type."""
    pattern = re.compile(re.escape(stem) + r"_(\d{1,17})(?=[_.]|$)", re.IGNORECASE)
    found = (pattern.match(entry.name) for entry in os.scandir(folder))
    return 1 + max((int(match[1]) for match in found if match), default=0)


def _why(error: OSError, folder: Path, stem: str, size: int) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk is full: {stem} ({size / 1e6:.1f} MB) was not saved in {folder}. "
            "Make room, or choose another folder with --output-directory"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{stem} was not saved: this user may not write in {folder}"
    return f"{stem} was not saved in {folder}: {error.strerror or error}"


def png_bytes(pixels: Tensor, texts: Mapping[str, Any], compress_level: int) -> bytes:
    """(h, w, c) in [0, 1] as an 8-bit PNG; each text becomes a tEXt chunk of JSON. compress_level: 0 to 9."""
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, json.dumps(value))
    buffer = BytesIO()
    to_pillow(pixels).save(buffer, "PNG", pnginfo=info, compress_level=compress_level)
    return buffer.getvalue()


def svg_bytes(data: bytes, texts: Mapping[str, Any]) -> bytes:
    """An SVG with the texts in a `metadata` element, as JSON, at the beginning of its first `svg` element.

    ValueError where it is not UTF-8 or has no such element.
    """
    try:
        svg = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("this is no SVG: it is not text in UTF-8") from None
    start = re.search(r"<svg\b[^>]*(?<!/)>", svg)
    if start is None:
        raise ValueError("this is no SVG: no <svg> element is in it")
    if not texts:
        return data
    # A CDATA section ends at the first "]]>", wherever that stands.
    described = json.dumps(texts, indent=2).replace("]]>", "]]]]><![CDATA[>")
    metadata = f"\n<metadata><![CDATA[\n{described}\n]]></metadata>"
    return (svg[: start.end()] + metadata + svg[start.end() :]).encode("utf-8")


def latent_bytes(samples: Tensor, texts: Mapping[str, Any]) -> bytes:
    """(b, c, h, w) as a safetensors file that keeps the texts as JSON in its header."""
    tensors = {LATENT: samples.contiguous().cpu(), NO_LATENT_SCALE: torch.tensor([])}
    return save(tensors, {key: json.dumps(value) for key, value in texts.items()})


def read_latent(path: Path) -> Tensor:
    """What `latent_bytes` wrote, or a file of ComfyUI's first format: (b, c, h, w) float32.

    Raises CheckpointError where it is no whole file of tensors, or has no latent.
    """
    file = open_weights(path)
    if LATENT not in file.shapes:
        names = ", ".join(list(file.shapes)[:5]) or "none"
        raise CheckpointError(path, f"no latent is in it; its first tensors are {names}", "Make one with SaveLatent.")
    scale = 1.0 if NO_LATENT_SCALE in file.shapes else 1 / SD1.scale
    [(_, latent)] = file.read([LATENT])
    return latent.float() * scale  # a tensor of its own: the one that was read shares the file's pages
