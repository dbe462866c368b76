"""The page beside a server that is slow, gone, or real."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import ROOT, Server, running

IMAGES = ROOT / "docs" / "images"
FIRST_WORDS = ("a strawberry", "a panda", "a red apple", "a four leaf clover", "a robot", "a sunflower", "a fox")


def open_page(browser: Any, port: int, **options: Any) -> Any:
    size = {"width": 1440, "height": 900}
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", viewport=size, **options)
    context.set_default_timeout(8000)
    return context


def test_the_page_can_be_used_while_the_worker_warms_up(
    browser: Any, tmp_path: Path, text_to_image: dict[str, Any]
) -> None:
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "painter.safetensors").touch()
    with running(tmp_path, registry="tests.browser.palette:slow_registry") as server:
        context = open_page(browser, server.port)
        person = Person(context.new_page(), server)
        person.open()
        expect(person.page.locator(".link-state")).to_contain_text("Warming up")
        person.load(text_to_image)
        assert len(person.workflow["nodes"]) == 7
        expect(person.page.locator(".link-state")).to_be_hidden()
        person.until("() => window.easel.editor.schema.get('KSampler')")
        assert person.workflow["nodes"][4]["widgets_values"] == text_to_image["nodes"][4]["widgets_values"]
        person.run()
        assert person.status(9)["state"] == "done"
        assert not person.errors
        context.close()


def test_a_server_that_is_gone_is_told_and_nothing_is_lost(
    browser: Any, tmp_path: Path, text_to_image: dict[str, Any]
) -> None:
    with running(tmp_path, registry="tests.browser.palette:registry") as server:
        server.wait_until_ready()
        context = open_page(browser, server.port)
        person = Person(context.new_page(), server)
        person.open()
        person.load(text_to_image)
        server.kill()
        expect(person.page.locator(".link-state")).to_contain_text("trying again")
        person.page.keyboard.press("Control+Enter")
        expect(person.page.locator(".toast")).to_contain_text("does not answer")
        person.click(8)
        person.page.keyboard.press("Delete")
        assert len(person.workflow["nodes"]) == 6
        context.close()


def test_a_gpu_that_is_not_used_is_told_on_the_page(browser: Any, server: Server) -> None:
    context = open_page(browser, server.port)
    person = Person(context.new_page(), server)

    def with_advice(route: Any) -> None:
        status = route.fetch().json()
        route.fulfill(json={**status, "worker": {**status["worker"], "advice": "To use it: update the driver."}})

    person.page.route("**/easel/status", with_advice)
    person.open()
    expect(person.page.locator(".toast")).to_contain_text("To use it: update the driver.")
    context.close()


SMUGGLED = """async ([foreign, own]) => {
  const refused = []
  document.addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective))
  const tried = (tag, more) => new Promise(done => {
    const element = Object.assign(document.createElement(tag), more)
    element.onload = element.onerror = event => done(event.type)
    document.body.append(element)
    setTimeout(() => done('nothing'), 300)
  })
  await tried('script', { textContent: 'window.smuggled = "inline"' })
  await tried('div', { innerHTML: '<img src="x:" onerror="window.smuggled = 1">' })
  await tried('script', { src: `${foreign}/a.js` })
  const asCode = await tried('script', { src: own })
  await tried('img', { src: `${foreign}/a.png` })
  await tried('iframe', { src: foreign })
  const sent = await fetch(foreign).then(() => true, () => false)
  for (let turn = 0; turn < 100 && !refused.includes('connect-src'); turn++) await new Promise(requestAnimationFrame)
  return { refused: [...new Set(refused)].sort(), smuggled: window.smuggled ?? null, sent, asCode }
}"""


def test_what_is_smuggled_into_the_page_neither_runs_nor_tells(browser: Any, server: Server) -> None:
    server.upload("evil.js", b"window.smuggled = 'a file of mine'")
    context = open_page(browser, server.port)
    person = Person(context.new_page(), server)
    person.open()
    foreign = f"http://localhost:{server.port}"  # another origin than 127.0.0.1
    found = person.page.evaluate(SMUGGLED, [foreign, "/view?filename=evil.js&type=input"])
    assert found["smuggled"] is None
    assert found["sent"] is False
    assert found["asCode"] == "error"
    refused = {"connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem"}
    assert refused <= set(found["refused"])
    context.close()


def test_the_first_visit_makes_pictures(browser: Any, tmp_path: Path) -> None:
    """A newcomer's first minutes, with the model that comes with Easel: run, other words, another seed."""
    pictures = len(FIRST_WORDS) + 1
    with running(tmp_path, registry=None) as server:
        context = open_page(browser, server.port, color_scheme="dark")
        person = Person(context.new_page(), server)
        person.open()
        person.page.set_default_timeout(60_000)
        server.wait_until_ready()
        person.until("() => window.easel.editor.schema.get('CLIPTextEncode')")  # the page has heard of it too
        for count, words in enumerate(FIRST_WORDS, 1):
            person.click(2, "widget:text")
            person.page.keyboard.press("Control+a")
            person.page.keyboard.type(words)
            person.page.keyboard.press("Control+Enter")
            person.until("n => window.easel.results.list.length === n", count, timeout=60_000)
            person.page.keyboard.press("Escape")
        person.page.keyboard.press("Control+Enter")  # the seed has changed by itself: the same words once more
        person.until("n => window.easel.results.list.length === n", pictures, timeout=60_000)
        person.idle()
        assert {id for id in "1234567" if person.status(id)["state"] != "cached"} == {"5", "6", "7"}
        assert person.status(5)["preview"]
        expect(person.page.locator(".strip .thumb img").first).to_be_visible()
        files = list((tmp_path / "output").rglob("*.png"))
        assert len(files) == pictures
        assert len({file.read_bytes() for file in files}) == pictures
        assert not person.errors
        if os.environ.get("EASEL_SCREENSHOTS"):
            person.click(5)
            person.shoot(IMAGES / "first-pictures.png")
        context.close()
