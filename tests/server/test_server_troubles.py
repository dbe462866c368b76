"""A disk that is full, read-only or gone: it is said, jobs wait, and they go on by themselves."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.server.disks import attach, detach, fill, mounted, writable
from tests.server.harness import Server, running, say, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs mounts")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with mounted(tmp_path_factory.mktemp("disk") / "output") as folder:
        yield folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with mounted(tmp_path_factory.mktemp("disk") / "input") as folder:
        yield folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A drive of models, to which the folder of checkpoints is a link."""
    with mounted(tmp_path_factory.mktemp("disk") / "drive") as folder:
        yield folder


@pytest.fixture(scope="module")
def troubled(disk: Path, inputs: Path, models: Path) -> Iterator[Server]:
    """A server whose output and input folders lie on small disks of their own."""
    (disk.parent / "base" / "models").mkdir(parents=True)
    (disk.parent / "base" / "models" / "checkpoints").symlink_to(models)
    flags = ("--output-directory", str(disk), "--input-directory", str(inputs))
    with running(disk.parent / "base", *flags) as server:
        server.wait_until_ready()
        yield server


def kinds(server: Server) -> list[str]:
    return [problem["kind"] for problem in server.status()["problems"]]


def waits_then_runs(server: Server, kind: str, word: str) -> str:
    """Queue a job that must wait, and see that this is told; returns its id."""
    waiting = server.prompt(say(kind))
    state = until(lambda: (s := server.get("/easel/queue").json())["problem"] and s)
    assert word in state["problem"]
    assert state["pending"] == [waiting]
    [problem] = [p for p in server.status()["problems"] if p["kind"] == kind]
    assert word in problem["sentence"]
    assert problem["where"] == str(server.base.parent / "output")
    assert problem["since"] > 1e9
    return waiting


def well_again(server: Server, waiting: str) -> None:
    assert server.result(waiting)["status"]["completed"] is True
    until(lambda: kinds(server) == [])
    assert server.get("/easel/queue").json()["problem"] == ""


def test_a_full_disk_keeps_jobs_waiting(troubled: Server, disk: Path) -> None:
    filler = fill(disk, leave=50_000)
    waiting = waits_then_runs(troubled, "disk_full", "is full")
    room = {place["where"]: place for place in troubled.status()["room"]}
    assert room["output"]["free"] < 100_000
    assert room["output"]["total"] == 3 * 2**20
    assert troubled.upload("note.bin", b"x").status == 200  # another disk, which has room
    filler.unlink()
    well_again(troubled, waiting)


def test_a_disk_that_turns_read_only(troubled: Server, disk: Path) -> None:
    writable(disk, yes=False)
    waiting = waits_then_runs(troubled, "read_only", "cannot be written")
    writable(disk, yes=True)
    well_again(troubled, waiting)


def test_a_drive_that_is_taken_away(troubled: Server, disk: Path) -> None:
    assert detach(disk)
    waiting = waits_then_runs(troubled, "gone", "is not there any more")
    assert list(disk.iterdir()) == []  # nothing was written to what lies below
    attach(disk)
    well_again(troubled, waiting)


def test_a_drive_of_models_that_is_taken_away(troubled: Server, models: Path) -> None:
    assert detach(models)
    waiting = troubled.prompt(say("without models"))
    state = until(lambda: (s := troubled.get("/easel/queue").json())["problem"] and s)
    assert "that holds the models folder is not there any more" in state["problem"]
    attach(models)
    well_again(troubled, waiting)


def test_pages_hear_of_it(troubled: Server, disk: Path) -> None:
    with troubled.socket(path="/easel/events") as socket:
        filler = fill(disk)
        troubled.prompt(say("later"))
        found = _trouble(socket)
        assert [problem["kind"] for problem in found] == ["disk_full"]
        filler.unlink()
        assert _trouble(socket) == []


def test_an_upload_that_finds_no_room_is_refused_at_once(troubled: Server, inputs: Path) -> None:
    filler = fill(inputs, leave=50_000)
    reply = troubled.upload("other.bin", b"x")
    assert reply.status == 507
    assert "is full" in reply.json()["error"]["message"]
    assert troubled.run(say("jobs need no input folder"))["status"]["completed"] is True
    filler.unlink()
    assert troubled.upload("other.bin", b"x").status == 200


def _trouble(socket: Any) -> list[dict[str, Any]]:
    while True:
        data = socket.recv(timeout=30)
        if isinstance(data, str) and (event := json.loads(data))["type"] == "trouble":
            return event["data"]["problems"]


def test_a_result_that_finds_no_room_makes_the_next_ones_wait(troubled: Server, disk: Path) -> None:
    filler = fill(disk, leave=400_000)
    large = troubled.prompt({"1": {"class_type": "Save", "inputs": {"letter": "a", "kilobytes": 1000}}})
    kind, data = troubled.result(large)["status"]["messages"][-1]
    assert kind == "execution_error"
    assert data["exception_message"].startswith("The disk is full: a (1.0 MB) was not saved in")
    assert str(disk) in data["exception_message"]
    assert "run it again" in data["exception_message"]
    filler.unlink()
    again = troubled.post(f"/easel/jobs/{large}/again", {"seeds": "same"}).json()["prompt_id"]
    assert troubled.result(again)["status"]["completed"] is True
    assert (disk / "a_00001_.txt").stat().st_size == 1000 * 1024
    (disk / "a_00001_.txt").unlink()


def test_databases_outlive_their_files(troubled: Server) -> None:
    before = troubled.prompt(say("before"))
    troubled.result(before)
    user = troubled.base / "user"
    for path in user.glob("*.db*"):
        path.unlink()
    after = troubled.prompt(say("after"))
    assert troubled.result(after)["status"]["completed"] is True
    with closing(sqlite3.connect(user / "journal.db")) as db:
        kept = [name for (name,) in db.execute("SELECT prompt_id FROM jobs WHERE ended IS NOT NULL")]
    assert kept[-2:] == [before, after]
    assert kinds(troubled) == []


def test_a_folder_of_databases_that_is_gone_for_a_while(troubled: Server) -> None:
    user, away = troubled.base / "user", troubled.base / "away"
    user.rename(away)
    user.write_text("in its place")  # so that it is not simply made again
    reply = troubled.post("/prompt", {"prompt": say("lost")})
    assert reply.status == 503
    assert "journal" in reply.json()["error"]["message"]
    until(lambda: {"gone"} == set(kinds(troubled)))
    user.unlink()
    away.rename(user)
    until(lambda: kinds(troubled) == [])
    assert troubled.run(say("found"))["status"]["completed"] is True
