"""A graph as files for others: API JSON, a picture that carries it, a script that runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.page.evaluate("json => window.easel.graph.open(json, { name: 'Käse 🧀' })", text_to_image)
    return person


def export(person: Person, entry: str, folder: Path, press: str | None = None) -> Path:
    """What the browser saves for an entry of the menu."""
    with person.page.expect_download() as download:
        person.page.evaluate("() => window.easel.editor.run('export')")
        person.page.get_by_role("menuitem", name=entry).click()
        if press is not None:
            person.page.get_by_role("button", name=press).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=60, cwd=script.parent
    )


def test_the_api_format(artist: Person, tmp_path: Path) -> None:
    path = export(artist, "Export as API JSON", tmp_path)
    assert path.name == "Käse 🧀 (API).json"
    assert json.loads(path.read_text("utf-8")) == artist.prompt


def test_a_picture_of_the_graph_opens_as_the_graph(artist: Person, tmp_path: Path) -> None:
    before = artist.workflow
    path = export(artist, "Export as a picture", tmp_path, "Save the picture")
    with Image.open(path) as picture:
        width, _ = picture.size
        assert width > 800
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50, "something is drawn on it"
        assert json.loads(picture.text["workflow"])["nodes"] == before["nodes"]
    artist.page.evaluate("() => window.easel.graph.openBlank()")
    artist.drop("graph.png", path.read_bytes(), "image/png", artist.void())
    artist.until("count => window.app.graph.nodes.length === count", len(before["nodes"]))


def test_a_script_has_the_server_run_the_graph(artist: Person, tmp_path: Path) -> None:
    script = export(artist, "Export as a Python script", tmp_path)
    done = run(script, "--seed", "77", "--text", "a red fox", "--out", "made", "--count", "2")
    assert done.returncode == 0, done.stderr
    made = [script.parent / line for line in done.stdout.splitlines()]
    assert len(made) == 2
    seeds = []
    for path in made:
        with Image.open(path) as picture:
            prompt = json.loads(picture.text["prompt"])
        seeds += [node["inputs"]["seed"] for node in prompt.values() if "seed" in node["inputs"]]
        assert "a red fox" in [node["inputs"].get("text") for node in prompt.values()]
    assert seeds == [77, 78]
    assert "--negative" in run(script, "--help").stdout


def test_a_script_says_what_is_wrong(artist: Person, tmp_path: Path) -> None:
    script = export(artist, "Export as a Python script", tmp_path)
    nobody = run(script, "--server", "http://127.0.0.1:9")
    assert nobody.returncode == 1
    assert "does not answer" in nobody.stderr
    refused = run(script, "--set", "3.steps=-5")
    assert refused.returncode == 1
    assert "KSampler (3)" in refused.stderr
    assert "Traceback" not in nobody.stderr + refused.stderr


def test_an_empty_graph_has_nothing_to_export(person: Person) -> None:
    page = person.page
    page.evaluate("() => window.easel.graph.openBlank()")
    for entry, words in (
        ("Export as API JSON", "nothing in this graph"),
        ("Export as a picture", "has no picture"),
        ("Export as a Python script", "nothing in this graph"),
    ):
        page.evaluate("() => window.easel.editor.run('export')")
        page.get_by_role("menuitem", name=entry).click()
        expect(page.locator(".toast")).to_contain_text(words)
        page.locator(".toast").get_by_role("button", name="Dismiss").click()


def test_a_graph_of_thousands_is_drawn_as_large_as_can_be(person: Person, tmp_path: Path) -> None:
    nodes = [
        {"id": n, "type": "ImageInvert", "size": [200, 60], "pos": [n % 70 * 300, n // 70 * 200]}
        for n in range(1, 5001)
    ]
    person.page.evaluate("json => window.easel.graph.open(json)", {"nodes": nodes, "links": []})
    person.page.evaluate("() => window.easel.editor.run('export_picture')")
    dialog = person.page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("larger than a browser can draw")
    dialog.get_by_label("50 %").check()
    with person.page.expect_download() as download:
        dialog.get_by_role("button", name="Save the picture").click()
    path = tmp_path / "large.png"
    download.value.save_as(path)
    with Image.open(path) as picture:
        assert max(picture.size) <= 16_000
        assert picture.size[0] * picture.size[1] <= 48_100_000
        assert len(json.loads(picture.text["workflow"])["nodes"]) == 5000
