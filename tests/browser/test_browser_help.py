"""The help page of a pack's node: its markdown made harmless, its picture, and its example put on the canvas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import REGISTRY
from tests.browser.person import Person
from tests.server.harness import Server, running

PACK = """
class Blot:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"size": ("INT", {"default": 3})}})
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    CATEGORY = "blots"
    def run(self, size):
        return (size,)
NODE_CLASS_MAPPINGS = {"InkBlot": Blot}
"""
PAGE = """
## What it is for

Makes **blots**. ![a blot](blot.png)

<script>document.title = 'taken'</script>
<img src="https://host.example/x.png" alt="elsewhere" onerror="document.title='taken'">
"""
EXAMPLE = {
    "nodes": [
        {"id": 1, "type": "InkBlot", "pos": [0, 0], "size": [210, 60], "widgets_values": [7]},
        {"id": 2, "type": "InkBlot", "pos": [300, 0], "size": [210, 60], "widgets_values": [8]},
    ],
    "links": [],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("help")
    pack = base / "custom_nodes" / "blots"
    (pack / "help").mkdir(parents=True)
    (pack / "__init__.py").write_text(PACK)
    (pack / "help" / "InkBlot.md").write_text(PAGE)
    (pack / "help" / "InkBlot.json").write_text(json.dumps(EXAMPLE))
    Image.new("RGB", (40, 30), "navy").save(pack / "help" / "blot.png")
    with running(base, "--trust-packs", registry=REGISTRY) as found:
        found.wait_until_ready()
        yield found


def test_a_pack_explains_its_node_with_a_picture_and_an_example(person: Person) -> None:
    page = person.page
    graph: dict[str, Any] = {"nodes": [EXAMPLE["nodes"][0]], "links": []}
    person.until("() => window.easel.editor.schema.get('InkBlot')")
    person.load(graph)
    person.click(1)
    page.keyboard.press("F1")
    dialog = page.get_by_role("dialog", name="InkBlot")
    expect(dialog.get_by_role("heading", name="What it is for")).to_be_visible()
    person.until("() => [...document.querySelectorAll('.about-node img')].some(img => img.naturalWidth === 40)")
    expect(dialog.locator("img")).to_have_count(1)
    expect(dialog.get_by_role("link", name="elsewhere")).to_be_visible()
    assert page.title() != "taken"
    assert not serious(page)
    dialog.get_by_role("button", name="Insert its example").click()
    person.until("() => window.app.graph.nodes.length === 3")
    page.keyboard.press("Control+z")
    person.until("() => window.app.graph.nodes.length === 1")
