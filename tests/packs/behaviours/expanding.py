"""Nodes that put a graph in their place; loops are such graphs with the loop itself in them."""
# pyright: reportMissingImports=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

from typing import Any

from comfy_execution.graph import ExecutionBlocker
from comfy_execution.graph_utils import GraphBuilder, is_link

from .declare import ANY, v1
from .values import DECIMAL, GREY, NUMBER

SOCKETS = 3
PASSED = {f"value{i}": (ANY,) for i in range(SOCKETS)}


@v1("B_AddThree", ("INT",), {"a": NUMBER, "b": NUMBER, "c": NUMBER})
def add_three(self: Any, **values: int) -> Any:
    graph = GraphBuilder()
    first = graph.node("B_Add", a=values["a"], b=values["b"])
    second = graph.node("B_Add", a=first.out(0), b=values["c"])
    return {"result": (second.out(0),), "expand": graph.finalize()}


@v1("B_Mixed", ("IMAGE", "IMAGE"), {"value": DECIMAL})
def mixed(self: Any, value: float) -> Any:
    """A tuple, a dict, or a graph, as the value has it."""
    if value <= 0.1:
        return (0.1, 1.0)
    if value <= 0.2:
        return {"result": (0.2, 1.0)}
    graph = GraphBuilder()
    black, white = graph.node("B_Grey", value=0.0), graph.node("B_Grey", value=1.0)
    mix = graph.node("B_Mix", image1=black.out(0), image2=white.out(0), mask=0.3)
    return {"result": (mix.out(0), 1.0), "expand": graph.finalize()}


@v1("B_Cycle", ("IMAGE",), {"image": GREY})
def cycle(self: Any, image: Any) -> Any:
    """A graph whose nodes wait for each other."""
    graph = GraphBuilder()
    first = graph.node("B_Mix", image1=image, mask=0.5)
    second = graph.node("B_Mix", image1=first.out(0), image2=image, mask=0.5)
    first.set_input("image2", second.out(0))
    return {"result": (second.out(0),), "expand": graph.finalize()}


@v1("B_Faulty", ("INT",), {"how": (["nowhere", "twice", "unknown", "no graph"],)})
def faulty(self: Any, how: str) -> Any:
    """Graphs that cannot be."""
    graph = GraphBuilder()
    inner = graph.node("B_Nothing" if how == "unknown" else "B_Number", value=1)
    if how == "nowhere":
        return {"result": (["not there", 0],), "expand": graph.finalize()}
    if how == "twice":
        return {"result": (inner.out(0),), "expand": {"2": {"class_type": "B_Number", "inputs": {"value": 1}}}}
    if how == "no graph":
        return {"result": (1,), "expand": 7}
    return {"result": (inner.out(0),), "expand": graph.finalize()}


@v1("B_ShowInside", ("INT",), {"value": NUMBER})
def show_inside(self: Any, value: int) -> Any:
    """An output node in the graph, which nothing reads."""
    graph = GraphBuilder()
    inner = graph.node("B_Number", value=value)
    graph.node("B_Show", value=inner.out(0))
    return {"result": (inner.out(0),), "expand": graph.finalize(), "ui": {"own": [value]}}


@v1("B_Carry", ("STRING",), {"value": NUMBER})
def carry(self: Any, value: int) -> Any:
    """Constants in the graph that no JSON has, and lists that are no links."""
    graph = GraphBuilder()
    shown = graph.node("B_Describe", object=object, list=[value, 2, 3], pair=[value, 2], words=["a", "b"])
    return {"result": (shown.out(0),), "expand": graph.finalize()}


@v1("B_Describe", ("STRING",), dict.fromkeys(("object", "list", "pair", "words"), (ANY,)))
def describe(self: Any, object: Any, list: Any, pair: Any, words: Any) -> Any:
    return (f"{getattr(object, '__name__', '?')} {list} {pair} {words}",)


@v1("B_Parallel", ("IMAGE",), {"image": GREY, "count": NUMBER, "seconds": DECIMAL})
def parallel(self: Any, image: Any, count: int, seconds: float) -> Any:
    graph = GraphBuilder()
    waits = [graph.node("B_Sleep", value=image, seconds=seconds, name=f"p{i}") for i in range(count)]
    joined = {f"input{i}": wait.out(0) for i, wait in enumerate(waits, 1)}
    return {"result": (graph.node("B_Average", **joined).out(0),), "expand": graph.finalize()}


