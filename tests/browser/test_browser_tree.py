"""Text to image by ear: the tree of the graph, the keyboard, and what a screen reader would say."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.browser.person import Person

HEARD = """() => {
  const element = document.activeElement
  return element.getAttribute('aria-label') ?? element.textContent
}"""


class Listener:
    """Someone who hears the page: keys go in, the focused element's name comes back."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def hear(self) -> str:
        return self.page.evaluate(HEARD)

    def press(self, *keys: str) -> str:
        for key in keys:
            self.page.keyboard.press(key)
        return self.hear()

    def until(self, words: str) -> None:
        try:
            self.person.until(f"words => (({HEARD})() ?? '').includes(words)", words)
        except Exception as error:
            raise AssertionError(f"waited for {words!r}, heard {self.hear()!r}") from error

    def walk(self, words: str, key: str = "ArrowDown") -> None:
        """Arrow on until a row says this."""
        heard = [self.hear()]
        while words not in heard[-1]:
            heard.append(self.press(key))
            assert heard[-1] != heard[-2], f"{words!r} is not there; heard {heard}"

    def add(self, title: str) -> None:
        self.page.keyboard.press("Shift+Tab")  # the button before the tree
        self.until("Add a node")
        self.page.keyboard.press("Enter")
        self.until("Search for a node")
        self.page.keyboard.type(title)
        self.page.keyboard.press("Enter")
        self.until(title)

    def node(self, title: str) -> None:
        """To a node's row, with its inputs and outputs open."""
        self.press("Home")
        self.walk(f"{title}, ")
        if self.page.evaluate("() => document.activeElement.getAttribute('aria-expanded')") == "false":
            self.press("ArrowRight")

    def link(self, title: str, name: str, *, to: str) -> None:
        self.node(title)
        self.walk(f"Input {name},")
        self.page.keyboard.press("Enter")
        self.until("Search for a link")
        self.page.keyboard.type(to)
        self.page.keyboard.press("Enter")
        self.until(f"Input {name}, from")


def test_text_to_image_by_ear(person: Person) -> None:
    ear = Listener(person)
    words = f"a lantern {time.time_ns()}"
    person.page.evaluate("window.easel.editor.run('new_graph')")
    ear.press("Control+Shift+L")
    ear.until("Find a node")  # nothing to walk yet
    ear.press("Tab")
    person.page.keyboard.press("Enter")
    ear.until("Search for a node")
    person.page.keyboard.type("Load Checkpoint")
    person.page.keyboard.press("Enter")
    ear.until("Load Checkpoint")
    for title in ("CLIP Text Encode", "CLIP Text Encode", "Empty Latent", "KSampler", "VAE Decode", "Save Image"):
        ear.add(title)

    # The second prompt gets a name of its own, so that the two can be told apart.
    ear.node("CLIP Text Encode (Prompt)")
    ear.press("F2")
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type("Wish")
    person.page.keyboard.press("Enter")
    ear.until("Wish")

    ear.link("Wish", "CLIP", to="checkpoint clip")
    ear.link("CLIP Text Encode (Prompt)", "CLIP", to="checkpoint clip")
    ear.link("KSampler", "Model", to="checkpoint")
    ear.link("KSampler", "Positive", to="wish")
    ear.link("KSampler", "Negative", to="clip text encode")
    ear.link("KSampler", "Latent image", to="empty latent")
    ear.link("VAE Decode", "Samples", to="ksampler")
    ear.link("VAE Decode", "VAE", to="checkpoint vae")
    ear.link("Save Image", "Images", to="vae decode")

    ear.node("Wish")
    ear.walk("Text:")
    person.page.keyboard.press("Enter")
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type(words)
    person.page.keyboard.press("Control+Enter")  # it is run from where one types
    person.until("() => window.easel.session.run.state === 'done'")
    ear.until(words)

    ear.node("Save Image")
    assert "done" in ear.hear()
    expect(person.page.locator("#results").get_by_role("button", name="Result").first).to_be_visible()

    # A link taken out, and brought back by undo; a node muted by the canvas's own key.
    ear.walk("Input Images,")
    assert ear.press("Delete") is not None
    ear.until("Input Images, no link")
    ear.press("Control+z")
    ear.until("Input Images, from VAE Decode")
    ear.press("ArrowLeft", "Control+m")
    ear.until("muted")
    ear.press("Shift+F10")
    expect(person.page.get_by_role("menu", name="Menu of the node")).to_be_visible()
    ear.press("Escape")
    ear.until("Save Image")
    ear.press("Delete")
    assert "SaveImage" not in {node["type"] for node in person.workflow["nodes"]}


def test_a_tree_of_thousands_is_walked_and_searched(person: Person) -> None:
    nodes = [
        {"id": n, "type": "Note", "title": f"Note {n}", "pos": [n * 10, 0], "size": [200, 80], "widgets_values": [""]}
        for n in range(1, 3001)
    ]
    person.load({"nodes": nodes, "links": []})
    ear = Listener(person)
    ear.press("Control+Shift+L")
    ear.until("Note 1,")
    assert person.page.get_by_role("treeitem").count() < 100
    assert "Note 3000," in ear.press("End")
    assert person.page.evaluate("() => document.activeElement.getAttribute('aria-posinset')") == "3000"
    assert "Note 1," in ear.press("Home")
    person.page.get_by_role("searchbox", name="Find a node").fill("note 2718")
    expect(person.page.get_by_role("treeitem")).to_have_count(1)
    person.page.keyboard.press("ArrowDown")
    ear.until("Note 2718")
    assert person.page.evaluate("() => [...window.easel.editor.selection]") == ["node:2718"]
