"""Nodes of ComfyUI's third kind: a schema, and class methods."""
# pyright: reportMissingImports=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

from typing import Any

from comfy_api.latest import io, ui
from comfy_execution.graph_utils import GraphBuilder


class Add(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="B3_Add",
            display_name="Add",
            category="behaviours",
            inputs=[io.Int.Input("a", min=0, max=100), io.Int.Input("b", default=2, optional=True)],
            outputs=[io.Int.Output("sum", tooltip="of both"), io.Int.Output("first")],
        )

    @classmethod
    def execute(cls, a: int, b: int = 2) -> io.NodeOutput:
        return io.NodeOutput(a + b, a)


class Tell(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        inputs = [io.AnyType.Input("value"), io.String.Input("prompt", default="")]
        return io.Schema(
            node_id="B3_Tell", inputs=inputs, outputs=[], hidden=[io.Hidden.unique_id], is_output_node=True
        )

    @classmethod
    async def execute(cls, value: Any, prompt: str) -> io.NodeOutput:
        return io.NodeOutput(ui=ui.PreviewText(f"{cls.hidden.unique_id}/{len(cls.hidden.prompt)} {prompt}: {value}"))


class Lazy(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        lazy = [io.Int.Input(name, lazy=True, force_input=True) for name in ("a", "b")]
        return io.Schema(node_id="B3_Lazy", inputs=[io.Boolean.Input("first"), *lazy], outputs=[io.Int.Output()])

    @classmethod
    def check_lazy_status(cls, first: bool, a: int | None, b: int | None) -> list[str]:
        return [name for name, value, wanted in (("a", a, first), ("b", b, not first)) if wanted and value is None]

    @classmethod
    def execute(cls, first: bool, a: int | None, b: int | None) -> io.NodeOutput:
        return io.NodeOutput(a if first else b)


class Check(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(node_id="B3_Check", inputs=[io.Int.Input("a")], outputs=[io.Int.Output()])

    @classmethod
    def validate_inputs(cls, a: int) -> bool | str:
        return True if a != 13 else "not thirteen"

    @classmethod
    def fingerprint_inputs(cls, a: int) -> Any:
        return float("nan") if a == 7 else a

    @classmethod
    def execute(cls, a: int) -> io.NodeOutput:
        return io.NodeOutput(a)


class Expand(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        inputs = [io.Int.Input("a"), io.Boolean.Input("block", default=False)]
        return io.Schema(node_id="B3_Expand", inputs=inputs, outputs=[io.Int.Output()], enable_expand=True)

    @classmethod
    def execute(cls, a: int, block: bool = False) -> io.NodeOutput:
        if block:
            return io.NodeOutput(block_execution="blocked by hand")
        graph = GraphBuilder()
        return io.NodeOutput(graph.node("B3_Add", a=a, b=10).out(0), expand=graph.finalize())


class Grow(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        row = io.Autogrow.TemplatePrefix(io.Int.Input("item"), prefix="item", min=1, max=4)
        strong = io.DynamicCombo.Option("strong", [io.Int.Input("strength", min=1, max=5)])
        mode = io.DynamicCombo.Input("mode", options=[io.DynamicCombo.Option("plain", []), strong])
        inputs = [io.Autogrow.Input("items", template=row), mode]
        return io.Schema(node_id="B3_Grow", inputs=inputs, outputs=[io.String.Output()])

    @classmethod
    def execute(cls, items: dict[str, int], mode: dict[str, Any]) -> io.NodeOutput:
        return io.NodeOutput(f"{items} {mode}")


class GrowLazily(io.ComfyNode):
    """Each choice brings one input, which is computed if the choice is the one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        options = [
            io.DynamicCombo.Option(key, [io.Int.Input(f"{key}_value", lazy=True, force_input=True)])
            for key in ("one", "two")
        ]
        inputs = [io.DynamicCombo.Input("which", options=options), io.Boolean.Input("needed", default=True)]
        return io.Schema(node_id="B3_GrowLazily", inputs=inputs, outputs=[io.String.Output()])

    @classmethod
    def check_lazy_status(cls, which: dict[str, Any], needed: bool) -> list[str]:
        """Here each value comes with the name of its input."""
        return [name for value, name in which.values() if value is None and needed]

    @classmethod
    def execute(cls, which: dict[str, Any], needed: bool) -> io.NodeOutput:
        return io.NodeOutput(str(which))


CLASSES = [Add, Tell, Lazy, Check, Expand, Grow, GrowLazily]
