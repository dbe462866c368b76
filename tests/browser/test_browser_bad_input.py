"""What no page should be given, and gets: storage that is forbidden, broken messages, types that change, wild hands."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import Server, running

FORBIDDEN = """for (const name of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError') } })
}"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"

FEED = """
const Real = WebSocket
const sockets = []
window.WebSocket = class extends Real {
  constructor(...all) { super(...all); sockets.push(this) }
}
window.hear = data => sockets.at(-1).dispatchEvent(new MessageEvent('message', { data }))
"""
NAMES = [
    *("status", "execution_start", "execution_cached", "executing", "progress"),
    *("progress_state", "easel_nodes", "executed", "execution_error", "execution_interrupted"),
    *("execution_success", "feature_flags", "logs", "nothing", "__proto__"),
    *("constructor", "toString", "hasOwnProperty"),
]
BODIES: list[Any] = [
    *(None, 3, "x", [], {}, {"node": None}, {"node": {}}, {"node": "99999"}, {"node": "3", "prompt_id": None}),
    *({"node": "3", "prompt_id": "unknown"}, {"nodes": None}, {"nodes": 3}, {"nodes": [1, {}]}),
    {"nodes": {"a": None, "b": 3, "c": {"state": "running", "max": 5}}},
    *({"node": "3", "output": 3}, {"node": "3", "output": {"images": 3}}),
    {"node": "3", "output": {"images": [None, 3, {"filename": 3}], "text": {"a": 1}}},
    *({"node_id": None, "traceback": 3, "exception_message": {}}, {"status": {"exec_info": {"queue_remaining": "x"}}}),
    {"nodes": {"3": {"outputs": 3, "warnings": [{}], "why": 3, "ms": "x"}}},
]
JUNK = ["", "{", "null", "3", "[]", '"x"', '{"type":3}', '{"type":{"a":1}}', '{"data":{}}']
BYTES = [
    *([], [0], [0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3], [0, 0, 0, 3, 0, 0, 0, 9, 65]),
    *([0, 0, 0, 4, 0, 0, 0, 200, 1, 2], [0, 0, 0, 4, 255, 255, 255, 255, 1], [0, 0, 0, 99, 1, 2], [255] * 8),
]


def fresh(context: Any, server: Server, script: str) -> Person:
    """Someone whose browser does `script` before anything else."""
    page = context.new_page()
    page.add_init_script(script)
    person = Person(page, server)
    person.open()
    return person


def test_a_browser_that_forbids_to_store_shows_the_whole_page(
    context: Any, server: Server, text_to_image: dict[str, Any]
) -> None:
    person = fresh(context, server, FORBIDDEN)
    person.load(text_to_image)
    person.run()
    assert person.status(9)["state"] == "done"
    person.click(8)
    person.page.keyboard.press("Delete")
    person.page.wait_for_timeout(700)  # the draft is written
    assert len(person.workflow["nodes"]) == 6
    assert not person.errors


def test_a_browser_without_room_says_what_to_do(context: Any, server: Server, text_to_image: dict[str, Any]) -> None:
    person = fresh(context, server, FULL)
    person.load(text_to_image)
    person.click(8)
    person.page.keyboard.press("Delete")
    expect(person.page.locator(".toast")).to_contain_text("Save it under a name")
    assert not person.errors


def test_no_message_of_a_server_breaks_the_page(context: Any, server: Server, text_to_image: dict[str, Any]) -> None:
    person = fresh(context, server, FEED)
    person.load(text_to_image)
    texts = [*JUNK, *(json.dumps({"type": name, "data": body}) for name in NAMES for body in BODIES)]
    person.page.evaluate(
        """async ([texts, bytes]) => {
          for (const text of texts) { hear(text); hear(text) }
          for (const each of bytes) hear(new Uint8Array(each).buffer)
          await new Promise(resolve => setTimeout(resolve, 300))
        }""",
        [texts, BYTES],
    )
    assert "undefined" not in " ".join(person.page.locator(".toast").all_inner_texts())
    person.load(text_to_image)
    person.run()
    assert person.status(9)["state"] in ("done", "cached")
    assert not person.errors


