"""What spandrel leaves to its caller: architectures from another package, and networks with a range of their own."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

_EXTRA = "spandrel_extra_arches"

_ABSENT = (
    f"A few architectures (SRFormer, Restormer, MPRNet, CodeFormer and others) are in the package {_EXTRA}: "
    f"pip install {_EXTRA}. Mind their licences, most of which forbid commercial use."
)

_SIGNED = ("GFPGAN", "CodeFormer")
"""Networks that take and give values in [-1, 1], which spandrel 0.4 passes on as they are."""


def extra_architectures() -> str:
    """Let spandrel know the architectures of `spandrel_extra_arches` where that package is installed.

    Returns what an artist whose file is not known should hear: how to get them, or nothing where they are there.
    """
    try:
        extra = importlib.import_module(_EXTRA)
    except ImportError:
        return _ABSENT
    from spandrel import MAIN_REGISTRY

    if MAIN_REGISTRY.add(*extra.EXTRA_REGISTRY, ignore_duplicates=True):
        logging.getLogger(__name__).info(
            "%s is installed: more upscalers can be read. Most of their licences forbid commercial use.", _EXTRA
        )
    return ""


def with_own_range(model: ImageModelDescriptor) -> ImageModelDescriptor:
    """The same network, called with pictures in the range that it was trained on."""
    if model.architecture.id not in _SIGNED:
        return model
    from spandrel import ImageModelDescriptor

    # GFPGAN has its own noise beside that which it draws; that makes the same face every time.
    options: dict[str, Any] = {"randomize_noise": False} if model.architecture.id == "GFPGAN" else {}

    def call(network: torch.nn.Module, x: Tensor) -> Tensor:
        return (network(x * 2 - 1, **options)[0] + 1) / 2

    return ImageModelDescriptor(
        model.model,
        model.model.state_dict(),
        model.architecture,
        purpose=model.purpose,
        tags=model.tags,
        supports_half=model.supports_half,
        supports_bfloat16=model.supports_bfloat16,
        scale=model.scale,
        input_channels=model.input_channels,
        output_channels=model.output_channels,
        size_requirements=model.size_requirements,
        tiling=model.tiling,
        call_fn=call,
    )
