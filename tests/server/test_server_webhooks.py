"""Jobs that tell another server when they have ended: signed, only where that was allowed, never in anybody's way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from api.replies import Refusal
from api.webhooks import allowed
from tests.server.harness import Server, one, running, say, until


class Receiver(ThreadingHTTPServer):
    """Another server: keeps what it is told, and answers by the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.port = self.server_address[1]
        self.go_on = Event()
        Thread(target=self.serve_forever, daemon=True).start()

    def of(self, path: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for at, headers, body in self.heard if at == path]


class Answer(BaseHTTPRequestHandler):
    server: Receiver  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        before = len(self.server.of(self.path))
        self.server.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.path == "/slow":
            self.server.go_on.wait(9)
        status = {"/moved": 302, "/never": 400, "/later": 503 if before == 0 else 200}.get(self.path, 204)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.port}/secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        return None


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("hooks")
    hosts = ("--webhook-host", f"127.0.0.1:{receiver.port}", "--webhook-host", "example.org")
    with running(base, *hosts) as found:
        found.wait_until_ready()
        yield found


def queue(server: Server, receiver: Receiver, path: str, prompt: dict[str, Any] | None = None) -> str:
    url = f"http://127.0.0.1:{receiver.port}{path}"
    return server.prompt(prompt or say(f"{path} {time.time()}"), extra_data={"webhook": url})


def test_a_job_that_ended_is_told_with_its_results_and_a_signature(hooked: Server, receiver: Receiver) -> None:
    prompt_id = queue(hooked, receiver, "/done")
    headers, body = until(lambda: receiver.of("/done"))[0]
    told = json.loads(body)
    assert (told["event"], told["prompt_id"], told["state"]) == ("job_ended", prompt_id, "success")
    assert told["outputs"]["2"]["text"][0].startswith("/done")
    assert told["ended"] >= told["started"] >= told["accepted"]
    signed, seal = (part.partition("=")[2] for part in headers["easel-signature"].split(","))
    secret = hooked.base / "user" / "webhook-secret"
    key = secret.read_bytes().strip()
    assert hmac.new(key, signed.encode() + b"." + body, hashlib.sha256).hexdigest() == seal
    assert abs(time.time() - int(signed)) < 60
    assert secret.stat().st_mode & 0o077 == 0
    assert headers["easel-delivery"] == told["id"]


def test_a_failure_is_told_with_its_error(hooked: Server, receiver: Receiver) -> None:
    queue(hooked, receiver, "/failed", one("Fail", text=f"as asked {time.time()}"))
    told = json.loads(until(lambda: receiver.of("/failed"))[0][1])
    assert told["state"] == "error"
    assert told["error"]["type"] == "Fail"


def test_who_is_busy_is_asked_again_and_who_refuses_is_not(hooked: Server, receiver: Receiver) -> None:
    queue(hooked, receiver, "/never")
    queue(hooked, receiver, "/moved")
    queue(hooked, receiver, "/later")
    until(lambda: len(receiver.of("/later")) == 2)
    assert {headers["easel-delivery"] for headers, _ in receiver.of("/later")} == {
        receiver.of("/later")[0][0]["easel-delivery"]
    }
    assert len(receiver.of("/never")) == 1
    assert len(receiver.of("/moved")) == 1
    assert receiver.of("/secret") == []  # a redirect is not followed
    log = (hooked.base / "server.log").read_text()
    assert "redirects are not followed" in log


def test_a_server_that_does_not_answer_keeps_no_job_waiting(hooked: Server, receiver: Receiver) -> None:
    for _ in range(6):
        hooked.result(queue(hooked, receiver, "/slow"))
    assert len(receiver.of("/slow")) < 6  # four at once, and none was answered yet
    receiver.go_on.set()
    until(lambda: len(receiver.of("/slow")) == 6)


@pytest.mark.parametrize(
    ("webhook", "sentence"),
    [
        ("http://example.com/x", "may not be told of jobs"),
        ("http://example.org:8080/x", "may not be told of jobs"),
        ("http://example.org.evil.net/x", "may not be told of jobs"),
        ("http://user:word@example.org/x", "no name and no password"),
        ("ftp://example.org/x", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http://[::1", "no address"),
        (["http://example.org"], "must be an address"),
    ],
)
def test_an_address_that_nobody_listed_is_refused_when_the_job_is_posted(
    hooked: Server, webhook: Any, sentence: str
) -> None:
    reply = hooked.post("/prompt", {"prompt": say(), "extra_data": {"webhook": webhook}})
    assert reply.status == 400
    assert reply.json()["error"]["type"] == "webhook_refused"
    assert sentence in reply.json()["error"]["message"]


def test_without_any_host_none_is_told(server: Server, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/none"
    reply = server.post("/prompt", {"prompt": say(), "extra_data": {"webhook": url}})
    assert (reply.status, reply.json()["error"]["details"]) == (
        400,
        f"Start with --webhook-host 127.0.0.1:{receiver.port}.",
    )


def test_what_was_not_told_is_told_after_a_restart(base: Path) -> None:
    late = Receiver()
    flags = ("--webhook-host", f"127.0.0.1:{late.port}")
    with running(base, *flags) as server:
        server.wait_until_ready()
        server.result(queue(server, late, "/later"))
        until(lambda: late.of("/later"))
        until(lambda: '"attempts": 1' in (base / "user" / "webhooks.json").read_text())
        server.kill()
    with running(base, *flags):
        until(lambda: len(late.of("/later")) == 2)
        until(lambda: (base / "user" / "webhooks.json").read_text() == "[]")
    late.shutdown()
    late.server_close()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1",
     "fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::",
     "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "::10.0.0.1"],
)  # fmt: skip
def test_private_addresses_are_none_of_the_open_net(address: str) -> None:
    assert not allowed.is_public(address)


def test_public_addresses_are() -> None:
    assert all(map(allowed.is_public, ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::93.184.216.34")))


def test_a_listed_name_that_leads_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(hosts: set[str], address: str) -> Any:
        loop = asyncio.get_running_loop()

        async def look_up(host: str, port: int, **_: Any) -> Any:
            return [(2, 1, 6, "", (address, port))]

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        return await allowed.Resolver(hosts).resolve("hooks.example", 443)

    with pytest.raises(allowed.PrivateAddress, match="private network"):
        asyncio.run(resolve({"hooks.example"}, "10.0.0.5"))
    assert asyncio.run(resolve({"hooks.example"}, "93.184.216.34"))[0]["host"] == "93.184.216.34"
    assert asyncio.run(resolve({"hooks.example", "10.0.0.5"}, "10.0.0.5"))[0]["host"] == "10.0.0.5"


def test_ports_and_brackets() -> None:
    assert allowed.checked("https://hooks.example/a", {"hooks.example"})
    assert allowed.checked("https://hooks.example:8443/a", {"hooks.example:8443"})
    assert allowed.checked("http://[::1]:80/a", {"[::1]"})
    with pytest.raises(Refusal):
        allowed.checked("https://hooks.example/a", {"hooks.example:8443"})
