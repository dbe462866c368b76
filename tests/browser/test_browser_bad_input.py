"""What no page should be given, and gets: storage that is forbidden, broken messages, types that change, wild hands."""

from __future__ import annotations

import json
import os
import random
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
FULL = """const full = () => { throw new DOMException('full', 'QuotaExceededError') }
Storage.prototype.setItem = full
IDBObjectStore.prototype.put = full"""

FEED = """
const Real = WebSocket
const sockets = []
window.WebSocket = class extends Real {
  constructor(...all) { super(...all); sockets.push(this) }
}
const events = () => sockets.findLast(({ url }) => url.includes('/ws?'))
window.hear = data => events().dispatchEvent(new MessageEvent('message', { data }))
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
    assert person.status(9)["state"] in ("done", "cached")  # another test may have run the same
    person.click(8)
    person.page.keyboard.press("Delete")
    person.page.wait_for_timeout(700)  # the draft is written
    assert len(person.workflow["nodes"]) == 6
    assert not person.errors


def test_a_browser_without_room_says_what_to_do(context: Any, server: Server, text_to_image: dict[str, Any]) -> None:
    person = fresh(context, server, FULL)
    state = person.page.locator(".save-state")
    person.load(text_to_image)
    person.click(8)
    person.page.keyboard.press("Delete")
    expect(state).to_have_text("Saved")  # the server has room
    person.page.route("**/easel/documents/**", lambda route: route.abort())
    person.page.keyboard.press("Control+z")
    expect(state).to_have_text("Not kept")
    state.hover()
    expect(person.page.get_by_role("tooltip")).to_contain_text("Download the graph")
    person.page.unroute("**/easel/documents/**")
    state.click()
    expect(state).to_have_text("Saved")
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
    page.wait_for_load_state("networkidle")  # the page's own reading of the types has ended
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
    person.page.wait_for_load_state("networkidle")  # the page's own reading of the types has ended
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


KEYS = [
    *("Control+z", "Control+y", "Delete", "Control+c", "Control+v", "Control+a", "Control+g", "Control+m", "Control+b"),
    *(".", "l", "p", "Alt+c", "c", "x", "g", "ArrowLeft", "Control+d", "Shift+ArrowUp", "Control+Shift+v", "h", "F2"),
    *("Tab", "m", "Control+x", "Control+e", "Control+Shift+g", "d", "Home"),
]
SOMETHING = """part => {
  const { editor } = window.easel
  const nodes = editor.graph.nodes(editor.graphId)
  if (!nodes.length) return [400, 300]
  const node = nodes[Math.floor(part * nodes.length)]
  const { width, sockets, widgets } = editor.scene.view(node).layout
  const fields = widgets.map(({ field }) => ({ x: field.x + field.w / 2, y: field.y + field.h / 2 }))
  const places = [{ x: width / 2, y: -15 }, ...sockets, ...fields]
  const place = places[Math.floor(part * 7919) % places.length]
  const { x, y } = editor.toScreen({ x: node.pos[0] + place.x, y: node.pos[1] + place.y })
  const box = editor.overlay.getBoundingClientRect()
  return [Math.min(Math.max(x, 2), box.width - 2) + box.left, Math.min(Math.max(y, 2), box.height - 2) + box.top]
}"""
AGAIN = """part => {
  const { editor } = window.easel
  editor.overlay.focus()
  editor.run('fit')
  const all = ['node', 'group', 'reroute'].flatMap(kind => [...editor.graph.ids(editor.graphId, kind)])
  editor.select(all.filter((_, index) => (part * (index + 3) * 7.3) % 1 < 0.4))
}"""


class Wild:
    """Hands that do anything, the same for the same seed."""

    def __init__(self, person: Person, seed: int) -> None:
        self.page = person.page
        self.chance = random.Random(seed)
        self.box = person.page.locator("#overlay").bounding_box()
        self.devtools = person.page.context.new_cdp_session(person.page)
        self.devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 3})

    def place(self) -> tuple[float, float]:
        if self.chance.random() < 0.7:
            return tuple(self.page.evaluate(SOMETHING, self.chance.random()))
        share = self.chance.random
        return self.box["x"] + share() * self.box["width"], self.box["y"] + share() * self.box["height"]

    def mouse(self) -> None:
        held = [key for key in ("Shift", "Control", "Alt") if self.chance.random() < 0.25]
        button = self.chance.choice(["left", "left", "left", "right", "middle"])
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.place())
        self.page.mouse.down(button=button)
        for _ in range(self.chance.randrange(3)):
            self.page.mouse.move(*self.place(), steps=2)
        if self.chance.random() < 0.08:
            width, height = self.chance.choice([700, 1000, 1440]), self.chance.choice([600, 900])
            self.page.set_viewport_size({"width": width, "height": height})
        self.page.mouse.up(button=button)
        for key in held:
            self.page.keyboard.up(key)
        if self.chance.random() < 0.1:
            self.page.mouse.dblclick(*self.place())

    def keys(self) -> None:
        self.page.keyboard.press(self.chance.choice(KEYS))
        if self.chance.random() < 0.2:
            self.page.keyboard.type("3a")
        if self.chance.random() < 0.1:
            self.page.keyboard.press("Enter")

    def fingers(self) -> None:
        points = [self.place() for _ in range(self.chance.choice([1, 1, 2, 3]))]
        self.touch("touchStart", points)
        for _ in range(2):
            shift = self.chance.uniform(-90, 90)
            points = [(x + shift, y + self.chance.uniform(-90, 90)) for x, y in points]
            self.touch("touchMove", points)
        self.touch(self.chance.choice(["touchEnd", "touchEnd", "touchCancel"]), [])

    def touch(self, kind: str, points: list[tuple[float, float]]) -> None:
        told = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})


def test_wild_hands_can_be_undone_to_the_first_byte(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    page.route("**/prompt", lambda route: route.abort())
    person.load(text_to_image)
    before = json.dumps(person.workflow)
    wild = Wild(person, 7)
    for count in range(200):
        if count % 4 == 0:
            page.evaluate(AGAIN, wild.chance.random())
        wild.chance.choice([wild.mouse, wild.keys, wild.mouse, wild.keys, wild.fingers])()
        page.keyboard.press("Escape")
        assert not person.errors
    page.keyboard.press("Escape")
    after = json.dumps(person.workflow)
    count = "() => window.easel.editor.store.history.undos.length"
    steps = page.evaluate(count)
    assert steps > 5, "something was done"
    page.evaluate("() => { const { store } = window.easel.editor; while (store.undo() !== null) {} }")
    assert json.dumps(person.workflow) == before
    page.evaluate("steps => { for (let step = 0; step < steps; step++) window.easel.editor.store.redo() }", steps)
    assert json.dumps(person.workflow) == after


def test_five_hundred_steps_and_a_jump_back(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(text_to_image)
    before = json.dumps(person.workflow)
    person.page.evaluate(
        """() => {
          const { editor } = window.easel
          for (let step = 0; step < 500; step++) {
            if (step % 5 === 4) editor.addNode('ImageInvert', { point: { x: step * 3, y: 900 } })
            else if (step % 5 === 3) editor.setWidget('node:3', 'steps', step + 1)
            else editor.store.transact('Move', () => editor.store.update('node:5', { pos: [step, step] }))
          }
        }"""
    )
    after = json.dumps(person.workflow)
    person.page.evaluate("() => window.easel.editor.store.jump(-500)")
    assert json.dumps(person.workflow) == before
    person.page.evaluate("() => window.easel.editor.store.jump(500)")
    assert json.dumps(person.workflow) == after
