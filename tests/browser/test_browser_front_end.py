"""The incumbent's published front end in the place of ours: a graph is opened, run and looked at, as a person does."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE
from tests.server.harness import Server, running, until

PACKAGE = "comfyui-frontend-package"
SCRIPT = """
import { app } from "../../scripts/app.js"
app.registerExtension({
  name: "tests.patched",
  loadedGraphNode(node) { node.title = `${node.title} (patched)` },
})
"""
NODES = """() => window.app?.graph?.nodes?.map(node => node.type) ?? []"""
PICTURES = """() => window.app.graph.nodes
  .filter(node => node.type === "SaveImage")
  .flatMap(node => node.imgs ?? [])
  .filter(image => image.naturalWidth > 0)
  .map(image => image.src)"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("comfyui_frontend_package") is None, reason=f"{PACKAGE} is not installed."
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with real nodes, the built-in model, and a pack whose script patches the page."""
    base = tmp_path_factory.mktemp("front")
    pack = base / "custom_nodes" / "patcher"
    (pack / "js").mkdir(parents=True)
    (pack / "__init__.py").write_text('WEB_DIRECTORY = "js"\nNODE_CLASS_MAPPINGS = {}\n')
    (pack / "js" / "patch.js").write_text(SCRIPT)
    with running(base, "--page", PACKAGE, "--trust-packs", registry=None) as server:
        server.wait_until_ready()
        yield server


def test_a_graph_is_opened_run_and_seen(browser: Any, theirs: Server) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{theirs.port}")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto("/")
    # It greets a new person with templates: ours come first.
    page.get_by_placeholder("Search").first.fill("Text to picture")
    page.get_by_text("Text to picture", exact=True).first.click()
    page.wait_for_function(f"({NODES})().includes('KSampler')")
    assert "SaveImage" in page.evaluate(NODES)
    assert page.evaluate("() => 'KSampler' in LiteGraph.registered_node_types")
    titles = page.evaluate("() => window.app.graph.nodes.map(node => node.title)")
    assert any("(patched)" in title for title in titles), titles

    page.get_by_role("button", name="Run", exact=True).first.click()
    page.get_by_text("Current node").wait_for()  # progress, as it draws it
    page.wait_for_function(f"({PICTURES})().length > 0", timeout=2 * PATIENCE)
    assert "/view?filename=" in page.evaluate(PICTURES)[0]
    until(lambda: len(theirs.get("/history").json()) == 1)  # a picture is shown before its job has ended
    page.get_by_text("0 active").click()  # its list of jobs, with the name of the first result
    page.get_by_text("_00001_.png").first.wait_for()
    assert any(Path(theirs.base / "output").glob("*.png"))
    assert thrown == []

    # Ours is still there, beside it.
    page.goto("/easel/page")
    page.locator("#rail button").first.wait_for()
    context.close()
