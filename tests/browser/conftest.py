"""A browser on a real server; each test gets a page of its own that has never been opened before."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.person import Person
from tests.server.harness import Server, running

if importlib.util.find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]

PATIENCE = 20_000
"""ms that a test waits for what must come: the machine may be busy, and what does not come at all fails later alike."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REGISTRY = "tests.browser.palette:registry"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("EASEL_REQUIRE_BROWSER"):
            pytest.fail("Chromium is not installed, and EASEL_REQUIRE_BROWSER asks for it.")
        pytest.skip("Chromium is not installed.")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as running_playwright:
        browser = running_playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("browser")
    checkpoints = base / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "painter.safetensors").write_bytes(b"")
    with running(base, registry=REGISTRY) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def context(browser: Any, server: Server) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{server.port}")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def person(context: Any, server: Server) -> Iterator[Person]:
    """Someone who has just opened the page. The test fails if the page threw or logged an error."""
    person = Person(context.new_page(), server)
    person.open()
    yield person
    server.post("/interrupt", {})
    server.post("/queue", {"clear": True})
    assert not person.errors, "\n".join(person.errors)


@pytest.fixture
def phone(browser: Any, server: Server) -> Iterator[Person]:
    """The same someone, at a phone: fingers and little room."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        base_url=f"http://127.0.0.1:{server.port}",
    )
    context.set_default_timeout(PATIENCE)
    person = Person(context.new_page(), server)
    person.open()
    yield person
    context.close()
    assert not person.errors, "\n".join(person.errors)


@pytest.fixture
def text_to_image() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "text_to_image.json").read_text())
