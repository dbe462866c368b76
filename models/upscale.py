"""Enlarging and restoring pictures with trained networks (ESRGAN, Compact, SwinIR, NAFNet, and all else that spandrel
reads).

A picture larger than a tile is worked on in overlapping tiles, where ComfyUI has them, so that networks that look at a
whole tile give the picture that they gave there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from models import memory
from models.errors import CheckpointError, OutOfMemory
from models.files import WeightFile, open_weights
from models.tiles import tiled
from models.upscale_architectures import extra_architectures, with_own_range
from models.vision_operators import make_torchvision_importable

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

    from models.engine import Engine

TILE = 512
"""Pixels a side of a tile before enlargement; halved when memory runs out."""

SMALLEST_TILE = 128

OVERLAP = 32
"""Pixels that two neighbouring tiles share, over which one fades into the other."""

LARGEST_SIDE = 65_536
"""Pixels of the enlarged picture: beyond that no file format that we write can hold it."""

_CHANNELS = (1, 3, 4)
"""Grey, colour, and colour with transparency: what a network may take."""

_ADVICE = "Choose an upscaler such as an ESRGAN, Compact, SwinIR or DAT."

Progress = Callable[[int, int], None]
"""Called with (tiles done, tiles in all); what it raises ends the work."""


def load_upscaler(path: Path | WeightFile) -> ImageModelDescriptor:
    """Read a network in float32 on the CPU, recognised by its tensors' names.

    CheckpointError where the file is broken, unknown, or a network that does something else than enlarge or restore.
    """
    make_torchvision_importable()
    from spandrel import ImageModelDescriptor, MaskedImageModelDescriptor, ModelLoader, UnsupportedModelError

    extra = extra_architectures()
    weights = open_weights(path)
    path = weights.path
    state = {name.removeprefix("module."): tensor.clone() for name, tensor in weights.read(weights.shapes)}
    broken = next((name for name, tensor in state.items() if not tensor.isfinite().all()), None)
    if broken is not None:
        raise CheckpointError(path, f"{broken} holds values that are no numbers (NaN or infinite)", "Fetch it again.")
    try:
        model = ModelLoader(device="cpu").load_from_state_dict(state)
    except UnsupportedModelError:
        raise CheckpointError(path, "no upscaler that is known has tensors of these names", extra or _ADVICE) from None
    except (RuntimeError, ValueError, LookupError, TypeError, AssertionError) as error:
        # The names were known, but what reads sizes off them, or fills the network, did not find what it expects.
        said = (str(error).splitlines() or [type(error).__name__])[-1].strip(" .\t")
        raise CheckpointError(path, f"its tensors do not make a whole upscaler ({said})", "Fetch it again.") from error
    name = model.architecture.name
    if isinstance(model, MaskedImageModelDescriptor):
        why = f"this is a {name}, which fills in what a mask covers, and no node runs such a network yet"
        raise CheckpointError(path, why, "To fill in a part of a picture, use VAE Encode (for Inpainting).")
    if not isinstance(model, ImageModelDescriptor):
        raise CheckpointError(path, f"this is a {name}, which does not enlarge or restore pictures", _ADVICE)
    if model.input_channels not in _CHANNELS:
        why = f"this {name} takes pictures of {model.input_channels} channels, and a picture has 1, 3 or 4"
        raise CheckpointError(path, why, _ADVICE)
    return with_own_range(model).float().eval()


def upscale(
    model: ImageModelDescriptor, pixels: Tensor, engine: Engine, on_progress: Progress, tile: int = TILE
) -> Tensor:
    """Enlarge (b, h, w, c) in [0, 1] to (b, h * scale, w * scale, 3), on the CPU; c is 1, 3 or 4.

    A network for transparent pictures gives 4 channels. When memory runs out idle models go, then the tile is halved,
    down to 128 pixels; MemoryError if that is too large. ValueError for a batch of none, and for a picture that would
    be too large to be saved; OutOfMemory, before any work, where there is no room for the result.
    """
    _check(model, pixels)
    engine.reserve(sum(p.numel() * p.element_size() for p in model.model.parameters()), "the upscaler")
    model.to(engine.device)
    try:
        for attempt, size in enumerate([tile, *_halves(tile)]):
            work = partial(_upscale_batch, model, pixels, engine.device, on_progress, size)
            done = _unless_out_of_memory(engine, work)
            if done is not None:
                return done
            if attempt == 0:
                engine.free(models=True)
    finally:
        model.to("cpu")
    raise MemoryError(f"Enlarging in tiles of {size} pixels still takes more memory than {engine.device} has free")


def _check(model: ImageModelDescriptor, pixels: Tensor) -> None:
    if pixels.dim() != 4 or 0 in pixels.shape:
        raise ValueError(f"There is no picture to enlarge: the image input is {tuple(pixels.shape)} (b, h, w, c)")
    height, width = (side * model.scale for side in pixels.shape[1:3])
    if max(height, width) > LARGEST_SIDE:
        raise ValueError(
            f"Enlarged {model.scale} times, the picture would be {width:,} x {height:,} pixels; at most "
            f"{LARGEST_SIDE:,} a side can be saved. Cut or scale the picture down first"
        )
    # The batch, and while one of its pictures is put together of tiles a sum and the sum's weights.
    need, have = (len(pixels) + 2) * height * width * 3 * 4, memory.free(torch.device("cpu"))
    if need > have:
        raise OutOfMemory(f"Pictures enlarged to {width:,} x {height:,}", need, have, "the CPU")


def _halves(tile: int) -> list[int]:
    """The whole tile once more, then its halves: 512, 256, 128."""
    return [tile >> n for n in range(8) if tile >> n >= SMALLEST_TILE]


def _unless_out_of_memory(engine: Engine, work: Callable[[], Tensor]) -> Tensor | None:
    """What `work` gives, or None; the error has let go of its tensors by then."""
    try:
        return work()
    except Exception as error:
        if not engine.is_out_of_memory(error):
            raise
        return None


def _upscale_batch(
    model: ImageModelDescriptor, pixels: Tensor, device: torch.device, on_progress: Progress, tile: int
) -> Tensor:
    overlap = min(OVERLAP, tile // 4)
    total = len(pixels) * _count(pixels.shape[1], tile, overlap) * _count(pixels.shape[2], tile, overlap)
    done = itertools.count(1)

    def run(x: Tensor) -> Tensor:
        y = _run_network(model, x.contiguous().to(device)).float().cpu()
        on_progress(next(done), total)
        return y

    x = _as_many_channels(pixels.movedim(-1, 1).float(), 4 if model.input_channels == 4 else 3)
    channels = model.output_channels if model.input_channels > 1 else 3
    y = tiled(x, run, (tile, tile), overlap, Fraction(model.scale), channels)
    return _as_many_channels(y.clamp_(0, 1), max(channels, 3)).movedim(1, -1)


def _count(length: int, tile: int, overlap: int) -> int:
    """How many tiles lie along a side."""
    return 1 if length <= tile else math.ceil((length - overlap) / (tile - overlap))


def _as_many_channels(x: Tensor, count: int) -> Tensor:
    """(b, c, h, w) with `count` channels: grey becomes colour, what is new is opaque, and what is too much goes."""
    x = x.expand(-1, 3, -1, -1) if x.shape[1] == 1 else x[:, :count]
    return functional.pad(x, (0, 0, 0, 0, 0, count - x.shape[1]), value=1.0) if x.shape[1] < count else x


def _run_network(model: ImageModelDescriptor, x: Tensor) -> Tensor:
    """x: (1, c, h, w). A network for grey pictures gets one channel after the other.

    A few networks draw noise as they go; each tile gets the same, so that the same picture comes out every time.
    """
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices):
        torch.manual_seed(0)
        if model.input_channels == 1:
            return torch.cat([model(channel) for channel in x.split(1, dim=1)], dim=1)
        return model(x)
