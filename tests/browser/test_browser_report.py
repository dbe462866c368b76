"""The report of a problem: made, looked at, partly left out, saved; and what was secret is in none of its files."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person
from tests.server.harness import until

KEY = "hf_ABCDEFGHIJKLMNOPQRST"
"""Looks like a key wherever it stands."""
PASSWORD = "hunter22-of-the-page"
"""Looks like any word: only the name beside it says what it is."""
WORDS = "a fox that nobody may read of"


def planted(graph: dict[str, Any]) -> dict[str, Any]:
    nodes = [
        {**node, "widgets_values": [WORDS]} if node["type"] == "CLIPTextEncode" else node for node in graph["nodes"]
    ]
    place = {"pos": [0, 700], "size": [200, 60]}
    nodes.append({"id": 90, "type": "Asks", **place, "widgets_values": [PASSWORD, "which day it is"]})
    nodes.append({"id": 91, "type": "OfNoPack", **place, "widgets_values": [KEY, "and which year"]})
    return {**graph, "nodes": nodes, "extra": {"api_token": PASSWORD, "at": "/home/anna/pictures"}}


def in_the_log(person: Person) -> None:
    """Secrets are asked for by their address, and a node prints them."""
    person.server.get(f"/x?token={PASSWORD}")
    said = {"text": f"asked for /y?token={PASSWORD} with {KEY}"}
    person.server.result(person.server.prompt({"1": {"class_type": "Murmur", "inputs": said}}))
    until(lambda: "asked for /y?token=" in person.server.get("/internal/logs").json())


def without_secrets(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        for secret in (KEY, PASSWORD):
            assert secret not in text, name


def save(page: Any, name: str = "Save the report") -> dict[str, str]:
    """Press Save, and read the zip that came."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    assert download.value.suggested_filename.startswith("easel-report-")
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as found:
        assert found.testzip() is None
        return {each: found.read(each).decode() for each in found.namelist()}


def open_report(person: Person) -> Any:
    person.page.keyboard.press("F3")
    person.page.keyboard.type("Report a problem")
    person.page.keyboard.press("Enter")
    dialog = person.page.get_by_role("dialog", name="Report a problem")
    expect(dialog.locator(".report-file").first).to_be_visible()
    return dialog


def test_a_report_is_looked_at_and_holds_no_secret(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    in_the_log(person)
    person.load(planted(text_to_image))
    person.server.post("/settings", {"Other.api_key": PASSWORD, "Easel.note": f"password: {PASSWORD}"})
    dialog = open_report(person)
    assert serious(page) == ""
    seen: dict[str, str] = {}
    for file in dialog.locator(".report-file button").all():
        file.click()
        seen[file.get_attribute("data-name")] = dialog.locator(".report-text").inner_text()
    assert set(seen) == {"server.json", "packs.json", "settings.json", "page.json", "log.txt", "graph.json"}
    without_secrets(seen)
    assert "asked for /y?token=… with …" in seen["log.txt"]
    assert "which day it is" in seen["graph.json"]
    expect(dialog.locator(".report-text")).to_contain_text(WORDS)
    dialog.get_by_label("With the texts in it").uncheck()
    expect(dialog.locator(".report-text")).not_to_contain_text(WORDS)
    dialog.get_by_role("checkbox", name="Put Node packs into the report").uncheck()
    dialog.get_by_label("In your words").fill("It stopped.")
    files = save(page)
    assert list(files) == ["what-happened.txt", "server.json", "settings.json", "page.json", "log.txt", "graph.json"]
    assert files["what-happened.txt"] == "It stopped.\n"
    assert json.loads(files["server.json"])["easel"]
    assert "Chrome" in json.loads(files["page.json"])["browser"]
    graph = json.loads(files["graph.json"])
    assert len(graph["nodes"]) == 9
    assert graph["extra"]["at"] == "~/pictures"
    without_secrets(files)
    assert all(WORDS not in text for text in files.values())
    expect(dialog).to_have_count(0)


def test_a_report_without_a_server(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(planted(text_to_image))
    person.page.route("**/easel/report", lambda route: route.abort())
    dialog = open_report(person)
    expect(dialog).to_contain_text("The server does not answer.")
    files = save(person.page)
    assert list(files) == ["page.json", "settings.json", "graph.json"]
    assert WORDS in files["graph.json"], "what is ticked is in it"
    assert "which day it is" in files["graph.json"]
    without_secrets(files)
