"""A node with a row of pictures that grows, and a choice that brings widgets of its own."""
# pyright: reportMissingImports=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import ComfyExtension, io, ui


class Tiles(io.ComfyNode):
    """Pictures side by side, or one on top of another with a bar between them."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        row = io.Autogrow.TemplatePrefix(io.Image.Input("picture"), prefix="picture", min=1, max=5)
        bars = [io.Int.Input("bar", default=8, min=0, max=64), io.Boolean.Input("white", default=True)]
        inputs = [
            io.Autogrow.Input("pictures", template=row),
            io.DynamicCombo.Input(
                "lay", options=[io.DynamicCombo.Option("side by side", []), io.DynamicCombo.Option("stacked", bars)]
            ),
        ]
        return io.Schema(
            node_id="GrowingTiles",
            display_name="Lay Tiles",
            category="growing",
            inputs=inputs,
            outputs=[io.Image.Output()],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pictures: dict[str, Any], lay: dict[str, Any]) -> io.NodeOutput:
        parts = list(pictures.values())
        if lay["lay"] == "side by side":
            laid = torch.cat(parts, dim=2)
        else:
            first = parts[0]
            bar = torch.full((first.shape[0], lay["bar"], *first.shape[2:]), float(lay["white"]))
            laid = torch.cat([part for each in parts for part in (each, bar)][:-1], dim=1)
        return io.NodeOutput(laid, ui=ui.PreviewImage(laid, cls=cls))


class Growing(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [Tiles]


async def comfy_entrypoint() -> Growing:
    return Growing()
