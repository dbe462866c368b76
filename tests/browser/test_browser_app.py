"""The app view: a form is built by mouse and by keys, used, shared by a link, and run by a guest on a phone."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person
from tests.server.harness import Server

LINKED = {"name": "IMAGE", "type": "IMAGE", "links": [1]}
LINK = {"name": "images", "type": "IMAGE", "link": 1}
APP = "() => window.app.graph.serialize().extra?.easel?.app"


def item(id: str, node: str, widget: str, **more: Any) -> dict[str, Any]:
    return {"kind": "input", "id": id, "node": node, "mark": "", "widget": widget, "label": "", "help": "", **more}


def with_app(graph: dict[str, Any], *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    app = {
        "version": 1,
        "id": "test",
        "title": "Paint",
        "columns": 1,
        "items": list(items),
        "outputs": [{"id": "out", "node": "9", "mark": "", "label": "Picture"}],
        **more,
    }
    return {**graph, "extra": {**graph.get("extra", {}), "easel": {"app": app}}}


WORDS = item("words", "6", "text", label="What to paint", wide=True, value="a red fox, smiling")
STEPS = item("steps", "3", "steps", min=2, max=12, help="More take longer.", value=10)


def expect_form(person: Person, *labels: str) -> None:
    expect(person.page.locator("#app .app-form label[for]:not(.plain)")).to_have_text(list(labels))


def open_app(person: Person) -> Any:
    person.page.keyboard.press("Alt+m")
    app = person.page.locator("#app")
    app.locator(".app-columns").wait_for()
    return app


def test_a_form_is_built_by_mouse(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    person.load(text_to_image)
    expect(page.get_by_role("group", name="Graph or app")).to_be_hidden()
    app = open_app(person)
    app.get_by_role("button", name="Inputs").click()
    chooser = page.get_by_role("dialog", name="Inputs of the form")
    assert not serious(page)
    chooser.get_by_label("Search").fill("sampler")
    for name in ("Seed", "Steps", "Sampler"):
        chooser.get_by_role("checkbox", name=name).first.check()
    page.keyboard.press("Escape")
    app.get_by_role("button", name="Results", exact=True).click()
    page.get_by_role("dialog").get_by_role("checkbox").first.check()
    page.keyboard.press("Escape")
    expect_form(person, "Seed", "Steps", "Sampler")

    # The third is dragged above the first.
    handles = app.locator(".handle")
    start, end = handles.nth(2).bounding_box(), handles.nth(0).bounding_box()
    person.drag((start["x"] + 10, start["y"] + 10), (end["x"] + 10, end["y"] + 2))
    expect_form(person, "Sampler", "Seed", "Steps")

    # A label, a limit that the value does not allow, and one that it does.
    app.locator(".app-card .name").nth(2).click()
    app.get_by_label("Label").fill("How long")
    app.get_by_label("Greatest").fill("20000")
    app.get_by_label("Greatest").press("Tab")
    expect(app.get_by_role("alert")).to_have_text("The value itself goes from 1 to 10000.")
    app.get_by_label("Greatest").fill("12")
    app.get_by_label("Greatest").press("Tab")
    expect_form(person, "Sampler", "Seed", "How long")
    assert page.evaluate(APP)["items"][2]["max"] == 12
    page.get_by_role("button", name="Done").click()
    app.get_by_role("textbox", name="How long").fill("13")
    app.get_by_role("textbox", name="How long").press("Tab")
    expect(app.locator(".app-form .wrong:visible")).to_have_text("How long must be from 1 to 12.")
    page.get_by_role("button", name="Graph", exact=True).click()
    expect(app).to_have_count(0)
    person.until("() => window.easel.editor.widget('node:3', 'steps').value === 10")  # what does not fit is not taken
    for _ in range(7):
        page.keyboard.press("Control+z")
    assert page.evaluate(APP) is None


def test_a_form_is_built_by_keys(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    person.load(with_app(text_to_image, WORDS, STEPS))
    app = open_app(person)
    edit = app.get_by_role("button", name="Edit the form")
    edit.press("Enter")
    first = app.get_by_role("button", name="Move What to paint")
    first.press("ArrowDown")
    expect_form(person, "Steps", "What to paint")
    expect(first).to_be_focused()
    page.keyboard.press("Home")
    expect_form(person, "What to paint", "Steps")
    app.get_by_role("button", name="Heading").press("Enter")
    page.keyboard.type("Words first")
    page.keyboard.press("Tab")
    expect(app.get_by_role("heading", name="Words first")).to_be_visible()
    app.get_by_role("button", name="Take Words first out").press("Enter")
    expect(app.get_by_role("heading", name="Words first")).to_have_count(0)
    expect(app.get_by_role("button", name="Steps · KSampler", exact=True)).to_be_focused()
    page.keyboard.press("Alt+m")
    expect(app).to_have_count(0)


def test_a_value_and_a_result_are_put_in_from_their_menus(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    person.load(text_to_image)
    person.click(3, "widget:steps", button="right")
    page.get_by_role("menuitem", name="Show in the app").click()
    person.until(f"() => ({APP})()?.items.length === 1")
    person.click(9, button="right")
    page.get_by_role("menuitem", name="Show its result in the app").click()
    person.until(f"() => ({APP})()?.outputs.length === 1")
    page.get_by_role("button", name="Open the app").click()
    expect(page.locator("#app").get_by_label("Steps", exact=True)).to_be_visible()
    page.keyboard.press("Alt+m")
    person.click(3, "widget:steps", button="right")
    page.get_by_role("menuitem", name="Take out of the app").click()
    person.until(f"() => ({APP})()?.items.length === 0")


def test_the_form_runs_shows_and_resets(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    person.load(with_app(text_to_image, WORDS, STEPS))
    app = open_app(person)
    words = app.get_by_label("What to paint")
    words.fill("a blue fox")
    assert page.evaluate("window.easel.editor.widget('node:6', 'text').value") == "a blue fox"
    words.press("Control+Enter")
    picture = app.locator(".app-large img")
    expect(picture).to_have_attribute("alt", "Picture", timeout=15000)
    words.press("Escape")
    expect(words).not_to_be_focused()
    expect(app).to_be_visible()
    app.get_by_role("button", name="Reset").click()
    expect(words).to_have_value("a red fox, smiling")
    page.keyboard.press("Control+z")
    words.fill("please fail")
    app.get_by_role("button", name="Run", exact=True).click()
    expect(app.locator(".app-results .wrong")).to_contain_text("failure", timeout=15000)
    expect(picture).to_be_visible()  # what was made before stays
    assert not serious(page)


def test_a_picture_is_chosen_in_the_form(person: Person) -> None:
    name = f"chosen{time.time_ns()}.png"
    graph = {
        "nodes": [
            {
                "id": 1,
                "type": "LoadImage",
                "pos": [0, 0],
                "size": [300, 300],
                "outputs": [LINKED],
                "widgets_values": [""],
            },
            {
                "id": 9,
                "type": "SaveImage",
                "pos": [500, 0],
                "size": [300, 300],
                "inputs": [LINK],
                "widgets_values": ["x"],
            },
        ],
        "links": [[1, 1, 0, 9, 0, "IMAGE"]],
    }
    person.load(with_app(graph, item("picture", "1", "image")))
    app = open_app(person)
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    file = {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}
    app.locator("input[type=file]").set_input_files(file)
    person.until("name => window.easel.editor.widget('node:1', 'image').value === name", name)
    expect(app.get_by_alt_text("The picture for Image")).to_be_visible()
    app.get_by_role("button", name="Run", exact=True).click()
    expect(app.locator(".app-large img")).to_be_visible(timeout=15000)


def test_what_is_lost_is_told(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    person.load(with_app(text_to_image, WORDS, item("gone", "77", "steps")))
    app = open_app(person)
    expect(app.get_by_role("status").filter(has_text="lost")).to_contain_text("1 part of the form has lost its node")
    app.get_by_role("button", name="Look at them").click()
    expect(app.locator(".app-card.lost")).to_contain_text("Its node or its value is not in the graph any more.")
    assert not serious(page)
    app.get_by_role("button", name="Take steps out").click()
    expect(app.locator(".app-card.lost")).to_have_count(0)


def test_the_app_on_a_phone(phone: Person, text_to_image: dict[str, Any]) -> None:
    page = phone.page
    phone.load(with_app(text_to_image, WORDS, STEPS, columns=3))
    page.get_by_role("button", name="App", exact=True).tap()
    app = page.locator("#app")
    run = app.get_by_role("button", name="Run", exact=True)
    run.tap()
    picture = app.locator(".app-large img")
    picture.wait_for(timeout=15000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = run.bounding_box()
    assert 300 < box["y"] + box["height"] <= 844


def test_a_card_is_dragged_by_a_finger(phone: Person, text_to_image: dict[str, Any]) -> None:
    page = phone.page
    phone.load(with_app(text_to_image, WORDS, STEPS))
    page.get_by_role("button", name="App", exact=True).tap()
    app = page.locator("#app")
    app.get_by_role("button", name="Edit the form").tap()
    boxes = [app.locator(".handle").nth(index).bounding_box() for index in (1, 0)]
    (x, start), (_, end) = ((box["x"] + 12, box["y"] + 12) for box in boxes)
    finger = page.context.new_cdp_session(page)
    for kind, y in (("touchStart", start), ("touchMove", start - 8), ("touchMove", end), ("touchMove", end - 8)):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_form(phone, "Steps", "What to paint")
    phone.until(f"() => ({APP})()?.items[0].id === 'steps'")


# By link


@pytest.fixture
def link(person: Person, text_to_image: dict[str, Any]) -> str:
    """A link that somebody made in the dialog."""
    page = person.page
    person.load(with_app(text_to_image, WORDS, STEPS, item("seed", "3", "seed", label="Seed")))
    app = open_app(person)
    app.get_by_role("button", name="Share…").click()
    dialog = page.get_by_role("dialog", name="Share the form")
    dialog.get_by_label("Name").fill("For Ann")
    dialog.get_by_label("Runs in all").fill("2")
    assert not serious(page)
    dialog.get_by_role("button", name="Make a link").click()
    address: str = dialog.get_by_label("The link").input_value()
    expect(dialog.locator(".share-list li").first).to_contain_text("For Ann")
    expect(dialog.locator(".share-list li").first).to_contain_text("0 of 2 runs")
    return address


@pytest.fixture
def guest(browser: Any, server: Server) -> Iterator[Person]:
    """Somebody else, at a phone, who was sent a link."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(8000)
    person = Person(context.new_page(), server)
    yield person
    context.close()
    assert not person.errors, "\n".join(person.errors)