def test_a_node_that_fails_after_it_was_deleted_is_told_as_such(
    context: Any, server: Server, text_to_image: dict[str, Any]
) -> None:
    person = fresh(context, server, FEED)
    person.load(text_to_image)
    for node, words in ((None, "The run failed."), ("99999", "A node that is no longer in the graph (#99999) failed.")):
        for kind, more in (("execution_start", {}), ("execution_error", {"node_id": node, "exception_message": "ow"})):
            person.page.evaluate("text => hear(text)", json.dumps({"type": kind, "data": {"prompt_id": "p", **more}}))
        expect(person.page.locator(".toast")).to_contain_text(words)
        expect(person.page.locator(".toast")).to_contain_text("ow")
        expect(person.page.get_by_role("button", name="Show me")).to_have_count(0)
    assert not person.errors


def test_a_refused_upload_is_told_in_the_servers_words(person: Person) -> None:
    person.load({"nodes": [], "links": []})
    person.drop("torn.jpg", b"\xff\xd8\xff\xe0nothing", "image/jpeg", (500, 300))
    toast = person.page.locator(".toast")
    expect(toast).to_contain_text("torn.jpg was not taken: it is damaged")
    assert "{" not in toast.inner_text()


def changed(types: dict[str, Any], how: str) -> Any:
    """What the server tells of its node types after it was started with other ones."""
    if how == "other inputs":
        required = types["KSampler"]["input"]["required"]
        required["guidance"] = required.pop("cfg")
        del required["scheduler"]
        required["more"] = ["INT", {"default": 7}]
        required["model"] = ["OTHER", {}]
        types["KSampler"].pop("input_order", None)
    elif how == "gone":
        del types["KSampler"], types["CLIPTextEncode"]
    elif how == "broken":
        bad = {"width": ["INT", None], "height": [[], 3], "batch_size": [{}]}
        types = {"KSampler": 3, "CLIPTextEncode": None, "SaveImage": {"input": 3}}
        types["EmptyLatentImage"] = {"input": {"required": bad}}
        types["VAEDecode"] = {"input": {"required": {"samples": None, "vae": []}}, "output": "x"}
    return types


@pytest.mark.parametrize("how", ["other inputs", "gone", "broken"])
def test_types_that_change_under_an_open_graph_take_nothing_from_it(
    person: Person, text_to_image: dict[str, Any], how: str
) -> None:
    """By the key that reads them again, and back."""
    page = person.page
    person.load(text_to_image)
    before, prompt = person.workflow, person.prompt
    now = {"how": how}
    page.route("**/object_info*", lambda route: route.fulfill(json=changed(route.fetch().json(), now["how"])))
    page.keyboard.press("r")
    expect(page.locator(".toast")).to_contain_text("up to date")
    person.until("() => !window.easel.editor.schema.get('KSampler')?.inputs.some(input => input.name === 'cfg')")
    assert person.workflow == before
    person.click(3)
    drag_away = person.point(3)
    person.drag(drag_away, (drag_away[0] + 40, drag_away[1] + 40))
    page.keyboard.press("Control+z")
    now["how"] = "back"
    page.get_by_role("button", name="Dismiss").first.click()
    page.keyboard.press("r")
    person.until("() => window.easel.editor.schema.get('KSampler')?.inputs.some(input => input.name === 'cfg')")
    assert person.workflow == before
    assert person.prompt == prompt


@pytest.mark.parametrize(("status", "body"), [(200, "not json"), (200, "[]"), (500, "")])
def test_types_that_cannot_be_read_are_told_and_the_old_ones_stay(
    person: Person, text_to_image: dict[str, Any], status: int, body: str
) -> None:
    person.load(text_to_image)
    prompt = person.prompt
    person.page.route("**/object_info*", lambda route: route.fulfill(status=status, body=body))
    person.page.keyboard.press("r")
    expect(person.page.locator(".toast")).to_contain_text("could not be read")
    assert person.prompt == prompt


def test_a_worker_that_dies_in_mid_run_costs_no_picture(
    context: Any, text_to_image: dict[str, Any], tmp_path: Path
) -> None:
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "painter.safetensors").touch()
    with running(tmp_path, registry="tests.browser.palette:registry") as own:
        own.wait_until_ready()
        person = Person(context.new_page(), own)
        person.open(f"http://127.0.0.1:{own.port}/")
        person.load(text_to_image)
        person.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 60)")
        person.page.keyboard.press("Control+Enter")
        person.until("() => window.easel.session.status('3').value > 2")
        os.kill(own.worker_pid(), signal.SIGKILL)
        person.until("() => window.easel.session.run.state === 'done'", timeout=20_000)
        assert person.status(9)["state"] == "done"
        person.until("() => window.easel.session.status('9').images.length === 1")
        assert not person.errors
