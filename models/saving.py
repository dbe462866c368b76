"""What results are as bytes: pictures, drawings and latents, with the texts that say how they were made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

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
