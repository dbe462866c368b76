"""Packs under development: what a save does to nodes, jobs, results and the queue of a server that runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.harness import ROOT, Server, one, running, until

WORDS = '''
from __future__ import annotations

import time
import uuid
from typing import Annotated

from graph.context import Context
from graph.node import Int, Renamed, Results, Socket, Text, node

from .marks import mark

BORN = uuid.uuid4().hex


@node("Shout", category="dev")
def shout(text: Annotated[str, Text()] = "a") -> str:
    """Say it loudly."""
    return text.upper() + mark()


@node("Whisper", category="dev")
def whisper(text: Annotated[str, Text()] = "b") -> str:
    return text.lower()


@node("Hold", category="dev")
def hold(context: Context, name: Annotated[str, Text()] = "go") -> str:
    """Wait for a file, then say which code this is."""
    while not (context.folders.root("input") / name).exists():
        context.progress(0, 1)
        time.sleep(0.01)
    return version() + mark()


def version() -> str:
    return "first"
'''
MARKS = "def mark() -> str:\n    return '!'\n"
OTHER = """
import uuid
from graph.node import node

BORN = uuid.uuid4().hex

@node("Born", category="dev", not_idempotent=True, is_changed=lambda: float("nan"))
def born() -> str:
    return BORN
"""


INPUTS = {"Shout": {"text": "a"}, "Whisper": {"text": "B"}}


class Author:
    """Someone who writes packs while the server runs."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def save(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def change(self, name: str, *changes: tuple[str, str]) -> None:
        text = (self.folder / name).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.save(name, text)

    def saves(self) -> int:
        """How often the server has seen a save of the pack."""
        return (self.server.base / "server.log").read_text().count("saved: sketch;")

    def info(self, class_type: str) -> dict[str, Any]:
        return self.server.get(f"/object_info/{class_type}").json().get(class_type, {})

    def wait_for_input(self, class_type: str, name: str) -> None:
        until(lambda: name in self.info(class_type).get("input", {}).get("required", {}), server=self.server)

    def pack(self, name: str = "sketch") -> dict[str, Any]:
        return next(one for one in self.server.get("/easel/packs").json()["packs"] if one["name"] == name)

    def wait_for_load(self, before: dict[str, Any]) -> None:
        """Until what was saved after `before` was seen is imported."""
        until(lambda: self.pack()["loaded_hash"] not in (None, before["loaded_hash"]), server=self.server)

    def says(self, *class_types: str) -> dict[str, Any]:
        """Run these nodes and tell what they gave, by type; `cached` are those that did not run."""
        prompt: dict[str, Any] = {}
        for at, class_type in enumerate(class_types):
            prompt[f"{at}"] = {"class_type": class_type, "inputs": INPUTS.get(class_type, {})}
            prompt[f"show {at}"] = {"class_type": "Show", "inputs": {"text": [f"{at}", 0]}}
        return self.told(class_types, self.server.run(prompt))

    @staticmethod
    def told(class_types: tuple[str, ...], entry: dict[str, Any]) -> dict[str, Any]:
        assert entry["status"]["status_str"] == "success", entry["status"]
        told = {name: entry["outputs"][f"show {at}"]["text"][0] for at, name in enumerate(class_types)}
        cached = next(data["nodes"] for kind, data in entry["status"]["messages"] if kind == "execution_cached")
        return {**told, "cached": [name for at, name in enumerate(class_types) if {f"{at}", f"show {at}"} & {*cached}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("dev")
    for name in ("sketch", "other"):
        (base / "custom_nodes" / name).mkdir(parents=True)
    (base / "custom_nodes" / "other" / "__init__.py").write_text(OTHER)
    (base / "custom_nodes" / "sketch" / "__init__.py").write_text("")
    (base / "custom_nodes" / "sketch" / "words.py").write_text(WORDS)
    (base / "custom_nodes" / "sketch" / "marks.py").write_text(MARKS)
    shutil.copytree(ROOT / "tests" / "packs" / "own" / "helped", base / "custom_nodes" / "helped")
    with running(base, "--dev-pack", "sketch", "--dev-pack", "other", "--dev-pack", "helped") as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def author(server: Server) -> Iterator[Author]:
    """Someone whose pack is as it was when the test began."""
    author = Author(server, server.base / "custom_nodes" / "sketch")
    until(lambda: author.info("Shout"), server=server)
    yield author
    server.post("/interrupt", {})
    server.post("/queue", {"clear": True})
    before = author.pack()
    for file in author.folder.glob("*.py"):
        if file.name not in ("__init__.py", "words.py", "marks.py"):
            file.unlink()
    for name, text in (("words.py", WORDS), ("marks.py", MARKS)):
        author.save(name, text)
    if before["hash"] != before["loaded_hash"] or author.pack()["hash"] != before["hash"]:
        until(lambda: (pack := author.pack())["hash"] == pack["loaded_hash"], server=server)


def test_a_save_changes_the_node_and_makes_only_its_results_stale(author: Author) -> None:
    assert author.says("Shout", "Whisper")["cached"] == []
    assert author.says("Shout", "Whisper")["cached"] == ["Shout", "Whisper"]
    before = author.pack()
    author.change("marks.py", ("'!'", "'?'"))
    author.wait_for_load(before)
    again = author.says("Shout", "Whisper")
    assert again["Shout"] == "A?"
    assert again["cached"] == ["Whisper"], "its code did not change"


def test_words_about_the_code_change_nothing(author: Author) -> None:
    author.says("Shout", "Whisper")
    before = author.pack()
    author.change("words.py", ("Say it loudly.", "Say it very loudly."), ("BORN =", "# when it was imported\nBORN ="))
    author.wait_for_load(before)
    assert author.info("Shout")["description"] == "Say it very loudly."
    assert author.says("Shout", "Whisper")["cached"] == ["Shout", "Whisper"]


def test_another_pack_is_left_alone(author: Author) -> None:
    born = author.says("Born")["Born"]
    before = author.pack()
    author.change("marks.py", ("'!'", "'...'"))
    author.wait_for_load(before)
    assert author.says("Born")["Born"] == born


def test_a_job_ends_with_the_code_it_began_with(author: Author, server: Server) -> None:
    (server.base / "input").mkdir(exist_ok=True)
    first, second = (server.prompt(one("Hold", name=name)) for name in ("go on", "go"))
    until(lambda: server.get("/queue").json()["queue_running"], server=server)
    saves = author.saves()
    author.change(
        "words.py", ('"first"', '"second"'), ('category="dev")\ndef whisper', 'title="Whisper It")\ndef whisper')
    )
    author.change("marks.py", ("'!'", "'?'"))
    until(lambda: author.saves() > saves, server=server)  # while the job runs; it waits for its end
    for name in ("go on", "go"):
        (server.base / "input" / name).write_text("")
    assert server.result(first)["outputs"]["2"]["text"] == ["first!"]
    assert server.result(second)["outputs"]["2"]["text"] == ["second?"]


def test_a_queued_prompt_that_fits_no_longer_says_which_input_changed(author: Author, server: Server) -> None:
    (server.base / "input").mkdir(exist_ok=True)
    holding = server.prompt(one("Hold", name="release"))
    until(lambda: server.get("/queue").json()["queue_running"], server=server)
    doomed, renamed = server.prompt(one("Shout", text="x")), server.prompt(one("Whisper", text="Y"))
    saves = author.saves()
    author.change(
        "words.py",
        (
            'def shout(text: Annotated[str, Text()] = "a")',
            "def shout(text: str, times: Annotated[int, Int(max=9)] = 1)",
        ),
        (
            '@node("Whisper", category="dev")',
            '@node("Murmur", category="dev", renamed=Renamed("Whisper", inputs={"text": "words"}))',
        ),
        (
            'def whisper(text: Annotated[str, Text()] = "b") -> str:\n    return text.',
            "def whisper(words: str) -> str:\n    return words.",
        ),
    )
    until(lambda: author.saves() > saves, server=server)
    (server.base / "input" / "release").write_text("")
    assert server.result(holding)["status"]["status_str"] == "success"
    failed = server.result(doomed)
    message = next(data for kind, data in failed["status"]["messages"] if kind == "execution_error")[
        "exception_message"
    ]
    assert "Shout (#1) has nothing at its input times." in message
    assert "It was changed after this was queued: the input times is new." in message
    assert server.result(renamed)["outputs"]["2"]["text"] == ["y"], "what was renamed is found by its old name"
    assert server.get("/node_replacements").json()["Whisper"][0]["new_node_id"] == "Murmur"


def test_what_does_not_load_leaves_the_nodes_of_before(author: Author) -> None:
    author.change("marks.py", ("return", "return ("))
    pack = until(lambda: (found := author.pack())["state"] == "stale" and found, server=author.server)
    assert pack["node_types"] == ["Shout", "Whisper", "Hold"]
    problem = pack["problems"][0]
    assert (Path(problem["file"]).name, problem["line"]) == ("marks.py", 2)
    assert "(sketch/marks.py, line 2)" in problem["sentence"]
    assert author.says("Shout")["Shout"] == "A!"
    author.save("marks.py", MARKS.replace("!", " again"))
    until(lambda: author.pack()["state"] == "loaded", server=author.server)
    assert author.says("Shout")["Shout"] == "A again"


def test_a_declaration_that_does_not_fit_is_refused_with_its_place_and_what_to_change(author: Author) -> None:
    author.change("words.py", ("-> str:\n    return text.lower()", '-> bytes:\n    return b""'))
    pack = until(lambda: (found := author.pack())["state"] == "stale" and found, server=author.server)
    line = WORDS.splitlines().index('@node("Whisper", category="dev")') + 1
    assert (Path(pack["problems"][0]["file"]).name, pack["problems"][0]["line"]) == ("words.py", line)
    assert "Whisper: the result <class 'bytes'> has no socket in its annotation." in pack["problems"][0]["sentence"]
    assert "such as `-> Image`" in pack["problems"][0]["sentence"]


def test_a_new_file_is_a_new_node(author: Author) -> None:
    author.save("fresh.py", 'from graph.node import node\n\n@node("Fresh")\ndef fresh() -> str:\n    return "new"\n')
    until(lambda: author.info("Fresh"), server=author.server)
    assert author.says("Fresh")["Fresh"] == "new"
    (author.folder / "fresh.py").unlink()
    until(lambda: not author.info("Fresh"), server=author.server)


def test_a_new_pack_is_there_at_once(author: Author, server: Server) -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / "server.py"), "new-node", "late glow", "--base-directory", str(server.base)],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert 'type "Late Glow"' in made.stdout
    until(lambda: author.info("LateGlow"), server=server)
    assert author.pack("late_glow")["trust"] == "dev"
    help = server.get("/easel/nodes/LateGlow/help").json()
    assert help["markdown"].startswith("# Late Glow\n\nDarken pictures.\n\nThis text is the help page")
    assert help["example"]["2"]["class_type"] == "LateGlow"
    assert help["origin"] == {"pack": "late_glow", "module": "custom_nodes.late_glow"}
    assert server.get("/extensions/late_glow/docs/LateGlow.md").body.decode() == help["markdown"]


