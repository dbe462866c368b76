"""A graph is shared as a file with what it needs; opened where a model has another name, it finds it by its hash."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person
from tests.server.harness import until


def test_a_shared_graph_finds_its_renamed_model(
    person: Person, text_to_image: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    page, server = person.page, person.server
    shelf = server.base / "models" / "checkpoints" / "sharing"
    shelf.mkdir()
    request.addfinalizer(lambda: shutil.rmtree(shelf))  # others look at all checkpoints that there are
    (shelf / "theirs.safetensors").write_bytes(b"a model of few bytes")
    for node in text_to_image["nodes"]:
        if node["type"] == "CheckpointLoaderSimple":
            node["widgets_values"] = ["sharing/theirs.safetensors"]
    person.load(text_to_image)
    page.evaluate("() => void window.easel.editor.run('share_file')")
    dialog = page.get_by_role("dialog", name="Share as a file")
    expect(dialog.get_by_role("listitem").filter(has_text="theirs.safetensors")).to_contain_text("SHA-256")
    assert not serious(page)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save the file").click()
    path = tmp_path / "shared.json"
    download.value.save_as(path)
    shared = json.loads(path.read_text())
    (model,) = shared["extra"]["easel"]["share"]["models"]
    assert (model["directory"], model["name"], len(model["sha256"])) == (
        "checkpoints",
        "sharing/theirs.safetensors",
        64,
    )
    assert str(server.base) not in path.read_text()

    # As it is where somebody else has the same model under another name.
    (shelf / "theirs.safetensors").rename(shelf / "ours.safetensors")
    until(lambda: "sharing/ours.safetensors" in server.get("/models/checkpoints").json(), server=server)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Control+o")
    chooser.value.set_files(path)
    page.locator(".toast").filter(has_text="another name here").get_by_role("button", name="Show them").click()
    needs = page.get_by_role("dialog", name="What this graph needs")
    expect(needs).to_contain_text("It is here as sharing/ours.safetensors.")
    assert not serious(page)
    needs.get_by_role("button", name="Use “sharing/ours.safetensors”").click()
    person.until("() => window.app.graph.nodes.some(node => node.widgets?.[0]?.value === 'sharing/ours.safetensors')")
    expect(needs).to_contain_text("The graph names sharing/ours.safetensors now.")
    expect(needs.get_by_role("button", name="Use “sharing/ours.safetensors”")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("#overlay").focus()
    page.keyboard.press("Control+z")
    person.until("() => window.app.graph.nodes.some(node => node.widgets?.[0]?.value === 'sharing/theirs.safetensors')")
