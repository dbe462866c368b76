# pyright: basic
"""ComfyUI's `comfy.utils`: progress told, tensors scaled, weights read, attributes of modules set by their path."""

from __future__ import annotations

import itertools
import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from graph.whole_files import whole_path
from models.files import open_weights
from models.images import bislerp as bislerp
from models.images import scale
from models.pickles import forget
from nodes.compat.progress import ProgressBar as _ProgressBar
from nodes.compat.unet_maps import TRANSFORMER_BLOCKS as TRANSFORMER_BLOCKS
from nodes.compat.unet_maps import UNET_MAP_ATTENTIONS as UNET_MAP_ATTENTIONS
from nodes.compat.unet_maps import UNET_MAP_BASIC as UNET_MAP_BASIC
from nodes.compat.unet_maps import UNET_MAP_RESNET as UNET_MAP_RESNET
from nodes.compat.unet_maps import unet_to_diffusers as unet_to_diffusers

PROGRESS_BAR_ENABLED = True
"""Packs turn this off around an inner sampling: progress is then not shown."""
PROGRESS_BAR_HOOK: Callable[..., Any] | None = None
ALWAYS_SAFE_LOAD = True
MMAP_TORCH_FILES = False
DISABLE_MMAP = False


class ProgressBar(_ProgressBar):
    """Progress of the node that runs."""

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        if PROGRESS_BAR_ENABLED:
            super().update_absolute(value, total, preview)


def set_progress_bar_enabled(enabled: bool) -> None:
    global PROGRESS_BAR_ENABLED
    PROGRESS_BAR_ENABLED = enabled


def set_progress_bar_global_hook(function: Callable[..., Any] | None) -> None:
    """Kept, and not called: Easel follows progress by the node's context."""
    global PROGRESS_BAR_HOOK
    PROGRESS_BAR_HOOK = function


# Weights


def load_torch_file(
    ckpt: str | os.PathLike[str], safe_load: bool = False, device: Any = None, return_metadata: bool = False
) -> Any:
    """A file's tensors by name; pickles are read without running what they hold, however `safe_load` is set.

    Gives (tensors, metadata) if asked for both. Raises CheckpointError.
    """
    file = open_weights(Path(ckpt))
    tensors = dict(file.read(file.in_order(file.shapes)))
    forget()
    if device is not None and torch.device(device).type != "cpu":
        tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
    return (tensors, dict(file.metadata) or None) if return_metadata else tensors


def save_torch_file(sd: Mapping[str, Tensor], ckpt: str | os.PathLike[str], metadata: Any = None) -> None:
    """Write tensors as safetensors; the file is whole or not there."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in sd.items()}
    with whole_path(Path(ckpt)) as made:
        save_file(_unshared(tensors), made, metadata=metadata)


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """safetensors refuses two names for one memory."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        if tensor.untyped_storage().data_ptr() in seen:
            tensors[name] = tensor.clone()
        seen.add(tensors[name].untyped_storage().data_ptr())
    return tensors


def safetensors_header(safetensors_path: str | os.PathLike[str], max_size: int = 100 * 1024 * 1024) -> bytes | None:
    """The header of a safetensors file as it stands there; None where it is larger than `max_size` bytes."""
    with open(safetensors_path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        return file.read(size) if size <= max_size else None


def state_dict_key_replace(state_dict: dict[str, Any], keys_to_replace: Mapping[str, str]) -> dict[str, Any]:
    """Rename entries, in place."""
    for old, new in keys_to_replace.items():
        if old in state_dict:
            state_dict[new] = state_dict.pop(old)
    return state_dict


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """Give entries another prefix, in place; with `filter_keys` a new dict of those alone."""
    out: dict[str, Any] = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(old)]:
            out[new + name[len(old) :]] = state_dict.pop(name)
    return out


def calculate_parameters(sd: Mapping[str, Any], prefix: str = "") -> int:
    """The number of weights under a prefix."""
    return sum(math.prod(value.shape) for name, value in sd.items() if name.startswith(prefix))


def weight_dtype(sd: Mapping[str, Any], prefix: str = "") -> torch.dtype | None:
    """The type that most weights under a prefix have; None where there are none."""
    counts: dict[torch.dtype, int] = {}
    for name, value in sd.items():
        if name.startswith(prefix):
            counts[value.dtype] = counts.get(value.dtype, 0) + value.numel()
    return max(counts, key=lambda dtype: counts[dtype]) if counts else None


