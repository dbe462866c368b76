"""A server whose queue is one's own, an artist at it, and what they do with jobs: for the tests of the queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.person import Person
from tests.server.harness import Server, running, until

REGISTRY = "tests.browser.palette:registry"


def stocked(base: Path) -> Path:
    (base / "models" / "checkpoints").mkdir(parents=True)
    (base / "models" / "checkpoints" / "painter.safetensors").touch()
    return base


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: these tests pause the queue, and count what is in it."""
    with running(stocked(tmp_path_factory.mktemp("queue")), registry=REGISTRY) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def artist(person: Person, server: Server, text_to_image: dict[str, Any]) -> Iterator[Person]:
    server.post("/easel/queue", {"paused": False})
    server.post("/easel/history", {"remove": "all"})
    person.load(text_to_image)
    yield person
    server.post("/easel/queue", {"paused": False})


def queue(artist: Person, words: str, steps: int = 4) -> None:
    artist.page.evaluate(
        """([words, steps]) => {
            window.easel.editor.setWidget('node:6', 'text', words)
            window.easel.editor.setWidget('node:3', 'steps', steps)
            window.easel.editor.setWidget('node:3', 'seed', 'fixed', 'control')
        }""",
        [words, steps],
    )
    before = known(artist.server)
    artist.page.keyboard.press("Control+Enter")
    until(lambda: known(artist.server) > before)


def known(server: Server) -> int:
    """Jobs that wait, run or have ended."""
    ended = server.get("/easel/history", limit=200).json()["entries"]
    return server.get("/easel/queue").json()["queue_remaining"] + len(ended)


def open_queue(artist: Person) -> Any:
    artist.page.locator("#overlay").focus()
    artist.page.keyboard.press("q")
    return artist.page.locator("#queue")


def name(server: Server, names: str) -> list[str]:
    """Call the waiting jobs by these letters; gives their ids."""
    pending = server.get("/easel/queue").json()["pending"]
    for id, letter in zip(pending, names, strict=True):
        server.post(f"/easel/jobs/{id}", {"name": letter})
    return pending


def waiting(panel: Any) -> Any:
    return panel.locator(".waiting .job .title")
