"""Packs that rest until one of their nodes is needed, over the wire: checks, jobs, and imports that go wrong then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.harness import Server, start, until

CHECKS = """
class Halved:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 2})}}

    @classmethod
    def VALIDATE_INPUTS(cls, x):
        return True if x % 2 == 0 else f"{x} is odd"

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    OUTPUT_NODE = True

    def go(self, x):
        return {"ui": {"text": [str(x // 2)]}, "result": (x // 2,)}

NODE_CLASS_MAPPINGS = {"Halved": Halved}
"""
DIES = "import os, pathlib\nif os.path.exists(pathlib.Path(__file__).with_name('end')): os._exit(3)\n" + CHECKS.replace(
    "Halved", "Mortal"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The second start of a server with two packs, both of which rest."""
    base = tmp_path_factory.mktemp("resting")
    for name, code in (("checks", CHECKS), ("dies", DIES)):
        (base / "custom_nodes" / name).mkdir(parents=True)
        (base / "custom_nodes" / name / "__init__.py").write_text(code)
    first = start(base, "--trust-packs")
    first.wait_until_ready()
    first.stop()
    server = start(base, "--trust-packs")
    server.wait_until_ready()
    yield server
    server.stop()


def pack(server: Server, name: str) -> dict[str, Any]:
    return next(one for one in server.get("/easel/packs").json()["packs"] if one["name"] == name)


def one(class_type: str, x: int) -> dict[str, Any]:
    return {"1": {"class_type": class_type, "inputs": {"x": x}}}


def test_a_packs_own_check_is_asked_before_a_prompt_is_accepted(server: Server) -> None:
    assert pack(server, "checks")["resting"]
    assert pack(server, "checks")["state"] == "loaded"

    refused = server.post("/prompt", {"prompt": one("Halved", 3)})

    assert refused.status == 400
    assert "3 is odd" in refused.body.decode()
    assert not pack(server, "checks")["resting"]
    assert server.run(one("Halved", 4))["outputs"] == {"1": {"text": ["2"]}}


def test_while_a_job_runs_the_check_waits_for_its_own_job(server: Server) -> None:
    slow = {"class_type": "Slow", "inputs": {"seconds": 30.0, "steps": 300}}
    running = server.prompt({"1": slow, "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}}})
    until(lambda: server.get("/queue").json()["queue_running"], server=server)
    assert pack(server, "dies")["resting"]

    accepted = server.prompt(one("Mortal", 3))
    server.post("/interrupt", {})

    server.result(running)
    entry = server.result(accepted)
    assert entry["status"]["status_str"] == "error"
    assert "3 is odd" in str(entry["status"]["messages"])
    assert not pack(server, "dies")["resting"]


def test_one_that_ends_the_process_is_left_out_and_its_job_is_told(server: Server, tmp_path: Path) -> None:
    server.stop()
    again = start(server.base, "--trust-packs")
    try:
        again.wait_until_ready()
        assert pack(again, "dies")["resting"]
        (server.base / "custom_nodes" / "dies" / "end").touch()

        entry = again.run(one("Mortal", 2))

        assert entry["status"]["status_str"] == "error"
        assert "Mortal" in str(entry["status"]["messages"])
        assert pack(again, "dies")["state"] == "skipped"
        assert "ended the device process" in pack(again, "dies")["sentence"]
        assert again.run(one("Halved", 4))["outputs"] == {"1": {"text": ["2"]}}
    finally:
        again.stop()
