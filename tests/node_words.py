"""What a nodes file of a language lacks, as JSON: `python3 -m tests.node_words zh-CN [--words]`; docs/translating.md.

Everything that a core node shows is asked for: its title, its description, the names of its inputs and outputs, its
tooltips, what it waits for where it does not run yet, and the parts of its category.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nodes.library import core_registry

LANGUAGES = Path(__file__).resolve().parent.parent / "web" / "languages"
WORKFLOWS = LANGUAGES.parent.parent / "workflows"
SAME = frozenset({"", "*", "CFG", "SDXL", "SD3", "VAE", "CLIP", "LoRA"})
"""Names that stay as they are, beside those of the parts of a network, such as `input_blocks.0.`"""


def same(name: str) -> bool:
    return name in SAME or "." in name


def declared() -> dict[str, Any]:
    """`/object_info` of the core nodes, with no files in it."""
    return core_registry().catalogue().object_info(None)


def slots(entry: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Inputs and outputs of a node: "inputs" or "outputs", name, label of the declaration, tooltip."""
    for group in ("required", "optional"):
        for name, spec in entry["input"].get(group, {}).items():
            options = spec[1] if isinstance(spec, list) and len(spec) > 1 else {}
            yield "inputs", name, options.get("display_name") or "", options.get("tooltip") or ""
    tips = entry.get("output_tooltips") or []
    for index, name in enumerate(entry["output_name"]):
        yield "outputs", name, "", (tips[index] if index < len(tips) else "") or ""


def missing(words: dict[str, Any], info: dict[str, Any]) -> dict[str, list[str]]:
    """What each part of the file lacks, by its English, sorted as it is met; under "stale" node types that are gone."""
    nodes, names, texts = words["nodes"], words["names"], words["texts"]
    lacks: dict[str, dict[str, None]] = {"names": {}, "texts": {}, "titles": {}, "descriptions": {}}
    for class_type, entry in info.items():
        own = nodes.get(class_type, {})
        if not own.get("title"):
            lacks["titles"][class_type] = None
        if entry["description"] and not own.get("description") and entry["description"] not in texts:
            lacks["descriptions"][class_type] = None
        for part in entry["category"].split("/"):
            if part and part not in names and not same(part):
                lacks["names"][part] = None
        later = entry.get("easel_later", "")
        if later and later not in texts:
            lacks["texts"][later] = None
        for side, name, label, tooltip in slots(entry):
            said = own.get(side, {}).get(name, {})
            said = {"label": said} if isinstance(said, str) else said
            if label and not said.get("label") and label not in texts:
                lacks["texts"][label] = None
            elif not label and not said.get("label") and name not in names and not same(name):
                lacks["names"][name] = None
            if tooltip and not said.get("tooltip") and tooltip not in texts:
                lacks["texts"][tooltip] = None
    return {part: list(found) for part, found in lacks.items()} | {
        "stale": [name for name in nodes if name not in info]
    }


def example_texts() -> list[str]:
    """What a person reads in the example graphs: titles of nodes and frames, and notes."""
    found: dict[str, None] = {}

    def look(graph: dict[str, Any]) -> None:
        for node in graph["nodes"]:
            notes = [node["widgets_values"][0]] if node["type"] in ("Note", "MarkdownNote") else []
            found.update(dict.fromkeys(filter(None, [node.get("title"), *notes])))
        found.update(dict.fromkeys(group["title"] for group in graph.get("groups", [])))
        for part in graph.get("definitions", {}).get("subgraphs", []):
            found[part["name"]] = None
            look(part)

    for path in sorted(WORKFLOWS.glob("*.json")):
        graph = json.loads(path.read_text("utf-8"))
        if isinstance(graph, dict) and "nodes" in graph:
            look(graph)
    return list(found)


def read(code: str) -> dict[str, Any]:
    return json.loads((LANGUAGES / f"{code}.nodes.json").read_text("utf-8"))


def main() -> None:
    code = sys.argv[1] if len(sys.argv) > 1 else "zh-CN"
    info = declared()
    found: dict[str, Any] = missing(read(code), info)
    found["examples"] = [text for text in example_texts() if text not in read(code)["texts"]]
    if "--words" in sys.argv:  # beside the types, the English to translate
        found["titles"] = {name: info[name]["display_name"] for name in found["titles"]}
        found["descriptions"] = {name: info[name]["description"] for name in found["descriptions"]}
    print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
