"""What must be true after a fault, whatever it was."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.faults.ledger import Ledger
from tests.faults.nodes import SIDE, pixels
from tests.faults.team import Member
from tests.server.harness import Server, until

ENDINGS = ("execution_success", "execution_error", "execution_interrupted")
NOBODYS_FAULT = (
    r"as asked|the worker died \(signal 9\) while running|This job was started 2 times|The disk is full: \S+ \("
)
STATES = {"execution_success": "success", "execution_error": "error", "execution_interrupted": "interrupted"}


def outcomes(ledger: Ledger, history: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Every accepted job has ended once, in one way."""
    gone = ledger.accepted - history.keys() - ledger.cancelled - ledger.cancelling
    assert not gone, f"accepted and lost: {sorted(gone)}"
    assert history.keys() <= ledger.sent.keys(), "jobs that nobody sent"
    assert not history.keys() & ledger.cancelled, "jobs ran that were taken out"
    for id, entry in before.items():
        assert history.get(id) == entry, f"what came of {id} was changed: {entry} and {history.get(id)}"
    for id, entry in history.items():
        kinds = [kind for kind, data in entry["status"]["messages"] if kind in ENDINGS and "timestamp" in data]
        assert len(kinds) == 1, f"{id} ended as {kinds}"
        assert kinds[0] == entry["status"]["messages"][-1][0], f"{id} went on after its end"
        if kinds == ["execution_error"]:
            sentence = entry["status"]["messages"][-1][1]["exception_message"]
            assert re.search(NOBODYS_FAULT, sentence), f"{id}: {sentence}"
        assert entry["prompt"][2] == ledger.sent[id], f"{id} is another prompt than was sent"


def heard(ledger: Ledger, seen: Mapping[str, Any]) -> None:
    """What a client was told of jobs' ends, once each. seen: the history as whom it belongs to sees it."""
    for id, told in ledger.ended.items():
        assert len(told) == 1, f"a client heard {id} end as {told}"
        assert id in seen, f"a client heard {id} end, and it has not"
        said = seen[id]["status"]["messages"][-1][0]
        assert told == [said], f"a client heard {id} end as {told}, and it is {said}"


def told_endings(endings: Mapping[str, list[str]], history: Mapping[str, Any]) -> None:
    """What a page was told of jobs' ends, once each."""
    for id, told in endings.items():
        assert len(told) == 1, f"a page heard {id} end as {told}"
        assert id in history, f"a page heard {id} end, and it has not"
        assert told == [STATES[history[id]["status"]["messages"][-1][0]]], f"{id} did not end as a page heard"


def cells(shown: Sequence[tuple[str, str, Any]], history: Mapping[str, Any], ledger: Ledger) -> None:
    """The server lived all the time: each cell of a sweep was done once, and is in its history, however that ended."""
    seen: set[tuple[str, str]] = set()
    for id, node, output in shown:
        if "3@1" in ledger.sent.get(id, ()):
            assert (id, node) not in seen, f"node {node} of the sweep {id} was done twice"
            seen.add((id, node))
            found = history[id]["outputs"].get(node)
            assert found == output, f"node {node} of the sweep {id} showed {output}, and its history has {found}"


def results(output: Path, history: Mapping[str, Any], ledger: Ledger) -> None:
    """Every file has what its node made, also one that no job owns to; every file that was told is there."""
    there = {path.name: path for path in files_of(output) if not path.name.startswith(".")}
    told = {name for entry in history.values() for name in _told(entry)}
    assert told <= there.keys(), f"results that are gone: {sorted(told - there.keys())}"
    for name, path in there.items():
        if name.endswith(".txt"):
            letters = path.read_bytes()
            assert letters == name[:1].encode() * 1024 * 256, f"{name} has {len(letters)} bytes, {letters[:20]!r}..."
        else:
            painted = re.fullmatch(r"(?:picture|cell)-(\d+)_\d{5}_\.png", name)
            assert painted, f"what is {name}?"
            with Image.open(path) as picture:
                assert picture.size == (SIDE, SIDE)
                assert picture.convert("RGB").tobytes() == pixels(int(painted[1])), f"{name} is another picture"
    for id, entry in history.items():
        if entry["status"]["completed"]:
            paints = [node for node, of in ledger.sent[id].items() if of["class_type"] == "Paint"]
            assert set(paints) <= entry["outputs"].keys(), f"{id} succeeded without all of its pictures"


def _told(entry: Mapping[str, Any]) -> Iterator[str]:
    for output in entry["outputs"].values():
        for file in (*output.get("files", ()), *output.get("images", ())):
            yield file["filename"]


def kept(server: Server, member: Member) -> None:
    """Uploads, settings, files of the user's and versions that were answered for."""
    folder, ledger = member.folder("input"), member.ledger
    for name, data in ledger.uploads.items():
        assert (folder / name).read_bytes() == data, f"the upload {name} is not what was sent"
    settings = server.get("/settings").json()
    for (kind, name), value in ledger.values.items():
        match kind:
            case "settings":
                found: Any = settings.get(name)
            case "userdata":
                path = member.user / "workflows" / name
                found = json.loads(path.read_bytes())["words"] if path.exists() else None
            case "input":
                path = folder / name
                found = path.read_bytes() if path.exists() else None
            case _:  # what only accounts have: `access_checks`
                continue
        assert value.may_be(found), f"{kind} {name}: {str(found)[:80]!r} was never the last that was sent"
    for path in files_of(folder):
        if path.suffix == ".png" and not path.name.startswith("."):
            with Image.open(BytesIO(path.read_bytes())) as picture:
                picture.load()
    for (document, number), words in ledger.versions.items():
        reply = server.get(f"/easel/documents/{document}/versions/{number}")
        assert reply.status == 200, f"version {number} of {document} is gone: {reply.body[:200]!r}"
        assert reply.json()["workflow"]["nodes"][0]["widgets_values"] == [words], f"{document} {number} is another"


def no_litter(server: Server, base: Path, *, restarted: bool) -> None:
    """No list shows half-written files. None of the server's is left after a start; results' go when they are old."""
    lists = (
        server.get("/userdata", dir=".", recurse="true"),
        server.get("/v2/userdata"),
        server.get("/internal/files/output"),
        server.get("/internal/files/input"),
    )
    for reply in lists:
        assert reply.status == 200
        for mark in (".part", ".saving-", ".upload-"):
            assert mark not in reply.body.decode(), f"a half-written file is listed: {reply.body[:500]!r}"
    if restarted:
        # One that is just being written is no litter: it goes by itself.
        until(lambda: not [path for folder in ("user", "input") for path in (base / folder).rglob(".*")], 10, server)


def gallery(server: Server, member: Member) -> None:
    """Its index, which lives through all of it, has every picture once."""
    server.post("/easel/gallery/scan", {})

    def is_complete() -> bool:
        for kind in ("output", "input"):
            lines = server.get("/easel/gallery/search", kind=kind, media="image").body.decode().splitlines()
            listed = re.findall(r"\d+", lines[0]) if lines else []
            there = [path for path in member.folder(kind).rglob("*.png") if not path.name.startswith(".")]
            if len(listed) != len(there):
                return False
        return True

    until(is_complete, 30, server)


def files_of(folder: Path) -> list[Path]:
    """Not those in folders below it, where others' lie; none where nobody has made it yet."""
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def databases(base: Path) -> None:
    """The server has ended: all its files are whole."""
    for path in (base / "user").rglob("*.db"):
        with sqlite3.connect(path) as db:
            found = db.execute("PRAGMA integrity_check").fetchone()
        assert found == ("ok",), f"{path.name}: {found}"
