"""What the canvas shows of a run, and when there can be none: facts, parts of a graph, freezing, heat, repairs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

SET = "([node, name, value]) => window.easel.editor.setWidget('node:' + node, name, value)"


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def look(person: Person, name: str) -> None:
    if folder := os.environ.get("EASEL_LOOK"):
        for theme in ("dark", "light"):
            person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            person.shoot(Path(folder) / f"{name}-{theme}.png")


def put(person: Person, node: int, name: str, value: Any) -> None:
    person.page.evaluate(SET, [node, name, value])


def value(person: Person, node: int, name: str) -> Any:
    return person.page.evaluate(
        "([node, name]) => window.easel.editor.widget('node:' + node, name).value", [node, name]
    )


def menu(person: Person, node: int, entry: str) -> None:
    person.click(node, button="right")
    person.page.get_by_role("menuitem", name=entry).click()


def changed(graph: dict[str, Any], node: int, **fields: Any) -> dict[str, Any]:
    """A copy with fields of one node replaced."""
    graph = json.loads(json.dumps(graph))
    next(each for each in graph["nodes"] if each["id"] == node).update(fields)
    return graph


def test_a_node_tells_what_it_took_and_gave_and_why_it_ran(artist: Person) -> None:
    put(artist, 6, "text", f"a blue owl {time.time_ns()}")  # words that no other run has cached
    put(artist, 3, "steps", 5)
    artist.run()
    artist.click(6)
    side = artist.page.locator("#side")
    expect(side).to_contain_text("Its results hold")
    expect(side).to_contain_text("a blue owl")
    seed = artist.prompt["3"]["inputs"]["seed"]
    before = artist.status(3)["ms"]
    assert before >= 5 * 15, "the server's own measure of five steps of 20 ms"
    artist.run()
    artist.click(3)
    expect(side).to_contain_text("seed changed from")
    expect(side).to_contain_text("come from the cache")
    assert artist.prompt["3"]["inputs"]["seed"] != seed
    look(artist, "facts")


def test_the_bar_tells_the_time_that_is_left(artist: Person) -> None:
    put(artist, 3, "steps", 100)
    artist.page.keyboard.press("Control+Enter")
    expect(artist.page.locator(".doing .what")).to_contain_text("left")
    artist.page.keyboard.press("Control+Alt+Enter")
    artist.idle()


def test_a_warning_of_the_run_shows_on_the_node_and_in_the_list(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = json.loads(json.dumps(text_to_image))
    inputs = [{"name": "image", "type": "IMAGE", "link": 90}]
    wired = {"inputs": inputs, "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [91]}]}
    graph["nodes"].append({"id": 20, "type": "Warned", "pos": [1300, 500], "size": [200, 60], **wired})
    shown = [{"name": "images", "type": "IMAGE", "link": 91}]
    graph["nodes"].append({"id": 21, "type": "PreviewImage", "pos": [1560, 500], "size": [200, 200], "inputs": shown})
    next(node for node in graph["nodes"] if node["id"] == 8)["outputs"][0]["links"].append(90)
    graph["links"] += [[90, 8, 0, 20, 0, "IMAGE"], [91, 20, 0, 21, 0, "IMAGE"]]
    person.load(graph)
    person.page.evaluate("() => window.easel.editor.setWidget('node:3', 'seed', 'fixed', 'control')")
    person.run()
    person.until("() => window.easel.session.status(20).warnings.length === 1")
    person.page.get_by_role("button", name="Problems: 1").click()
    expect(person.page.locator(".problem[data-tone=warning]")).to_contain_text("textual inversion")
    person.page.get_by_role("button", name="Show Warned").click()
    expect(person.page.locator("#side .why[data-tone=warning]")).to_contain_text("textual inversion")
    look(person, "warning")
    person.run()
    assert person.status(20)["state"] == "cached"
    assert len(person.status(20)["warnings"]) == 1, "it stays with the result"


def test_shift_enter_runs_to_a_node_and_shows_what_it_gives(artist: Person) -> None:
    made = artist.page.evaluate("() => window.easel.results.list.length")
    artist.click(8)
    artist.run("Shift+Enter")
    artist.until("() => window.easel.session.status(8).images.length === 1")
    assert artist.status(9)["state"] == "idle", "the output was not asked for"
    assert artist.status(8)["images"][0]["type"] == "temp"
    assert set(artist.prompt) == {"3", "4", "5", "6", "7", "8", "9"}, "nothing of the look stays in the graph"
    assert artist.page.evaluate("() => window.easel.results.list.length") >= made
    look(artist, "run-to-here")
    artist.click(6)
    artist.run("Shift+Enter")
    artist.until("() => window.easel.session.status(6).text.length === 1")


def test_ctrl_shift_and_a_click_look_at_a_node(artist: Person) -> None:
    artist.page.keyboard.down("Control")
    artist.page.keyboard.down("Shift")
    artist.click(8)
    artist.page.keyboard.up("Shift")
    artist.page.keyboard.up("Control")
    artist.until("() => window.easel.session.status(8).images.length === 1")
    artist.idle()
    assert artist.status(9)["state"] == "idle", "the output was not asked for"
    assert artist.page.evaluate("() => [...window.easel.editor.selection]") == ["node:8"]


def test_a_seed_that_took_no_part_stays(artist: Person) -> None:
    seed = artist.prompt["3"]["inputs"]["seed"]
    artist.click(6)
    artist.run("Shift+Enter")
    assert artist.prompt["3"]["inputs"]["seed"] == seed


def test_a_branch_runs_alone(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = json.loads(json.dumps(text_to_image))
    outputs = [{"name": "LATENT", "type": "LATENT", "links": [95]}]
    empty = {"widgets_values": [64, 64, 1], "outputs": outputs}
    graph["nodes"].append({"id": 30, "type": "EmptyLatentImage", "pos": [0, 900], "size": [220, 110], **empty})
    inputs = [{"name": "source", "type": "*", "link": 95}]
    graph["nodes"].append({"id": 31, "type": "PreviewAny", "pos": [300, 900], "size": [200, 90], "inputs": inputs})
    graph["links"].append([95, 30, 0, 31, 0, "LATENT"])
    person.load(graph)
    menu(person, 30, "Run what follows from here")
    person.until("() => window.easel.session.status(31).text.length === 1")
    assert person.status(9)["state"] == "idle"
    person.click(30)
    person.page.evaluate("() => window.easel.editor.run('run_outputs')")
    expect(person.page.locator(".toast")).to_contain_text("None of the selected nodes")


def test_a_frozen_node_keeps_its_result_until_it_is_thawed(artist: Person) -> None:
    put(artist, 6, "text", "a red fox")
    artist.run()
    menu(artist, 3, "Freeze the result")
    put(artist, 6, "text", "something else")
    artist.run()
    assert artist.status(3)["state"] == "cached"
    assert artist.status(3)["frozen"]
    assert artist.status(6)["state"] == "idle", "what only the frozen node needs is not asked for"
    artist.click(3)
    expect(artist.page.locator("#side")).to_contain_text("its kept result was used")
    look(artist, "frozen")
    saved = next(node for node in artist.workflow["nodes"] if node["id"] == 3)
    assert saved["properties"]["easel_frozen"]["results"]["3"]
    artist.load(artist.workflow)
    artist.run()
    assert artist.status(3)["frozen"], "it is in the file"
    artist.click(3)
    artist.page.locator("#side").get_by_role("button", name="Frozen · thaw").click()
    artist.run()
    assert artist.status(3)["state"] == "done"
    assert artist.status(6)["state"] == "done"


def test_a_frozen_result_that_is_gone_is_told_and_made_again(artist: Person) -> None:
    artist.run()
    artist.click(8)
    artist.page.evaluate("() => window.easel.editor.run('freeze')")
    artist.server.post("/free", {"unload_models": True, "free_memory": True})
    artist.run()
    artist.until("() => window.easel.session.status(8).warnings.length === 1")
    expect(artist.page.locator("#side .why[data-tone=warning]")).to_contain_text("frozen result was gone")


def test_heat_shows_where_the_time_and_the_memory_went(artist: Person) -> None:
    put(artist, 6, "text", f"heat {time.time_ns()}")
    artist.run()
    artist.page.mouse.click(*artist.void())
    artist.page.keyboard.press("Alt+t")
    legend = artist.page.get_by_role("region", name="Heat of the last run")
    expect(legend).to_contain_text("in all, in the last run")
    heat = artist.page.evaluate("() => Object.fromEntries(window.easel.editor.look.heat.of)")
    assert heat["3"] == 1, "the sampler is the dearest"
    look(artist, "heat")
    legend.get_by_role("button", name="Memory").click()
    assert artist.page.evaluate("() => window.easel.editor.look.heat.mode") == "memory"
    artist.page.evaluate("() => window.easel.editor.setCamera({ x: -900, y: -700, zoom: 0.25 })")
    look(artist, "heat-far")
    legend.get_by_role("button", name="Stop showing heat").click()
    expect(legend).to_be_hidden()


def test_a_missing_file_is_told_at_once_with_the_nearest_name(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(changed(text_to_image, 4, widgets_values=["paintr.safetensors"]))
    person.page.get_by_role("button", name="Problems: 1").click()
    card = person.page.locator(".problem")
    expect(card).to_contain_text("Checkpoint: there is no file “paintr.safetensors”")
    expect(person.page.locator(".toast")).to_have_count(0)
    look(person, "missing-file")
    card.get_by_role("button", name="Use “painter.safetensors”").click()
    assert value(person, 4, "ckpt_name") == "painter.safetensors"
    expect(person.page.get_by_role("button", name="Problems", exact=True)).to_be_visible()
    person.page.keyboard.press("Control+z")
    assert value(person, 4, "ckpt_name") == "paintr.safetensors"
    expect(person.page.get_by_role("button", name="Problems: 1")).to_be_visible()


def test_a_name_that_is_like_no_other_offers_the_list(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(changed(text_to_image, 3, widgets_values=[1, "fixed", 10, 5, "qqqqq", "karras", 1]))
    person.page.get_by_role("button", name="Problems: 1").click()
    card = person.page.locator(".problem")
    expect(card).to_contain_text("“qqqqq” is not among the choices")
    card.get_by_role("button", name="Choose another").click()
    expect(person.page.get_by_role("option", name="euler")).to_be_visible()


def test_several_problems_are_one_notice_and_one_repair(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = changed(text_to_image, 4, widgets_values=["paintr.safetensors"])
    person.load(changed(graph, 5, widgets_values=[1, 512, 1]))
    person.page.keyboard.press("Control+Enter")
    toast = person.page.locator(".toast[data-tone=error]")
    expect(toast).to_have_count(1)
    expect(toast).to_contain_text("The graph cannot run: 2 problems")
    look(person, "two-problems")
    toast.get_by_role("button", name="Repair 2").click()
    assert value(person, 4, "ckpt_name") == "painter.safetensors"
    assert value(person, 5, "width") == 16
    expect(person.page.locator(".toast")).to_contain_text("2 problems are mended")
    person.page.evaluate("() => window.easel.editor.run('undo')")
    assert value(person, 4, "ckpt_name") == "paintr.safetensors"
    assert value(person, 5, "width") == 1


def test_a_lost_link_is_offered_the_nearest_output(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = json.loads(json.dumps(text_to_image))
    lost = next(link for link in graph["links"] if link[3] == 8 and link[5] == "VAE")
    graph["links"].remove(lost)
    next(slot for node in graph["nodes"] if node["id"] == 8 for slot in node["inputs"] if slot["name"] == "vae")[
        "link"
    ] = None
    person.load(graph)
    person.page.keyboard.press("Control+Enter")
    toast = person.page.locator(".toast[data-tone=error]")
    expect(toast).to_contain_text("input VAE")
    toast.get_by_role("button", name="Connect Load Checkpoint").click()
    assert person.prompt["8"]["inputs"]["vae"] == ["4", 2]
    person.run()


def test_an_unknown_type_keeps_everything_and_says_where_to_get_it(
    person: Person, text_to_image: dict[str, Any]
) -> None:
    origin = {"cnr_id": "decoders", "aux_id": "someone/decoders", "ver": "1.2"}
    graph = changed(text_to_image, 8, type="VAEDecodr", properties=origin, widgets_values=["kept", 3, True])
    person.load(graph)
    before = next(node for node in graph["nodes"] if node["id"] == 8)
    after = next(node for node in person.workflow["nodes"] if node["id"] == 8)
    assert {name: after.get(name) for name in before} == before
    assert len(person.page.evaluate("() => window.easel.editor.widgets('node:8')")) == 3, "its values show"
    person.click(8)
    side = person.page.locator("#side")
    expect(side).to_contain_text("node pack “decoders” (github.com/someone/decoders)")
    look(person, "placeholder")
    menu(person, 8, "Replace by VAE Decode")
    assert person.prompt["8"]["class_type"] == "VAEDecode"
    assert person.prompt["9"]["inputs"]["images"] == ["8", 0]


def test_files_that_come_while_the_graph_is_open_mend_it(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(changed(text_to_image, 4, widgets_values=["newcomer.safetensors"]))
    expect(person.page.get_by_role("button", name="Problems: 1")).to_be_visible()
    file = person.server.base / "models" / "checkpoints" / "newcomer.safetensors"
    file.write_bytes(b"")
    try:
        person.page.keyboard.press("r")
        expect(person.page.get_by_role("button", name="Problems", exact=True)).to_be_visible()
    finally:
        file.unlink()
    person.page.keyboard.press("r")
    expect(person.page.get_by_role("button", name="Problems: 1")).to_be_visible()


def test_notices_stand_where_no_node_is(artist: Person) -> None:
    # The picture's node lies in the corner where notices stand otherwise.
    artist.page.evaluate("() => window.easel.editor.setCamera({ x: -60, y: 100, zoom: 1 })")
    put(artist, 5, "width", 0)
    artist.page.keyboard.press("Control+Enter")
    toast = artist.page.locator(".toast[data-tone=error]")
    expect(toast).to_be_visible()
    covered = """() => {
        const { editor } = window.easel
        const stage = document.getElementById('overlay').getBoundingClientRect()
        const { left, top, width, height } = document.querySelector('.toast').getBoundingClientRect()
        const from = editor.toCanvas({ x: left - stage.left, y: top - stage.top })
        const to = editor.toCanvas({ x: left - stage.left + width, y: top - stage.top + height })
        return editor.scene.nodesIn({ x: from.x, y: from.y, w: to.x - from.x, h: to.y - from.y }).length
    }"""
    assert artist.page.evaluate(covered) == 0
    look(artist, "toast")
    artist.page.evaluate("() => window.easel.editor.setCamera({ x: 320, y: 20, zoom: 2 })")
    expect(artist.page.locator("#toasts")).to_have_attribute("data-corner", "side")
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def test_what_is_missing_inside_a_subgraph_is_told_and_shown_there(person: Person) -> None:
    loader = {"id": 34, "type": "CheckpointLoaderSimple", "pos": [0, 0], "size": [240, 100], "outputs": []}
    inner = {
        "id": "b1a2c3d4-0000-4000-8000-000000000001",
        "name": "Loads",
        "inputs": [],
        "outputs": [],
        "nodes": [{**loader, "widgets_values": ["paintr.safetensors"]}],
        "links": [],
    }
    instance = {"id": 12, "type": inner["id"], "pos": [0, 0], "size": [200, 80]}
    person.load({"nodes": [instance], "links": [], "definitions": {"subgraphs": [inner]}})
    person.page.get_by_role("button", name="Problems: 1").click()
    look(person, "inside")
    person.page.get_by_role("button", name="Show Load Checkpoint").click()
    assert person.page.evaluate("() => window.easel.editor.graphId") == inner["id"]
    person.page.locator(".problem").get_by_role("button", name="Use “painter.safetensors”").click()
    expect(person.page.get_by_role("button", name="Problems", exact=True)).to_be_visible()
    assert person.prompt["12:34"]["inputs"]["ckpt_name"] == "painter.safetensors"


def test_the_states_of_a_run_on_a_phone(person: Person, text_to_image: dict[str, Any]) -> None:
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.load(changed(text_to_image, 5, widgets_values=[0, 512, 1]))
    person.page.keyboard.press("Control+Enter")
    toast = person.page.locator(".toast[data-tone=error]")
    expect(toast).to_be_visible()
    look(person, "phone-toast")
    box = toast.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    toast.get_by_role("button", name="Set it to 16").click()
    put(person, 3, "steps", 200)
    person.page.keyboard.press("Control+Enter")
    person.until("() => window.easel.session.status(3).value > 20")
    look(person, "phone-running")
    person.page.set_viewport_size({"width": 1440, "height": 900})
    person.page.keyboard.press(".")
    look(person, "running")
    person.page.keyboard.press("Control+Alt+Enter")
    person.idle()
