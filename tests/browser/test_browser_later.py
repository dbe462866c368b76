"""A node that this version declares and cannot run: found, placed, wired, shown as it is, refused with a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def test_a_node_that_comes_later_is_an_honest_part_of_the_graph(artist: Person, tmp_path: Path) -> None:
    page = artist.page
    x, y = artist.point(4)
    page.mouse.move(x, y + 300)
    page.keyboard.press("Tab")
    page.keyboard.type("wan image")
    row = page.locator(".search [role=option]").first
    expect(row).to_contain_text("WanImageToVideo")
    expect(row.locator(".tag")).to_have_text("not yet")
    expect(page.locator(".search .card")).to_contain_text("it needs support for the Wan video models")
    page.keyboard.press("Enter")
    added = next(node for node in artist.workflow["nodes"] if node["type"] == "WanImageToVideo")
    assert added["widgets_values"] == [832, 480, 81, 1]

    artist.drag(artist.point(4, "out:VAE"), artist.point(added["id"], "in:vae"))
    page.evaluate("id => window.easel.editor.setWidget('node:' + id, 'length', 33)", added["id"])
    node = artist.prompt[str(added["id"])]
    assert node["inputs"]["vae"] == ["4", 2]
    assert node["inputs"]["length"] == 33

    artist.run()
    done = artist.status(9)["state"]
    assert done in ("done", "cached"), "what does not need it runs, unless another test ran the very same before"
    expect(page.locator(".toast")).to_have_count(0)

    artist.click(added["id"])
    expect(page.locator(".why").first).to_contain_text(
        "Not in this version yet. It needs support for the Wan video models."
    )
    page.keyboard.press("f")
    artist.shoot(Path(os.environ.get("EASEL_LOOK", tmp_path)) / "later.png")


def test_a_result_that_needs_it_is_refused_with_the_sentence(artist: Person) -> None:
    graph = artist.workflow
    decode = next(node for node in graph["nodes"] if node["type"] == "VAEDecode")
    link = next(link for link in graph["links"] if link[3] == decode["id"] and link[5] == "LATENT")
    link[1:3] = [50, 2]
    names = (("positive", "CONDITIONING"), ("negative", "CONDITIONING"), ("latent", "LATENT"))
    outputs = [{"name": name, "type": type, "links": [link[0]] if name == "latent" else []} for name, type in names]
    graph["nodes"].append(
        {"id": 50, "type": "WanImageToVideo", "pos": [0, 700], "size": [300, 240], "outputs": outputs}
    )
    artist.load(graph)
    artist.page.keyboard.press("Control+Enter")
    toast = artist.page.locator(".toast[data-tone=error]")
    expect(toast).to_contain_text("support for the Wan video models")
    message = artist.status(50)["error"]["message"]
    assert message.endswith("to run the rest of it, bypass or remove this node.")
