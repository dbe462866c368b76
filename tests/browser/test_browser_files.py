"""Graphs and pictures that come and go: dropped, saved, reloaded, brought back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.things import one_node, picture, with_words


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def test_a_dropped_json_opens(person: Person, text_to_image: dict[str, Any]) -> None:
    person.drop(
        "fox.json", json.dumps(with_words(text_to_image, "dropped")).encode(), "application/json", person.void()
    )
    person.until("() => window.app.graph.getNodeById(6)?.widgets[0]?.value === 'dropped'")
    expect(person.page.locator(".tab.shown .name")).to_have_text("fox")


def test_a_graph_beside_its_prompt_opens(person: Person, text_to_image: dict[str, Any]) -> None:
    pair = {"workflow": text_to_image, "prompt": {"1": {"class_type": "LoadImage", "inputs": {}}}}
    person.drop("pair.json", json.dumps(pair).encode(), "application/json", person.void())
    person.until("count => window.app.graph.nodes.length === count", len(text_to_image["nodes"]))


def test_a_dropped_picture_opens_its_graph(person: Person, text_to_image: dict[str, Any]) -> None:
    data = picture(workflow=json.dumps(with_words(text_to_image, "from a picture")), prompt="{}")
    person.drop("fox.png", data, "image/png", person.void())
    person.until("() => window.app.graph.getNodeById(6)?.widgets[0]?.value === 'from a picture'")


def test_a_picture_with_only_a_prompt_is_laid_out(artist: Person) -> None:
    prompt = artist.prompt
    artist.drop("api.png", picture(prompt=json.dumps(prompt)), "image/png", artist.void())
    artist.until("() => window.app.graph.nodes.length === 7 && window.easel.graph.dirty")
    after = artist.prompt
    assert {id: node["inputs"] for id, node in after.items()} == {id: node["inputs"] for id, node in prompt.items()}


def test_a_plain_picture_becomes_a_node(artist: Person) -> None:
    artist.drop("plain.png", picture(), "image/png", artist.void())
    artist.until("() => window.app.graph.nodes.some(node => node.type === 'LoadImage')")
    (node,) = (node for node in artist.workflow["nodes"] if node["type"] == "LoadImage")
    assert node["widgets_values"][0] == "plain.png"
    assert (artist.server.base / "input" / "plain.png").is_file()
    artist.page.keyboard.press("Control+z")
    assert all(node["type"] != "LoadImage" for node in artist.workflow["nodes"])


def test_a_pasted_picture_becomes_a_node(artist: Person) -> None:
    artist.page.evaluate(
        """bytes => {
            const data = new DataTransfer()
            data.items.add(new File([new Uint8Array(bytes)], 'pasted.png', { type: 'image/png' }))
            const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
            document.body.dispatchEvent(paste)
        }""",
        list(picture()),
    )
    artist.until("() => window.app.graph.nodes.some(node => node.widgets[0]?.value === 'pasted.png')")


def test_an_upload_that_fails_is_told(artist: Person) -> None:
    artist.page.route("**/upload/image", lambda route: route.fulfill(status=413, body=""))
    artist.drop("huge.png", picture(), "image/png", artist.void())
    expect(artist.page.locator(".toast")).to_contain_text("huge.png was not uploaded")
    assert all(node["type"] != "LoadImage" for node in artist.workflow["nodes"])


def test_a_picture_dropped_on_a_node_goes_into_it(person: Person) -> None:
    person.load(one_node("LoadImage", None, "image"))
    person.drop("into.png", picture(workflow=json.dumps({"nodes": [], "links": []})), "image/png", person.point(1))
    person.until("() => window.app.graph.getNodeById(1)?.widgets[0]?.value === 'into.png'")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("broken.json", b'{"nodes": [', "application/json"),
        ("list.json", b"[1, 2]", "application/json"),
        ("other.json", b'{"hello": "world"}', "application/json"),
        ("notes.txt", b"hello", "text/plain"),
    ],
)
def test_what_is_no_graph_is_told_and_changes_nothing(artist: Person, name: str, data: bytes, kind: str) -> None:
    before = artist.workflow
    artist.drop(name, data, kind, artist.void())
    expect(artist.page.locator(".toast")).to_contain_text(name)
    assert artist.workflow == before


DEEP = b'{"nodes": [], "links": [], "extra": {"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
STRANGE = {
    "nodes": [
        {"id": 1, "type": "SaveImage", "pos": [1e300, None], "size": "big", "widgets_values": {"filename_prefix": 3}},
        {"id": 1, "type": "SaveImage", "inputs": "none"},
        {"id": {"a": 1}, "type": None},
        7,
        None,
    ],
    "links": [[1, 2], [2, 1, 0, 99, 0, "IMAGE"], {"id": 3}, "x"],
    "groups": [{"bounding": [None]}],
    "extra": {"ds": {"scale": "NaN"}},
}


@pytest.mark.parametrize("data", [DEEP, json.dumps(STRANGE).encode()], ids=["deep", "strange"])
def test_strange_graphs_break_nothing(artist: Person, data: bytes) -> None:
    artist.drop("strange.json", data, "application/json", artist.void())
    artist.until("() => window.app.graph.nodes.length !== 7 || document.querySelector('.toast')")
    artist.page.wait_for_timeout(600)  # until the draft is written
    artist.page.keyboard.press("Control+Enter")
    artist.page.keyboard.press("Control+z")
    artist.page.reload()
    artist.wait_ready()


def test_a_graph_of_many_nodes_opens_and_survives(artist: Person) -> None:
    node = {"type": "ImageInvert", "size": [200, 60], "inputs": [{"name": "image", "type": "IMAGE", "link": None}]}
    nodes = [{**node, "id": id, "pos": [id % 50 * 240, id // 50 * 120]} for id in range(1, 3001)]
    artist.drop("many.json", json.dumps({"nodes": nodes, "links": []}).encode(), "application/json", artist.void())
    artist.until("() => window.app.graph.nodes.length === 3000")
    artist.page.reload()
    artist.wait_ready()
    assert len(artist.workflow["nodes"]) == 3000


def test_a_picture_with_broken_text_is_a_picture(artist: Person) -> None:
    artist.drop("broken.png", picture(workflow='{"nodes": [', prompt="x" * 100_000), "image/png", artist.void())
    artist.until("() => window.app.graph.nodes.some(node => node.type === 'LoadImage')")


def test_a_subgraph_is_called_by_its_name(person: Person) -> None:
    cases = json.loads((Path(__file__).parent.parent / "conversion" / "subgraphs.json").read_text())
    graph = cases[0]["workflow"]
    names = {definition["id"]: definition["name"] for definition in graph["definitions"]["subgraphs"]}
    node = next(node for node in graph["nodes"] if node["type"] in names and not node.get("title"))
    person.load(graph)
    person.page.evaluate("id => window.easel.editor.select([`node:${id}`])", node["id"])
    details = person.page.locator("#side")
    expect(details.get_by_role("heading", level=2)).to_have_text(names[node["type"]])
    expect(details).not_to_contain_text("Unknown type")


def test_a_reload_keeps_what_was_not_saved(artist: Person) -> None:
    artist.click(6, "widget:text")
    artist.page.locator("textarea.edit").fill("only in this tab")
    artist.page.reload()
    artist.wait_ready()
    assert artist.prompt["6"]["inputs"]["text"] == "only in this tab"
    expect(artist.page.locator(".tab.shown .dirty")).to_be_visible()


def test_two_tabs_keep_two_graphs(artist: Person, text_to_image: dict[str, Any]) -> None:
    other = Person(artist.page.context.new_page(), artist.server)
    other.open()
    other.load(with_words(text_to_image, "the other tab"))
    artist.load(with_words(text_to_image, "the first tab"))
    for person, words in ((artist, "the first tab"), (other, "the other tab")):
        person.page.reload()
        person.wait_ready()
        assert person.prompt["6"]["inputs"]["text"] == words
    assert not other.errors


def test_a_graph_is_saved_and_opened_by_name(artist: Person) -> None:
    page = artist.page
    page.keyboard.press("Control+s")
    name = page.get_by_label("Name")
    name.fill("../secret")
    name.press("Enter")
    expect(page.get_by_role("dialog", name="Save the graph")).to_be_visible()
    name.fill("portraits/fox")
    name.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Saved")
    expect(page.locator(".tab.shown .dirty")).to_be_hidden()
    assert (artist.server.base / "user" / "default" / "workflows" / "portraits" / "fox.json").is_file()

    artist.load({"nodes": [], "links": []})
    page.mouse.click(*artist.void())
    page.keyboard.press("w")
    page.get_by_role("option", name="portraits").click()
    page.get_by_role("option", name="fox").click()
    artist.until("() => window.app.graph.nodes.length === 7")
    expect(page.locator(".tab.shown .name")).to_have_attribute("data-tip", "portraits/fox")

    page.get_by_role("button", name="Graphs").click()
    page.get_by_role("option", name="fox").hover()
    page.keyboard.press("Delete")
    expect(page.get_by_role("option", name="fox")).to_have_count(0)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("option", name="fox")).to_be_visible()


def test_another_graph_of_that_name_is_not_replaced_unasked(artist: Person) -> None:
    page = artist.page

    def save_as(name: str) -> None:
        page.keyboard.press("Control+Shift+s")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Name").press("Enter")

    save_as("taken")
    expect(page.locator(".toast")).to_contain_text("Saved")
    artist.load({"nodes": [], "links": []})
    save_as("taken")
    question = page.get_by_role("dialog", name="Replace the saved graph?")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Cancel").click()
    kept = json.loads((artist.server.base / "user" / "default" / "workflows" / "taken.json").read_text())
    assert len(kept["nodes"]) == 7
    # Nor by a file from elsewhere that is called the same.
    artist.drop("taken.json", json.dumps({"nodes": [], "links": []}).encode(), "application/json", artist.void())
    expect(page.locator(".tab.shown .name")).to_have_text("taken (2)")
    page.keyboard.press("Control+s")
    artist.until("() => window.easel.graph.stored === 'taken (2)'")
    kept = json.loads((artist.server.base / "user" / "default" / "workflows" / "taken.json").read_text())
    assert len(kept["nodes"]) == 7


def test_a_reload_finds_the_view_where_it_was(artist: Person) -> None:
    page = artist.page
    camera = "() => window.easel.editor.camera"
    page.mouse.move(*artist.void())
    page.mouse.wheel(0, 240)
    page.mouse.wheel(0, 120)
    before = page.evaluate(camera)
    page.reload()
    artist.wait_ready()
    assert page.evaluate(camera) == before


def test_a_new_graph_asks_nothing_and_loses_nothing(artist: Person) -> None:
    page = artist.page
    artist.click(8)
    page.keyboard.press("Delete")
    page.get_by_role("button", name="New graph").click()
    assert artist.workflow["nodes"] == []
    page.get_by_role("tab").first.click()
    artist.until("() => window.app.graph.nodes.length === 6")


def test_the_download_is_the_graph(artist: Person) -> None:
    artist.page.keyboard.press("F3")
    artist.page.keyboard.type("Download as JSON")
    with artist.page.expect_download() as waiting:
        artist.page.keyboard.press("Enter")
    assert json.loads(waiting.value.path().read_text())["nodes"] == artist.workflow["nodes"]


def test_window_app_is_what_extensions_expect(person: Person, text_to_image: dict[str, Any]) -> None:
    told = person.page.evaluate(
        """async graph => {
            await window.app.loadGraphData(graph)
            const { workflow, output } = await window.app.graphToPrompt()
            const node = window.app.graph.getNodeById(3)
            const seed = node.widgets.find(widget => widget.name === 'seed').value
            const links = Object.keys(window.app.graph.links).length
            const missing = window.app.graph.getNodeById(99)
            return { nodes: window.app.graph._nodes.length, links, workflow, output, type: node.type, seed, missing }
        }""",
        text_to_image,
    )
    assert (told["nodes"], told["links"], told["type"], told["missing"]) == (7, 9, "KSampler", None)
    assert told["seed"] == told["output"]["3"]["inputs"]["seed"] == 20261121
    assert told["output"]["3"]["inputs"]["model"] == ["4", 0]
    assert [node["id"] for node in told["workflow"]["nodes"]] == [node["id"] for node in text_to_image["nodes"]]
    assert person.page.locator("dialog, .toast").count() == 0, "nothing opens by itself"
    assert person.page.evaluate("() => window.app.queuePrompt(0)") is True
    person.idle()
