"""Reads `tests/conversion/`: the cases, and the node definitions that they use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graph.registry import Catalogue
from graph.renamed import Renamed
from graph.spec import InputSpec, NodeSpec, OutputSpec

TABLES = Path(__file__).parent.parent / "conversion"


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Every case with its name, `file: name`."""
    found: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(TABLES.glob("*.json")):
        if path.stem not in ("accepts", "nodes", "expressions"):
            found += [(f"{path.stem}: {case['name']}", case) for case in json.loads(path.read_text("utf-8"))]
    return found


def catalogue() -> Catalogue:
    entries = json.loads((TABLES / "nodes.json").read_text("utf-8"))
    return Catalogue(read_spec(name, entry) for name, entry in entries.items())


def read_spec(name: str, entry: dict[str, Any]) -> NodeSpec:
    """A node type from its entry in `/object_info`."""
    return NodeSpec(
        class_type=name,
        title=entry["display_name"],
        module=entry["python_module"],
        inputs=tuple(
            _read_input(input_name, entry["input"][group][input_name], group == "optional")
            for group in ("required", "optional")
            for input_name in entry["input"].get(group, {})
        ),
        hidden=entry["input"].get("hidden", {}),
        outputs=tuple(
            OutputSpec(
                type="COMBO" if isinstance(kind, list) else kind,
                name=output_name,
                choices=tuple(kind) if isinstance(kind, list) else None,
            )
            for kind, output_name in zip(entry["output"], entry["output_name"], strict=True)
        ),
        is_output=entry["output_node"],
        renamed=tuple(Renamed.from_json(item) for item in entry.get("easel_renamed", ())),
    )


def _read_input(name: str, config: list[Any], optional: bool) -> InputSpec:
    kind, options = config[0], dict(config[1]) if len(config) > 1 else {}
    if isinstance(kind, list):
        return InputSpec(name=name, type="COMBO", optional=optional, options=options, choices=tuple(kind))
    choices = options.pop("options", None) if kind == "COMBO" else None
    return InputSpec(
        name=name,
        type=kind,
        optional=optional,
        options=options,
        choices=None if choices is None else tuple(choices),
        string_combo=kind == "COMBO",
    )
