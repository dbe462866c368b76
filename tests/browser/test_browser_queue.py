"""The queue's panel, and when the graph runs by itself, as a person has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.things import with_words
from tests.server.harness import Server, running, start, until

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


def test_jobs_of_a_closed_page_go_on_and_a_late_page_sees_them(artist: Person, context: Any, server: Server) -> None:
    queue(artist, "first", steps=3000)
    server.post("/easel/queue", {"paused": True})
    queue(artist, "second")
    name(server, "b")
    artist.page.close()
    assert server.get("/easel/queue").json()["running"], "nobody is there to see it, and it goes on"
    late = Person(context.new_page(), server)
    late.open()
    expect(late.page.locator(".doing .what")).to_contain_text("of 7 nodes")
    panel = open_queue(late)
    expect(panel.locator(".job-running")).to_contain_text("KSampler")
    expect(panel.locator(".job-running")).to_contain_text("of 3000")
    expect(panel.locator(".job-running canvas")).to_be_visible()
    expect(waiting(panel)).to_have_text(["b"])
    panel.get_by_role("button", name="Go on").click()
    panel.get_by_role("button", name="Stop what runs").click()
    expect(panel.locator(".past .job")).to_have_count(2)
    expect(panel.locator(".past .job").first).to_contain_text("b")
    expect(panel.locator(".past .job").last).to_contain_text("stopped")
    expect(panel.locator(".past .job img")).to_have_count(1)
    expect(late.page.locator(".strip .thumb:not(.waiting)").first).to_be_visible()
    late.page.locator("#queue .past .open").first.click()
    until(lambda: late.prompt.get("6", {}).get("inputs", {}).get("text") == "second")
    assert not late.errors


def test_waiting_jobs_are_moved_by_hand_and_by_keys(artist: Person, server: Server) -> None:
    server.post("/easel/queue", {"paused": True})
    for word in "abc":
        queue(artist, word)
    ids = name(server, "abc")
    panel = open_queue(artist)
    expect(waiting(panel)).to_have_text(["a", "b", "c"])
    rows = panel.locator(".waiting .job")
    third, first = rows.nth(2).bounding_box(), rows.nth(0).bounding_box()
    artist.drag((third["x"] + 100, third["y"] + 20), (first["x"] + 100, first["y"] + 4))
    expect(waiting(panel)).to_have_text(["c", "a", "b"])
    assert artist.page.locator(".tab-row [role=tab]").count() == 1, "a drag opens nothing"
    rows.nth(0).locator(".open").focus()
    artist.page.keyboard.press("Alt+ArrowDown")
    expect(waiting(panel)).to_have_text(["a", "c", "b"])
    expect(rows.nth(1).locator(".open")).to_be_focused()
    artist.page.keyboard.press("Alt+ArrowDown")
    expect(waiting(panel)).to_have_text(["a", "b", "c"])
    rows.nth(2).hover()
    rows.nth(2).get_by_role("button", name="What can be done").click()
    artist.page.get_by_role("menuitem", name="Run next").click()
    expect(waiting(panel)).to_have_text(["c", "a", "b"])
    assert server.get("/easel/queue").json()["pending"] == [ids[2], ids[0], ids[1]]
    rows.nth(1).locator(".open").focus()
    artist.page.keyboard.press("Delete")
    expect(waiting(panel)).to_have_text(["c", "b"])
    artist.page.get_by_role("button", name="Bring back").click()
    expect(waiting(panel)).to_have_text(["c", "a", "b"])
    panel.get_by_role("button", name="Remove all").click()
    expect(panel).to_contain_text("Nothing waits")


def test_a_waiting_job_is_edited_in_a_tab(artist: Person, server: Server) -> None:
    server.post("/easel/queue", {"paused": True})
    queue(artist, "before")
    (id,) = name(server, "a")
    panel = open_queue(artist)
    panel.locator(".waiting .job").click(button="right")
    artist.page.get_by_role("menuitem", name="Edit").click()
    bar = artist.page.get_by_role("region", name="A waiting job")
    expect(bar).to_be_visible()
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'after')")
    bar.get_by_role("button", name="Update the waiting job").click()
    expect(artist.page.locator(".toast")).to_contain_text("will run this graph")
    expect(bar).to_be_hidden()
    assert server.get(f"/easel/jobs/{id}").json()["prompt"]["6"]["inputs"]["text"] == "after"
    expect(waiting(panel)).to_have_text(["a"])
    # One that begins meanwhile has what it had.
    panel.locator(".waiting .job").click(button="right")
    artist.page.get_by_role("menuitem", name="Edit").click()
    panel.get_by_role("button", name="Go on").click()
    expect(bar).to_contain_text("waits no more")
    bar.get_by_role("button", name="Close").click()
    expect(bar).to_be_hidden()


def test_a_failure_says_why_and_runs_again(artist: Person, server: Server) -> None:
    queue(artist, "please fail")
    panel = open_queue(artist)
    row = panel.locator(".past .job")
    expect(row).to_contain_text("The words ask for a failure")
    artist.page.evaluate("() => window.easel.editor.select([])")
    row.click(button="right")
    artist.page.get_by_role("menuitem", name="Show the node that failed").click()
    artist.until("() => window.easel.editor.selection.has('node:3')")
    panel.get_by_role("button", name=re.compile("^Run .* again$")).click()
    expect(row).to_have_count(2)
    panel.get_by_role("button", name="Failed").click()
    expect(row).to_have_count(2)
    row.first.locator(".open").focus()
    artist.page.keyboard.press("Delete")
    expect(row).to_have_count(1)
    artist.page.get_by_role("button", name="Bring back").click()
    expect(row).to_have_count(2)


def test_older_history_that_did_not_come_is_asked_for_again(artist: Person, server: Server) -> None:
    queue(artist, "a long past")
    until(lambda: server.get("/easel/history").json()["entries"])
    [entry] = server.get("/easel/history").json()["entries"]
    asked: list[str] = []

    def answer(route: Any) -> None:
        if "before=" not in route.request.url:
            return route.fulfill(json={"entries": [entry], "next": 1})
        asked.append(route.request.url)
        if len(asked) == 1:
            return route.abort()
        return route.fulfill(json={"entries": [{**entry, "prompt_id": "older"}], "next": None})

    artist.page.route("**/easel/history?*", answer)
    panel = open_queue(artist)
    expect(panel).to_contain_text("The server does not answer")
    expect(panel.locator(".past .job")).to_have_count(1)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".past .job")).to_have_count(2)
    expect(panel).not_to_contain_text("The server does not answer")
    assert len(asked) == 2
    artist.page.unroute("**/easel/history?*")


def test_it_runs_on_change_until_escape(artist: Person, server: Server) -> None:
    def runs() -> int:
        return len(server.get("/easel/history").json()["entries"])

    artist.page.get_by_role("button", name="Run by itself: off").click()
    artist.page.get_by_role("menuitemcheckbox", name="Run on every change").click()
    button = artist.page.get_by_role("button", name="Run by itself: On change")
    expect(button).to_be_visible()
    artist.drag(artist.point(9), (artist.point(9)[0] + 40, artist.point(9)[1] + 30))  # a node that moves is no change
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'changed')")
    until(lambda: runs() == 1)
    assert artist.prompt["3"]["inputs"]["seed"] != 20261121, "the seed moved on, which is no change of a person's"
    artist.page.evaluate("() => window.easel.editor.setWidget('node:5', 'width', 0)")
    expect(artist.page.locator(".toast", has_text="runs again once the graph can run")).to_be_visible()
    artist.page.evaluate("() => window.easel.editor.setWidget('node:5', 'width', 128)")
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'and again')")
    until(lambda: runs() == 2)
    artist.idle()
    artist.page.context.set_offline(True)
    artist.page.evaluate("() => window.easel.client.socket.socket.close()")
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'while it was away')")
    away = artist.page.locator(".toast", has_text="The server does not answer")
    expect(away).to_be_visible()
    artist.page.context.set_offline(False)
    until(lambda: runs() == 3)
    expect(away).to_be_hidden()
    artist.idle()
    artist.errors.clear()  # the browser's own, of the cut connection
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'please fail')")
    expect(artist.page.locator(".toast", has_text="has stopped, since a run failed")).to_be_visible()
    expect(button).to_be_hidden()
    artist.page.get_by_role("button", name="Run by itself: off").click()
    artist.page.get_by_role("menuitemcheckbox", name="Run on every change").click()
    artist.page.locator("#overlay").focus()
    artist.page.evaluate("() => window.easel.editor.select([])")
    artist.page.keyboard.press("Escape")
    expect(artist.page.get_by_role("button", name="Run by itself: off")).to_be_visible()
    assert runs() == 4


def test_a_value_runs_live_while_it_is_dragged(artist: Person, server: Server) -> None:
    artist.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 8)")
    artist.run()
    saved = artist.page.evaluate("() => window.easel.results.list.length")
    artist.page.get_by_role("button", name="Run by itself: off").click()
    artist.page.get_by_role("menuitemcheckbox", name="Live").click()
    before = artist.prompt["3"]["inputs"]
    x, y = artist.point(3, "widget:cfg")
    mouse = artist.page.mouse
    mouse.move(x, y)
    mouse.down()
    told = artist.page.evaluate("() => window.easel.session.run.promptId")
    for step in range(40):
        mouse.move(x + 4 * step, y)
    artist.until("told => window.easel.session.run.promptId !== told", told)
    artist.until("() => window.easel.session.status(9).images[0]?.type === 'temp'")  # it is looked at, not saved
    assert server.get("/queue").json()["queue_pending"].__len__() <= 1
    mouse.up()
    artist.until("() => window.easel.session.status(9).images[0]?.type === 'output'")
    artist.idle()
    assert artist.prompt["3"]["inputs"]["cfg"] != before["cfg"]
    assert artist.prompt["3"]["inputs"]["seed"] == before["seed"], "seeds stay, so that only what changed runs"
    assert artist.status(6)["state"] == "cached"
    (newest, *_) = server.get("/history", max_items=1).json().values()
    assert newest["prompt"][2]["3"]["inputs"]["cfg"] == artist.prompt["3"]["inputs"]["cfg"]
    made = artist.page.evaluate("() => window.easel.results.list.filter(({ file }) => file.type === 'output').length")
    assert made == saved + 1
    artist.page.get_by_role("button", name="Run by itself: Live").click()
    artist.page.get_by_role("menuitemcheckbox", name="Run when asked").click()


def test_a_loop_ends_when_it_is_stopped(artist: Person, server: Server) -> None:
    artist.page.get_by_role("button", name="Run by itself: off").click()
    artist.page.get_by_role("menuitemcheckbox", name="Loop").click()
    until(lambda: len(server.get("/easel/history").json()["entries"]) >= 3)
    seeds = [entry["seed"] for entry in server.get("/easel/history").json()["entries"]]
    assert len(set(seeds)) == len(seeds)
    artist.page.keyboard.press("Control+Alt+Enter")
    expect(artist.page.get_by_role("button", name="Run by itself: off")).to_be_visible()
    artist.idle()


def test_a_hidden_page_tells_that_a_job_is_done(artist: Person) -> None:
    panel = open_queue(artist)
    artist.page.evaluate(
        """() => {
            window.told = []
            window.Notification = class {
              static permission = 'default'
              static async requestPermission() { return (this.permission = 'granted') }
              constructor(title, { body }) { window.told.push([title, body]) }
            }
        }"""
    )
    panel.get_by_role("button", name="Tell when jobs are done").click()
    notice = artist.page.get_by_role("menuitemcheckbox", name="A notice when jobs are done")
    expect(notice).to_have_attribute("aria-checked", "false")
    notice.click()
    artist.run()
    artist.page.evaluate(
        "() => Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })"
    )
    artist.page.evaluate("() => { window.away = true; window.easel.editor.setWidget('node:3', 'steps', 60) }")
    artist.page.evaluate("() => { window.easel.editor.run('run') }")
    artist.until("() => /^\\(\\d+%\\) /.test(document.title)")
    artist.until("() => window.told.length === 1", timeout=15_000)
    assert artist.page.evaluate("() => window.told[0][0]") == "1 job is done", (
        "not of the one that ended while it was seen"
    )
    artist.page.evaluate("() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')) }")
    artist.until("() => !document.title.startsWith('(')")


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


def test_a_finger_moves_a_job_by_its_grip(phone: Person, server: Server, text_to_image: dict[str, Any]) -> None:
    server.post("/easel/queue", {"paused": True})
    phone.load(text_to_image)
    for word in "abc":
        queue(phone, word)
    name(server, "abc")
    phone.page.get_by_role("button", name="Queue", exact=True).tap()
    panel = phone.page.locator("#queue")
    expect(waiting(panel)).to_have_text(["a", "b", "c"])
    grips = panel.locator(".waiting .grip")
    start_at, end_at = grips.nth(0).bounding_box(), grips.nth(2).bounding_box()
    x, y = start_at["x"] + 10, start_at["y"] + 16
    touch = phone.page.context.new_cdp_session(phone.page)

    def finger(kind: str, to: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": to}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", y)
    for part in range(1, 9):
        finger("touchMove", y + (end_at["y"] + 30 - y) * part / 8)
    finger("touchEnd", 0)
    expect(waiting(panel)).to_have_text(["b", "c", "a"])
    panel.locator(".waiting .act").first.click()  # a tap right after a swipe is none to the browser
    phone.page.get_by_role("menuitem", name="Run last").click()
    expect(waiting(panel)).to_have_text(["c", "a", "b"])
    server.post("/easel/queue/cancel", {"all": True})
    server.post("/easel/queue", {"paused": False})


def test_a_script_s_job_shows_up_and_a_mode_stays_with_its_tab(artist: Person, server: Server) -> None:
    panel = open_queue(artist)
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'mine')")  # a tab that is kept
    prompt = artist.prompt
    for _ in range(2):  # the second one is in the cache
        server.result(server.prompt(prompt))
    expect(panel.locator(".past .job")).to_have_count(2)
    expect(panel.locator(".past .title").first).to_have_text("A graph of 7 nodes")
    panel.locator(".past .open").first.click()
    expect(artist.page.locator(".tab-row [role=tab]")).to_have_count(2)
    assert {node["class_type"] for node in artist.prompt.values()} == {node["class_type"] for node in prompt.values()}
    artist.page.get_by_role("button", name="Run by itself: off").click()
    artist.page.get_by_role("menuitemcheckbox", name="Run on every change").click()
    artist.page.locator(".tab-row [role=tab]").first.click()
    expect(artist.page.get_by_role("button", name="Run by itself: off")).to_be_visible()
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'of the first tab')")
    artist.page.locator(".tab-row [role=tab]").last.click()
    expect(artist.page.get_by_role("button", name="Run by itself: On change")).to_be_visible()
    node = next(id for id, node in artist.prompt.items() if node["class_type"] == "CLIPTextEncode")
    artist.page.evaluate("id => window.easel.editor.setWidget('node:' + id, 'text', 'of the second tab')", node)
    expect(panel.locator(".past .job")).to_have_count(3)
    texts = [str(entry["prompt"][2]) for entry in server.get("/history").json().values()]
    assert sum("of the second tab" in text for text in texts) == 1
    assert not any("of the first tab" in text for text in texts)


NOTICES = """() => {
    window.notices = []
    window.Notification = class {
        static permission = 'default'
        static answer = 'granted'
        static async requestPermission() { return (this.permission = this.answer) }
        constructor(title, { body }) { window.notices.push(`${title}|${body}`) }
        close() {}
    }
}"""
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
}"""


