"""Random UI workflows through both conversions, the server's and the page's: they must agree."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from datetime import datetime
from typing import Any

import pytest
from conversion_tables import TABLES, catalogue

from graph.spec import NodeSpec
from graph.workflow import to_api
from graph.workflow_widgets import places

CATALOGUE = catalogue()
TYPES = [*CATALOGUE, "Reroute", "Reroute", "PrimitiveNode", "Note", "Missing"]
TEXTS = [
    "a cat",
    "{a|b|{c|d}} e",
    "x // y",
    "/* z */ %date:yyyy%",
    "%Sampler.seed%_%Empty Latent.width%",
    "\\{a\\}",
    "",
]
COUNT = 300


class Drawer:
    """Draws workflows: mostly sound, with odd modes, lost links and short lists of values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.links = 0

    def workflow(self) -> dict[str, Any]:
        definitions = [self.subgraph(f"g{i}", [f"g{j}" for j in range(i)]) for i in range(self.random.randrange(3))]
        nodes, links = self.graph([definition["id"] for definition in definitions], definitions, None)
        if self.random.random() < 0.5:
            links = [self.as_list(link) for link in links]
        return {"nodes": nodes, "links": links, "definitions": {"subgraphs": definitions}, "version": 0.4}

    def subgraph(self, id: str, inner: list[str]) -> dict[str, Any]:
        names = ["a", "b", "c"]
        definition: dict[str, Any] = {
            "id": id,
            "name": id,
            "inputs": [{"name": name, "type": "*", "linkIds": []} for name in names[: self.random.randrange(4)]],
            "outputs": [{"name": name, "type": "*", "linkIds": []} for name in names[: self.random.randrange(1, 4)]],
        }
        nodes, links = self.graph([], [], definition)
        return {**definition, "nodes": nodes, "links": links}

    def graph(
        self, instances: list[str], definitions: list[dict[str, Any]], inside: dict[str, Any] | None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        nodes = [self.node(i + 1, instances, definitions) for i in range(self.random.randrange(2, 9))]
        links: list[dict[str, Any]] = []
        for node in nodes:
            for slot, entry in enumerate(node["inputs"]):
                sources = [other for other in nodes if other["outputs"]]
                if inside and inside["inputs"] and self.random.random() < 0.4:
                    index = self.random.randrange(len(inside["inputs"]))
                    entry["link"] = self.link(links, -10, index, node["id"], slot)
                    inside["inputs"][index]["linkIds"].append(entry["link"])
                elif sources and self.random.random() < 0.8:
                    source = self.random.choice(sources)
                    index = self.random.randrange(len(source["outputs"]))
                    entry["link"] = self.link(links, source["id"], index, node["id"], slot)
                elif self.random.random() < 0.1:
                    entry["link"] = 10_000  # leads nowhere
        for slot, entry in enumerate(inside["outputs"] if inside else []):
            source = self.random.choice(nodes)
            if source["outputs"]:
                index = self.random.randrange(len(source["outputs"]))
                entry["linkIds"].append(self.link(links, source["id"], index, -20, slot))
        return nodes, links

    def node(self, id: int, instances: list[str], definitions: list[dict[str, Any]]) -> dict[str, Any]:
        name = self.random.choice(instances if instances and self.random.random() < 0.3 else TYPES)
        node: dict[str, Any] = {"id": id, "type": name, "inputs": [], "outputs": [], "mode": self.mode()}
        definition = next((each for each in definitions if each["id"] == name), None)
        spec = CATALOGUE.get(name)
        if definition:
            for side in ("inputs", "outputs"):
                node[side] = [{"name": each["name"], "type": each["type"], "link": None} for each in definition[side]]
            self.random.shuffle(node["outputs"])
            node["widgets_values"] = [self.random.choice(["promoted", 3, None]) for _ in node["inputs"]]
            if self.random.random() < 0.3:
                node["properties"] = {"proxyWidgets": [["1", "width"], ["2", "text"]]}
                node["widgets_values"] += [640, "proxied"]
        elif spec:
            self.fill(node, spec)
        elif name in ("Reroute", "PrimitiveNode"):
            node["inputs"] = [{"name": "", "type": "*", "link": None}] if name == "Reroute" else []
            node["outputs"] = [{"name": "", "type": "*"}]
            node["widgets_values"] = (
                self.random.choice([[5, "fixed"], ["text"], []]) if name == "PrimitiveNode" else None
            )
        return node

    def fill(self, node: dict[str, Any], spec: NodeSpec) -> None:
        for declared in spec.inputs:
            if not declared.has_widget:
                node["inputs"].append({"name": declared.name, "type": declared.type, "link": None})
            elif self.random.random() < 0.25:
                widget = {"widget": {"name": declared.name}}
                node["inputs"].append({"name": declared.name, "type": declared.type, "link": None, **widget})
        node["outputs"] = [{"name": output.name, "type": output.type} for output in spec.outputs]
        values = [self.value(place.input.type) if place.kind == "value" else "fixed" for place in places(spec)]
        node["widgets_values"] = values[: self.random.choice([len(values)] * 5 + [1])]
        if self.random.random() < 0.2:
            node["title"] = self.random.choice(["Sampler", "mine"])
        if self.random.random() < 0.2:
            node["properties"] = {"Node name for S&R": self.random.choice(["Sampler", spec.class_type])}

    def value(self, type: str) -> Any:
        match type:
            case "INT":
                return self.random.randrange(1000)
            case "FLOAT":
                return self.random.choice([0.5, 7.25, 3])
            case "BOOLEAN":
                return self.random.random() < 0.5
            case _:
                return self.random.choice(TEXTS)

    def mode(self) -> int:
        return self.random.choice([0] * 8 + [2, 4, 4])

    def link(self, links: list[dict[str, Any]], source: int, slot: int, target: int, target_slot: int) -> int:
        self.links += 1
        ends = {"origin_id": source, "origin_slot": slot, "target_id": target, "target_slot": target_slot}
        links.append({"id": self.links, **ends, "type": "*"})
        return self.links

    def as_list(self, link: dict[str, Any]) -> list[Any]:
        return [link[name] for name in ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not there")
def test_the_page_and_the_server_agree() -> None:
    drawn = [
        {"workflow": Drawer(seed).workflow(), "random": random.Random(seed).choice([0.0, 0.4, 0.99])}
        for seed in range(COUNT)
    ]
    found = subprocess.run(
        ["node", str(TABLES / "convert.mjs")],
        input=json.dumps(drawn),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    now = datetime(2026, 1, 2, 3, 4, 5)
    sent = 0
    for seed, (case, page) in enumerate(zip(drawn, json.loads(found.stdout), strict=True)):
        server = to_api(case["workflow"], CATALOGUE, now=now, random=lambda case=case: case["random"])
        assert server == page, f"seed {seed}: {json.dumps(case['workflow'])}"
        sent += len(server)
    assert sent > COUNT, "the drawn workflows are not all empty"
