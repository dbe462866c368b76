"""Subgraphs and wires without lines, as a person makes and uses them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

SOCKET = """([name, side, index]) => {
  const { editor } = window.easel
  const box = document.getElementById('overlay').getBoundingClientRect()
  const point = editor.scene.socketPoint({ node: `node:${editor.graphId}/${name}`, side, index, name: '' })
  const { x, y } = editor.toScreen(point)
  return [x + box.left, y + box.top]
}"""


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def look(person: Person, name: str) -> None:
    if folder := os.environ.get("EASEL_LOOK"):
        person.shoot(Path(folder) / f"{name}.png")


def select(person: Person, *ids: int | str) -> None:
    for number, id in enumerate(ids):
        if number:
            person.page.keyboard.down("Shift")
        person.click(id)
        person.page.keyboard.up("Shift")


def make(person: Person, *ids: int | str) -> str:
    """Make a subgraph of nodes by the keyboard; its instance's record key."""
    select(person, *ids)
    person.page.keyboard.press("Control+Shift+E")
    return person.page.evaluate("() => [...window.easel.editor.selection][0].slice(5)")


def graph_of(person: Person) -> str:
    """The graph on the canvas."""
    return person.page.evaluate("() => window.easel.editor.graphId")


def definitions(person: Person) -> list[dict[str, Any]]:
    return person.workflow.get("definitions", {}).get("subgraphs", [])


def side(person: Person, name: str, which: str, index: int) -> tuple[float, float]:
    """A socket of a side of the subgraph on the canvas: `-10` for its inputs, `-20` for its outputs."""
    x, y = person.page.evaluate(SOCKET, [name, which, index])
    return x, y


def touch_drag(person: Person, start: tuple[float, float], end: tuple[float, float]) -> None:
    """One finger, from here to there."""
    session = person.page.context.new_cdp_session(person.page)
    for kind, point in [("touchStart", start), ("touchMove", start), ("touchMove", end), ("touchMove", end)]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def menu(person: Person, at: tuple[float, float], entry: str) -> None:
    person.page.mouse.click(*at, button="right")
    person.page.get_by_role("menuitem", name=entry, exact=True).click()


def test_make_run_unpack_and_undo(artist: Person) -> None:
    words = f"a fox {time.time_ns()}"  # that no other run has cached
    artist.page.evaluate("words => window.easel.editor.setWidget('node:6', 'text', words)", words)
    before = artist.workflow
    instance = make(artist, 3, 5, 8)
    assert {f"{instance}:3", f"{instance}:5", f"{instance}:8"} <= set(artist.prompt)
    look(artist, "subgraph-made")
    artist.run()
    assert artist.status(instance)["state"] == "done"
    assert artist.status(f"{instance}:3")["state"] == "done"
    assert artist.status(9)["images"]
    select(artist, instance)
    menu(artist, artist.point(instance), "Unpack the subgraph")
    assert {node["id"] for node in artist.workflow["nodes"]} == {node["id"] for node in before["nodes"]}
    assert {"3", "5", "8"} <= set(artist.prompt)
    artist.page.keyboard.press("Control+z")
    artist.page.keyboard.press("Control+z")
    assert artist.workflow["nodes"][0]["pos"] == before["nodes"][0]["pos"]
    assert not definitions(artist)


def test_in_by_a_double_click_out_by_escape_and_by_the_way(artist: Person) -> None:
    instance = make(artist, 3, 5, 8)
    artist.page.keyboard.press("Escape")
    x, y = artist.point(instance, "in:negative")
    artist.page.mouse.dblclick(x + 60, y)
    graph = graph_of(artist)
    assert graph
    way = artist.page.get_by_role("navigation", name="Where you are")
    expect(way.get_by_role("button")).to_have_count(2)
    expect(way.get_by_role("button", name="New subgraph")).to_have_attribute("aria-current", "location")
    look(artist, "subgraph-inside")
    inner = make(artist, f"{graph}/8", f"{graph}/3")
    assert graph_of(artist) == graph
    artist.page.keyboard.press("Alt+Enter")
    expect(way.get_by_role("button")).to_have_count(3)
    assert graph_of(artist) not in ("", graph)
    moved = artist.point(f"{graph_of(artist)}/3")
    artist.drag(moved, (moved[0] + 40, moved[1] + 30))
    artist.page.mouse.move(*artist.void())
    artist.page.mouse.wheel(0, 240)
    camera = artist.page.evaluate("() => ({ ...window.easel.editor.camera })")
    artist.page.keyboard.press("Escape")
    artist.page.keyboard.press("Escape")
    assert graph_of(artist) == graph
    assert artist.page.evaluate("() => [...window.easel.editor.selection]") == [f"node:{inner}"]
    artist.page.keyboard.press("Alt+Enter")
    assert artist.page.evaluate("() => ({ ...window.easel.editor.camera })") == camera, "each place keeps its view"
    way.get_by_role("button").first.click()
    assert graph_of(artist) == ""
    expect(way).to_be_hidden()
    artist.page.keyboard.press("Control+z")
    assert graph_of(artist) not in ("", graph), "an undo goes where the change is"
    artist.page.keyboard.press("Control+z")
    assert graph_of(artist) == graph
    artist.page.keyboard.press("Control+z")
    assert graph_of(artist) == ""
    assert not definitions(artist)


