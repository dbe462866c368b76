"""Someone who writes a pack beside the page: what is saved is on the canvas, with no restart and no reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE
from tests.browser.person import Person
from tests.server.harness import Server, running

SHOUT = '''
from typing import Annotated
from graph.node import Int, Text, node

@node("Shout", category="mine", title="Shout It")
def shout(text: Annotated[str, Text()] = "hello") -> str:
    """Say it loudly."""
    return text.upper()
'''
MORE = SHOUT.replace('= "hello")', '= "hello", times: Annotated[int, Int(min=1, max=9)] = 2)')
WHISPER = SHOUT.replace("Shout", "Whisper").replace("shout", "whisper").replace("upper", "lower")
GRAPH = {
    "nodes": [
        {
            "id": 1,
            "type": "Shout",
            "pos": [200, 150],
            "size": [300, 100],
            "outputs": [{"name": "STRING", "type": "STRING", "links": []}],
            "widgets_values": ["good day"],
        }
    ],
    "links": [],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("dev")
    pack = base / "custom_nodes" / "sketch"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text("")
    (pack / "shout.py").write_text(SHOUT)
    with running(base, "--dev-pack", "sketch") as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def author(browser: Any, server: Server) -> Iterator[Person]:
    address = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
    context.set_default_timeout(PATIENCE)
    person = Person(context.new_page(), server)
    person.open()
    yield person
    context.close()
    assert not person.errors, "\n".join(person.errors)


def widgets(author: Person) -> list[str]:
    return author.page.evaluate(
        "() => { const { editor } = window.easel;"
        " return editor.scene.view(editor.store.node('node:1')).layout.widgets.map(widget => widget.name) }"
    )


def test_a_save_is_on_the_canvas(author: Person, server: Server) -> None:
    pack: Path = server.base / "custom_nodes" / "sketch"
    page, notices = author.page, author.page.locator(".toasts")
    author.load(GRAPH)
    assert widgets(author) == ["text"]
    (pack / "shout.py").write_text(MORE)
    author.until(
        "() => { const { editor } = window.easel; const view = editor.scene.view(editor.store.node('node:1'));"
        " return view.layout.widgets.some(widget => widget.name === 'times') }"
    )
    assert author.prompt["1"]["inputs"] == {"text": "good day", "times": 2}, "what was typed stays"

    # A slip is told with its place, and the node stays as it was.
    (pack / "shout.py").write_text(MORE + "\ndef (:\n")
    expect(notices).to_contain_text("What was saved does not load: sketch. The nodes of before stay.")
    expect(notices).to_contain_text(f"(sketch/shout.py, line {len(MORE.splitlines()) + 2})")
    assert widgets(author) == ["text", "times"]
    (pack / "shout.py").write_text(MORE)
    expect(notices).not_to_contain_text("What was saved does not load")

    # A new file is a new node: it is found where every node is.
    (pack / "whisper.py").write_text(WHISPER)
    author.until("() => !!window.easel.editor.schema.get('Whisper')")
    page.mouse.dblclick(*author.void())
    page.keyboard.type("whisper it")
    expect(page.get_by_role("option").first).to_contain_text("Whisper It")
    page.keyboard.press("Enter")
    author.until("() => window.app.graph.serialize().nodes.some(node => node.type === 'Whisper')")


def test_a_node_that_gets_another_name_is_followed(author: Person, server: Server) -> None:
    pack: Path = server.base / "custom_nodes" / "sketch"
    page, notices = author.page, author.page.locator(".toasts")
    (pack / "shout.py").write_text(SHOUT)
    author.load(GRAPH)
    author.until("() => window.easel.editor.schema.get('Shout')")
    (pack / "shout.py").write_text(SHOUT.replace('"Shout"', '"Cry"'))
    author.until("() => !window.easel.editor.schema.get('Shout')")
    page.keyboard.press("Control+Enter")
    expect(notices).to_contain_text("which is not installed")

    renamed = SHOUT.replace('"Shout"', '"Cry", renamed=(Renamed("Shout"),)').replace(
        "import Int", "import Renamed, Int"
    )
    (pack / "shout.py").write_text(renamed)
    expect(notices).to_contain_text("One node has another name now: it was replaced.")
    expect(notices).not_to_contain_text("which is not installed")
    assert author.workflow["nodes"][0]["type"] == "Cry"
    assert author.prompt["1"] | {"_meta": None} == {"class_type": "Cry", "inputs": {"text": "good day"}, "_meta": None}
    assert author.status(1)["error"] is None
