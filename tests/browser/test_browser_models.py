"""The panel of models: found, told apart, put into the graph, noted; with mouse, keys and fingers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person
from tests.server.harness import Server
from tests.server.test_server_models import LORA, safetensors


def folder(server: Server, kind: str) -> Path:
    """A folder of this test alone."""
    path = server.base / "models" / kind / f"shelf {time.time_ns()}"
    path.mkdir(parents=True)
    return path


def look(person: Person, kind: str, text: str) -> Any:
    """Open the panel by its key and search; returns the cards."""
    person.page.locator("#overlay").focus()
    person.page.keyboard.press("m")
    person.page.get_by_role("tab", name=kind).click()
    person.page.get_by_role("searchbox", name="Search models").fill(text)
    return person.page.locator(".model-card")


def loaders(person: Person) -> list[str]:
    nodes = person.workflow["nodes"]
    return [node["widgets_values"][0] for node in nodes if node["type"] == "CheckpointLoaderSimple"]


def test_a_checkpoint_is_found_and_put_into_the_graph_in_three_ways(person: Person) -> None:
    shelf = folder(person.server, "checkpoints")
    unet = {"model.diffusion_model.input_blocks.0.0.weight": [8, 4, 3, 3]}
    for name in ("ink", "oil"):
        (shelf / f"{name}.safetensors").write_bytes(safetensors(unet, {"modelspec.title": "🦊"}))
    (shelf / "torn.safetensors").write_bytes(b"<!DOCTYPE html>" * 30)
    Image.new("RGB", (60, 80), "teal").save(shelf / "ink.png")
    person.load({"nodes": [], "links": []})
    cards = look(person, "Checkpoints", shelf.name)
    expect(cards).to_have_count(3)
    expect(cards.first.locator("img")).to_be_visible()
    person.page.keyboard.press("ArrowDown")
    expect(cards.first).to_have_attribute("aria-selected", "true")
    person.page.keyboard.press("Enter")
    person.until("() => window.app.graph.nodes.length === 1")
    assert loaders(person) == [f"{shelf.name}/ink.safetensors"]
    cards.nth(1).dblclick()
    person.until("() => window.app.graph.nodes[0].widgets[0].value.endsWith('oil.safetensors')")
    assert len(loaders(person)) == 1
    box, canvas = cards.first.bounding_box(), person.page.locator("#overlay").bounding_box()
    person.drag((box["x"] + 40, box["y"] + 40), (canvas["x"] + canvas["width"] - 120, canvas["y"] + 120))
    person.until("() => window.app.graph.nodes.length === 2")
    assert loaders(person)[1].endswith("ink.safetensors")
    cards.nth(2).click()
    expect(person.page.locator(".about-model")).to_contain_text("this is a web page, not a model")
    person.page.keyboard.press("Control+z")
    person.until("() => window.app.graph.nodes.length === 1")


def test_words_of_a_lora_go_into_the_prompt_and_notes_stay(person: Person, text_to_image: dict[str, Any]) -> None:
    shelf = folder(person.server, "loras")
    name = f"styled {time.time_ns()}"
    data = safetensors(LORA, {"ss_tag_frequency": json.dumps({"a": {"blue fox": 3}})})
    (shelf / f"{name}.safetensors").write_bytes(data)
    (shelf / f"{name}.civitai.info").write_text(
        json.dumps({"trainedWords": ["inkish"], "description": "<p>Be kind</p>"})
    )
    person.load(text_to_image)
    page = person.page
    cards = look(person, "LoRAs", name)
    expect(cards).to_contain_text("SDXL · fp16")
    cards.click()
    about = page.locator(".about-model")
    expect(about).to_contain_text("Be kind")
    assert not serious(page)
    about.get_by_role("button", name="inkish", exact=True).click()
    person.until("() => JSON.stringify(window.app.graph.serialize()).includes(', inkish')")
    about.get_by_role("button", name="Star").click()
    expect(about.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    expect(about.get_by_role("button", name="Star")).to_be_focused()
    about.get_by_role("textbox", name="Your notes").fill("for winter 雪")
    expect(about.get_by_role("status")).to_have_text("Saved")
    about.get_by_role("button", name="Work it out").click()
    expect(about.get_by_role("button", name="Copy the hash")).to_be_visible()
    page.reload()
    person.wait_ready()
    look(person, "LoRAs", name).click()
    expect(about.get_by_role("textbox", name="Your notes")).to_have_value("for winter 雪")
    page.get_by_role("button", name="Starred").click()
    expect(page.locator(".model-card")).to_have_count(1)


def test_what_the_graph_misses_is_told_with_what_is_near(person: Person) -> None:
    shelf = folder(person.server, "checkpoints")
    name = f"winter{time.time_ns()}"
    (shelf / f"{name}_v2.safetensors").write_bytes(b"")
    person.page.reload()
    person.wait_ready()
    node = {"id": 1, "type": "CheckpointLoaderSimple", "pos": [0, 0], "widgets_values": [f"{name}_v1.safetensors"]}
    person.load({"nodes": [node], "links": []})
    look(person, "Checkpoints", name)
    missing = person.page.get_by_role("region", name="Models that this graph misses")
    expect(missing).to_contain_text("1 model of this graph is not here")
    missing.get_by_role("button", name=f"{name}_v2").click()
    expect(missing).to_be_hidden()
    assert loaders(person) == [f"{shelf.name}/{name}_v2.safetensors"]


def test_thousands_of_models_by_touch(phone: Person) -> None:
    shelf = folder(phone.server, "embeddings")
    data = safetensors({"emb_params": [1, 768]})
    for index in range(2000):
        (shelf / f"word {index:04}.safetensors").write_bytes(data)
    page = phone.page
    page.get_by_role("navigation").get_by_role("button", name="More", exact=True).tap()
    page.get_by_role("menuitem", name="Models", exact=True).tap()
    page.get_by_role("tab", name="Embeddings").tap()
    page.get_by_role("searchbox", name="Search models").fill(shelf.name)
    expect(page.locator(".models .count")).to_contain_text("2,000 models")
    assert page.locator(".model-card").count() < 40
    page.locator(".models-wall").evaluate("wall => { wall.scrollTop = wall.scrollHeight }")
    last = page.locator(".model-card").filter(has_text="word 1999")
    last.tap()
    about = page.locator(".about-model")
    expect(about.get_by_role("heading", name="word 1999")).to_be_visible()
    about.get_by_role("button", name="All models").tap()
    expect(last).to_be_visible()
