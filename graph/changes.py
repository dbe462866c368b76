"""Other values for inputs of a workflow, by names that people know: `3.seed`, `Sampler.seed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graph.errors import GraphError
from graph.spec import NodeSpec
from graph.types import JsonObject
from graph.workflow_grown import shown
from graph.workflow_json import objects
from graph.workflow_widgets import places


class ChangeError(GraphError):
    """A change names what the graph does not have. The sentence says what it has."""

    type = "invalid_change"


def resolve(prompt: JsonObject, path: str) -> tuple[str, str]:
    """The node's id and the input that a path names: by id, or by title or type where one node alone has it.

    Ids, titles and inputs may have dots of their own: the longest name of a node wins. Raises ChangeError.
    """
    names: dict[str, list[str]] = {}
    for id, node in prompt.items():
        said: JsonObject = node.get("_meta") or {}
        for name in {str(said.get("title") or ""), str(node.get("class_type") or "")} - {""}:
            names.setdefault(name, []).append(id)
    parts = path.split(".")
    if len(parts) < 2:
        raise ChangeError(f"{path[:200]}: a change is named by a node and an input, such as 3.seed.")
    for end in range(len(parts) - 1, 0, -1):
        node, name = ".".join(parts[:end]), ".".join(parts[end:])
        if node in prompt:
            return node, name
        found = names.get(node, [])
        if len(found) == 1:
            return found[0], name
        if found:
            raise ChangeError(
                f"{path[:200]}: {len(found)} nodes are named {node}: {', '.join(found[:20])}. Name one by its id."
            )
    shown = ", ".join(f"{id} ({node.get('class_type')})" for id, node in list(prompt.items())[:20])
    raise ChangeError(f"{path[:200]}: the graph has no node of this name. It has {shown}.")


def change(
    prompt: JsonObject, workflow: JsonObject, changes: Mapping[str, Any], catalogue: Mapping[str, NodeSpec]
) -> None:
    """Write the values into the prompt, and into the workflow that it was made of, as far as its nodes hold them:
    a picture's workflow is to make the same picture again. Both are changed in place. Raises ChangeError."""
    for path, value in changes.items():
        id, name = resolve(prompt, path)
        node: JsonObject = prompt[id]
        spec = catalogue.get(node["class_type"])
        known = {*node["inputs"], *(item.name for item in spec.inputs)} if spec else {*node["inputs"]}
        if name not in known and not (spec is not None and spec.open_inputs):
            raise ChangeError(
                f"{path[:200]}: {node['class_type']} #{id} has no input {name}. It has {', '.join(sorted(known))}."
            )
        node["inputs"][name] = value
        if spec is not None:
            _write(workflow, id, name, value, spec)


def _write(workflow: JsonObject, id: str, name: str, value: Any, spec: NodeSpec) -> None:
    """Into the widgets of a node of the outer graph; nodes inside subgraphs keep what they have."""
    node = next((item for item in objects(workflow.get("nodes")) if str(item.get("id")) == id), None)
    saved: Any = None if node is None else node.get("widgets_values")
    if isinstance(saved, dict):
        cast(JsonObject, saved)[name] = value
    elif isinstance(saved, list):
        entries = cast("list[Any]", saved)
        for index, place in enumerate(places(shown(spec, entries))):
            if place.kind == "value" and place.input.name == name and index < len(entries):
                entries[index] = value