def test_the_mark_on_the_title_is_a_way_in(artist: Person) -> None:
    instance = make(artist, 3)
    artist.page.keyboard.press("Escape")
    x, y = artist.page.evaluate(
        """id => {
            const { editor } = window.easel
            const box = document.getElementById('overlay').getBoundingClientRect()
            const node = editor.store.node('node:' + id)
            const { width } = editor.scene.view(node).layout
            const { x, y } = editor.toScreen({ x: node.pos[0] + width - 17, y: node.pos[1] - 15 })
            return [x + box.left, y + box.top]
        }""",
        instance,
    )
    artist.page.mouse.click(x, y)
    assert graph_of(artist)


def test_links_to_the_empty_socket_add_inputs_and_outputs(artist: Person) -> None:
    instance = make(artist, 3, 8)
    artist.page.keyboard.press("Alt+Enter")
    graph = graph_of(artist)
    [definition] = definitions(artist)
    inputs, outputs = len(definition["inputs"]), len(definition["outputs"])
    artist.drag(side(artist, "-10", "out", inputs), artist.point(f"{graph}/3", "in:steps"))
    artist.drag(artist.point(f"{graph}/3", "out:LATENT"), side(artist, "-20", "in", outputs))
    [definition] = definitions(artist)
    assert definition["inputs"][-1]["name"] == "steps"
    assert definition["outputs"][-1]["type"] == "LATENT"
    assert len(definition["outputs"][-1]["linkIds"]) == 1
    artist.page.keyboard.press("Alt+Backspace")
    assert artist.page.evaluate(
        "id => window.easel.editor.widgets('node:' + id).map(({ name }) => name)", instance
    ) == ["steps"]
    artist.click(instance, "widget:steps")
    artist.page.keyboard.type("4")
    artist.page.keyboard.press("Enter")
    assert artist.prompt[f"{instance}:3"]["inputs"]["steps"] == 4


def test_ports_are_named_moved_and_removed(artist: Person) -> None:
    instance = make(artist, 3, 8)
    artist.page.keyboard.press("Alt+Enter")
    first = definitions(artist)[0]["inputs"]
    x, y = side(artist, "-10", "out", 0)
    artist.page.mouse.dblclick(x - 40, y)
    field = artist.page.get_by_label("Name of the input")
    field.fill("Any model")
    field.press("Enter")
    assert definitions(artist)[0]["inputs"][0] == {**first[0], "label": "Any model"}
    start, end = side(artist, "-10", "out", 0), side(artist, "-10", "out", 2)
    artist.drag((start[0] - 40, start[1]), (end[0] - 40, end[1]))
    assert [port["name"] for port in definitions(artist)[0]["inputs"]][2] == first[0]["name"]
    menu(artist, side(artist, "-10", "out", 0), "Remove the input")
    assert len(definitions(artist)[0]["inputs"]) == len(first) - 1
    artist.page.keyboard.press("Escape")
    node = next(node for node in artist.workflow["nodes"] if str(node["id"]) == instance)
    assert [slot["name"] for slot in node["inputs"]] == [port["name"] for port in definitions(artist)[0]["inputs"]]


def test_the_panel_shows_values_and_orders_inputs_by_the_keyboard(artist: Person) -> None:
    instance = make(artist, 3, 5, 8)
    menu(artist, artist.point(instance), "Inputs, outputs and values of the subgraph")
    panel = artist.page.get_by_role("region", name="Subgraph")
    box = panel.get_by_role("checkbox", name="CFG")
    box.focus()
    artist.page.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    look(artist, "subgraph-panel")
    panel.get_by_role("button", name="Move up: cfg").focus()
    artist.page.keyboard.press("Enter")
    assert [port["name"] for port in definitions(artist)[0]["inputs"]][-2] == "cfg"
    name = panel.get_by_label("Name of the subgraph")
    name.fill("Sampling")
    name.press("Tab")
    assert definitions(artist)[0]["name"] == "Sampling"
    box.uncheck()
    assert "cfg" not in [port["name"] for port in definitions(artist)[0]["inputs"]]
    artist.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_widget_inside_is_shown_from_its_menu(artist: Person) -> None:
    instance = make(artist, 3, 8)
    artist.page.keyboard.press("Alt+Enter")
    graph = graph_of(artist)
    menu(artist, artist.point(f"{graph}/3", "widget:seed"), "Show on the subgraph")
    artist.page.keyboard.press("Escape")
    artist.page.keyboard.press("Escape")
    assert artist.page.evaluate(
        "id => window.easel.editor.widgets('node:' + id).map(({ name }) => name)", instance
    ) == ["seed"]
    seed = artist.prompt[f"{instance}:3"]["inputs"]["seed"]
    artist.run()
    assert artist.prompt[f"{instance}:3"]["inputs"]["seed"] != seed, "a seed that is shown moves on"


