"""Packs and the server: approval by their code, the guard over their import, and what is served of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.harness import REGISTRY, ROOT, Server, running, until

NODE = """
class N:
    INPUT_TYPES = classmethod(lambda cls: {{"required": {{}}}})
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    OUTPUT_NODE = True
    def run(self):
        from .words import SAID
        return {{"ui": {{"text": [SAID]}}, "result": (SAID,)}}
NODE_CLASS_MAPPINGS = {{"{name}": N}}
WEB_DIRECTORY = "./js"
"""


def write(base: Path, pack: str, said: str = "one", name: str | None = None) -> Path:
    """A pack with a node that says something from a module of its own, and with a script."""
    folder = base / "custom_nodes" / pack
    for file, text in (
        ("__init__.py", NODE.format(name=name or pack.title())),
        ("words.py", f"SAID = {said!r}\n"),
        ("js/main.js", f"export const said = {said!r}\n"),
        ("js/style.css", f"/* {said} */"),
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder


def packs(server: Server) -> dict[str, dict[str, Any]]:
    return {pack["name"]: pack for pack in server.get("/easel/packs").json()["packs"]}


def code(server: Server) -> str:
    """The code that the terminal shows last."""
    return re.findall(r"type this code there: (\d{4} \d{4})", (server.base / "server.log").read_text())[-1]


def state(server: Server, name: str, wanted: str, **more: Any) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        pack = packs(server)[name]
        return pack if pack["state"] == wanted and all(pack[k] == v for k, v in more.items()) else None

    return until(found, server=server)


def approve(server: Server, name: str) -> None:
    reply = server.post(f"/easel/packs/{name}/approve", {"code": code(server), "hash": packs(server)[name]["hash"]})
    assert reply.status == 200, reply.body


def said(server: Server, class_type: str) -> str:
    outputs = server.run({"1": {"class_type": class_type, "inputs": {}}})["outputs"]
    return outputs["1"]["text"][0]


def test_nothing_of_a_pack_is_done_before_it_is_approved_and_old_code_runs_until_the_new_is(base: Path) -> None:
    folder = write(base, "talks")
    (folder / "prestartup_script.py").write_text(f"open({str(folder / 'prestarted')!r}, 'w')\n")
    (folder / "locales" / "de").mkdir(parents=True)
    (folder / "locales" / "de" / "main.json").write_text('{"word": "Wort"}')
    with running(base) as server:
        server.wait_until_ready()
        found = packs(server)["talks"]
        assert (found["state"], found["trust"], found["changed"]) == ("untrusted", None, False)
        assert not (folder / "prestarted").exists()
        assert "Talks" not in server.get("/object_info").json()
        assert server.get("/extensions/talks/main.js").status == 404
        assert server.get("/extensions").json() == []
        assert server.get("/i18n").json() == {}

        # Wrong codes and other code than was shown are refused.
        reply = server.post("/easel/packs/talks/approve", {"code": "0000 0001", "hash": found["hash"]})
        assert (reply.status, reply.json()["error"]["type"]) == (403, "wrong_code")
        reply = server.post("/easel/packs/talks/approve", {"code": code(server), "hash": "another"})
        assert (reply.status, reply.json()["error"]["type"]) == (409, "code_changed")
        assert server.post("/easel/packs/nobody/approve", {"code": code(server)}).status == 404

        # Approved: loaded without a restart of the server.
        pid, used = server.worker_pid(), code(server)
        approve(server, "talks")
        found = state(server, "talks", "loaded")
        assert (found["node_types"], found["trust"], found["approved_by"]) == (["Talks"], "approved", "page")
        assert server.worker_pid() == pid
        assert said(server, "Talks") == "one"
        assert server.get("/extensions").json() == ["/extensions/talks/main.js"]
        assert server.get("/extensions/talks/main.js").body == b"export const said = 'one'\n"
        assert server.get("/i18n").json() == {"de": {"word": "Wort"}}
        # The code was good once.
        assert server.post("/easel/packs/talks/approve", {"code": used, "hash": found["hash"]}).status == 403

        # Changed code does not run and is not served; data is.
        write(base, "talks", "two")
        (folder / "more.py").write_text("1/0\n")
        (folder / "js" / "more.js").write_text("evil()")
        server.post("/interrupt", {"prompt_id": "none", "now": True})
        found = state(server, "talks", "loaded", changed=True)
        assert found["hash"] != found["approved_hash"]
        server.stop()
    with running(base) as server:
        state(server, "talks", "loaded", changed=True)
        assert said(server, "Talks") == "one"
        assert (folder / "prestarted").exists()
        assert server.get("/extensions/talks/main.js").body == b"export const said = 'one'\n"
        assert server.get("/extensions/talks/more.js").status == 404
        assert server.get("/extensions/talks/style.css").body == b"/* two */"

        # A copy that something has changed does not run; it is made again from the pack's own files if they may run.
        [copy] = (base / "user" / "packs").glob("talks-*")
        (copy / "words.py").write_text("SAID = 'evil'\n")
        assert packs(server)["talks"]["state"] == "untrusted"
        write(base, "talks", "one")
        for added in ("more.py", "js/more.js"):
            (folder / added).rename(folder / f"{added}.txt")
        assert packs(server)["talks"]["changed"] is False
        assert (copy / "words.py").read_text() == "SAID = 'one'\n"
        write(base, "talks", "two")
        for added in ("more.py", "js/more.js"):
            (folder / f"{added}.txt").rename(folder / added)
        assert {file["name"]: file["change"] for file in packs(server)["talks"]["files"]} == {
            "js/main.js": "changed",
            "js/more.js": "added",
            "more.py": "added",
            "words.py": "changed",
        }

        # Approved on another terminal, while the server runs.
        command = [sys.executable, str(ROOT / "server.py"), "approve", "talks", "--base-directory", str(base)]
        assert "talks is approved" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = state(server, "talks", "loaded", changed=False, approved_by="terminal")
        until(lambda: said(server, "Talks") == "two", server=server)
        assert server.get("/extensions/talks/more.js").status == 200

        # Taken back.
        assert server.post("/easel/packs/talks/forget").status == 200
        state(server, "talks", "untrusted")
        until(lambda: "Talks" not in server.get("/object_info").json(), server=server)


def test_nodes_of_packs_are_there_while_the_next_one_takes_long(base: Path) -> None:
    write(base, "quick")
    tardy, go = write(base, "tardy"), base / "go"
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)\n"
    (tardy / "__init__.py").write_text(waits + NODE.format(name="Tardy"))
    with running(base) as server:
        server.wait_until_ready()
        both = [{"name": name, "hash": packs(server)[name]["hash"]} for name in ("quick", "tardy")]
        assert server.post("/easel/packs/approve", {"code": code(server), "packs": both}).status == 200
        until(lambda: "Quick" in server.get("/object_info").json(), server=server)
        found = server.get("/easel/packs").json()
        assert found["importing"] == "tardy"
        go.write_text("")
        until(lambda: "Tardy" in server.get("/object_info").json(), server=server)
        assert server.get("/easel/packs").json()["catalogue"] > found["catalogue"]
        assert (said(server, "Quick"), said(server, "Tardy")) == ("one", "one")


def test_a_pack_that_failed_is_being_loaded_while_it_is_tried_anew(base: Path) -> None:
    write(base, "quick")
    tardy, go = write(base, "tardy"), base / "go"
    waits = f"import pathlib, time\ngo = pathlib.Path({str(go)!r})\nwhile not go.exists():\n    time.sleep(0.05)\n"
    (tardy / "__init__.py").write_text(waits + "assert go.stat().st_size\n" + NODE.format(name="Tardy"))
    go.write_text("")
    with running(base) as server:
        server.wait_until_ready()
        first = code(server)
        approve(server, "quick")
        assert code(server) != first, "the next is shown while another pack waits"
        approve(server, "tardy")
        last = code(server)
        state(server, "tardy", "failed")
        go.unlink()
        assert server.post("/easel/packs/quick/forget").status == 200  # for which the worker starts anew
        assert packs(server)["tardy"]["problems"] == []
        until(lambda: server.get("/easel/packs").json()["importing"] == "tardy", server=server)
        assert packs(server)["tardy"]["state"] == "waiting"
        refused = server.post("/prompt", {"prompt": {"1": {"class_type": "Tardy", "inputs": {}}}})
        assert (refused.status, "Packs are still being loaded" in refused.body.decode()) == (400, True)
        go.write_text("go")
        assert state(server, "tardy", "loaded")["node_types"] == ["Tardy"]
        assert code(server) == last, "none is shown for nobody"
        until(lambda: "Tardy" in server.get("/object_info").json(), server=server)
        refused = server.post("/prompt", {"prompt": {"1": {"class_type": "Gone", "inputs": {}}}})
        assert (refused.status, "still being loaded" in refused.body.decode()) == (400, False)


BAD = {
    "exits": "import os\nprint('going')\nos._exit(3)\n",
    "crashes": "import ctypes\nctypes.string_at(0)\n",
    "hangs": "while True: pass\n",
    "greedy": "x = []\nwhile True: x.append(bytearray(64 * 2**20))\n",
    "binary": "import sys\nsys.stdout.buffer.write(b'\\x1b[31mred\\x1b[0m' + bytes(range(256)) * 50)\n",
    "quits": "import sys\nsys.exit('no more')\n",
    "slow": "import time\nclass S:\n    INPUT_TYPES = classmethod(lambda cls: time.sleep(600))\n",
    "plain_good": "",
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux")
def test_packs_that_end_hold_up_or_fill_the_worker_hurt_no_other(base: Path) -> None:
    for name, text in BAD.items():
        folder = write(base, name)
        (folder / "__init__.py").write_text(text + NODE.format(name=name.title()))
    slow = base / "custom_nodes" / "slow" / "__init__.py"
    slow.write_text(slow.read_text() + "NODE_CLASS_MAPPINGS['Slower'] = S\n")
    flags = ("--trust-packs", "--pack-patience", "1.5", "--pack-memory", "300")
    with running(base, *flags) as server:
        server.wait_until_ready()
        found = packs(server)
        states = {name: pack["state"] for name, pack in found.items()}
        assert states == {
            "exits": "skipped",
            "crashes": "skipped",
            "hangs": "skipped",
            "greedy": "failed",
            "binary": "loaded",
            "quits": "failed",
            "slow": "skipped",
            "plain_good": "loaded",
        }
        assert found["exits"]["sentence"] == (
            "The pack exits ended the device process (status 3) while it was imported. It is left out until its code"
            " changes."
        )
        assert "signal 11" in found["crashes"]["sentence"]
        assert "said nothing for 1.5 seconds" in found["hangs"]["sentence"]
        assert "It asked for more than 0.3 GB" in found["greedy"]["problems"][0]["sentence"]
        assert "no more" in found["quits"]["problems"][0]["sentence"]
        assert server.status()["worker"]["deaths"] == 0
        assert said(server, "Plain_Good") == "one"
        shown = (base / "server.log").read_bytes()
        assert b"\x1b" not in shown
        assert b"\x00" not in shown
        server.stop()
    (base / "custom_nodes" / "exits" / "__init__.py").write_text(NODE.format(name="Exits"))
    with running(base, *flags) as server:  # it is remembered, until the code is another
        server.wait_until_ready()
        assert (packs(server)["hangs"]["state"], packs(server)["exits"]["state"]) == ("skipped", "loaded")
        assert server.status()["worker"]["deaths"] == 0


def test_the_terminal_lists_packs_and_knows_no_others(base: Path) -> None:
    write(base, "talks")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "server.py"), *words, "--base-directory", str(base)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert re.search(r"waits +talks: .*custom_nodes/talks", run("packs").stdout)
    refused = run("approve", "walks")
    assert (refused.returncode, "no pack walks" in refused.stderr) == (1, True)
    assert run("approve", "talks").returncode == 0
    assert re.search(r"approved +talks", run("packs").stdout)
    write(base, "talks", "two")
    assert re.search(r"changed +talks", run("packs").stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_the_terminal_asks_about_each_pack_and_the_server_waits_for_no_answer(base: Path) -> None:
    import pty

    for name in ("one", "two"):
        write(base, name)
    words = ["server.py", "--no-browser", "--port", "0", "--base-directory", str(base), "--registry", REGISTRY]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, *words])
    shown = ""

    def read_until(text: str) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 65536).decode()

    try:
        read_until("Approve one? [y/N]")
        port = int(re.findall(r"ready: https?://\S+:(\d+)/", shown)[0])
        server = Server(None, port, base)  # type: ignore[arg-type]
        assert packs(server)["one"]["trust"] is None
        os.write(terminal, b"yes\n")
        read_until("Approve two? [y/N]")
        os.write(terminal, b"\n")
        until(lambda: packs(server)["one"]["state"] == "loaded")
        assert packs(server)["one"]["approved_by"] == "terminal"
        assert packs(server)["two"]["trust"] is None
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="environments of their own need POSIX")
def test_a_pack_with_an_environment_of_its_own_runs_once_that_is_installed(base: Path) -> None:
    folder = write(base, "apart")
    (folder / "pyproject.toml").write_text('[tool.easel]\nenvironment = "own"\n')
    with running(base, "--dev-pack", "apart") as server:
        server.wait_until_ready()
        found = state(server, "apart", "uninstalled")
        assert found["own_environment"] is True
        planned = server.post("/easel/packs/apart/plan")
        assert planned.json() == {"needs": found["needs"], "fetch": []}
        refused = server.post("/easel/packs/apart/install", {"code": "1", "needs": found["needs"]})
        assert refused.json()["error"]["type"] == "wrong_code"
        assert server.post("/easel/packs/code").status == 200
        asked = {"code": code(server), "needs": found["needs"]}
        assert server.post("/easel/packs/apart/install", {**asked, "needs": "other"}).status == 409
        assert server.post("/easel/packs/apart/install", asked).status == 202
        state(server, "apart", "loaded", node_types=["Apart"])
        assert server.get("/easel/packs").json()["installing"]["problem"] is None
        until(lambda: server.status()["worker"]["state"] == "ready", server=server)
        assert said(server, "Apart") == "one"


SLOW = """
import time
class Minds:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"text": ("STRING", {})}})
    RETURN_TYPES = ()
    FUNCTION = "run"
    OUTPUT_NODE = True
    @classmethod
    def VALIDATE_INPUTS(cls, text):
        if text == "for ever":
            time.sleep(600)
        return "not that" if text == "bad" else True
    def run(self, text):
        return ()