def test_a_guest_at_a_phone_runs_the_form_until_it_is_used_up(person: Person, link: str, guest: Person) -> None:
    page = guest.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_role("heading", name="For Ann")).to_be_visible()
    expect(page.get_by_text("What you make appears here.")).to_be_visible()
    expect(page.get_by_text("2 runs left")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not serious(page)
    steps = page.get_by_role("textbox", name="Steps")
    steps.fill("40")
    run = page.get_by_role("button", name="Run")
    run.tap()
    expect(page.locator(".row .wrong:visible")).to_have_text("Steps must be from 2 to 12.")
    expect(steps).to_be_focused()
    steps.fill("4")
    page.get_by_label("What to paint").fill("a green fox")
    run.tap()
    page.locator(".large img").wait_for(timeout=15000)
    expect(page.get_by_text("1 run left")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    run.tap()
    expect(page.locator(".earlier li")).to_have_count(2, timeout=15000)
    expect(run).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("All runs of this link are used up.")
    assert not serious(page)
    # Back later: the results are still there.
    page.reload()
    expect(page.locator(".earlier li")).to_have_count(2)
    assert all(url.startswith((link, "data:")) for url in asked), asked
    # Somebody else with the same link sees none of them.
    other = page.context.browser.new_context().new_page()
    other.goto(link)
    expect(other.get_by_text("What you make appears here.")).to_be_visible()
    other.context.close()

    # The owner sees both, and ends the link.
    owner = person.page
    owner.keyboard.press("Escape")
    owner.get_by_role("button", name="Share…").click()
    first = owner.locator(".share-list > ul > li").first
    first.get_by_role("button", name="Results of For Ann").click()
    expect(first.locator(".share-runs img")).to_have_count(2)
    first.get_by_role("button", name="End For Ann", exact=True).click()
    expect(owner.locator(".share-list > ul > li").first).to_contain_text("ended")
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This link was ended by the person who shared it.")
    assert not serious(page)


def test_a_guest_in_chinese(link: str, browser: Any) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    context.close()


def test_the_button_of_a_guest_s_run_stays_while_it_is_told_how_far_it_is(link: str, guest: Person) -> None:
    page = guest.page
    steps = count(1)
    run = {"id": "r", "created": 1.7e9, "state": "running", "given": {}, "results": [], "steps": 99}
    page.route("**/runs", lambda route: route.fulfill(json={"runs": [{**run, "step": next(steps)}], "left": 1}))
    page.goto(link)
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    expect(page.locator(".job")).to_contain_text("step 3 of 99")
    expect(stop).to_be_focused()


def test_over_plain_http_a_link_is_told_to_be_copied_by_hand(person: Person, link: str) -> None:
    page = person.page
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("dialog").get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("The browser did not let the page use the clipboard")
    assert page.evaluate("() => getSelection().toString() || document.querySelector('.share-link input').value") == link
