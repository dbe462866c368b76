"""The page, with unsaved work, while worker and server are killed: it recovers by itself, and says what happened."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.keeping import document, newest, says, state, text_of, write
from tests.browser.person import Person
from tests.browser.queueing import open_queue, queue, stocked, waiting
from tests.browser.things import with_words
from tests.server.harness import Server, free_port, running, start

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
REGISTRY = "tests.browser.palette:registry"
STEPS = 70
"""Of the sampler: a run of a second and more, so that what is killed is killed within one."""


def sign(person: Person) -> Any:
    return person.page.locator(".link-state")


def run_and_wait(person: Person, server: Server) -> None:
    """Press the keys, and wait until the sampler is at work."""
    person.page.keyboard.press("Control+Enter")
    person.until("() => (window.easel.session.status('3').value ?? 0) > 5")


def results(person: Person, count: int) -> None:
    person.until("count => window.easel.results.list.length === count", count, timeout=40_000)
    person.idle()


def test_the_page_recovers_from_a_dead_worker_and_a_dead_server(
    browser: Any, tmp_path: Path, text_to_image: dict[str, Any]
) -> None:
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "painter.safetensors").touch()
    sampler = next(node for node in text_to_image["nodes"] if node["type"] == "KSampler")
    sampler["widgets_values"][2] = STEPS
    port = str(free_port())
    with running(tmp_path, "--port", port, registry=REGISTRY) as server:
        server.wait_until_ready()
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}")
        context.set_default_timeout(20_000)
        person = Person(context.new_page(), server)
        person.open()
        person.load(text_to_image)
        write(person, "before")
        expect(state(person)).to_have_text("Saved")
        id = document(person)

        run_and_wait(person, server)
        os.kill(server.worker_pid(), signal.SIGKILL)
        expect(sign(person)).to_contain_text(re.compile("Worker restarting|run once more"))
        results(person, 1)
        expect(sign(person)).to_be_hidden()

        write(person, "another picture")
        run_and_wait(person, server)
        server.kill()
        expect(sign(person)).to_contain_text("Server gone, trying again")
        write(person, "while it was away")
        expect(state(person)).to_have_text("Kept in this browser")
    with running(tmp_path, "--port", port, registry=REGISTRY) as server:
        person.server = server
        expect(sign(person)).to_be_hidden(timeout=40_000)
        results(person, 2)
        says(person, "while it was away")
        expect(state(person)).to_have_text("Saved")
        assert text_of(newest(person, id)["workflow"]) == "while it was away"
        assert len(person.workflow["nodes"]) == len(text_to_image["nodes"])
        assert len(server.get("/history").json()) == 2
        person.run()  # and it goes on as ever
        results(person, 3)
        assert [error for error in person.errors if not error.startswith("WebSocket connection to")] == []
        context.close()


def test_a_server_that_is_killed_during_a_run_comes_back(
    context: Any, tmp_path: Path, text_to_image: dict[str, Any]
) -> None:
    server = start(stocked(tmp_path / "base"), registry=REGISTRY)
    try:
        server.wait_until_ready()
        artist = Person(context.new_page(), server)
        artist.open(f"http://127.0.0.1:{server.port}/")
        artist.load(with_words(text_to_image, "survivor"))
        queue(artist, "survivor", steps=250)
        queue(artist, "next")
        artist.until("() => window.easel.session.status(3).value > 2")
        panel = open_queue(artist)
        expect(waiting(panel)).to_have_count(1)
        server.kill()
        expect(panel).to_contain_text("The server does not answer")
        again = start(server.base, "--port", str(server.port), registry=REGISTRY)
        server.process = again.process
        expect(panel.locator(".job-running")).to_contain_text("second try", timeout=20_000)
        expect(panel.locator(".past .job img")).to_have_count(2, timeout=20_000)
        expect(panel).not_to_contain_text("The server does not answer")
        texts = [entry["prompt"][2]["6"]["inputs"]["text"] for entry in server.get("/history").json().values()]
        assert texts == ["survivor", "next"]
    finally:
        server.process.kill()
        server.process.wait()
