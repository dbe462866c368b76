"""Values, and nodes that show them. An IMAGE is a plain number here: how grey it is."""
# pyright: reportMissingImports=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

import random
from typing import Any

from comfy_execution.graph_utils import ExecutionBlocker

from .declare import ANY, v1

NUMBER = ("INT", {"default": 0, "min": -1000, "max": 1000})
DECIMAL = ("FLOAT", {"default": 0.0, "min": -1000.0, "max": 1000.0})
GREY = ("IMAGE",)

_runs: dict[str, int] = {}


@v1("B_Number", ("INT",), {"value": NUMBER})
def number(self: Any, value: int) -> Any:
    return (value,)


@v1("B_Decimal", ("FLOAT",), {"value": DECIMAL})
def decimal(self: Any, value: float) -> Any:
    return (value,)


@v1("B_Word", ("STRING",), {"value": ("STRING", {"default": ""})})
def word(self: Any, value: str) -> Any:
    return (value,)


@v1("B_Truth", ("BOOLEAN",), {"value": ("BOOLEAN", {"default": True})})
def truth(self: Any, value: bool) -> Any:
    return (value,)


@v1("B_Grey", ("IMAGE",), {"value": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 1.0})})
def grey(self: Any, value: float) -> Any:
    return (value,)


@v1("B_Noise", ("IMAGE",), {})
def noise(self: Any) -> Any:
    return (random.random(),)


@v1("B_Add", ("INT",), {"a": NUMBER, "b": NUMBER})
def add(self: Any, a: int, b: int) -> Any:
    return (a + b,)


@v1("B_Compare", ("BOOLEAN",), {"a": NUMBER, "b": NUMBER, "how": (["==", "<", ">"],)})
def compare(self: Any, a: int, b: int, how: str) -> Any:
    return ({"==": a == b, "<": a < b, ">": a > b}[how],)


@v1("B_Show", (), {"value": (ANY,)}, OUTPUT_NODE=True)
def show(self: Any, value: Any) -> Any:
    return {"ui": {"shown": [value if isinstance(value, int | float | str | bool) else repr(value)]}}


@v1("B_ShowAndPass", (ANY,), {"value": (ANY,)}, OUTPUT_NODE=True)
def show_and_pass(self: Any, value: Any) -> Any:
    return {"ui": {"shown": [value]}, "result": (value,)}


@v1("B_SaveQuietly", ("IMAGE",), {"image": GREY, "by": DECIMAL}, OUTPUT_NODE=True)
def save_quietly(self: Any, image: float, by: float) -> Any:
    """An output node that shows nothing."""
    return (image * by,)


@v1("B_Average", ("IMAGE",), {"input1": GREY})
def average(self: Any, input1: float, **more: float) -> Any:
    """Takes any number of inputs that it does not declare."""
    values = [input1, *(more[f"input{i}"] for i in range(2, 20) if f"input{i}" in more)]
    return (sum(values) / len(values),)


@v1("B_CountRuns", ("INT",), {"name": ("STRING", {"default": "a"})})
def count_runs(self: Any, name: str) -> Any:
    """How often a node with this name has run in this process."""
    _runs[name] = _runs.get(name, 0) + 1
    return (_runs[name],)


@v1("B_Remembers", ("INT",), {"value": NUMBER})
def remembers(self: Any, value: int) -> Any:
    """How often this object was called: one object is kept for each node."""
    self.calls = getattr(self, "calls", 0) + 1
    return (self.calls,)


@v1("B_Own", ("STRING",), {"value": NUMBER}, hidden={"id": "UNIQUE_ID"})
def own(self: Any, value: int, id: str) -> Any:
    return (f"{id}={value}",)


@v1("B_Alone", ("IMAGE",), {}, NOT_IDEMPOTENT=True)
def alone(self: Any) -> Any:
    return (random.random(),)


@v1("B_WhoAmI", ("STRING",), {}, hidden={"id": "UNIQUE_ID", "prompt": "PROMPT", "png": "EXTRA_PNGINFO"})
def who_am_i(self: Any, id: str, prompt: dict[str, Any], png: Any) -> Any:
    return (f"{id} of {len(prompt)}: {prompt[id]['class_type']} {png}",)


@v1("B_Block", (ANY,), {"input": (ANY,), "block": ("BOOLEAN",), "why": ("STRING", {"default": ""})})
def block(self: Any, input: Any, block: bool, why: str) -> Any:
    return (ExecutionBlocker(why or None) if block else input,)


@v1("B_BlockAll", ("INT", "INT"), {"why": ("STRING", {"default": ""})})
def block_all(self: Any, why: str) -> Any:
    """A blocker alone, in place of two outputs."""
    return ExecutionBlocker(why or None)
