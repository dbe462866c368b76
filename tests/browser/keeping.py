"""What is written into a graph, and what of it is kept: on the page, and by the server."""

from __future__ import annotations

from typing import Any

from tests.browser.person import Person


def write(person: Person, words: str) -> None:
    """Type into the prompt, and leave it."""
    person.click(6, "widget:text")
    person.page.locator("textarea.edit").fill(words)
    person.page.keyboard.press("Escape")


def says(person: Person, words: str) -> None:
    person.until("words => window.app.graph.getNodeById(6)?.widgets[0]?.value === words", words)


def state(person: Person) -> Any:
    return person.page.locator(".save-state")


def newest(person: Person, id: str) -> dict[str, Any]:
    return person.server.get(f"/easel/documents/{id}/versions/newest").json()


def document(person: Person) -> str:
    return person.page.evaluate("() => window.easel.graph.id")


def text_of(workflow: dict[str, Any]) -> str:
    return next(node for node in workflow["nodes"] if node["id"] == 6)["widgets_values"][0]
