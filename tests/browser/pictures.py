"""The pictures of the page in docs/images: the real worker and the model that comes with Easel, 1440 x 900.

Without that model the painter's palette stands in for it.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.browser.person import Person
from tests.server.harness import ROOT, running, until

PROMPTS = ("a teapot", "an octopus", "a sunflower", "a rocket", "a mushroom", "a cat face", "a fox")
MODEL = "easel-emoji.safetensors"
READY = 120.0
RUN = 120_000


def take(browser: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    there = (ROOT / "models" / "checkpoints" / MODEL).is_file()
    registry = None if there else "tests.browser.palette:registry"
    with TemporaryDirectory() as base:
        if not there:
            checkpoints = Path(base) / "models" / "checkpoints"
            checkpoints.mkdir(parents=True)
            (checkpoints / MODEL).touch()
        _take(browser, folder, Path(base), registry)


def _take(browser: Any, folder: Path, base: Path, registry: str | None) -> None:
    with running(base, registry=registry) as server:
        until(lambda: server.status()["worker"]["state"] == "ready", READY, server)
        for theme in ("dark", "light"):
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{server.port}",
                viewport={"width": 1440, "height": 900},
                color_scheme=theme,
                device_scale_factor=1,
            )
            person = Person(context.new_page(), server)
            person.open()
            if theme == "dark":
                _make(person, PROMPTS)
            _states(person, folder, theme, steps=20 if registry is None else 60)
            context.close()
        _phone(browser, server, folder)


def _prompt_node(person: Person) -> int:
    return next(node["id"] for node in person.workflow["nodes"] if node["type"] == "CLIPTextEncode")


def _node(person: Person, type: str) -> int:
    return next(node["id"] for node in person.workflow["nodes"] if node["type"] == type)


def _set(person: Person, node: int, widget: str, value: Any) -> None:
    person.page.evaluate(
        "([node, widget, value]) => window.easel.editor.setWidget('node:' + node, widget, value)", [node, widget, value]
    )


def _make(person: Person, prompts: tuple[str, ...]) -> None:
    for words in prompts:
        _set(person, _prompt_node(person), "text", words)
        before = person.page.evaluate("() => window.easel.results.list.length")
        person.page.keyboard.press("Control+Enter")
        person.until("before => window.easel.results.list.length > before", before, timeout=RUN)
        person.idle()


def _states(person: Person, folder: Path, theme: str, steps: int) -> None:
    page = person.page
    sampler = _node(person, "KSampler")
    _set(person, _prompt_node(person), "text", "a fox")
    _set(person, sampler, "steps", steps)
    page.evaluate("id => window.easel.editor.select(['node:' + id])", sampler)
    page.keyboard.press("Control+Enter")
    person.until(
        "id => { const { state, value } = window.easel.session.status(id); return state === 'running' && value >= 13 }",
        str(sampler),
        timeout=RUN,
    )
    page.screenshot(path=folder / f"running-{theme}.png")
    person.until("() => window.easel.session.run.state === 'done'", timeout=RUN)
    person.idle()
    person.shoot(folder / f"done-{theme}.png")

    page.evaluate("() => window.easel.editor.select([])")
    page.keyboard.press("Tab")
    page.keyboard.type("image")
    person.shoot(folder / f"search-{theme}.png")
    page.keyboard.press("Escape")

    person.click(sampler, "widget:seed")
    person.shoot(folder / f"seed-{theme}.png")
    page.keyboard.press("Escape")

    size = _node(person, "EmptyLatentImage")
    _set(person, size, "width", 0)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast[data-tone=error]")
    person.shoot(folder / f"error-{theme}.png")
    _set(person, size, "width", 128)
    page.locator(".toast[data-tone=error]").wait_for(state="hidden")  # what was wrong is mended

    page.evaluate(
        "() => { const { editor } = window.easel; const { w, h } = editor.viewSize;"
        " editor.setCamera({ x: 600 - w / 2 / 0.3, y: 300 - h / 2 / 0.3, zoom: 0.3 }) }"
    )
    person.shoot(folder / f"far-{theme}.png")
    page.keyboard.press(".")


def _phone(browser: Any, server: Any, folder: Path) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        color_scheme="dark",
    )
    person = Person(context.new_page(), server)
    person.open()
    person.until("() => window.easel.results.list.length > 0")
    person.page.wait_for_load_state("networkidle")
    person.shoot(folder / "phone-dark.png")
    context.close()
