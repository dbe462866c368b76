"""Text to image from an empty canvas: by the mouse alone, and again by the keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

EMPTY: dict[str, Any] = {"nodes": [], "links": []}
WANTED = {
    ("CheckpointLoaderSimple", "KSampler", "model"),
    ("CheckpointLoaderSimple", "CLIPTextEncode", "clip"),
    ("CLIPTextEncode", "KSampler", "positive"),
    ("CLIPTextEncode", "KSampler", "negative"),
    ("EmptyLatentImage", "KSampler", "latent_image"),
    ("KSampler", "VAEDecode", "samples"),
    ("CheckpointLoaderSimple", "VAEDecode", "vae"),
    ("VAEDecode", "SaveImage", "images"),
}


@pytest.fixture
def artist(person: Person) -> Person:
    person.load(EMPTY)
    person.page.locator("#overlay").focus()
    return person


def made(person: Person) -> set[tuple[str, str, str]]:
    """Every link, as (type of its source, type of its reader, input)."""
    nodes = {node["id"]: node for node in person.workflow["nodes"]}
    return {
        (nodes[source]["type"], nodes[reader]["type"], nodes[reader]["inputs"][slot]["name"])
        for _, source, _, reader, slot, _ in person.workflow["links"]
    }


def newest(person: Person) -> int:
    return max(node["id"] for node in person.workflow["nodes"])


def test_by_mouse_alone(artist: Person) -> None:
    mouse = artist.page.mouse

    def choose(title: str) -> int:
        option = artist.page.get_by_role("dialog", name="Add a node").get_by_role("option", name=title)
        option.first.click()
        return newest(artist)

    def pull(node: int, socket: str, to: tuple[float, float], title: str) -> int:
        """Let a link go over the canvas and choose what shall be there."""
        artist.drag(artist.point(node, socket), to)
        return choose(title)

    mouse.dblclick(120, 150)
    loader = choose("Load Checkpoint")
    sampler = pull(loader, "out:MODEL", (780, 200), "KSampler")
    prompt = pull(sampler, "in:positive", (640, 220), "CLIP Text Encode")
    refuse = pull(sampler, "in:negative", (640, 420), "CLIP Text Encode")
    latent = pull(sampler, "in:latent_image", (640, 620), "Empty Latent Image")
    assert len({loader, sampler, prompt, refuse, latent}) == 5
    for encoder in (prompt, refuse):
        artist.drag(artist.point(loader, "out:CLIP"), artist.point(encoder, "in:clip"))
    decode = pull(sampler, "out:LATENT", (1120, 600), "VAE Decode")
    artist.drag(artist.point(loader, "out:VAE"), artist.point(decode, "in:vae"))
    # Little room is left: the view goes along by its wheel button.
    mouse.move(1000, 500)
    mouse.down(button="middle")
    mouse.move(500, 400, steps=5)
    mouse.up(button="middle")
    pull(decode, "out:IMAGE", (820, 420), "Save Image")

    assert made(artist) == WANTED
    artist.page.get_by_role("button", name="Run", exact=True).click()
    artist.page.locator(".strip .thumb:not(.waiting)").first.wait_for()
    artist.idle()
    expect(artist.page.locator(".toast[data-tone=error]")).to_have_count(0)


def test_by_keyboard_alone(artist: Person) -> None:
    keyboard = artist.page.keyboard

    def add(words: str) -> int:
        keyboard.press("Tab")
        keyboard.type(words)
        keyboard.press("Enter")
        return newest(artist)

    def link(words: str) -> None:
        """Link the selected node by the list that Shift+L opens."""
        keyboard.press("Shift+L")
        keyboard.type(words)
        keyboard.press("Enter")

    def name(title: str) -> None:
        keyboard.press("F2")
        keyboard.press("Control+a")
        keyboard.type(title)
        keyboard.press("Enter")

    add("load checkpoint")
    add("clip text encode")
    link("clip checkpoint")
    keyboard.press("Enter")  # its first value
    keyboard.type("a blue fox")
    keyboard.press("Escape")
    add("clip text encode")
    name("Not this")
    link("clip checkpoint")
    add("empty latent")
    add("ksampler")
    for words in ("model checkpoint", "negative not this", "positive prompt", "latent image empty"):
        link(words)
    add("vae decode")
    link("samples ksampler")
    link("vae checkpoint")
    add("save image")
    link("images vae")

    assert made(artist) == WANTED
    assert any("a blue fox" in (node.get("widgets_values") or []) for node in artist.workflow["nodes"])
    artist.run()
    expect(artist.page.locator(".toast[data-tone=error]")).to_have_count(0)
    expect(artist.page.locator(".strip .thumb:not(.waiting)").first).to_be_visible()
    for _ in range(30):
        keyboard.press("Control+z")
    assert artist.workflow["nodes"] == []