NODE_CLASS_MAPPINGS = {"Minds": Minds}
"""
REBOOTS = """
import os, pathlib, sys
from aiohttp import web
from server import PromptServer

@PromptServer.instance.routes.get("/reboots")
async def reboot(request):
    return os.execv(sys.executable, [sys.executable, *sys.argv])

@PromptServer.instance.app.on_shutdown.append
async def stops(app):
    (pathlib.Path(__file__).parent.parent / "stopped").write_text("in good order")
"""


def test_a_pack_restarts_the_worker_and_a_check_that_never_ends_holds_up_no_other(base: Path) -> None:
    (base / "custom_nodes").mkdir(parents=True)
    (base / "custom_nodes" / "slow.py").write_text(SLOW)
    (base / "custom_nodes" / "reboots.py").write_text(REBOOTS)
    with running(base, "--trust-packs", registry=REGISTRY) as server:
        server.wait_until_ready()
        stopped, before = base / "stopped", server.worker_pid()
        answer = server.get("/reboots")
        assert (answer.status, b"pack reboots asked for a restart" in answer.body) == (200, True)
        until(lambda: server.status()["worker"].get("pid") not in (None, before), server=server)
        server.wait_until_ready()
        assert server.status()["worker"]["deaths"] == 0
        assert not stopped.exists()

        def post(text: str) -> Any:
            return server.post("/prompt", {"prompt": {"1": {"class_type": "Minds", "inputs": {"text": text}}}})

        assert post("bad").status == 400
        assert post("for ever").status == 200  # to be checked once more where it runs
        for _ in range(2):
            refused = post("bad")
            assert (refused.status, "not that" in str(refused.json()["node_errors"])) == (400, True)
    until(stopped.exists)
