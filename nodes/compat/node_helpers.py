# pyright: basic
"""ComfyUI's `node_helpers`: conditionings with more said, pictures opened however broken they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image, ImageFile, UnidentifiedImageError

from nodes.compat.comfy.cli_args import args


def conditioning_set_values(conditioning: list[Any], values: Mapping[str, Any] = {}, append: bool = False) -> list[Any]:
    """A new conditioning with these values in every entry's dict.

    append: values that are lists are put behind what an entry has.
    """
    changed: list[Any] = []
    for tensor, said in conditioning:
        merged = dict(said)
        for name, value in values.items():
            old = merged.get(name)
            merged[name] = old + value if append and old is not None else value
        changed.append([tensor, merged])
    return changed


def conditioning_set_values_with_timestep_range(
    conditioning: list[Any], values: Mapping[str, Any] = {}, start_percent: float = 0.0, end_percent: float = 1.0
) -> list[Any]:
    """`conditioning_set_values` for a part of the sampling; outside it the entries stay as they are."""
    changed: list[Any] = []
    for tensor, said in conditioning:
        first, last = float(said.get("start_percent", 0.0)), float(said.get("end_percent", 1.0))
        begin, end = max(first, start_percent), min(last, end_percent)
        if begin >= end:
            changed.append([tensor, dict(said)])
            continue
        spans = [(first, begin, {}), (begin, end, values), (end, last, {})]
        for start, stop, more in spans:
            if start < stop:
                changed.append([tensor, {**said, **more, "start_percent": start, "end_percent": stop}])
    return changed


def pillow(fn: Callable[[Any], Any], arg: Any) -> Any:
    """Call a function of Pillow's; a picture that is cut off is read as far as it goes."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        return fn(arg)
    except (OSError, UnidentifiedImageError, ValueError):
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        return fn(arg)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Callable[..., Any]:
    """The hash function for files."""
    return getattr(hashlib, args.default_hashing_function)


def string_to_torch_dtype(string: str) -> Any:
    """`fp32`, `fp16` or `bf16` → torch's type."""
    import torch

    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}.get(string)


def image_alpha_fix(destination: Any, source: Any) -> tuple[Any, Any]:
    """Pictures (b, h, w, c) with equally many channels: the destination's decide, opaque where it has more."""
    import torch

    if destination.shape[-1] < source.shape[-1]:
        source = source[..., : destination.shape[-1]]
    elif destination.shape[-1] > source.shape[-1]:
        destination = torch.nn.functional.pad(destination, (0, 1))
        destination[..., -1] = 1.0
    return destination, source


def open_image(path: str) -> Image.Image:
    return pillow(Image.open, path)
