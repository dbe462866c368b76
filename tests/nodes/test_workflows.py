"""The example graphs: well formed, laid out so that nothing covers anything, and each runs."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from nodes.library import core_registry

FOLDER = Path(__file__).resolve().parents[2] / "workflows"
FILES = sorted(FOLDER.glob("*.json"))
CATALOGUE = core_registry().catalogue()
TITLE = 30
"""Canvas pixels that a node's title takes above its position."""

Box = tuple[float, float, float, float]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(request.param.read_text("utf-8"))


def box(node: dict[str, Any]) -> Box:
    (x, y), (width, height) = node["pos"], node["size"]
    return x, y - TITLE, x + width, y + height


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_there_are_some_and_one_is_the_page_s_first() -> None:
    assert len(FILES) >= 6
    assert FOLDER / "default.json" in FILES


def test_it_says_what_it_is(workflow: dict[str, Any]) -> None:
    assert workflow["version"] == 0.4
    info = workflow["extra"]["info"]
    assert info["name"]
    assert info["description"].endswith(".")


def test_links_agree_with_both_their_ends(workflow: dict[str, Any]) -> None:
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for id, origin, origin_slot, target, target_slot, kind in workflow["links"]:
        source, reader = nodes[origin]["outputs"][origin_slot], nodes[target]["inputs"][target_slot]
        assert id in source["links"]
        assert reader["link"] == id
        assert source["type"] == kind
    held = [i["link"] for node in nodes.values() for i in node["inputs"] if i["link"] is not None]
    assert sorted(held) == sorted(link[0] for link in workflow["links"])
    assert workflow["last_node_id"] == max(nodes)
    assert workflow["last_link_id"] == max(link[0] for link in workflow["links"])


def test_every_node_is_known_and_has_a_value_for_each_widget(workflow: dict[str, Any]) -> None:
    for node in workflow["nodes"]:
        if node["type"] == "Note":
            continue
        spec = CATALOGUE[node["type"]]
        widgets = [i for i in spec.inputs if i.has_widget]
        controls = [i for i in widgets if i.options.get("control_after_generate")]
        assert len(node["widgets_values"]) == len(widgets) + len(controls)
        assert [i["name"] for i in node["inputs"] if "widget" not in i] == [
            i.name for i in spec.inputs if not i.has_widget
        ]


def test_no_node_covers_another_and_frames_hold_whole_nodes(workflow: dict[str, Any]) -> None:
    for a, b in combinations(workflow["nodes"], 2):
        assert not overlap(box(a), box(b)), f"{a['id']} covers {b['id']}"
    frames = [(x, y, x + w, y + h) for x, y, w, h in (group["bounding"] for group in workflow["groups"])]
    for a, b in combinations(frames, 2):
        assert not overlap(a, b)
    for frame in frames:
        for node in map(box, workflow["nodes"]):
            inside = frame[0] < node[0] and frame[1] < node[1] and node[2] < frame[2] and node[3] < frame[3]
            assert inside or not overlap(frame, node)


def test_links_run_from_left_to_right(workflow: dict[str, Any]) -> None:
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for _, origin, _, target, _, _ in workflow["links"]:
        assert nodes[origin]["pos"][0] <= nodes[target]["pos"][0]
