"""Packs whose files were made to trick whoever looks at them: nothing of them runs, nor spoils the list of packs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from api.packs import terminal
from api.packs.code import LONGEST_PAUSE, MOST_WRONG, PAUSE, OneTimeCode
from api.packs.environments import Environments, InstallError, needs_of
from api.packs.known import Known, row
from graph.packs import PackOnDisk, find_packs
from tests.server.harness import REGISTRY, ROOT, running, until


@pytest.fixture
def pack(tmp_path: Path) -> PackOnDisk:
    folder = tmp_path / "custom_nodes" / "stranger"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    return PackOnDisk(folder)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "#" * 2**20 + "\n", "\0"], ids=["deep", "large", "binary"])
def test_a_project_file_that_is_none_is_told(pack: PackOnDisk, text: str) -> None:
    (pack.path / "pyproject.toml").write_text(text)
    known = Known("stranger", pack, "", None, None, None, None, needs_of(pack), None, True, {})
    [problem] = row(known, None, frozenset())["problems"]
    assert problem["sentence"].startswith("The pyproject.toml of the pack stranger could not be read: ")


@pytest.mark.parametrize("text", ["tool = 5", "[tool]\neasel = 'x'", "project = []", "[project]\ndependencies = 3"])
def test_tables_that_are_none_ask_for_nothing(pack: PackOnDisk, text: str) -> None:
    (pack.path / "pyproject.toml").write_text(text)
    assert (needs_of(pack).lines, needs_of(pack).own) == ((), False)


def test_a_file_name_that_is_no_text_has_a_hash(pack: PackOnDisk) -> None:
    before = pack.code_hash()
    Path(os.fsdecode(os.fsencode(pack.path) + b"/\xff.py")).write_text("")
    assert pack.code_hash() != before


def test_a_folder_that_may_not_be_entered_costs_no_other_pack(
    pack: PackOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = pack.path.with_name("locked")
    locked.mkdir()
    usual = Path.is_file

    def is_file(path: Path) -> bool:  # tests may run as somebody who may enter any
        if locked in path.parents:
            raise PermissionError(13, "Permission denied")
        return usual(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert [found.name for found in find_packs(pack.path.parent)] == ["stranger"]


def test_requirements_that_a_link_leads_out_of_the_pack_are_none_of_its(pack: PackOnDisk, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password=1\n")
    (pack.path / "requirements.txt").symlink_to(tmp_path / "secret")
    (pack.path / "pyproject.toml").symlink_to("pyproject.toml")
    assert needs_of(pack).lines == ()


def test_words_for_the_terminal_do_not_move_its_cursor() -> None:
    shown = terminal.printable("numpy\x1b[2J\x1b[HApprove good? \u202e\r\n\udcff é 图")
    assert shown == "numpy?[2J?[HApprove good? ???? é 图"


def test_building_an_approved_pack_sees_its_approved_code_only(pack: PackOnDisk, tmp_path: Path) -> None:
    """`.` in the requirements, and modules of the pack by the names of Python's own, are not run as they lie."""
    kept, ran = tmp_path / "kept", tmp_path / "ran"
    kept.mkdir()
    for place, name in ((kept, "old"), (pack.path, "new")):
        (place / "requirements.txt").write_text(f"./{name}-1-py3-none-any.whl\n")
        (place / "pip.py").write_text(f"open({str(ran)!r}, 'w')\nraise SystemExit(1)\n")
    with zipfile.ZipFile(pack.path / "old-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("evil.py", "")
    environments = Environments(tmp_path / "environments")
    with pytest.raises(InstallError):
        asyncio.run(environments.plan(pack, needs_of(PackOnDisk(kept)), kept))
    assert not ran.exists()
    assert sorted(path.name for path in kept.iterdir()) == ["pip.py", "requirements.txt"]
    assert list(environments.folder.iterdir()) == []


def test_wheels_of_a_pack_are_approved_with_it(pack: PackOnDisk) -> None:
    before = pack.code_hash()
    (pack.path / "part-1-py3-none-any.whl").write_bytes(b"")
    assert pack.code_hash() != before


def test_the_code_cannot_be_found_by_trying() -> None:
    said, now = list[str](), [0.0]
    code = OneTimeCode(said.append, lambda: now[0])

    def shown() -> str:
        code.show()
        return said[-1].partition("there: ")[2][:9]

    def guess(count: int) -> list[bool]:
        wrong: Any = "x" + shown()[:-1]
        return [code.use(wrong) for _ in range(count)]

    first = shown()
    assert guess(MOST_WRONG - 1) == [False] * (MOST_WRONG - 1)
    assert code.wait == 0
    guess(1)
    assert code.wait == PAUSE
    assert shown() != first
    assert not code.use(shown())  # not even the right one, or trying would go on unseen
    pauses = [PAUSE]
    while pauses[-1] < LONGEST_PAUSE:
        now[0] += code.wait
        guess(MOST_WRONG)
        pauses.append(code.wait)
    assert pauses[:3] == [PAUSE, PAUSE * 2, PAUSE * 4]
    now[0] += code.wait
    assert code.use(shown())
    guess(MOST_WRONG)
    assert code.wait == PAUSE


NODE = """
WEB_DIRECTORY = "./js"
class N:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES = ()
    FUNCTION = "run"
    def run(self): return ()
NODE_CLASS_MAPPINGS = {"Strange": N}
from server import PromptServer
PromptServer.instance.routes.static("/strange", __file__.rpartition("/")[0])
"""


def test_nothing_comes_through_links_and_no_unapproved_script_by_another_door(pack: PackOnDisk, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    (secret / "fr").mkdir(parents=True)
    for name in ("x.json", "fr/main.json", "Strange.json"):
        (secret / name).write_text('{"secret": "secret"}')
    (secret / "x.png").write_bytes(b"secret")
    (secret / "Strange.md").write_text("secret")
    (pack.path / "__init__.py").write_text(NODE)
    for name in ("js/docs", "locales/de", "example_workflows", "subgraphs"):
        (pack.path / name).mkdir(parents=True)
    (pack.path / "js" / "approved.js").write_text("old()")
    (pack.path / "example_workflows" / "mine.json").write_text("{}")
    with running(tmp_path, registry=REGISTRY) as server:
        server.wait_until_ready()
        command = ["approve", "stranger", "--base-directory", str(tmp_path)]
        subprocess.run([sys.executable, str(ROOT / "server.py"), *command], check=True, capture_output=True)
        until(lambda: "Strange" in server.get("/object_info").json(), server=server)

        # Data may come later; what a link leads to elsewhere is none of it.
        for link, target in {
            "locales/fr": "fr",
            "locales/de/main.json": "fr/main.json",
            "subgraphs/x.json": "x.json",
            "example_workflows/x.json": "x.json",
            "example_workflows/mine.png": "x.png",
            "workflows": ".",
            "help": ".",
            "js/docs/Strange.md": "Strange.md",
        }.items():
            (pack.path / link).symlink_to(secret / target)
        (pack.path / "help.md").write_text("")
        assert server.get("/i18n").json() == {}
        assert server.get("/global_subgraphs").json() == {}
        assert server.get("/workflow_templates").json() == {"stranger": ["mine"]}
        for name in ("x.json", "x.png", "mine.png"):
            assert server.get(f"/workflow_templates/stranger/{name}").status == 404
        listed = [one for one in server.get("/easel/workflows").json() if one["pack"] == "stranger"]
        assert [(one["name"], one["picture"]) for one in listed] == [("mine", None)]
        assert server.get("/easel/workflows/x?pack=stranger").status == 404
        said = server.get("/easel/nodes/Strange/help")
        assert b"secret" not in said.body
        assert said.json()["example"] is None
        assert server.get("/easel/nodes/Strange/help/x.png").status == 404
        assert b"secret" not in server.get("/extensions/stranger/docs/Strange.md").body

        # Nor does a script that nobody approved get out under another name, or by a route of the pack's own.
        (pack.path / "js" / "docs" / "evil.js").write_text("evil()")
        (pack.path / "js" / "evil.es").write_text("evil()")
        (pack.path / "js" / "approved.js").write_text("evil()")
        assert server.get("/extensions/stranger/docs/evil.js").status == 404
        assert server.get("/extensions/stranger/evil.es").headers["content-type"].startswith("text/plain")
        assert server.get("/strange/js/docs/evil.js").status == 404
        assert server.get("/strange/js/approved.js").body == b"old()"
        assert server.get("/strange/help.md").status == 200
