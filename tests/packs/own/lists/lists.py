"""`list[...]` in the signature is all that it takes."""

from __future__ import annotations

from typing import Annotated

import torch

from graph.node import Choice, node
from nodes.values import Image


@node("OwnSplit", category="examples", title="Split Pictures")
def split(image: Image) -> list[Image]:
    """Give each picture of a batch its own way: what reads this runs once for each."""
    return [image[index : index + 1] for index in range(len(image))]


@node("OwnContactSheet", category="examples", title="Contact Sheet")
def contact_sheet(
    images: list[Image],
    across: Annotated[str, Choice(options=("rows", "columns"))] = "columns",
) -> tuple[Image, int]:
    """Put all pictures side by side. `images` has all values; `across` is one, as everywhere."""
    return torch.cat(images, dim=2 if across == "columns" else 1), len(images)
