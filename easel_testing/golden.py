"""Golden images: a picture is compared with the one that was kept when somebody looked at it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

FOLDER = "golden"
TOLERANCE = 2 / 255
"""By how much a level may differ, of 1: processors round differently."""


class Golden:
    """Compares with the files of one folder. update: write them anew."""

    def __init__(self, folder: Path, update: bool = False) -> None:
        self._folder = folder
        self._update = update

    def __call__(self, image: Tensor, name: str, tolerance: float = TOLERANCE) -> None:
        """Compare the first picture of a batch (b, h, w, c) with NAME.png.

        Raises AssertionError where a level differs by more than `tolerance`; the picture is then beside the kept one.
        """
        if Path(name).name != name:
            raise ValueError(f"golden: {name!r} must be a plain name")
        kept, seen = self._folder / f"{name}.png", self._folder / f"{name}.now.png"
        levels = (image[0, ..., :3].detach().clamp(0, 1).cpu().numpy() * 255).round().astype(np.uint8)
        if self._update:
            self._folder.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(levels).save(kept)
            seen.unlink(missing_ok=True)
            return
        assert kept.is_file(), f"{kept} is not there yet: look at the picture, then run pytest with --update-golden."
        with Pillow.open(kept) as picture:
            before = np.asarray(picture.convert("RGB"))
        problem = ""
        if before.shape != levels.shape:
            problem = f"is {levels.shape[1]} × {levels.shape[0]}, and was {before.shape[1]} × {before.shape[0]}"
        else:
            apart = np.abs(before.astype(np.int16) - levels) / 255
            if apart.max() > tolerance:
                share = float((apart.max(-1) > tolerance).mean())
                problem = f"differs by up to {apart.max():.3f} (allowed: {tolerance:.3f}) in {share:.1%} of its pixels"
        if problem:
            Pillow.fromarray(levels).save(seen)
            raise AssertionError(f"{name} {problem}. Compare {seen} with {kept}; --update-golden keeps the new one.")
        seen.unlink(missing_ok=True)


def sample(width: int = 64, height: int = 48, batch: int = 1) -> Tensor:
    """A picture for tests (b, h, w, 3): red grows to the right, green downwards, blue in squares; each of the batch
    is darker than the one before."""
    x, y = (
        torch.linspace(0, 1, width).expand(height, width),
        torch.linspace(0, 1, height)[:, None].expand(height, width),
    )
    squares = ((torch.arange(width) // 8)[None] + (torch.arange(height) // 8)[:, None]) % 2
    picture = torch.stack([x, y, squares.float()], dim=-1)
    return torch.stack([picture / (index + 1) for index in range(batch)])
