"""When the graph runs by itself: on every change, live, in a loop, in its tab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.queueing import artist, open_queue, server
from tests.server.harness import Server, until

__all__ = ["artist", "server"]


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
