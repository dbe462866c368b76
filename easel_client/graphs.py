"""Graphs as they are handed over: a path, JSON text or an object, in either format; and changes to their inputs."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from easel_client.errors import ChangeError, Json

Graph = str | Path | Mapping[str, Any]
Changes = Mapping[str, Any]


def load(graph: Graph) -> Json:
    """The graph as an object of its own. A text that begins with `{` is JSON, any other names a file."""
    if isinstance(graph, Mapping):
        found: Any = copy.deepcopy(dict(graph))
    elif isinstance(graph, str) and graph.lstrip().startswith("{"):
        found = json.loads(graph)
    else:
        try:
            found = json.loads(Path(graph).read_text("utf-8"))
        except OSError as error:
            raise ChangeError(f"The graph {graph} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise ChangeError(f"{graph} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ChangeError("A graph is a JSON object.")
    read = cast(Json, found)
    inner = read.get("prompt")
    return cast(Json, inner) if isinstance(inner, dict) and "class_type" not in inner else read


def is_workflow(graph: Json) -> bool:
    """Whether this is the format that pages save, which only the server can turn into a prompt."""
    return isinstance(graph.get("nodes"), list)


def apply(prompt: Json, changes: Changes, declared: Mapping[str, Iterable[str]]) -> None:
    """Write values over inputs of a prompt: by id (`3.seed`), or by title or type where one node has it.

    declared: by type, inputs that a node may have without naming them. Raises ChangeError.
    """
    for path, value in changes.items():
        node, name = find(prompt, path)
        inputs: Json = prompt[node].setdefault("inputs", {})
        class_type = str(prompt[node].get("class_type"))
        known = {*inputs, *declared.get(class_type, ())}
        if name not in known:
            raise ChangeError(f"{path}: {class_type} #{node} has no input {name}. It has {', '.join(sorted(known))}.")
        inputs[name] = str(value) if type(value).__name__ == "Uploaded" else value


def find(prompt: Json, path: str) -> tuple[str, str]:
    """The node and the input that `3.seed` or `Sampler.seed` name; either part may have dots of its own."""
    names: dict[str, list[str]] = {}
    for id, node in prompt.items():
        said: Json = node.get("_meta") or {}
        for name in {str(said.get("title") or ""), str(node.get("class_type") or "")} - {""}:
            names.setdefault(name, []).append(id)
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        node, name = ".".join(parts[:end]), ".".join(parts[end:])
        if node in prompt:
            return node, name
        if len(found := names.get(node, [])) == 1:
            return found[0], name
        if found:
            raise ChangeError(f"{path}: {len(found)} nodes are named {node}: {', '.join(found)}. Name one by its id.")
    if len(parts) < 2:
        raise ChangeError(f"{path}: a change is named by a node and an input, such as 3.seed.")
    shown = ", ".join([*(f"{id} ({node.get('class_type')})" for id, node in prompt.items())][:20])
    raise ChangeError(f"{path}: the graph has no node of this name. It has {shown}.")