@v1("B_Open", ("FLOW", *([ANY] * SOCKETS)), {"condition": ("BOOLEAN", {"default": True})}, PASSED)
def open_loop(self: Any, condition: bool, **values: Any) -> Any:
    return ("loop", *(values.get(f"value{i}") for i in range(SOCKETS)))


@v1(
    "B_Close",
    tuple([ANY] * SOCKETS),
    {"flow": ("FLOW", {"rawLink": True}), "condition": ("BOOLEAN", {"forceInput": True})},
    PASSED,
    {"graph": "DYNPROMPT", "id": "UNIQUE_ID"},
)
def close_loop(self: Any, flow: Any, condition: bool, graph: Any, id: str, **values: Any) -> Any:
    """Run everything between the two once more, with the values that came out; this node is in it too."""
    if not condition:
        return tuple(values.get(f"value{i}") for i in range(SOCKETS))
    start = flow[0]
    inside = _between(graph, start, id)
    again = GraphBuilder()
    names = {old: "again" if old == id else old for old in inside}
    for old, name in names.items():
        again.node(graph.get_node(old)["class_type"], name).set_override_display_id(old)
    for old, name in names.items():
        copy = again.lookup_node(name)
        for key, value in graph.get_node(old)["inputs"].items():
            known = is_link(value) and value[0] in names
            copy.set_input(key, again.lookup_node(names[value[0]]).out(value[1]) if known else value)
    for i in range(SOCKETS):
        again.lookup_node(start).set_input(f"value{i}", values.get(f"value{i}"))
    me = again.lookup_node("again")
    return {"result": tuple(me.out(i) for i in range(SOCKETS)), "expand": again.finalize()}


def _between(graph: Any, start: str, end: str) -> list[str]:
    """Nodes on the ways from one node to another, both among them."""
    readers: dict[str, list[str]] = {}
    seen, waiting = {end}, [end]
    while waiting:
        reader = waiting.pop()
        for value in graph.get_node(reader)["inputs"].values():
            if is_link(value):
                readers.setdefault(value[0], []).append(reader)
                if value[0] not in seen:
                    seen.add(value[0])
                    waiting.append(value[0])
    inside, waiting = {start: None, end: None}, [start]
    while waiting:
        for reader in readers.get(waiting.pop(), []):
            if reader not in inside:
                inside[reader] = None
                waiting.append(reader)
    return list(inside)


@v1("B_ForOpen", ("FLOW", "INT", *([ANY] * (SOCKETS - 1))), {"remaining": NUMBER}, PASSED)
def for_open(self: Any, remaining: int, **values: Any) -> Any:
    """`value0` is what remains when the loop has come round."""
    left = values.pop("value0", remaining)
    graph = GraphBuilder()
    graph.node("B_Open", condition=left > 0, value0=left, **values)
    return {"result": ("loop", left, values.get("value1"), values.get("value2")), "expand": graph.finalize()}


@v1(
    "B_ForClose",
    (ANY, ANY),
    {"flow": ("FLOW", {"rawLink": True})},
    {"value1": (ANY, {"rawLink": True}), "value2": (ANY, {"rawLink": True})},
)
def for_close(self: Any, flow: Any, **values: Any) -> Any:
    """Counts down by nodes of its own, and leaves the rest to B_Close."""
    graph = GraphBuilder()
    less = graph.node("B_Add", a=[flow[0], 1], b=-1)
    more = graph.node("B_Compare", a=less.out(0), b=0, how=">")
    close = graph.node("B_Close", flow=flow, condition=more.out(0), value0=less.out(0), **values)
    return {"result": (close.out(1), close.out(2)), "expand": graph.finalize()}


@v1("B_BlockInside", ("INT",), {"value": NUMBER})
def block_inside(self: Any, value: int) -> Any:
    graph = GraphBuilder()
    inner = graph.node("B_Number", value=value)
    return {"result": (ExecutionBlocker(None),), "expand": graph.finalize() if inner else {}}
