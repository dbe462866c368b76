"""What a first visit costs, and the page as its plain sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.person import Person
from tests.server.harness import ROOT, Server, running

LATER = """() => performance.getEntriesByType('resource')
    .some(({ name, responseEnd }) => name.includes('/later') && responseEnd > 0)"""
JOINED = any((ROOT / "web" / "node_modules" / "@esbuild").glob("*/bin/esbuild"))


def first_visit(browser: Any, port: int) -> tuple[dict[str, int], Any, Any]:
    """Open the page in a browser that was never here: the addresses asked for, with their bytes, headers included."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    asked: dict[str, str] = {}
    sizes: dict[str, int] = {}
    network.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    network.on(
        "Network.loadingFinished",
        lambda event: sizes.update({asked[event["requestId"]]: event["encodedDataLength"]}),
    )
    return sizes, context, page


@pytest.mark.skipif(not JOINED, reason="esbuild is not installed in web/node_modules")
def test_a_first_visit_is_light(browser: Any, server: Server) -> None:
    sizes, context, page = first_visit(browser, server.port)
    person = Person(page, server)
    person.open()
    # Pictures that other tests made on this server are no part of a first visit.
    drawn = {url: size for url, size in sizes.items() if "object_info" not in url and "/view?" not in url}
    assert len(drawn) < 60, sorted(drawn)
    assert sum(drawn.values()) < 300_000
    # What is loaded later comes when the page has nothing else to do.
    person.until(f"() => ({LATER})()")
    page.wait_for_load_state("networkidle")
    asked = [url for url in sizes if "/view?" not in url]
    assert len(asked) <= 25, sorted(asked)
    assert page.evaluate("() => window.easel.editor.store.size") > 5, "the graph is there"
    # A second visit asks for nothing that has a hashed address.
    sizes.clear()
    person.open()
    assert not [url for url, size in sizes.items() if "/w/" in url and size]
    assert not person.errors
    context.close()


def test_the_plain_sources_work_too(browser: Any, tmp_path: Path, text_to_image: dict[str, Any]) -> None:
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "painter.safetensors").touch()
    with running(tmp_path, "--page-sources", registry="tests.browser.palette:registry") as server:
        server.wait_until_ready()
        sizes, context, page = first_visit(browser, server.port)
        person = Person(page, server)
        person.open()
        assert any(url.endswith("/model/store.js") for url in sizes)
        person.load(text_to_image)
        person.run()
        assert person.status(9)["state"] == "done"
        packages = "Promise.all(['marked', 'dompurify'].map(name => import(name))).then(all => all.length)"
        assert page.evaluate(packages) == 2
        assert not person.errors
        context.close()
