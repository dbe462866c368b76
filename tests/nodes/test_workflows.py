"""The example graphs: well formed, laid out so that nothing covers anything, and each runs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from graph.cache import Cache
from graph.events import Event, Progress
from graph.execute import Executor, Job, Outcome
from graph.folders import standard_folders
from graph.parse import parse
from graph.validate import validate
from graph.workflow import to_api
from models.engine import Engine
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
    assert info["tags"]


def test_it_has_a_small_picture(workflow: dict[str, Any], request: pytest.FixtureRequest) -> None:
    path = FOLDER / f"{request.node.callspec.id}.webp"
    assert path.stat().st_size < 40_000
    with Pillow.open(path) as picture:
        assert picture.size == (480, 360)


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
    subgraphs = {graph["id"]: graph for graph in workflow.get("definitions", {}).get("subgraphs", [])}
    inner = [node for graph in subgraphs.values() for node in graph["nodes"]]
    for node in [*workflow["nodes"], *inner]:
        if node["type"] == "Note" or node["type"] in subgraphs:
            continue
        spec = CATALOGUE[node["type"]]
        widgets = [i for i in spec.inputs if i.has_widget]
        controls = [i for i in widgets if i.options.get("control_after_generate")]
        assert len(node["widgets_values"]) == len(widgets) + len(controls)
        assert [i["name"] for i in node["inputs"] if "widget" not in i] == [
            i.name for i in spec.inputs if not i.has_widget
        ]


def test_prompts_ask_for_what_the_built_in_model_learned(workflow: dict[str, Any]) -> None:
    lines = (FOLDER.parent / "models" / "train" / "names.txt").read_text("utf-8").splitlines()
    names = {name.replace("-", " ") for line in lines if not line.startswith("#") for name in line.split()}
    subgraphs = {graph["id"]: graph for graph in workflow.get("definitions", {}).get("subgraphs", [])}
    prompts = [n["widgets_values"][0] for n in workflow["nodes"] if n["type"] in {"CLIPTextEncode", *subgraphs}]
    assert {re.sub("^an? ", "", prompt) for prompt in prompts if prompt} <= names


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


NOW = datetime(2026, 3, 9)


class Run:
    """An executor with the real engine, shared by the tests of this file so that the model is loaded once."""

    def __init__(self, base: Path) -> None:
        own = {name: base / name for name in ("input", "output", "temp")}
        self.folders = standard_folders([FOLDER.parent / "models"], **own)
        self.executor = Executor(core_registry(), Cache(1 << 30, lambda _: 1), Engine("cpu"), self.folders)
        self.events: list[Event] = []

    def __call__(self, prompt: dict[str, Any]) -> Outcome:
        report = validate(parse(prompt), CATALOGUE, self.folders)
        assert not report.problems
        job = Job(prompt_id="p", graph=report.graph, targets=tuple(report.targets))
        self.events.clear()
        return self.executor.run(job, self.events.append, lambda: False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("user"))


def test_it_runs(workflow: dict[str, Any], run: Run) -> None:
    prompt = to_api(workflow, CATALOGUE, run.folders, now=NOW)
    for node in prompt.values():
        if "steps" in node["inputs"]:
            node["inputs"]["steps"] = 2
    outcome = run(prompt)
    assert outcome.error is None
    assert outcome.status == "success"
    shown = [node for node, item in prompt.items() if CATALOGUE[item["class_type"]].is_output]
    assert sorted(outcome.outputs) == sorted(shown)
    for item in (item for output in outcome.outputs.values() for item in output.get("images", ())):
        path = run.folders.resolve(item["type"], f"{item['subfolder']}/{item['filename']}".lstrip("/"))
        with Pillow.open(path) as picture:
            assert min(picture.size) >= 96
            assert json.loads(picture.text["prompt"]) == prompt


def test_the_first_graph_previews_its_steps_and_runs_again_from_the_cache(run: Run) -> None:
    workflow = json.loads((FOLDER / "default.json").read_text("utf-8"))
    prompt = to_api(workflow, CATALOGUE, run.folders, now=NOW)
    sampler = next(id for id, node in prompt.items() if node["class_type"] == "KSampler")
    prompt[sampler]["inputs"].update(steps=3, seed=1234)
    assert run(prompt).status == "success"
    steps = [event.value for event in run.events if isinstance(event, Progress) and event.node == sampler]
    assert steps == [1, 2, 3]
    assert run(prompt).executed == ()
    prompt[sampler]["inputs"]["seed"] = 1235
    again = [prompt[id]["class_type"] for id in run(prompt).executed]
    assert again == ["KSampler", "VAEDecode", "SaveImage"]
