# pyright: basic
"""ComfyUI's `comfy_execution.graph_utils`: graphs as packs build them in place of a node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from graph.context import Context
    from graph.types import JsonObject


def _running() -> Context | None:
    """The call that runs. Programs that build graphs for a server have this folder's parent on their path and no more
    of Easel: no node runs in them."""
    try:
        from nodes.compat.host import running
    except ImportError:
        return None
    return running()


def is_link(obj: Any) -> bool:
    """Whether this is `["id", slot]`."""
    return isinstance(obj, list) and len(obj) == 2 and isinstance(obj[0], str) and isinstance(obj[1], int | float)


class ExecutionBlocker:
    """In place of an output: whoever reads it does not run. A message is shown as an error."""

    def __init__(self, message: str | None) -> None:
        self.message = message


class Node:
    """One node of a graph that is being built."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """A link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """None takes the input away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Where on the page it is shown, if not at the node whose place it takes."""
        self.override_display_id = override_display_id

    def serialize(self) -> JsonObject:
        data: JsonObject = {"class_type": self.class_type, "inputs": self.inputs}
        if self.override_display_id is not None:
            data["override_display_id"] = self.override_display_id
        return data


_built: WeakKeyDictionary[Context, int] = WeakKeyDictionary()
"""How many graphs each running call has begun."""


class GraphBuilder:
    """Nodes by id. Ids begin with a prefix that is the same each time the same node runs, and no other node's."""

    _default_prefix_root = ""
    _default_prefix_call_index = 0
    _default_prefix_graph_index = 0

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = GraphBuilder.alloc_prefix() if prefix is None else prefix
        self.nodes: dict[str, Node] = {}
        self.id_gen = 1

    @classmethod
    def set_default_prefix(cls, prefix_root: str, call_index: int, graph_index: int = 0) -> None:
        """For graphs that are built while no node runs."""
        cls._default_prefix_root = prefix_root
        cls._default_prefix_call_index = call_index
        cls._default_prefix_graph_index = graph_index

    @classmethod
    def alloc_prefix(
        cls, root: str | None = None, call_index: int | None = None, graph_index: int | None = None
    ) -> str:
        """`<node>.<call>.<graph>.` of the node that runs."""
        context = _running()
        if context is not None:
            number = _built.get(context, 0)
            if graph_index is None:
                _built[context] = number + 1
            given = (context.node_id, context.list_index or 0, number)
        else:
            given = (cls._default_prefix_root, cls._default_prefix_call_index, cls._default_prefix_graph_index)
            if graph_index is None:
                cls._default_prefix_graph_index += 1
        parts = [
            own if asked is None else asked for asked, own in zip((root, call_index, graph_index), given, strict=True)
        ]
        return "".join(f"{part}." for part in parts)

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> Node:
        """Add a node; one of this id that is there already is given back as it is."""
        if id is None:
            id = str(self.id_gen)
            self.id_gen += 1
        id = self.prefix + str(id)
        if id not in self.nodes:
            self.nodes[id] = Node(id, class_type, kwargs)
        return self.nodes[id]

    def lookup_node(self, id: str) -> Node | None:
        return self.nodes.get(self.prefix + str(id))

    def remove_node(self, id: str) -> None:
        del self.nodes[self.prefix + str(id)]

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Whoever reads this output gets `new_value`, or loses the input if it is None."""
        id = self.prefix + str(node_id)
        for node in self.nodes.values():
            for name, value in list(node.inputs.items()):
                if is_link(value) and value[0] == id and value[1] == index:
                    node.set_input(name, new_value)

    def finalize(self) -> JsonObject:
        """The graph in API format."""
        return {id: node.serialize() for id, node in self.nodes.items()}


def add_graph_prefix(graph: JsonObject, outputs: Iterable[Any], prefix: str) -> tuple[JsonObject, tuple[Any, ...]]:
    """The same graph with this before every id, and the outputs that link into it."""

    def renamed(value: Any) -> Any:
        return [prefix + value[0], value[1]] if is_link(value) else value

    changed: JsonObject = {}
    for id, node in graph.items():
        inputs = {name: renamed(value) for name, value in node["inputs"].items()}
        changed[prefix + id] = {"class_type": node["class_type"], "inputs": inputs}
    return changed, tuple(renamed(value) for value in outputs)
