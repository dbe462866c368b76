"""Nothing made is lost: server killed, network cut, disk full, two who change one graph, files that vanish."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.keeping import document, newest, says, state, text_of, write
from tests.browser.person import Person
from tests.server.harness import free_port, running, until


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def save_as(person: Person, name: str) -> Path:
    person.page.keyboard.press("Control+Shift+s")
    person.page.get_by_role("textbox", name="Name").fill(name)
    person.page.keyboard.press("Enter")
    expect(person.page.locator(".toast")).to_contain_text("Saved")
    return person.server.base / "user" / "default" / "workflows" / f"{name}.json"


def test_the_server_is_killed_mid_edit_and_comes_back(
    browser: Any, tmp_path: Path, text_to_image: dict[str, Any]
) -> None:
    port = str(free_port())
    with running(tmp_path, "--port", port, registry="tests.browser.palette:registry") as server:
        server.wait_until_ready()
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}")
        context.set_default_timeout(20_000)
        person = Person(context.new_page(), server)
        person.open()
        person.load(text_to_image)
        write(person, "before")
        expect(state(person)).to_have_text("Saved")
        id = document(person)
        server.kill()
        write(person, "while it was away")
        expect(state(person)).to_have_text("Kept in this browser")
        assert person.page.locator(".toast").count() <= 1, "no storm of notices"
    with running(tmp_path, "--port", port, registry="tests.browser.palette:registry") as server:
        person.server = server
        expect(state(person)).to_have_text("Saved", timeout=20_000)
        assert text_of(newest(person, id)["workflow"]) == "while it was away"
        # Killed once more, and the browser too: the draft is what is left.
        server.kill()
        write(person, "only in this browser")
        expect(state(person)).to_have_text("Kept in this browser")
        person.until("() => window.easel.graph.writer.writing === null")
        person.page.close(run_before_unload=False)
    with running(tmp_path, "--port", port, registry="tests.browser.palette:registry") as server:
        later = Person(context.new_page(), server)
        later.open()
        says(later, "only in this browser")
        expect(state(later)).to_have_text("Saved")
        assert document(later) == id
        assert text_of(newest(later, id)["workflow"]) == "only in this browser"
        assert not later.errors
        context.close()


def test_the_network_is_cut_and_back(artist: Person) -> None:
    write(artist, "before the cut")
    expect(state(artist)).to_have_text("Saved")
    artist.page.context.set_offline(True)
    write(artist, "in the tunnel")
    expect(state(artist)).to_have_text("Kept in this browser")
    artist.page.context.set_offline(False)
    expect(state(artist)).to_have_text("Saved", timeout=20_000)
    assert text_of(newest(artist, document(artist))["workflow"]) == "in the tunnel"


def test_a_full_disk_is_told_quietly_and_tried_again(artist: Person) -> None:
    page = artist.page
    full = json.dumps({"error": {"type": "disk_full", "message": "the disk is full"}, "node_errors": {}})
    page.route("**/easel/documents/*/versions", lambda route: route.fulfill(status=507, body=full))
    write(artist, "no room for this")
    expect(state(artist)).to_have_text("The server’s disk is full")
    assert page.locator(".toast").count() == 0
    page.unroute("**/easel/documents/*/versions")
    page.reload()
    artist.wait_ready()
    says(artist, "no room for this")
    expect(state(artist)).to_have_text("Saved")


def two(artist: Person) -> Person:
    """The same graph in a second browser tab, as a duplicated one has it."""
    write(artist, "ours")
    expect(state(artist)).to_have_text("Saved")
    artist.until("() => !window.easel.graph.tabs.timer")  # the list of tabs is written
    own = artist.page.evaluate("() => sessionStorage.getItem('easel.tab')")
    page = artist.page.context.new_page()
    page.add_init_script(
        f"if (!sessionStorage.getItem('easel.tab')) sessionStorage.setItem('easel.tab', {json.dumps(own)})"
    )
    other = Person(page, artist.server)
    other.open()
    says(other, "ours")
    assert document(other) == document(artist)
    return other


def conflict(artist: Person, other: Person) -> tuple[str, str]:
    """Both change it, without having heard of each other."""
    id = document(artist)
    other.page.evaluate("() => window.easel.graph.conflicts.channel.close()")
    artist.page.evaluate("() => window.easel.graph.conflicts.channel.close()")
    write(other, "theirs")
    expect(state(other)).to_have_text("Saved")
    write(artist, "mine")
    expect(state(artist)).to_have_text("Changed elsewhere")
    assert text_of(newest(artist, id)["workflow"]) == "theirs"
    branch = artist.page.evaluate("() => window.easel.graph.tab.branch.id")
    assert text_of(newest(artist, branch)["workflow"]) == "mine"
    return id, branch


def test_of_two_who_change_one_graph_mine_goes_on_as_a_copy(artist: Person) -> None:
    id, branch = conflict(artist, two(artist))
    artist.page.get_by_role("button", name="See the difference").click()
    expect(artist.page.locator("#stage")).to_contain_text("the newer “Untitled”")
    artist.page.keyboard.press("Escape")
    artist.page.get_by_role("button", name="Keep mine as a copy").click()  # looking decided nothing
    assert document(artist) == branch
    write(artist, "mine, and more")
    expect(state(artist)).to_have_text("Saved")
    assert text_of(newest(artist, branch)["workflow"]) == "mine, and more"
    assert text_of(newest(artist, id)["workflow"]) == "theirs"


def test_of_two_who_change_one_graph_the_newer_is_taken(artist: Person) -> None:
    id, branch = conflict(artist, two(artist))
    artist.page.reload()  # it is asked again after a reload
    artist.wait_ready()
    says(artist, "mine")
    artist.page.get_by_role("button", name="Take the newer one").click()
    says(artist, "theirs")
    expect(state(artist)).to_have_text("Saved")
    artist.page.keyboard.press("Control+z")
    says(artist, "mine")
    expect(state(artist)).to_have_text("Saved")
    assert text_of(newest(artist, id)["workflow"]) == "mine"
    assert text_of(newest(artist, branch)["workflow"]) == "mine"


def test_what_another_tab_has_changed_is_offered(artist: Person) -> None:
    other = two(artist)
    write(other, "theirs")
    expect(state(other)).to_have_text("Saved")
    artist.page.get_by_role("button", name="Show the newer one").click()
    says(artist, "theirs")
    write(artist, "both")
    expect(state(artist)).to_have_text("Saved")
    assert text_of(newest(artist, document(artist))["workflow"]) == "both"


def test_a_saved_graph_that_vanished_is_told_and_written_anew(artist: Person) -> None:
    name = f"gone {time.time_ns()}"
    path = save_as(artist, name)
    write(artist, "after it")
    path.unlink()
    artist.page.keyboard.press("Control+s")
    dialog = artist.page.get_by_role("dialog", name="The saved graph is gone")
    expect(dialog).to_contain_text("deleted or moved")
    dialog.get_by_role("button", name="Save it anew").click()
    until(path.is_file, 20)
    assert text_of(json.loads(path.read_text())) == "after it"


def test_a_saved_graph_that_somebody_else_changed_is_not_replaced_unasked(artist: Person) -> None:
    path = save_as(artist, f"shared {time.time_ns()}")
    theirs = json.loads(path.read_text())
    next(node for node in theirs["nodes"] if node["id"] == 6)["widgets_values"][0] = "theirs"
    path.write_text(json.dumps(theirs))
    os.utime(path, (1, 1))
    write(artist, "mine")
    page = artist.page
    dialog = page.get_by_role("dialog", name="The saved graph was changed")
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Cancel").click()
    assert text_of(json.loads(path.read_text())) == "theirs"
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Open theirs").click()
    says(artist, "theirs")
    page.keyboard.press("Alt+1")
    says(artist, "mine")
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Replace theirs").click()
    until(lambda: text_of(json.loads(path.read_text())) == "mine", 20)


def test_what_is_changed_during_a_slow_save_stays_the_newest(artist: Person) -> None:
    file = save_as(artist, f"slow {time.time_ns()}")
    held: list[Any] = []
    artist.page.route("**/api/userdata/workflows*", lambda route: held.append(route))
    before = artist.page.evaluate("() => window.easel.graph.tab.modified")
    write(artist, "saved")
    with artist.page.expect_request("**/api/userdata/workflows*"):
        artist.page.keyboard.press("Control+s")
    write(artist, "changed meanwhile")
    id = document(artist)
    until(lambda: text_of(newest(artist, id)["workflow"]) == "changed meanwhile")
    held[0].continue_()
    until(lambda: text_of(json.loads(file.read_text())) == "saved")
    settled = "({ tab, autosave }) => tab.turn === tab.sent && !autosave.waiting.size && !autosave.sending"
    artist.until("before => window.easel.graph.tab.modified !== before", before)
    artist.until(f"() => ({settled})(window.easel.graph)")
    assert text_of(newest(artist, id)["workflow"]) == "changed meanwhile"
    assert artist.page.evaluate("() => window.easel.graph.dirty"), "the file lacks it"
    artist.page.reload()
    artist.wait_ready()
    says(artist, "changed meanwhile")


def test_changes_that_were_closed_without_a_save_are_offered(artist: Person) -> None:
    page = artist.page
    name = f"unsaved {time.time_ns()}"
    save_as(artist, name)
    write(artist, "never saved")
    expect(state(artist)).to_have_text("Saved")
    page.evaluate("() => { window.easel.graph.tabs.close([window.easel.graph.tab]) }")
    page.evaluate("name => window.easel.graph.openStored(name)", name)
    page.get_by_role("button", name="Show them").click()
    says(artist, "never saved")