def convert_sd_to(state_dict: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """All tensors in one type, in place."""
    for name in list(state_dict):
        state_dict[name] = state_dict[name].to(dtype)
    return state_dict


def load_embedding_metadata(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """What a file's metadata says, where its values are JSON."""
    return {name: json.loads(value) for name, value in (metadata or {}).items()}


# Modules by path


def get_attr(obj: Any, attr: str) -> Any:
    """`get_attr(model, "blocks.0.weight")`."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set an attribute by its path; gives what was there."""
    *path, last = attr.split(".")
    for name in path:
        obj = getattr(obj, name)
    before = getattr(obj, last)
    setattr(obj, last, value)
    return before


def set_attr_param(obj: Any, attr: str, value: Tensor) -> Any:
    return set_attr(obj, attr, torch.nn.Parameter(value, requires_grad=False))


def set_attr_buffer(obj: Any, attr: str, value: Tensor) -> Any:
    *path, last = attr.split(".")
    for name in path:
        obj = getattr(obj, name)
    before = getattr(obj, last, None)
    obj.register_buffer(last, value, persistent=last not in getattr(obj, "_non_persistent_buffers_set", ()))
    return before


def copy_to_param(obj: Any, attr: str, value: Tensor) -> None:
    """Copy into the parameter that is there."""
    get_attr(obj, attr).data.copy_(value)


def resize_to_batch_size(tensor: Tensor, batch_size: int) -> Tensor:
    """The batch spread over, or thinned to, `batch_size` elements, the first and the last kept."""
    count = tensor.shape[0]
    if count == batch_size:
        return tensor
    if batch_size <= 1:
        return tensor[:batch_size]
    if batch_size < count:
        scale_by = (count - 1) / (batch_size - 1)
        places = [min(round(i * scale_by), count - 1) for i in range(batch_size)]
    else:
        scale_by = count / batch_size
        places = [min(math.floor((i + 0.5) * scale_by), count - 1) for i in range(batch_size)]
    return tensor[places]


def resize_list_to_batch_size(items: Sequence[Any], batch_size: int) -> Sequence[Any]:
    if not items or len(items) == batch_size or batch_size == 0:
        return items
    places = resize_to_batch_size(torch.arange(len(items)), batch_size)
    return [items[int(place)] for place in places]


def repeat_to_batch_size(tensor: Tensor, batch_size: int, dim: int = 0) -> Tensor:
    """Cut to `batch_size` along an axis, or repeated until it has as many."""
    count = tensor.shape[dim]
    if count > batch_size:
        return tensor.narrow(dim, 0, batch_size)
    if count < batch_size:
        times = [1] * tensor.dim()
        times[dim] = math.ceil(batch_size / count)
        return tensor.repeat(times).narrow(dim, 0, batch_size)
    return tensor


# Scaling


def common_upscale(samples: Tensor, width: int, height: int, upscale_method: str, crop: str) -> Tensor:
    """(b, c, h, w), or (b, c, t, h, w), to another width and height.

    upscale_method: nearest-exact, bilinear, area, bicubic, lanczos, bislerp. crop: "disabled" or "center".
    """
    return scale(samples, int(width), int(height), upscale_method, crop)


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """(b, c, h, w) in [0, 1], by way of 8 bits."""
    return scale(samples, int(width), int(height), "lanczos")


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles `tiled_scale` works on for one picture."""
    rows = 1 if height <= tile_y else math.ceil((height - overlap) / (tile_y - overlap))
    columns = 1 if width <= tile_x else math.ceil((width - overlap) / (tile_x - overlap))
    return rows * columns


@torch.inference_mode()
def tiled_scale_multidim(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile: Sequence[int] = (64, 64),
    overlap: int | Sequence[int] = 8,
    upscale_amount: Any = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    downscale: bool = False,
    index_formulas: Any = None,
    pbar: Any = None,
) -> Tensor:
    """`function` over overlapping tiles of (b, c, *lengths), blended where they meet.

    upscale_amount: a factor, or a function from a length to the output's, for all axes or one for each; with
    `downscale` a divisor. index_formulas: the same for the place of a tile, where that differs.
    """
    axes = len(tile)
    overlaps = _each(overlap, axes)
    amounts, formulas = _each(upscale_amount, axes), _each(index_formulas or upscale_amount, axes)

    def length_of(axis: int, value: Any) -> int:
        return round(_scaled(amounts[axis], value, downscale))

    def place_of(axis: int, value: Any) -> int:
        return round(_scaled(formulas[axis], value, downscale))

    lengths = [length_of(axis, samples.shape[2 + axis]) for axis in range(axes)]
    output = torch.empty([samples.shape[0], out_channels, *lengths], device=output_device)
    for number in range(samples.shape[0]):
        one = samples[number : number + 1]
        if all(one.shape[2 + axis] <= tile[axis] for axis in range(axes)):
            output[number : number + 1] = function(one).to(output_device)
            if pbar is not None:
                pbar.update(1)
            continue
        total = torch.zeros([1, out_channels, *lengths], device=output_device)
        weight = torch.zeros_like(total)
        starts = [_starts(one.shape[2 + axis], tile[axis], overlaps[axis]) for axis in range(axes)]
        for corner in itertools.product(*starts):
            part = one
            places: list[int] = []
            for axis, at in enumerate(corner):
                at = max(0, min(one.shape[2 + axis] - overlaps[axis], at))
                part = part.narrow(2 + axis, at, min(tile[axis], one.shape[2 + axis] - at))
                places.append(place_of(axis, at))
            done = function(part).to(output_device)
            ramp = torch.ones_like(done)
            for axis in range(axes):
                _feather(ramp, 2 + axis, length_of(axis, overlaps[axis]))
            where = (slice(None), slice(None), *(slice(p, p + done.shape[2 + i]) for i, p in enumerate(places)))
            total[where] += done * ramp
            weight[where] += ramp
            if pbar is not None:
                pbar.update(1)
        output[number : number + 1] = total / weight
    return output


def tiled_scale(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: Any = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    pbar: Any = None,
) -> Tensor:
    """`tiled_scale_multidim` for pictures (b, c, h, w)."""
    return tiled_scale_multidim(
        samples, function, (tile_y, tile_x), overlap, upscale_amount, out_channels, output_device, pbar=pbar
    )


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * count


def _scaled(amount: Any, value: Any, divide: bool) -> Any:
    if callable(amount):
        return amount(value)
    return value / amount if divide else value * amount


def _starts(length: int, tile: int, overlap: int) -> Iterable[int]:
    return range(0, length - overlap, tile - overlap) if length > tile else [0]


def _feather(ramp: Tensor, axis: int, width: int) -> None:
    """Let a tile fade towards its two ends along an axis."""
    length = ramp.shape[axis]
    if width >= length:
        return
    for step in range(width):
        share = (step + 1) / width
        ramp.narrow(axis, step, 1).mul_(share)
        ramp.narrow(axis, length - 1 - step, 1).mul_(share)


# Latents of several parts, as models of picture and sound together have them


def pack_latents(latents: Sequence[Tensor]) -> tuple[Tensor, list[torch.Size]]:
    """Several latents of one batch in one tensor (b, 1, n), and their shapes."""
    flat = [latent.reshape(latent.shape[0], 1, -1) for latent in latents]
    return torch.cat(flat, dim=-1), [latent.shape for latent in latents]


def unpack_latents(combined_latent: Tensor, latent_shapes: Sequence[Sequence[int]]) -> list[Tensor]:
    """What `pack_latents` put together."""
    sizes = [math.prod(shape[1:]) for shape in latent_shapes]
    parts = combined_latent.split(sizes, dim=-1)
    batch = combined_latent.shape[0]
    return [part.reshape([batch, *shape[1:]]) for part, shape in zip(parts, latent_shapes, strict=True)]


def string_to_seed(data: str | bytes) -> int:
    """A number of 32 bits made of a text: the same for the same text on every machine (CRC-32, as the incumbent's)."""
    return zlib.crc32(data.encode() if isinstance(data, str) else bytes(data))


def deepcopy_list_dict(obj: Any, memo: dict[int, Any] | None = None) -> Any:
    """Lists and dicts copied through and through; what they hold is shared."""
    memo = {} if memo is None else memo
    if id(obj) in memo:
        return memo[id(obj)]
    copied: Any = obj
    if isinstance(obj, dict):
        copied = memo[id(obj)] = {deepcopy_list_dict(k, memo): deepcopy_list_dict(v, memo) for k, v in obj.items()}
    elif isinstance(obj, list):
        copied = memo[id(obj)] = [deepcopy_list_dict(item, memo) for item in obj]
    return copied


def reshape_mask(input_mask: Tensor, output_shape: Sequence[int]) -> Tensor:
    """A mask scaled and repeated to the shape (b, c, *lengths) of a latent."""
    lengths = len(output_shape) - 2
    modes = {1: "linear", 2: "bilinear", 3: "trilinear"}
    if lengths == 3 and input_mask.dim() < 5:
        input_mask = input_mask.reshape(1, 1, -1, *input_mask.shape[-2:])
    elif input_mask.dim() < lengths + 2:
        input_mask = input_mask.reshape(-1, 1, *input_mask.shape[-lengths:])
    mask = torch.nn.functional.interpolate(input_mask, size=tuple(output_shape[2:]), mode=modes[lengths])
    if mask.shape[1] < output_shape[1]:
        mask = mask.repeat(1, output_shape[1], *[1] * lengths)[:, : output_shape[1]]
    return repeat_to_batch_size(mask, output_shape[0])