def test_a_notice_tells_of_jobs_that_end_while_the_page_is_hidden_if_wanted(artist: Person) -> None:
    page = artist.page
    page.evaluate(NOTICES)
    page.evaluate("window.Notification.answer = 'denied'")

    def want() -> None:
        page.keyboard.press("q")
        page.get_by_role("button", name="Tell when jobs are done").click()
        page.get_by_role("menuitemcheckbox", name="A notice when jobs are done").click()
        page.locator(".drawer header").get_by_role("button", name="Close", exact=True).click()
        page.evaluate("window.easel.editor.focus()")

    want()
    expect(page.locator(".toasts")).to_contain_text("does not let this page show notices")
    page.evaluate("window.Notification.permission = 'default'; window.Notification.answer = 'granted'")
    want()
    artist.run()  # seen: nobody need be told
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 5)")
    artist.run()
    artist.until("() => window.notices.length > 0")
    assert [notice.partition("|")[0] for notice in page.evaluate("window.notices")] == ["1 job is done"]
    page.evaluate(HIDE, False)
    want()  # and not any more
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 6)")
    artist.run()
    page.evaluate(HIDE, False)
    want()
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 7)")
    artist.run()
    artist.until("() => window.notices.length > 1")
    titles = [notice.partition("|")[0] for notice in page.evaluate("window.notices")]
    assert titles == ["1 job is done"] * 2, "of the one between, nothing was told"
