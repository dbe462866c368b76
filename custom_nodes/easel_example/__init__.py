"""An example of a node pack: three nodes, declared in the two ways that Easel reads, and a script for the page.

docs/writing-a-node.md says what a node may do (`server.py new-node NAME` makes a pack to begin with),
docs/extending-the-page.md explains `page/`.
"""

from __future__ import annotations

from typing import Annotated

import torch

from graph.context import Context
from graph.node import Int, Slider, Socket, node
from nodes.values import Image

PAGE_DIRECTORY = "./page"


# Easel's own way: a typed function. Names, types, ranges and defaults are read off its signature.
@node("ExampleVignette", category="examples", title="Vignette (Example)")
def vignette(
    image: Image,
    context: Context,
    strength: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="How dark the corners become.")] = 0.5,
) -> Image:
    """Darken pictures (b, h, w, c) towards their corners."""
    height, width = image.shape[1:3]
    y, x = torch.linspace(-1, 1, height), torch.linspace(-1, 1, width)
    distance = (y[:, None] ** 2 + x**2) / 2
    context.text(f"corners at {1 - strength:.0%}")
    # A new tensor: a node never changes its inputs, since other nodes may read them too.
    return image * (1 - strength * distance[..., None])


# `element` asks for a widget that page/index.js brings. Without it the page shows a number.
@node("ExampleStars", category="examples", title="Stars (Example)", outputs=("text",))
def stars(
    rating: Annotated[int, Int(min=0, max=5, element="easel_example.stars")] = 3,
) -> Annotated[str, Socket("STRING")]:
    """A rating, in words that a file name can have."""
    return f"{rating} of 5"


# ComfyUI's way: a class. Packs written for ComfyUI look like this.
class ExampleMeanColor:
    CATEGORY = "examples"
    DESCRIPTION = "The mean colour of a picture, as the page writes colours."
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("color",)
    FUNCTION = "measure"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {
            "required": {"image": ("IMAGE",)},
            "optional": {"upper_case": ("BOOLEAN", {"default": False, "tooltip": "#FF8800 and not #ff8800."})},
        }

    def measure(self, image, upper_case=False):
        levels = (image[..., :3].mean(dim=(0, 1, 2)) * 255).round().int().tolist()
        text = "#" + "".join(f"{level:02x}" for level in levels)
        return (text.upper() if upper_case else text,)


NODE_CLASS_MAPPINGS = {"ExampleMeanColor": ExampleMeanColor}
NODE_DISPLAY_NAME_MAPPINGS = {"ExampleMeanColor": "Mean Color (Example)"}