def test_help_is_the_docstring_and_what_lies_beside_the_code(author: Author, server: Server) -> None:
    help = server.get("/easel/nodes/OwnGreet/help").json()
    assert help["markdown"].startswith(
        "# Greet\n\nSay hello.\n\n## When to use it\n\n- in the *morning*\n\n## Inputs\n"
    )
    assert "| `name` | STRING | Whom to greet. |" in help["markdown"]
    assert help["example"]["1"]["inputs"] == {"name": "world"}
    assert help["origin"] == {"pack": "helped", "module": "custom_nodes.helped"}
    part = server.get("/easel/nodes/OwnPart/help").json()
    assert part["markdown"].startswith("# Part\n\nA longer page")
    assert part["example"] is None
    assert server.get("/easel/nodes/OwnPart/help", language="zh-CN").json()["markdown"].startswith("# 告别")
    assert server.get(f"{part['pictures']}wave.png").headers["content-type"] == "image/png"
    for name in ("OwnPart.md", "../__init__.py", "nothing.png"):
        assert server.get(f"{part['pictures']}{name}").status == 404
    assert server.get("/easel/nodes/Nothing/help").status == 404
    core = server.get("/easel/nodes/Say/help").json()
    assert (core["origin"]["pack"], core["markdown"].splitlines()[0]) == (None, "# Say")


