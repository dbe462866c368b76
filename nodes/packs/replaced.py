"""Node types that took the place of others, as packs register it: told by the new type, as Easel's own packs do it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from graph.registry import Registry
from graph.renamed import Renamed

WHERE = "comfy_api.latest._replace"
"""The module whose list packs' registrations go into; there only where a pack has imported it."""


def registered() -> list[Any]:
    """All that packs have registered in this process so far."""
    return list(getattr(sys.modules.get(WHERE), "REPLACEMENTS", ()))


def attach(registry: Registry, items: Sequence[Any]) -> list[str]:
    """Have the new node types say what they replace. Gives sentences about those that cannot."""
    amiss: list[str] = []
    for item in items:
        new, old = str(getattr(item, "new_node_id", "")), str(getattr(item, "old_node_id", ""))
        if new not in registry:
            amiss.append(f"It says that the node type {new} took the place of {old}, and there is no {new}.")
            continue
        try:
            renamed = _renamed(old, item)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            amiss.append(f"What it says of the node type {new} in place of {old} makes no sense: {error!r}")
            continue
        type = registry[new]
        others = tuple(one for one in type.spec.renamed if one.node != old)
        registry.put(replace(type, spec=replace(type.spec, renamed=(*others, renamed))))
    return amiss


def _renamed(old: str, item: Any) -> Renamed:
    inputs: dict[str, str] = {}
    added: dict[str, Any] = {}
    for entry in cast("list[Mapping[str, Any]]", item.input_mapping or []):
        if "old_id" in entry:
            inputs[str(entry["old_id"])] = str(entry["new_id"])
        else:
            added[str(entry["new_id"])] = entry["set_value"]
    slots = cast("list[Mapping[str, Any]]", item.output_mapping or [])
    return Renamed(
        node=old,
        inputs={before: now for before, now in inputs.items() if before != now},
        added=added,
        outputs={int(entry["old_idx"]): int(entry["new_idx"]) for entry in slots},
        widgets=tuple(str(name) for name in item.old_widget_ids or ()),
    )
