"""From a prompt typed on the page to a picture, and what the page says meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def type_prompt(artist: Person, words: str, node: int = 6) -> None:
    artist.click(node, "widget:text")
    field = artist.page.locator("textarea.edit")
    field.fill(words)
    field.press("Escape")


def test_a_typed_prompt_becomes_a_picture(artist: Person) -> None:
    type_prompt(artist, "a blue owl")
    artist.run()
    assert artist.prompt["6"]["inputs"]["text"] == "a blue owl"
    artist.until("() => window.easel.session.status(9).images.length === 1")  # on the node that saved it
    expect(artist.page.locator(".strip .thumb:not(.waiting)").first).to_be_visible()
    assert artist.status(3)["state"] == "done"
    assert artist.status(3)["preview"], "the sampler showed the picture come out of the noise"


def test_ctrl_enter_runs_while_one_types(artist: Person) -> None:
    artist.click(6, "widget:text")
    artist.page.locator("textarea.edit").fill("a green frog")
    artist.run()
    history = artist.server.get("/history", max_items=1).json()
    (entry,) = history.values()
    assert entry["prompt"][2]["6"]["inputs"]["text"] == "a green frog"


def test_another_seed_runs_the_sampler_and_what_follows_only(artist: Person) -> None:
    type_prompt(artist, "a rocket")
    artist.run()
    artist.run()  # the seed moved on by itself
    states = {node: artist.status(node)["state"] for node in (4, 5, 6, 7, 3, 8, 9)}
    assert [node for node, state in states.items() if state == "cached"] == [4, 5, 6, 7]
    assert [node for node, state in states.items() if state == "done"] == [3, 8, 9]
    artist.click(3)
    expect(artist.page.locator("#side")).to_contain_text("seed changed")


def test_a_fixed_seed_runs_nothing_again(artist: Person) -> None:
    type_prompt(artist, "a teapot")
    artist.page.evaluate("() => window.easel.editor.setWidget('node:3', 'seed', 'fixed', 'control')")
    artist.run()
    artist.run()
    assert artist.status(3)["state"] == "cached"


def test_the_last_seed_can_be_used_again(artist: Person) -> None:
    before = artist.prompt["3"]["inputs"]["seed"]
    artist.run()
    assert artist.prompt["3"]["inputs"]["seed"] != before
    artist.click(3)
    artist.page.get_by_role("button", name=f"{before} · reuse").click()
    assert artist.prompt["3"]["inputs"]["seed"] == before
    artist.page.keyboard.press("Control+z")
    assert artist.prompt["3"]["inputs"]["seed"] != before, "one step takes both changes back"


def test_many_runs_take_many_seeds(artist: Person) -> None:
    # A name of their own tells them from what other tests have made.
    artist.page.evaluate("() => window.easel.editor.setWidget('node:9', 'filename_prefix', 'many')")
    artist.page.get_by_label("How many runs").fill("3")
    artist.page.get_by_role("button", name="Run", exact=True).click()
    made = "() => window.easel.results.list.filter(({ file }) => file.filename.startsWith('many'))"
    artist.until(f"() => ({made})().length === 3")
    seeds = artist.page.evaluate(f"() => ({made})().map(({{ seed }}) => seed)")
    assert len(set(seeds)) == 3


def test_progress_is_told_and_a_run_can_be_stopped(artist: Person) -> None:
    artist.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 400)")
    artist.page.keyboard.press("Control+Enter")
    expect(artist.page.locator(".doing .what")).to_contain_text("of 400")
    expect(artist.page.locator(".doing .what")).to_contain_text("KSampler")
    artist.page.keyboard.press("Control+Alt+Enter")
    artist.until("() => window.easel.session.run.state === 'interrupted'")
    expect(artist.page.locator(".doing")).to_be_hidden()


def test_a_waiting_job_can_be_taken_out(artist: Person) -> None:
    artist.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 400)")
    artist.page.get_by_label("How many runs").fill("2")
    artist.page.get_by_label("How many runs").press("Enter")
    artist.page.get_by_role("button", name="2 in the queue").click()
    queue = artist.page.locator("#queue")
    queue.get_by_role("button", name="Remove Untitled").click()
    expect(queue.locator(".waiting .job")).to_have_count(0)
    queue.get_by_role("button", name="Stop what runs").click()
    artist.idle()


def test_a_bad_value_is_outlined_with_its_sentence_until_it_is_mended(artist: Person) -> None:
    artist.page.evaluate("() => window.easel.editor.setWidget('node:5', 'width', 0)")
    artist.page.keyboard.press("Control+Enter")
    toast = artist.page.locator(".toast[data-tone=error]")
    expect(toast).to_contain_text("Empty Latent Image")
    assert artist.status(5)["error"]["input"] == "width"
    toast.get_by_role("button", name="Show me").click()
    expect(artist.page.locator("#side .why.bad")).to_contain_text("Width")
    artist.page.get_by_role("button", name="Problems: 1").click()
    expect(artist.page.locator(".problem")).to_have_count(1)

    artist.page.evaluate("() => window.easel.editor.setWidget('node:5', 'width', 128)")
    assert artist.status(5)["error"] is None
    artist.run()
    expect(artist.page.locator(".toast[data-tone=error]")).to_have_count(0)


def test_a_failing_node_says_why(artist: Person) -> None:
    type_prompt(artist, "please fail")
    artist.run()
    assert artist.status(3)["error"]["message"].startswith("The words ask for a failure")
    expect(artist.page.locator(".toast[data-tone=error]")).to_contain_text("KSampler failed")
    assert artist.status(6)["state"] in {"done", "cached"}


def test_an_empty_canvas_says_that_there_is_nothing_to_run(person: Person) -> None:
    person.load({"nodes": [], "links": []})
    person.page.keyboard.press("Control+Enter")
    expect(person.page.locator(".toast")).to_contain_text("nothing to run")


def test_the_result_opens_large_and_brings_its_graph_back(artist: Person) -> None:
    type_prompt(artist, "a mushroom")
    artist.run()
    artist.load({"nodes": [], "links": []})
    artist.page.locator(".strip .thumb:not(.waiting)").first.click()
    lightbox = artist.page.locator("dialog.lightbox")
    expect(lightbox).to_be_visible()
    artist.page.keyboard.press("+")
    lightbox.get_by_role("button", name="Open its graph").click()
    expect(lightbox).to_have_count(0)
    assert artist.prompt["6"]["inputs"]["text"] == "a mushroom"


def test_a_page_that_reloads_during_a_run_sees_its_end(artist: Person) -> None:
    artist.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 150)")
    artist.page.keyboard.press("Control+Enter")
    artist.until("() => window.easel.session.status(3).value > 2")
    before = artist.page.evaluate("() => window.easel.results.list.length")
    artist.page.reload()
    artist.wait_ready()
    artist.until("before => window.easel.results.list.length > before", before)
    artist.idle()


def test_the_connection_comes_back(artist: Person) -> None:
    artist.page.context.set_offline(True)
    artist.page.evaluate("() => window.easel.client.socket.socket.close()")
    expect(artist.page.locator(".link-state")).to_contain_text("trying again")
    artist.page.context.set_offline(False)
    expect(artist.page.locator(".link-state")).to_be_hidden()
    artist.run()