def test_an_error_inside_is_told_outside_and_shown_inside(artist: Person) -> None:
    inner = make(artist, 3, 6)
    outer = make(artist, inner, 8)
    artist.page.evaluate(
        """id => {
            const { editor } = window.easel
            const inside = ({ kind, type, graph }) => kind === 'node' && type === 'CLIPTextEncode' && graph !== ''
            editor.setWidget([...editor.store.records()].find(inside).id, 'text', 'please fail')
        }""",
        outer,
    )
    artist.run()
    artist.until("id => window.easel.session.status(id).error?.message.includes('failure')", outer)
    look(artist, "subgraph-error")
    toast = artist.page.locator(".toast", has_text="failed")
    expect(toast).to_contain_text("New subgraph")
    toast.get_by_role("button", name="Show me").click()
    assert artist.page.evaluate("() => window.easel.editor.places.path.length") == 2
    assert artist.page.evaluate("() => [...window.easel.editor.selection][0]").endswith("/3")


def test_two_uses_of_one_subgraph_have_values_and_results_of_their_own(artist: Person) -> None:
    first = make(artist, 3, 8)
    artist.page.keyboard.press("Control+Shift+D")
    second = artist.page.evaluate("() => [...window.easel.editor.selection][0].slice(5)")
    assert second != first
    assert len(definitions(artist)) == 1
    artist.drag(artist.point(second), (500.0, 640.0))
    artist.drag(artist.point(second, "out:IMAGE"), artist.void())
    artist.page.keyboard.type("Save Image")
    artist.page.keyboard.press("Enter")
    artist.run()
    assert {artist.status(f"{id}:3")["state"] for id in (first, second)} <= {"done", "cached"}
    select(artist, second)
    artist.page.keyboard.press("Alt+Enter")
    assert artist.page.evaluate("() => window.easel.editor.places.prefix") == f"{second}:"
    artist.page.keyboard.press("Escape")
    menu(artist, artist.point(second), "Make this subgraph unique")
    assert len(definitions(artist)) == 2


def test_kept_in_the_library_found_renamed_and_deleted(artist: Person) -> None:
    instance = make(artist, 3, 8)
    menu(artist, artist.point(instance), "Keep in the library")
    artist.page.get_by_label("Name", exact=True).fill("Quick sampler")
    artist.page.get_by_label("What it does").fill("Samples and decodes.")
    artist.page.get_by_role("button", name="Keep").click()
    expect(artist.page.locator(".toast", has_text="in the library now")).to_be_visible()
    artist.page.evaluate("() => window.app.loadGraphData({ nodes: [], links: [] })")
    artist.page.locator("#overlay").focus()
    artist.page.keyboard.press("Tab")
    artist.page.keyboard.type("quick samp")
    look(artist, "subgraph-search")
    artist.page.keyboard.press("Enter")
    [node] = artist.workflow["nodes"]
    [definition] = definitions(artist)
    assert node["type"] == definition["id"]
    assert definition["name"] == "Quick sampler"
    assert definition["description"] == "Samples and decodes."
    assert {inner["type"] for inner in definition["nodes"]} == {"KSampler", "VAEDecode"}
    artist.page.keyboard.press("n")
    library = artist.page.get_by_role("region", name="Library")
    library.get_by_label("Search the library").fill("quick")
    library.get_by_text("Quick sampler").last.click(button="right")
    artist.page.get_by_role("menuitem", name="Rename").click()
    artist.page.get_by_label("Name", exact=True).fill("Quick one")
    artist.page.get_by_role("button", name="Rename").click()
    expect(library.get_by_text("Quick one").last).to_be_visible()
    library.get_by_text("Quick one").last.click(button="right")
    artist.page.get_by_role("menuitem", name="Delete").click()
    expect(artist.page.locator(".toast", has_text="Deleted")).to_be_visible()


