"""Lets `import torchvision` succeed beside a torch that its compiled operators were not built for.

torchvision registers Python-side shapes for its operators `nms` and `qnms` when it is imported. Where its compiled
library does not load (a CPU build of torch beside torchvision from the package index, which is built for CUDA), those
operators do not exist and the import fails with "operator torchvision::nms does not exist". spandrel imports
torchvision for a few architectures of which none calls these operators, so their names are all that is missing.
"""

from __future__ import annotations

import torch

_MISSING = ("nms", "qnms")
_library: list[torch.library.Library] = []


def make_torchvision_importable() -> None:
    """Import torchvision; if its operators are missing, declare them and import it again.

    Declared operators have a signature and no code: calling one raises NotImplementedError.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declare()
        import torchvision  # noqa: F401


def _declare() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for name in _MISSING:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.append(library)  # The declarations last as long as this object.
