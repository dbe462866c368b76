"""`comfy.k_diffusion.utils`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from nodes.compat.comfy.k_diffusion.sampling import append_dims, append_zero

__all__ = ["FolderOfImages", "append_dims", "append_zero"]


class FolderOfImages:
    """The pictures below a folder as a data set: each an item of one element."""

    IMG_EXTENSIONS: ClassVar[set[str]] = {
        *(".png", ".jpg", ".jpeg", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"),
    }

    def __init__(self, root: str | Path, transform: Any = None) -> None:
        self.root = Path(root)
        self.transform = transform
        found = self.root.rglob("*")
        self.paths = sorted(path for path in found if path.suffix.lower() in self.IMG_EXTENSIONS)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: int) -> tuple[Any]:
        with Image.open(self.paths[key]) as file:
            image = file.convert("RGB")
        return (image if self.transform is None else self.transform(image),)