def test_help_in_the_places_of_the_incumbent(author: Author, server: Server) -> None:
    for place in (
        "/extensions/helped/docs/OwnGreet.md",
        "/extensions/helped/docs/OwnGreet/en.md",
        "/docs/OwnGreet/en.md",
    ):
        assert server.get(place).body.decode().startswith("# Greet"), place
    assert server.get("/extensions/helped/docs/OwnPart/zh-CN.md").body.decode().startswith("# 告别")
    assert server.get("/extensions/other/docs/OwnGreet.md").status == 404


def test_a_pack_that_was_made_here_waits_once_that_is_taken_back(author: Author, server: Server) -> None:
    made = [sys.executable, str(ROOT / "server.py"), "new-node", "Taken", "--base-directory", str(server.base)]
    assert subprocess.run(made, capture_output=True).returncode == 0
    until(lambda: author.info("Taken"), server=server)
    assert server.post("/easel/packs/taken/forget", {}).status == 200
    until(lambda: author.pack("taken")["trust"] is None and not author.info("Taken"), server=server)
    server.wait_until_ready()
    assert subprocess.run(made, capture_output=True).returncode == 1, "the folder is there"


def test_a_job_that_outlived_a_restart_is_checked_again(base: Path) -> None:
    pack = base / "custom_nodes" / "sketch.py"
    pack.parent.mkdir(parents=True)
    pack.write_text('from graph.node import node\n\n@node("Old")\ndef old(a: str = "x") -> str:\n    return a\n')
    with running(base, "--dev-pack", "sketch", "--paused") as found:
        found.wait_until_ready()
        waiting = found.prompt(one("Old", a="x"))
    pack.write_text(pack.read_text().replace('a: str = "x"', 'a: str = "x", more: int = 1'))
    with running(base, "--dev-pack", "sketch") as found:
        failed = found.result(waiting)["status"]
        message = next(data for kind, data in failed["messages"] if kind == "execution_error")["exception_message"]
        assert "Old (#1) has nothing at its input more." in message
