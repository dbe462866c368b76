"""Accounts as people at the page have them: an admin, an artist, a viewer, each in a browser of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import PATIENCE, REGISTRY
from tests.browser.person import Person
from tests.server.harness import Server, running
from tests.server.people import PASSWORD, People, with_people

SIZE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("accounts")
    (found / "models" / "checkpoints").mkdir(parents=True)
    (found / "models" / "checkpoints" / "painter.safetensors").write_bytes(b"")
    return found


@pytest.fixture(scope="module")
def people(base: Path) -> People:
    with ThreadPoolExecutor() as aside:  # Playwright's own loop runs in this thread
        return aside.submit(with_people, base).result()


@pytest.fixture(scope="module")
def house(base: Path, people: People) -> Iterator[Server]:
    with running(base, registry=REGISTRY) as found:
        yield found


Enter = Callable[..., Person]


@pytest.fixture
def enter(browser: Any, house: Server) -> Iterator[Enter]:
    """Somebody opens the page in a browser that was never here, and logs in."""
    contexts: list[Any] = []
    persons: list[Person] = []

    def open_page(name: str) -> Person:
        context = browser.new_context(viewport=SIZE, base_url=f"http://127.0.0.1:{house.port}")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        person = Person(context.new_page(), house)
        persons.append(person)
        log_in(person, name)
        return person

    yield open_page
    for context in contexts:
        context.close()
    # A page whose session has ended is refused, which its sockets tell the console.
    heard = [said for person in persons for said in person.errors if "WebSocket" not in said]
    assert not heard, "\n".join(heard)


def log_in(person: Person, name: str) -> None:
    person.page.goto("/")
    person.page.get_by_label("Name").fill(name)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.keyboard.press("Enter")
    person.wait_ready()


def from_corner(person: Person, item: str) -> None:
    person.page.locator(".who").click()
    person.page.get_by_role("menuitem", name=item).click()


def log_out(person: Person) -> None:
    from_corner(person, "Log out")
    person.page.wait_for_url("**/easel/login**")
    person.page.wait_for_load_state()


def test_nothing_of_accounts_shows_without_them(person: Person) -> None:
    page = person.page
    expect(page.locator(".status-sign")).to_be_visible()
    expect(page.locator(".who")).to_be_hidden()
    page.keyboard.press("F3")
    for words in ("People", "My account", "Log out", "What was done"):
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
        expect(page.get_by_role("option", name=words, exact=True)).to_have_count(0)


def test_an_admin_manages_people(enter: Enter, house: Server) -> None:
    ada = enter("Ada")
    page = ada.page
    from_corner(ada, "People")
    panel = page.get_by_role("region", name="People")
    expect(panel.locator(".person")).to_have_count(4)
    panel.get_by_role("button", name="Add a person").click()
    form = page.get_by_role("dialog", name="Add a person")
    form.get_by_label("Name").fill("Nora")
    given = form.get_by_label("Password").input_value()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(panel.get_by_label("Shown once")).to_have_value(given)
    assert serious(page) == ""
    entered = house.post(
        "/easel/login", {"name": "Nora", "password": given}, headers={"Content-Type": "application/json"}
    )
    assert entered.json()["role"] == "artist"

    nora = panel.locator(".person", has_text="Nora")
    panel.get_by_label("Role of Nora").select_option("viewer")
    expect(page.get_by_text("Nora is changed.")).to_be_visible()
    nora.get_by_role("button", name="What can be done").click()
    page.get_by_role("menuitem", name="How much they may take").click()
    page.get_by_label("Jobs in the queue at once").fill("3")
    page.get_by_label("Files, in GB").fill("1.5")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(nora).to_contain_text("0 of 3 jobs wait or run · at most 1.5 GB of files")
    nora.get_by_role("button", name="What can be done").click()
    page.get_by_role("menuitem", name="Switch the account off").click()
    expect(nora).to_contain_text("switched off")
    nora.get_by_role("button", name="What can be done").click()
    page.get_by_role("menuitem", name="Remove the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the account").click()
    expect(panel.locator(".person")).to_have_count(4)
    # One's own account cannot be shut from here.
    panel.locator(".person", has_text="you").get_by_role("button", name="What can be done").click()
    expect(page.get_by_role("menuitem", name="Remove the account")).to_be_disabled()
    page.keyboard.press("Escape")

    from_corner(ada, "What was done")
    done = page.get_by_role("region", name="What was done").first
    for words in ("Added the account Nora", "Changed the account Nora", "Removed the account Nora", "Ada logged in"):
        expect(done.get_by_text(words).first).to_be_visible()
    done.get_by_role("searchbox").fill("removed nora")
    expect(done.locator(".audit-row")).to_have_count(1)
    assert serious(page) == ""


def test_a_pack_is_approved_by_an_admin_s_name(enter: Enter, base: Path) -> None:
    pack = base / "custom_nodes" / "greeting"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    vera, ada = enter("Vera"), enter("Ada")
    for person in (vera, ada):
        person.page.evaluate("() => void window.easel.editor.run('packs', 'greeting')")
    about = vera.page.get_by_label("About the pack")
    expect(about).to_contain_text("Only an admin can do this.")
    expect(about.get_by_role("button", name="Approve greeting")).to_have_count(0)
    about = ada.page.get_by_label("About the pack")
    expect(about.get_by_label("The code on the terminal")).to_have_count(0)
    about.get_by_role("button", name="Approve greeting").click()
    expect(ada.page.get_by_text("greeting is approved and is being loaded.")).to_be_visible()
    expect(about).to_contain_text("Approved on")


def test_one_s_own_account(enter: Enter, house: Server) -> None:
    max_ = enter("Max")
    page = max_.page
    from_corner(max_, "My account")
    dialog = page.get_by_role("dialog", name="My account")
    dialog.get_by_label("Password of now").fill("not this one")
    dialog.get_by_label("New password").fill("another long one")
    dialog.get_by_role("button", name="Change it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("wrong")
    dialog.get_by_label("Password of now").fill(PASSWORD)
    dialog.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("The password is changed.")).to_be_attached()
    expect(dialog.get_by_role("list", name="Where you are logged in").get_by_role("listitem")).to_have_count(1)

    dialog.get_by_label("What it is for").fill("a script")
    dialog.get_by_label("run").uncheck()
    dialog.get_by_role("button", name="Make a token").click()
    token = dialog.get_by_label("Shown once").input_value()
    assert serious(page) == ""
    bearer = {"Authorization": f"Bearer {token}"}
    assert house.request("GET", "/easel/accounts/me", headers=bearer).json()["scopes"] == ["read"]
    assert house.post("/prompt", {"prompt": {}}, headers=bearer).status == 403
    dialog.get_by_role("button", name="Take back a script").click()
    page.get_by_role("dialog", name="Take the token back?").get_by_role("button", name="Take it back").click()
    expect(dialog.get_by_role("button", name="Take back a script")).to_have_count(0)
    assert house.request("GET", "/easel/accounts/me", headers=bearer).status == 401
    page.keyboard.press("Escape")
    log_out(max_)


def test_what_one_uses_of_one_s_quotas(enter: Enter, people: People, house: Server) -> None:
    vera = enter("Vera")
    page = vera.page
    account = f"/easel/accounts/{people.vera.id}"
    dialog = page.get_by_role("dialog", name="My account")
    from_corner(vera, "My account")
    expect(dialog.get_by_role("list", name="Where you are logged in").get_by_role("listitem").first).to_be_visible()
    expect(dialog.get_by_text("What you use")).to_be_hidden()
    page.keyboard.press("Escape")
    quotas = {"most_queued": 20, "disk_bytes": 10**9, "gpu_seconds_per_day": 3600}
    assert people.ada.post(house, "/easel/queue", {"paused": True}).status == 200
    try:
        assert people.ada.post(house, account, {"quotas": quotas}, "PATCH").status == 200
        from_corner(vera, "My account")
        expect(dialog.get_by_role("meter")).to_have_count(3)
        expect(dialog.get_by_text("0 of 20 jobs wait or run")).to_be_visible()
        expect(dialog.get_by_text("of 1.0 GB of files")).to_be_visible()
        expect(dialog.get_by_text("of 60 minutes of the device in 24 hours")).to_be_visible()
        assert serious(page) == ""
        # A program of hers sends a job: the meters follow.
        prompt = {"1": {"class_type": "Murmur", "inputs": {"text": "hers"}}}
        assert people.vera.post(house, "/prompt", {"prompt": prompt}).status == 200
        expect(dialog.get_by_text("1 of 20 jobs wait or run")).to_be_visible()
        expect(dialog.get_by_role("meter", name="jobs wait or run")).to_have_attribute("aria-valuenow", "5")
    finally:
        nothing = dict.fromkeys(quotas)
        assert people.ada.post(house, account, {"quotas": nothing}, "PATCH").status == 200
        people.vera.post(house, "/queue", {"clear": True})
        assert people.ada.post(house, "/easel/queue", {"paused": False}).status == 200
    expect(dialog.get_by_text("What you use")).to_be_hidden()


def test_a_viewer_is_told_why_controls_are_off(enter: Enter, people: People, house: Server) -> None:
    otto = enter("Otto")
    page = otto.page
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_have_attribute("aria-disabled", "true")
    run.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Your role here is viewer")
    run.click(force=True)
    page.locator("#overlay").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast").filter(has_text="Your role here is viewer")).to_be_visible()
    page.keyboard.press("q")
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="New folder")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+`")
    expect(page.locator(".toast").filter(has_text="Only an admin can do this.")).to_be_visible()
    assert people.otto.get(house, "/easel/history").json()["entries"] == []
    page.locator(".who").click()
    expect(page.get_by_role("menuitem", name="People")).to_have_count(0)


OFF_FOR_VIEWERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "versions": ("", ("button: Name this state",)),
    "view": ("", ("button: Choose a picture",)),
    "models": (
        "#models [aria-label='Models'] :text('painter')",
        ("button: Star", "button: Set a picture", "button: Work it out", "textbox: Your tags", "textbox: Your notes"),
    ),
    "gallery": (
        "#gallery [role=option]",
        ("button: Stars: 3", "button: Favourite", "textbox: Add a tag", "button: Move to the trash"),
    ),
    "sweep_open": ("", ("button: Run",)),
    "app": ("", ("button: Share…", "button: Run")),
    "graphs": ("", ("button: New folder",)),
    "queue": ("", ("button: Pause",)),
}
"""By the command that opens it: what is pressed first, and the controls that are there and off."""


def test_what_a_viewer_may_not_do_is_off_everywhere(
    enter: Enter, people: People, house: Server, text_to_image: Any
) -> None:
    folder = house.base / "output" / "people" / people.otto.id
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), "teal").save(folder / "old.png")
    otto = enter("Otto")
    page = otto.page
    expect(page.locator(".who")).to_be_visible()
    refusals: list[str] = []
    page.on("response", lambda found: refusals.append(found.url) if found.status == 403 else None)
    otto.load(text_to_image)
    for command, (first, controls) in OFF_FOR_VIEWERS.items():
        page.evaluate("id => void window.easel.editor.run(id)", command)
        if first:
            page.locator(first).first.click()
        for control in controls:
            role, name = control.split(": ", 1)
            found = page.get_by_role(role, name=name, exact=True).and_(page.locator("[data-refused]")).first
            expect(found).to_have_attribute("data-refused", re.compile("Your role here is viewer|Only an admin"))
            expect(found).to_have_attribute("aria-disabled", "true")
            found.click(force=True)
        page.keyboard.press("Escape")
        page.evaluate("() => window.easel.editor.focus()")

    # The palette of commands, menus, and what is on the canvas itself.
    page.keyboard.press("F3")
    page.keyboard.type("save as")
    found = page.get_by_role("option", name="Save as")
    expect(found).to_have_attribute("aria-disabled", "true")
    found.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Your role here is viewer")
    assert serious(page) == ""
    page.keyboard.press("Escape")
    page.mouse.click(*otto.point(9), button="right")
    for name in ("Run to here", "Sweep"):
        expect(page.get_by_role("menuitem", name=name).first).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    page.get_by_role("tab").first.click(button="right")
    expect(page.get_by_role("menuitem", name="Rename")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("menuitem", name="Rename").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Your role here is viewer")
    page.keyboard.press("Escape")
    otto.drop("new.png", (folder / "old.png").read_bytes(), "image/png", otto.void())
    expect(page.locator(".toast").filter(has_text="Your role here is viewer")).to_be_visible()
    # Changes and settings stay in this browser, and that is said.
    page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'words of his')")
    expect(page.locator(".save-state")).to_have_attribute("data-tip", re.compile("Your role here is viewer"))
    page.evaluate("() => void window.easel.editor.run('minimap')")
    assert refusals == []


def test_a_session_that_ends_loses_nothing(enter: Enter, people: People, house: Server, text_to_image: Any) -> None:
    vera = enter("Vera")
    page = vera.page
    vera.load(text_to_image)
    page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'words of hers')")
    # Her other browser logs this one out.
    assert house.request("DELETE", "/easel/accounts/me/sessions", headers=people.vera.browser).status == 200
    again = page.get_by_role("dialog", name="Log in again")
    expect(again.get_by_label("Name")).to_have_value("Vera")
    expect(again.get_by_label("Password")).to_be_focused()
    assert serious(page) == ""
    page.keyboard.type("no")
    page.keyboard.press("Enter")
    expect(again.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are logged in again.")).to_be_visible()
    expect(page.locator(".link-state")).to_be_hidden()
    assert len(vera.workflow["nodes"]) == 7
    vera.page.locator("#overlay").focus()
    vera.run()
    assert vera.status(9)["state"] == "done"

    # An admin sees whose it is.
    ada = enter("Ada")
    ada.page.keyboard.press("q")
    expect(ada.page.locator("#queue .history .job").first).to_contain_text(re.compile("Vera"))

    # Another person at her browser sees nothing of hers.
    log_out(vera)
    log_in(vera, "Otto")
    assert page.evaluate("() => window.easel.graph.tabs.list.length") == 1
    assert "words of hers" not in json.dumps(vera.workflow)
    log_out(vera)
    log_in(vera, "Vera")
    assert "words of hers" in json.dumps(vera.workflow)
