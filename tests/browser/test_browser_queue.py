"""The queue's panel, as a person has it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.queueing import artist, name, open_queue, queue, server, waiting
from tests.server.harness import Server, until

__all__ = ["artist", "server"]


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
