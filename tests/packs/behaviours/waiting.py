"""Async functions, progress, and what goes wrong."""
# pyright: reportMissingImports=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

import asyncio
import time
from typing import Any

from comfy.utils import ProgressBar
from comfy_api.v0_0_2 import ComfyAPI, ComfyAPISync

from .declare import ANY, v1
from .values import DECIMAL, NUMBER

api, api_sync = ComfyAPI(), ComfyAPISync()
_awake: dict[str, int] = {}
_in_use: set[str] = set()


@v1("B_Sleep", (ANY,), {"value": (ANY,), "seconds": DECIMAL, "name": ("STRING", {"default": ""})})
async def sleep(self: Any, value: Any, seconds: float, name: str) -> Any:
    await asyncio.sleep(seconds)
    return (value,)


@v1(
    "B_Together",
    ("INT",),
    {"group": ("STRING", {"default": "a"}), "count": NUMBER, "name": ("STRING", {"default": ""})},
)
async def together(self: Any, group: str, count: int, name: str) -> Any:
    """Ends once `count` nodes of the group wait at the same time; fails where they never do."""
    _awake[group] = _awake.get(group, 0) + 1
    end = time.monotonic() + 20
    while _awake[group] < count:
        if time.monotonic() > end:
            raise RuntimeError(f"{_awake[group]} of {count} of the group {group} were awake")
        await asyncio.sleep(0.005)
    return (count,)


@v1("B_AsyncFails", (ANY,), {"value": (ANY,), "after": DECIMAL})
async def async_fails(self: Any, value: Any, after: float) -> Any:
    await asyncio.sleep(after)
    raise RuntimeError("an async fault of mine")


@v1("B_Fails", (ANY,), {"value": (ANY,)})
def fails(self: Any, value: Any) -> Any:
    raise RuntimeError("a fault of mine")


@v1("B_TooSlow", (ANY,), {"value": (ANY,)})
async def too_slow(self: Any, value: Any) -> Any:
    try:
        await asyncio.wait_for(asyncio.sleep(5), timeout=0.02)
    except TimeoutError:
        raise RuntimeError("it timed out") from None
    return (value,)


@v1("B_Resource", (ANY,), {"value": (ANY,), "name": ("STRING", {"default": ""})})
async def resource(self: Any, value: Any, name: str) -> Any:
    """Has something for itself while it waits, and gives it back whatever happens."""
    if name in _in_use:
        raise RuntimeError(f"{name} is in use")
    _in_use.add(name)
    try:
        await asyncio.sleep(0.01)
    finally:
        _in_use.discard(name)
    return (value,)


@v1("B_WaitsForEver", (ANY,), {"value": (ANY,), "name": ("STRING", {"default": ""})})
async def waits_for_ever(self: Any, value: Any, name: str) -> Any:
    _in_use.add(name)
    try:
        await asyncio.sleep(3600)
    finally:
        _in_use.discard(name)
    return (value,)


@v1("B_AsyncExpands", (ANY,), {"value": NUMBER})
async def async_expands(self: Any, value: int) -> Any:
    from comfy_execution.graph_utils import GraphBuilder

    await asyncio.sleep(0.01)
    graph = GraphBuilder()
    return {"result": (graph.node("B_Add", a=value, b=1).out(0),), "expand": graph.finalize()}


@v1("B_Bar", (ANY,), {"value": (ANY,), "steps": NUMBER}, hidden={"id": "UNIQUE_ID"})
def bar(self: Any, value: Any, steps: int, id: str) -> Any:
    progress = ProgressBar(steps, node_id=id)
    for _ in range(steps):
        progress.update(1)
    return (value,)


@v1("B_AsyncBar", (ANY,), {"value": (ANY,), "steps": NUMBER})
async def async_bar(self: Any, value: Any, steps: int) -> Any:
    progress = ProgressBar(steps)
    for step in range(steps):
        await asyncio.sleep(0.001)
        progress.update_absolute(step + 1)
    return (value,)


@v1("B_AsyncProgress", (ANY,), {"value": (ANY,), "steps": NUMBER})
async def async_progress(self: Any, value: Any, steps: int) -> Any:
    for step in range(steps):
        await api.execution.set_progress(value=step + 1, max_value=steps)
        await asyncio.sleep(0.001)
    return (value,)


@v1("B_SyncProgress", (ANY,), {"value": (ANY,), "steps": NUMBER})
def sync_progress(self: Any, value: Any, steps: int) -> Any:
    for step in range(steps):
        api_sync.execution.set_progress(value=step + 1, max_value=steps)
    return (value,)


@v1("B_TooFew", ("INT", "INT"), {"value": NUMBER})
def too_few(self: Any, value: int) -> Any:
    return (value,)


@v1("B_NoTuple", ("INT",), {"value": NUMBER})
def no_tuple(self: Any, value: int) -> Any:
    return value
