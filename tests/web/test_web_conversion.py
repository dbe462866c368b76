"""Random graphs through both conversions, the page's and the server's: they must give the same prompt."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.errors import ParseError
from graph.grown import grown
from graph.registry import Catalogue
from graph.workflow import to_api
from tests.graph.conversion_tables import TABLES, read_spec

HERE = Path(__file__).parent
NODES: dict[str, Any] = json.loads((TABLES / "nodes.json").read_text("utf-8"))
CATALOGUE = Catalogue(read_spec(name, entry) for name, entry in NODES.items())
NOW = "2026-01-02T03:04:05"
RANDOM = 0.4
COUNT = 400
WIRES = ["SetNode", "GetNode", "GetNode"]
TYPES = ["IMAGE", "MASK", "LATENT", "INT", "STRING", "*", "IMAGE,MASK"]
VALUES: list[Any] = [
    None, 0, 7, 0.5, True, "fixed", "randomize", "a.png", "{x|y|{z}}", "a /* b */ c", "%date:yyyy%", "%Save Image.x%",
    ["p", "q"], {}, "strong", "nested", "b",
]  # fmt: skip
GROWN = ["mode", "mode.kind", "kind", "control"]
"""Inputs of `nodes.json` that bring others."""


class Files:
    """Makes files that a page might have written, and some that it would not."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def root(self) -> dict[str, Any]:
        ids = [f"sub-{n}" for n in range(self.random.randrange(4))]
        # A definition may use those after it, so none contains itself.
        definitions = [self.definition(id, ids[at + 1 :]) for at, id in enumerate(ids)]
        file = self.graph(ids, objects=self.random.random() < 0.2)
        return {**file, "version": 0.4, "extra": {}, "config": {}, "definitions": {"subgraphs": definitions}}

    def definition(self, id: str, inner: list[str]) -> dict[str, Any]:
        inputs = [self.slot(f"in{n}") | {"linkIds": []} for n in range(self.random.randrange(4))]
        outputs = [self.slot(f"out{n}") for n in range(self.random.randrange(3))]
        file = self.graph(inner, objects=True, inputs=len(inputs), outputs=len(outputs))
        for link in file["links"]:
            if link["origin_id"] == -10:
                inputs[link["origin_slot"]]["linkIds"].append(link["id"])
        return {"id": id, "name": id, "inputs": inputs, "outputs": outputs, **file}

    def slot(self, name: str) -> dict[str, Any]:
        return {"name": name, "type": self.random.choice(TYPES)}

    def graph(self, subgraphs: list[str], *, objects: bool, inputs: int = 0, outputs: int = 0) -> dict[str, Any]:
        types = [*NODES, "Reroute", "PrimitiveNode", "Note", "Missing", *subgraphs * 4, "Reroute", *WIRES]
        nodes = [self.node(n + 1, self.random.choice(types)) for n in range(self.random.randrange(1, 9))]
        links: list[dict[str, Any]] = []
        for node in nodes:
            for slot, entry in enumerate(node["inputs"]):
                sources = [*[other["id"] for other in nodes], *[-10] * (3 if inputs else 0), 99]
                if self.random.random() < 0.35:
                    continue
                origin = self.random.choice(sources)
                first = self.random.randrange(inputs) if origin == -10 else self.random.randrange(2)
                links.append(self.link(len(links) + 1, origin, first, node["id"], slot))
                entry["link"] = len(links)
        for slot in range(outputs):
            links.append(self.link(len(links) + 1, self.random.choice(nodes)["id"], 0, -20, slot))
        self.random.shuffle(links)
        return {"nodes": nodes, "groups": [], "links": links if objects else [list(link.values()) for link in links]}

    def link(self, id: int, origin: int, first: int, target: int, slot: int) -> dict[str, Any]:
        return {
            "id": id, "origin_id": origin, "origin_slot": first, "target_id": target, "target_slot": slot,
            "type": self.random.choice(TYPES),
        }  # fmt: skip

    def expression(self, depth: int = 0) -> Any:
        choice = self.random.random()
        if depth > 3 or choice < 0.3:
            return self.random.choice(["7", "0.3", "1e3", "0", "2.5", "100/3"])
        if choice < 0.6:
            node = self.random.choice(["#1", "#2", "#3", "Sampler", "Empty Latent", "Primitive", "Named", "Gone"])
            return f"[{node}].{self.random.choice(['width', 'steps', 'cfg', 'value', 'on', 'amount', 'text'])}"
        if choice < 0.65:
            return self.random.choice(["", "1 +", "(", None, 5, "round(1, 0)", "1/0"])
        first, second = self.expression(depth + 1), self.expression(depth + 1)
        if choice < 0.8:
            return f"{self.random.choice(['min', 'max', 'round'])}({first}, {second})"
        return f"({first}) {self.random.choice('+-*/%')} -{second}"

    def node(self, id: int, type: str) -> dict[str, Any]:
        spec = CATALOGUE.get(type)
        if spec is not None:
            there = grown(spec, {name: self.random.choice(VALUES) for name in GROWN}).inputs
            names = [each.name for each in there if not each.has_widget or self.random.random() < 0.3]
            kinds = {each.name: each.type for each in there}
            inputs = [{"name": name, "type": kinds[name], "link": None} for name in names]
            outputs = [{"name": each.name, "type": each.type, "links": None} for each in spec.outputs]
        elif type == "SetNode":
            inputs, outputs = [{"name": "IMAGE", "type": "IMAGE", "link": None}], [{"name": "*", "type": "*"}]
        elif type == "GetNode":
            inputs, outputs = [], [{"name": "IMAGE", "type": "IMAGE"}]
        elif type == "Reroute":
            inputs, outputs = [{"name": "", "type": "*", "link": None}], [{"name": "", "type": "*"}]
        else:
            inputs = [{**self.slot(f"in{n}"), "link": None} for n in range(self.random.randrange(4))]
            outputs = [self.slot(f"out{n}") for n in range(self.random.randrange(3))]
        node: dict[str, Any] = {
            "id": id,
            "type": type,
            "pos": [0, 0],
            "size": [200, 100],
            "inputs": inputs,
            "outputs": outputs,
        }
        node["mode"] = self.random.choice([0, 0, 0, 0, 0, 2, 4, 4])
        values = [self.random.choice(VALUES) for _ in range(self.random.randrange(10))]
        node["widgets_values"] = self.random.choice(
            [values, values, values, None, {"width": 5, "steps": 3, "text": "{a|b}", "mode": "strong", "kind": "b"}]
        )
        if type in WIRES:
            node["widgets_values"] = self.random.choice([["a"], ["a"], ["b"], [""], [], None, ["a", 1], [5]])
        if self.random.random() < 0.2:
            node["title"] = self.random.choice(["Save Image", "", "Named"])
        if self.random.random() < 0.3:
            names = ["width", "height", "steps", "cfg", "seed", "amount", "value", "count", "on", "0"]
            node["properties"] = {"easel_expressions": {self.random.choice(names): self.expression() for _ in range(2)}}
        if type.startswith("sub-") and self.random.random() < 0.4:
            proxies = [
                [
                    str(self.random.randrange(5)),
                    self.random.choice(["width", "in0", "value", "amount", "mode", "mode.strength", "mode.kind"]),
                ]
                for _ in range(2)
            ]
            node["properties"] = {"proxyWidgets": [*proxies, *([["-1", "in0"]] if self.random.random() < 0.3 else [])]}
        return node


def test_random_graphs_convert_alike_in_page_and_server() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    workflows: list[dict[str, Any]] = []
    expected: list[Any] = []
    for seed in range(COUNT):
        file = Files(seed).root()
        try:
            prompt = to_api(file, CATALOGUE, now=datetime.fromisoformat(NOW), random=lambda: RANDOM)
        except ParseError:
            continue
        workflows.append(file)
        expected.append(prompt)
    assert len(workflows) > COUNT * 0.9
    request = json.dumps({"nodes": NODES, "workflows": workflows, "random": RANDOM, "now": NOW})
    run = subprocess.run(
        [node, str(HERE / "convert.js")], input=request, capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert run.returncode == 0, run.stderr
    for file, prompt, (page, reopened) in zip(workflows, expected, json.loads(run.stdout), strict=True):
        assert page == json.loads(json.dumps(prompt)), json.dumps(file)
        assert reopened == page, json.dumps(file)
