# pyright: basic
"""ComfyUI's `latent_preview`: pictures of latents on their way, for packs that sample by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from models.images import to_pillow
from nodes.compat.comfy.cli_args import LatentPreviewMethod, args
from nodes.compat.comfy.utils import ProgressBar

__all__ = [
    "MAX_PREVIEW_RESOLUTION",
    "Latent2RGBPreviewer",
    "LatentPreviewMethod",
    "LatentPreviewer",
    "TAESDPreviewerImpl",
    "get_previewer",
    "prepare_callback",
    "preview_to_image",
    "set_preview_method",
]

MAX_PREVIEW_RESOLUTION = args.preview_size


def preview_to_image(latent_image: Tensor, do_scale: bool = True) -> Image.Image:
    """(h, w, 3) as a picture; `do_scale` takes values from [-1, 1] to [0, 1]."""
    return to_pillow((latent_image + 1) / 2 if do_scale else latent_image)


class LatentPreviewer:
    """Base class: say how a latent becomes a picture."""

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        raise NotImplementedError

    def decode_latent_to_preview_image(self, preview_format: str, x0: Tensor) -> tuple[str, Image.Image, int]:
        """What `ProgressBar.update_absolute` takes."""
        return ("JPEG", self.decode_latent_to_preview(x0), MAX_PREVIEW_RESOLUTION)


class Latent2RGBPreviewer(LatentPreviewer):
    """Channels mixed to colours."""

    def __init__(
        self,
        latent_rgb_factors: Any,
        latent_rgb_factors_bias: Any = None,
        latent_rgb_factors_reshape: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """latent_rgb_factors: for each channel its (red, green, blue)."""
        self.latent_rgb_factors = torch.as_tensor(latent_rgb_factors).transpose(0, 1)
        self.latent_rgb_factors_bias = (
            None if latent_rgb_factors_bias is None else torch.as_tensor(latent_rgb_factors_bias)
        )
        self.latent_rgb_factors_reshape = latent_rgb_factors_reshape

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        if self.latent_rgb_factors_reshape is not None:
            x0 = self.latent_rgb_factors_reshape(x0)
        first = x0[0, :, 0] if x0.dim() == 5 else x0[0]
        factors = self.latent_rgb_factors.to(first)
        bias = None if self.latent_rgb_factors_bias is None else self.latent_rgb_factors_bias.to(first)
        return preview_to_image(torch.nn.functional.linear(first.movedim(0, -1), factors, bias))


class TAESDPreviewerImpl(LatentPreviewer):
    """A tiny decoder: something with `decode`, latents to pixels in [-1, 1]."""

    def __init__(self, taesd: Any) -> None:
        self.taesd = taesd

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        return preview_to_image(self.taesd.decode(x0[:1])[0].movedim(0, 2))


def get_previewer(device: Any, latent_format: Any) -> LatentPreviewer | None:
    """What shows latents of this format; None where previews are off, or nothing is known of its colours."""
    factors = getattr(latent_format, "latent_rgb_factors", None)
    if args.preview_method is LatentPreviewMethod.NoPreviews or factors is None:
        return None
    return Latent2RGBPreviewer(
        factors,
        getattr(latent_format, "latent_rgb_factors_bias", None),
        getattr(latent_format, "latent_rgb_factors_reshape", None),
    )


def prepare_callback(model: Any, steps: int, x0_output_dict: dict[str, Any] | None = None) -> Callable[..., None]:
    """callback(step, x0, x, total_steps) that shows how far sampling is, and keeps the last x0 in the dict."""
    previewer = get_previewer(model.load_device, model.model.latent_format)
    bar = ProgressBar(steps)

    def callback(step: int, x0: Tensor, x: Tensor, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        shown = previewer.decode_latent_to_preview_image("JPEG", x0) if previewer is not None else None
        bar.update_absolute(step + 1, total_steps, shown)

    return callback


def set_preview_method(override: str | None = None) -> None:
    """`none`, `auto`, `latent2rgb` or `taesd`; any other word changes nothing."""
    method = LatentPreviewMethod.from_string(override) if override else None
    if method is not None:
        args.preview_method = method
