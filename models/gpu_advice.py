"""What to do where there is a GPU and torch cannot use it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any


def gpu_advice(torch: Any) -> str | None:
    """A sentence with the command that mends it; None where there is no GPU, or this torch uses it.

    torch: the module, or None where it is not loaded.
    """
    if torch is None or torch.cuda.is_available() or getattr(torch.version, "hip", None):
        return None
    if not (shutil.which("nvidia-smi") or Path("/dev/nvidia0").exists()):
        return None
    if getattr(torch.version, "cuda", None):
        return "There is an NVIDIA GPU, but its driver does not work with this torch: update the driver."
    return (
        f"There is an NVIDIA GPU, but torch {torch.__version__} was built without CUDA. To use it, on Linux: "
        f"{sys.executable} -m pip install --force-reinstall torch=={torch.__version__.partition('+')[0]} torchvision. "
        "On Windows: the command that PyTorch's start page gives for your CUDA."
    )
