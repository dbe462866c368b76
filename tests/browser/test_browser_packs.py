"""Node packs on the page: told, looked at, approved with the code of the terminal, used, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import PATIENCE, REGISTRY
from tests.browser.person import Person
from tests.server.harness import Server, running, until

GOOD = """
class Stamp:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"word": ("STRING", {"default": "ink"})}})
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "stamps"
    def run(self, word):
        return (word,)
NODE_CLASS_MAPPINGS = {"InkStamp": Stamp}
NODE_DISPLAY_NAME_MAPPINGS = {"InkStamp": "Ink stamp"}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with packs of its own: one works, one fails, one never comes to an end."""
    base = tmp_path_factory.mktemp("packs")
    for name, code in (
        ("stamps", GOOD),
        ("torn", "\nimport json\njson.loads('{')\n"),
        ("endless", "import time\nwhile True:\n    time.sleep(0.01)\n"),
    ):
        folder = base / "custom_nodes" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(code)
    with running(base, "--pack-patience", "2", registry=REGISTRY) as found:
        found.wait_until_ready()
        yield found


def code(server: Server) -> str:
    """The code that the terminal shows last, once it shows one."""
    log = Path(server.base, "server.log")
    return until(lambda: re.findall(r"type this code there: (\d{4} \d{4})", log.read_text()), server=server)[-1]


def row(person: Person, name: str) -> Any:
    return person.page.locator(".packs-panel .row").filter(has_text=re.compile(rf"^{name}"))


def approve(person: Person, name: str) -> None:
    row(person, name).click()
    about = person.page.get_by_role("complementary", name="About the pack")
    expect(about.get_by_role("heading", name=name)).to_be_visible()
    about.get_by_role("button", name="Show the code on the terminal").click()
    expect(person.page.get_by_text("The code is on the terminal")).to_be_visible()
    about.get_by_role("textbox", name="The code on the terminal").fill(code(person.server))
    about.get_by_role("button", name=f"Approve {name}").click()


def test_packs_are_told_approved_used_and_taken_back(person: Person) -> None:
    page = person.page
    missing = {"id": 1, "type": "InkStamp", "pos": [0, 0], "size": [240, 120], "properties": {"aux_id": "me/Stamps"}}
    person.load({"nodes": [{**missing, "widgets_values": ["blue"]}], "links": []})
    page.locator(".toast").filter(has_text="wait for your approval").get_by_role(
        "button", name="Show the packs"
    ).click()
    about = page.get_by_role("complementary", name="About the pack")
    for name in ("stamps", "torn", "endless"):
        expect(row(person, name)).to_contain_text("Off")
    assert not serious(page)

    # A wrong code changes nothing.
    row(person, "stamps").click()
    about.get_by_role("textbox", name="The code on the terminal").fill("0")
    about.get_by_role("button", name="Approve stamps").click()
    expect(about.get_by_role("alert")).to_contain_text("This code is wrong")

    # The node that was missing leads to its pack; approved, it is there with its value.
    page.get_by_role("button", name="Problems").first.click()
    page.get_by_role("button", name="Show the pack", exact=True).first.click()
    expect(about.get_by_role("heading", name="stamps")).to_be_visible()
    approve(person, "stamps")
    expect(about).to_contain_text("Loaded")
    person.until("() => window.easel.editor.schema.get('InkStamp')")
    assert person.workflow["nodes"][0]["widgets_values"] == ["blue"]
    about.get_by_role("button", name="Ink stamp").click()
    person.until("() => window.app.graph.nodes.length === 2")

    # What fails says where, with the trace folded; the others stay.
    approve(person, "torn")
    expect(about.get_by_text("JSONDecodeError").first).to_be_visible(timeout=PATIENCE)
    expect(about.locator(".place")).to_contain_text("torn/__init__.py:3")
    expect(about.locator("pre")).to_be_hidden()
    about.get_by_text("The whole trace").click()
    expect(about.locator("pre")).to_contain_text("Traceback")

    # What hangs is left out, and the good one is there again after it.
    approve(person, "endless")
    expect(row(person, "endless")).to_contain_text("Left out", timeout=2 * PATIENCE)
    expect(row(person, "stamps").locator(".standing")).to_have_count(0, timeout=2 * PATIENCE)
    page.get_by_role("button", name="With problems").click()
    expect(page.locator(".packs-panel .row")).to_have_count(2)
    page.get_by_role("combobox", name="Search packs").fill("ink stamp")
    expect(page.get_by_text("No pack fits.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    assert not serious(page)

    # Changed code waits, and the old one runs on; taken back, the pack is off.
    source = person.server.base / "custom_nodes" / "stamps" / "__init__.py"
    source.write_text(GOOD.replace('"ink"', '"tar"'))
    page.get_by_role("button", name="Read the packs again").click()
    expect(row(person, "stamps")).to_contain_text("Changed")
    row(person, "stamps").click()
    about.get_by_role("button", name="Take the approval back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(row(person, "stamps")).to_contain_text("Off", timeout=2 * PATIENCE)
    person.until("() => !window.easel.editor.schema.get('InkStamp')")


@pytest.mark.long
def test_what_a_pack_needs_is_shown_and_installed(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "base" / "custom_nodes" / "apart"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(GOOD)
    (folder / "pyproject.toml").write_text('[tool.easel]\nenvironment = "own"\n')
    with running(tmp_path / "base", "--dev-pack", "apart", registry=REGISTRY) as server:
        server.wait_until_ready()
        page = person.page
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.locator(".rail").get_by_role("button", name="Node packs").click()
        person_row = page.locator(".packs-panel .row").filter(has_text=re.compile("^apart"))
        expect(person_row).to_contain_text("To be installed")
        person_row.click()
        about = page.get_by_role("complementary", name="About the pack")
        about.get_by_role("button", name="Show what would be fetched").click()
        expect(about).to_contain_text("Nothing has to be fetched.", timeout=60_000)
        assert not serious(page)
        code_field = about.get_by_role("textbox", name="The code on the terminal")
        code_field.fill("1")
        about.get_by_role("button", name="Install").click()
        expect(about.get_by_role("alert")).to_contain_text("This code is wrong")
        about.get_by_role("button", name="Show the code on the terminal").click()
        code_field.fill(code(server))
        about.get_by_role("button", name="Install").click()
        expect(about).to_contain_text("It is installed.", timeout=90_000)
        expect(person_row).not_to_contain_text("To be installed", timeout=90_000)
        expect(about).to_contain_text("Ink stamp", timeout=90_000)
