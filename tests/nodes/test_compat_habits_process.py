"""Habits of packs that take the process for theirs: they install, restart, and listen in on the server."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import Any

import pytest

from nodes.compat import host
from nodes.packs import restarts, watch
from tests.nodes.habits import Place, place
from tests.server.harness import until

__all__ = ["place"]

INSTALLS = """
import os, subprocess, sys

said = []
try:
    subprocess.check_call([sys.executable, "-s", "-m", "pip", "install", "no-such-package"])
except subprocess.CalledProcessError as error:
    said.append(error.returncode)
ran = subprocess.run(f"{sys.executable} -m pip install no-such-package", shell=True, capture_output=True, text=True)
said.append(ran.returncode)
assert "wanted to install packages" in ran.stderr
with subprocess.Popen([sys.executable, "-m", "pip", "install", "x"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                      text=True, bufsize=1) as process:
    assert "wanted to install packages" in process.stdout.read()
said += [process.returncode, os.system(f"{sys.executable} -m pip install no-such-package") != 0]
assert said == [1, 1, 1, True], said

class Without:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES, FUNCTION = ("STRING",), "go"
    def go(self): return ("without",)
NODE_CLASS_MAPPINGS = {"Without": Without}
"""


def test_a_pack_that_installs_sees_pip_fail_and_its_person_why(place: Place) -> None:
    report = place.load(INSTALLS)
    assert (report.state, report.node_types, report.notes) == ("partly", ["Without"], [])
    assert len(report.problems) == 4, "one for each command"
    assert all("wanted to install packages while it was imported" in one.sentence for one in report.problems)
    assert subprocess.call([sys.executable, "-c", ""]) == 0, "nothing is in the way of other programs"


WRAPS = """
from server import PromptServer

seen = []
original = PromptServer.send_sync

def wrapper(self, event, data, sid=None):
    seen.append(event)
    return original(self, event, data, sid)

PromptServer.send_sync = wrapper
PromptServer.instance.send_sync("of the class", {})
kept = PromptServer.instance.send_sync
PromptServer.instance.send_sync = lambda event, *more: kept(event + ", and its own", *more)
PromptServer.instance.send_sync("of the instance", {})
assert seen == ["of the class", "of the instance, and its own"], seen
NODE_CLASS_MAPPINGS = {}
"""


def test_a_pack_that_wraps_what_sends(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[str | int] = []
    host.host().send = lambda event, data, client_id: sent.append(event)
    assert not place.load(WRAPS).problems
    server: Any = importlib.import_module("server")
    server.PromptServer.instance.send_sync("another pack's", {})
    assert sent == ["of the class", "of the instance, and its own", "another pack's, and its own"]
    assert caplog.text.count("a pack replaces PromptServer.send_sync") == 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked for, in a process that becomes no other program. (This one can, afterwards.)"""
    found: list[str] = []
    for name in ("execv", "execve"):
        monkeypatch.setattr(os, name, getattr(os, name))
    monkeypatch.setattr(restarts, "SOON", 0.0)
    restarts.take_over(lambda: found.append("renewal"))
    return found


RESTARTS = """
import os, sys

class Restarts:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES, FUNCTION = ("STRING",), "go"
    def go(self):
        os.execl(sys.executable, sys.executable, "-c", "")
NODE_CLASS_MAPPINGS = {"Restarts": Restarts}
"""


def test_a_node_that_becomes_another_program_has_the_process_renewed(
    place: Place, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not place.load(RESTARTS, "reboots").problems
    with pytest.raises(restarts.Restarting):
        place.run({"1": {"class_type": "Restarts", "inputs": {}}})
    until(lambda: asked == ["renewal"])
    assert "The node pack reboots asked for a restart: Easel's device process starts anew." in caplog.text


def test_while_it_is_imported_a_pack_restarts_nothing(place: Place, asked: list[str]) -> None:
    report = place.load("import os, sys\nos.execv(sys.executable, [sys.executable, *sys.argv])\n", "loops")
    assert "The pack loops wanted to start Easel anew while it was imported." in report.problems[0].sentence
    assert asked == []
    assert watch.watching() is None
