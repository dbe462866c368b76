"""Enlarging pictures with a trained network (ESRGAN, Compact, SwinIR and all else that spandrel reads).

A picture larger than a tile is worked on in overlapping tiles. The pixels next to a tile's inner edge, which the
network drew without seeing what lies beyond, are thrown away, and the rest is blended where two tiles meet.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.errors import CheckpointError
from models.files import open_weights
from models.vision_operators import make_torchvision_importable

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

    from models.engine import Engine

TILE = 512
"""Pixels a side of a tile before enlargement; halved when memory runs out."""

SMALLEST_TILE = 128

OVERLAP = 64
"""Pixels that two neighbouring tiles share: 24 of each are dropped, the 16 between are blended."""

_ADVICE = "Choose an upscaler such as an ESRGAN, Compact, SwinIR or DAT."

Progress = Callable[[int, int], None]
"""Called with (tiles done, tiles in all); what it raises ends the work."""


def load_upscaler(path: Path) -> ImageModelDescriptor:
    """Read an upscaler in float32 on the CPU, recognised by its tensors' names.

    CheckpointError where the file is broken, unknown, or a network that does something else than enlarge or restore.
    """
    make_torchvision_importable()
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError

    weights = open_weights(path)
    state = {name.removeprefix("module."): tensor.clone() for name, tensor in weights.read(weights.shapes)}
    broken = next((name for name, tensor in state.items() if not tensor.isfinite().all()), None)
    if broken is not None:
        raise CheckpointError(path, f"{broken} holds values that are no numbers (NaN or infinite)", "Fetch it again.")
    try:
        model = ModelLoader(device="cpu").load_from_state_dict(state)
    except UnsupportedModelError:
        raise CheckpointError(path, "no upscaler that is known has tensors of these names", _ADVICE) from None
    except (RuntimeError, ValueError, LookupError, TypeError, AssertionError) as error:
        # The names were known, but what reads sizes off them, or fills the network, did not find what it expects.
        said = (str(error).splitlines() or [type(error).__name__])[-1].strip(" .\t")
        raise CheckpointError(path, f"its tensors do not make a whole upscaler ({said})", "Fetch it again.") from error
    if not isinstance(model, ImageModelDescriptor):
        raise CheckpointError(path, f"this is a {model.architecture.name}, which does not enlarge pictures", _ADVICE)
    return model.float().eval()


def upscale(
    model: ImageModelDescriptor, pixels: Tensor, engine: Engine, on_progress: Progress, tile: int = TILE
) -> Tensor:
    """Enlarge (b, h, w, c) in [0, 1] to (b, h * scale, w * scale, 3), on the CPU.

    When memory runs out idle models go, then the tile is halved, down to 128 pixels; MemoryError if that is too large.
    """
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
    per_picture = len(_spans(pixels.shape[1], tile, overlap)) * len(_spans(pixels.shape[2], tile, overlap))
    total, done = per_picture * len(pixels), itertools.count(1)

    def run(x: Tensor) -> Tensor:
        y = _run_network(model, x.to(device)).float().cpu()
        on_progress(next(done), total)
        return y

    channels = pixels[..., :3].movedim(-1, 1)
    scaled = [run_tiled(run, picture[None], model.scale, tile, overlap) for picture in channels]
    return torch.cat(scaled).clamp(0, 1).movedim(1, -1)


def _run_network(model: ImageModelDescriptor, x: Tensor) -> Tensor:
    """x: (1, 3, h, w). A network for grey pictures gets the three channels as a batch."""
    with torch.no_grad():
        return model(x.movedim(1, 0)).movedim(0, 1) if model.input_channels == 1 else model(x)


def run_tiled(run: Callable[[Tensor], Tensor], x: Tensor, scale: int, tile: int, overlap: int) -> Tensor:
    """Apply `run`, (1, c, h, w) -> (1, c', h * scale, w * scale), tile by tile.

    Equal to `run(x)` to rounding where what `run` draws depends on no pixel further than 3/8 of `overlap`.
    """
    height, width = x.shape[-2:]
    out, weights = torch.zeros(()), torch.zeros(1, 1, height * scale, width * scale)
    for top, bottom in _spans(height, tile, overlap):
        for left, right in _spans(width, tile, overlap):
            y = run(x[..., top:bottom, left:right])
            weight = _ramp(top, bottom, height, overlap, scale)[:, None] * _ramp(left, right, width, overlap, scale)
            if out.dim() == 0:
                out = y.new_zeros(*y.shape[:2], height * scale, width * scale)
            area = (..., slice(top * scale, bottom * scale), slice(left * scale, right * scale))
            out[area] += y * weight
            weights[area] += weight
    return out / weights


def _spans(length: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """Starts and ends of tiles that cover `length`, evenly spread, neighbours sharing at least `overlap`."""
    if length <= tile:
        return [(0, length)]
    count = -(-(length - overlap) // (tile - overlap))
    starts = [round(i * (length - tile) / (count - 1)) for i in range(count)]
    return [(start, start + tile) for start in starts]


def _ramp(start: int, end: int, length: int, overlap: int, scale: int) -> Tensor:
    """How much each pixel of a tile counts along one axis: 0 beside an inner edge, then rising to 1."""
    size = (end - start) * scale
    distance = (torch.arange(size) + 0.5) / scale
    dropped, blended = overlap * 3 / 8, overlap / 4
    weight = torch.ones(size)
    if start > 0:
        weight = weight * ((distance - dropped) / blended).clamp(0, 1)
    if end < length:
        weight = weight * ((distance.flip(0) - dropped) / blended).clamp(0, 1)
    return weight