def test_broken_files_in_the_library_are_told(artist: Person) -> None:
    for name, content in [
        ("broken", "no json"),
        ("foreign", '{"nodes": [{"id": 1, "type": "Nonsense"}], "links": []}'),
    ]:
        artist.page.evaluate(
            """([name, body]) =>
                fetch(`/api/userdata/subgraphs%2F${name}.json?overwrite=true`, { method: 'POST', body })""",
            [name, content],
        )
    artist.page.reload()
    artist.wait_ready()
    artist.page.locator("#overlay").focus()
    artist.page.keyboard.press("n")
    library = artist.page.get_by_role("region", name="Library")
    library.get_by_text("My nodes").click()
    for name in ("broken", "foreign"):
        library.get_by_text(name, exact=True).click()
        expect(artist.page.locator(".toast", has_text=f"“{name}” cannot be used")).to_be_visible()
        library.get_by_text(name, exact=True).click(button="right")
        artist.page.get_by_role("menuitem", name="Delete").click()
        expect(library.get_by_text(name, exact=True)).to_have_count(0)


def test_an_output_is_sent_by_name_and_taken(artist: Person) -> None:
    menu(artist, artist.point(8, "out:IMAGE"), "Send this output by name")
    artist.page.keyboard.press("Control+a")
    artist.page.keyboard.type("picture")
    artist.page.keyboard.press("Enter")
    x, y = artist.point(9, "in:images")
    artist.page.mouse.click(x, y, button="right")
    artist.page.get_by_role("menuitem", name="Take by name").hover()
    artist.page.get_by_role("menuitem", name="picture", exact=True).click()
    look(artist, "wires")
    types = [node["type"] for node in artist.workflow["nodes"]]
    assert types.count("SetNode") == types.count("GetNode") == 1
    assert artist.prompt["9"]["inputs"]["images"] == ["8", 0]
    artist.page.keyboard.press("Control+z")
    assert artist.prompt["9"]["inputs"]["images"] == ["8", 0]


def test_a_subgraph_is_not_put_into_itself(artist: Person) -> None:
    artist.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    make(artist, 3, 8)
    artist.page.keyboard.press("Control+c")
    artist.page.keyboard.press("Alt+Enter")
    before = definitions(artist)
    artist.page.keyboard.press("Control+v")
    expect(artist.page.locator(".toast", has_text="contain itself")).to_be_visible()
    assert definitions(artist) == before


def test_a_file_whose_subgraph_contains_itself(person: Person) -> None:
    def node(id: int, type: str) -> dict[str, Any]:
        return {"id": id, "type": type, "pos": [100, 100], "size": [200, 60], "inputs": [], "outputs": []}

    subgraph = {"id": "self", "name": "Ouroboros", "inputs": [], "outputs": [], "nodes": [node(2, "self")], "links": []}
    file = {"nodes": [node(1, "self")], "links": [], "definitions": {"subgraphs": [subgraph]}, "version": 0.4}
    person.load(file)
    select(person, 1)
    person.page.keyboard.press("Alt+Enter")
    assert graph_of(person) == "self"
    person.page.keyboard.press("]")
    person.page.keyboard.press("Alt+Enter")
    expect(person.page.locator(".toast", has_text="contains itself")).to_be_visible()
    assert person.page.evaluate("() => window.easel.editor.places.path.length") == 1
    person.page.keyboard.press("Delete")
    assert definitions(person)[0]["nodes"] == []


def test_by_touch_in_a_phone_sized_view(phone: Person, text_to_image: dict[str, Any]) -> None:
    phone.load(text_to_image)
    phone.page.evaluate(
        "() => { window.easel.editor.select(['node:3', 'node:8']); window.easel.editor.run('make_subgraph') }"
    )
    phone.page.evaluate("() => window.easel.editor.run('enter_subgraph')")
    way = phone.page.get_by_role("navigation", name="Where you are")
    expect(way).to_be_visible()
    look(phone, "subgraph-phone")
    way.get_by_role("button").first.tap()
    expect(way).to_be_hidden()
    assert graph_of(phone) == ""
    phone.page.evaluate("() => window.easel.editor.run('enter_subgraph')")
    graph = graph_of(phone)
    count = len(definitions(phone)[0]["outputs"])
    phone.page.evaluate(
        """graph => {
            const { editor } = window.easel
            const box = editor.scene.rect(editor.graph.at(`node:${graph}/3`))
            const zoom = 260 / (editor.graph.sides(graph)[1].pos[0] - box.x - box.w)
            editor.setCamera({ x: box.x + box.w - 60 / zoom, y: box.y - 120 / zoom, zoom })
        }""",
        graph,
    )
    touch_drag(phone, phone.point(f"{graph}/3", "out:LATENT"), side(phone, "-20", "in", count))
    assert len(definitions(phone)[0]["outputs"]) == count + 1
