"""The graphs that the package `comfyui-workflow-templates-json` ships, and what Easel makes of each.

python3 -m tests.nodes.template_support    writes docs/templates-support.md
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graph.folders import Folders, split_annotation, standard_folders
from graph.parse import parse
from graph.registry import Catalogue
from graph.spec import FileChoice
from graph.types import JsonObject
from graph.validate import validate
from graph.workflow import to_api
from nodes.library import core_registry

PACKAGE = "comfyui_workflow_templates_json"
VERSION = "0.1.123"
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "templates-support.md"


def folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} of requirements-test.txt is not installed"
    return Path(next(iter(spec.submodule_search_locations or ())), "templates")


@cache
def names(*, cloud: bool) -> tuple[str, ...]:
    """Templates by name. cloud: those whose models run on somebody else's computers too."""
    index: list[JsonObject] = json.loads((folder() / "index.json").read_text("utf-8"))
    templates = [template for part in index for template in part["templates"]]
    return tuple(sorted(each["name"] for each in templates if cloud or each.get("openSource") is not False))


def read(name: str) -> JsonObject:
    return json.loads((folder() / f"{name}.json").read_text("utf-8"))


@cache
def catalogue() -> Catalogue:
    return core_registry().catalogue()


def survey() -> dict[str, list[str]]:
    """For each template that needs no cloud service why its graph cannot run here; nothing where it can.

    Every file that a graph names is there, and empty: nothing is run.
    """
    with tempfile.TemporaryDirectory(prefix="easel-templates-") as base:
        place = Path(base)
        folders = standard_folders(
            [place / "models"], input=place / "input", output=place / "output", temp=place / "temp"
        )
        prompts = {name: to_api(read(name), catalogue()) for name in names(cloud=False)}
        for prompt in prompts.values():
            _stand_in(prompt, folders)
        return {name: _hindrances(prompt, folders) for name, prompt in prompts.items()}


def _stand_in(prompt: JsonObject, folders: Folders) -> None:
    for choice, value in _named_files(prompt):
        group = choice.group(value)
        if value in choice.extra or not value:
            continue
        kind = choice.kind
        if group is None:
            value, kind = split_annotation(value, kind)
        for name in [value] if group is None else [f"{start}safetensors" for start in group.starts]:
            path = folders.root(kind) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def _named_files(prompt: JsonObject) -> Iterator[tuple[FileChoice, str]]:
    for node in prompt.values():
        spec = catalogue().get(node["class_type"])
        for declared in spec.inputs if spec is not None else ():
            value = node["inputs"].get(declared.name)
            if declared.files is not None and isinstance(value, str):
                yield declared.files, value


def _hindrances(prompt: JsonObject, folders: Folders) -> list[str]:
    unknown = sorted({node["class_type"] for node in prompt.values()} - set(catalogue()))
    if unknown:
        return [f"newer nodes: {', '.join(f'`{name}`' for name in unknown)}"]
    report = validate(parse(prompt), catalogue(), folders)
    if not report.problems:
        return [] if report.targets else ["nothing in it shows or saves a result"]
    waiting: defaultdict[str, set[str]] = defaultdict(set)
    others: set[str] = set()
    for problem in report.problems:
        class_type = prompt[problem.node]["class_type"]
        later = catalogue()[class_type].later
        if later:
            waiting[later].add(f"`{class_type}`")
        else:
            others.add(f"`{class_type}`: {_short(problem.details)}")
    return [*(f"{what} ({', '.join(sorted(types))})" for what, types in sorted(waiting.items())), *sorted(others)]


def _short(details: str) -> str:
    value, _, rest = details.partition(" not in ")
    return f"`{value.replace(': ', ' = ')}` is newer than this node's choices" if rest else details


def page(found: Mapping[str, list[str]]) -> str:
    """The list for people."""
    runs = [name for name, why in found.items() if not why]
    by_reason: defaultdict[bool, list[str]] = defaultdict(list)
    for name, why in found.items():
        if why:
            by_reason[why[0].startswith("newer")].append(f"- {name}: {'; '.join(why)}")
    return "\n".join(
        [
            "# The incumbent's templates in Easel",
            "",
            "<!-- Written by `python3 -m tests.nodes.template_support`; a test compares. -->",
            "",
            f"The package `comfyui-workflow-templates-json` {VERSION} has {len(names(cloud=True))} graphs. "
            f"{len(found)} of them need no cloud service.",
            "All open, and all are saved as they were opened. Nodes that Easel does not know keep their values and",
            "links, and say that they are missing.",
            "",
            f"## {len(runs)} can run, once the files that they name are there",
            "",
            *_wrapped(runs),
            "",
            f"## {len(by_reason[False])} wait for nodes that Easel cannot run yet, or for newer choices of a node",
            "",
            *by_reason[False],
            "",
            f"## {len(by_reason[True])} use nodes that are newer than those that Easel knows",
            "",
            *by_reason[True],
            "",
        ]
    )


def _wrapped(words: list[str]) -> list[str]:
    lines: list[str] = [""]
    for word in words:
        part = word + ("." if word == words[-1] else ",")
        if lines[-1] and len(lines[-1]) + len(part) + 1 > 120:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".lstrip()
    return lines


def kinds_of_nodes(file: Any) -> set[str]:
    """The types that a graph names, those in its subgraphs too; instances of subgraphs are none."""
    definitions = (file.get("definitions") or {}).get("subgraphs", [])
    own = {definition["id"] for definition in definitions}
    return {node["type"] for graph in (file, *definitions) for node in graph["nodes"]} - own


if __name__ == "__main__":
    PAGE.write_text(page(survey()), "utf-8")
