"""Node classes of ComfyUI's third kind, written and adapted as those of packs are: for the tests of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from graph.folders import standard_folders
from graph.node import NodeType
from graph.registry import Registry
from nodes.compat import finder
from nodes.compat.host import Host, install


@pytest.fixture(autouse=True)
def host(tmp_path: Path) -> Iterator[Host]:
    """The names of ComfyUI's modules, answered as in the worker."""
    own, temp = tmp_path / "output", tmp_path / "temp"
    found = Host(standard_folders([tmp_path / "models"], input=tmp_path / "input", output=own, temp=temp), Registry())
    install(found)
    finder.install()
    yield found
    finder.uninstall()
    install(None)


def pack(source: str) -> ModuleType:
    """A module that imports `io` and `ui` as packs do."""
    module = ModuleType("v3_pack")
    code = "from comfy_api.latest import io, ui, ComfyExtension\n" + textwrap.dedent(source)
    exec(compile(code, "v3_pack.py", "exec"), module.__dict__)
    return module


def adapt(cls: type, **more: Any) -> NodeType:
    from nodes.compat.comfy_api.adapt import adapt_v3

    return adapt_v3(cls, "custom_nodes.v3", "1", **more)


def node(source: str, **more: Any) -> NodeType:
    return adapt(pack(source).Node, **more)


EVERYTHING = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Everything", display_name="All of it", category="a/b", description="Says.",
                inputs=[
                    io.Image.Input("image", tooltip="a picture"),
                    io.Int.Input("count", default=3, min=1, max=9, step=2, control_after_generate=True,
                                 display_mode=io.NumberDisplay.slider),
                    io.Float.Input("strength", default=0.5, round=0.01, optional=True),
                    io.String.Input("prompt", multiline=True, dynamic_prompts=True),
                    io.Boolean.Input("on", label_on="yes", label_off="no", default=True),
                    io.Combo.Input("mode", options=["a", "b"], default="a"),
                    io.MultiCombo.Input("several", options=["x", "y"], default=["x"], chip=True),
                    io.Combo.Input("file", options=["p.png"], upload=io.UploadType.image,
                                   image_folder=io.FolderType.input),
                    io.MultiType.Input(io.Int.Input("number", default=1), types=[io.Float]),
                    io.Custom("THING").Input("thing", optional=True, lazy=True),
                    io.MatchType.Input("any", template=io.MatchType.Template("t", [io.Image, io.Mask])),
                ],
                outputs=[io.Image.Output("picture", tooltip="turned"), io.Custom("THING").Output(),
                         io.Mask.Output(display_name="masks", is_output_list=True)],
                hidden=[io.Hidden.unique_id], is_output_node=True,
            )
        @classmethod
        def execute(cls, **values):
            return io.NodeOutput(1, 2, 3)
"""


def body(returns: str, *, outputs: str = "io.Int.Output()", more: str = "", head: str = "def") -> str:
    return f"""
    class ExecutionBlocker:
        def __init__(self, message): self.message = message
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Int.Input("a", default=1), io.Int.Input("b", optional=True)],
                             outputs=[{outputs}], hidden=[io.Hidden.unique_id, io.Hidden.prompt]{more})
        @classmethod
        {head} execute(cls, a, b=None):
            return {returns}
    """


async def awaited(outcome: Any) -> Any:
    return await outcome
