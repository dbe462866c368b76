"""What a browser may be made to send here by others: names that point at this machine, other origins, odd headers.

And what comes by TLS, or listens to more than this machine.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.flags import Flags
from api.security import Gate
from tests.server.harness import Server, running, until
from tests.server.people import PASSWORD, with_people

HERE = "127.0.0.1:{port}"


def ask(server: Server, *lines: str, secure: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """A request written by hand: the status and all that comes back. `{port}` in it is the server's."""
    text = "\r\n".join([*lines, "Connection: close", "", ""]).format(port=server.port)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        line = plain if secure is None else secure.wrap_socket(plain, server_hostname="localhost")
        line.sendall(text.encode("latin-1"))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
        if line is not plain:
            line.close()
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize(
    "host",
    [
        HERE,
        "localhost:{port}",
        "LOCALHOST:{port}",
        "[::1]:{port}",
        "127.0.0.1",  # as a proxy on another port passes it on
        "127.8.8.8:{port}",  # all of these are this machine
    ],
)
def test_our_own_names(server: Server, host: str) -> None:
    assert ask(server, "GET /prompt HTTP/1.1", f"Host: {host}")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "localhost.evil.example:{port}",
        "localhost.:{port}",  # the same place, but another name to cookies and origins
        "127.0.0.1.nip.example:{port}",
        "127.0.0.1@evil.example",
        "evil.example@127.0.0.1",
        "user:pass@127.0.0.1:{port}",
        "0.0.0.0:{port}",
        "[::]:{port}",
        "192.168.0.7:{port}",
        "[::1]evil.example",
        "[::1",
        "[::ffff:10.0.0.1]:{port}",
        "127.0.0.1:{port}:80",
        "127.0.0.1:evil",
        "127.1:{port}",
        "2130706433:{port}",
        "0x7f.1:{port}",
        "127.0.0.1, evil.example",
        "127.0.0.1 evil.example",
        "",
        " ",
        "%6cocalhost",
        "loc\u00e4lhost",
    ],
)
def test_other_names_for_this_machine_are_refused(server: Server, host: str) -> None:
    """A page of the name would be in its own origin here, and read what it likes."""
    status, answer = ask(server, "GET /prompt HTTP/1.1", f"Host: {host}")
    assert status in (400, 403)
    assert b"exec_info" not in answer


@pytest.mark.parametrize(
    "lines",
    [
        ("GET /prompt HTTP/1.1", f"Host: {HERE}", "Host: evil.example"),
        ("GET /prompt HTTP/1.1", "Host: evil.example", f"Host: {HERE}"),
        ("GET /prompt HTTP/1.1",),
        ("GET http://127.0.0.1:{port}/prompt HTTP/1.1", "Host: evil.example"),
        ("GET /prompt HTTP/1.1", "Host: evil.example", f"X-Forwarded-Host: {HERE}"),
        ("GET /prompt HTTP/1.1", "Host: evil.example", f"Forwarded: host={HERE}"),
        ("GET /prompt HTTP/1.1", "Host: evil.example", f"X-Original-Host: {HERE}"),
    ],
)
def test_only_the_host_header_says_the_host_and_only_once(server: Server, lines: tuple[str, ...]) -> None:
    status, answer = ask(server, *lines)
    assert status in (400, 403)
    assert b"exec_info" not in answer


ORIGINS = {
    "http://127.0.0.1:{port}": True,
    "HTTP://127.0.0.1:{port}": True,
    "null": False,
    "": False,
    "http://evil.example": False,
    "http://evil.example:{port}": False,
    "http://127.0.0.1": False,
    "http://127.0.0.1:1": False,
    "http://localhost:{port}": False,
    "http://127.0.0.1.:{port}": False,
    "http://127.0.0.1:{port}@evil.example": False,
    "http://evil.example@127.0.0.1:{port}": False,
    "http://127.0.0.1:{port}/": False,
    "http://127.0.0.1:{port}.evil.example": False,
    "http://127.0.0.1:{port}, http://evil.example": False,
    "ws://127.0.0.1:{port}": False,
    "file://": False,
    "chrome-extension://abcdefgh": False,
    "http://[::1": False,
    "http://127.0.0.1:99999999": False,
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_other_origins_are_refused(server: Server, origin: str) -> None:
    status, _ = ask(
        server,
        "POST /interrupt HTTP/1.1",
        f"Host: {HERE}",
        f"Origin: {origin}",
        "Content-Type: text/plain",
        "Content-Length: 0",
    )
    assert status == (200 if ORIGINS[origin] else 403)


@pytest.mark.parametrize("path", ["/ws", "/easel/events", "/api/ws"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_websockets_of_other_origins_are_refused(server: Server, path: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as error:
        connect(f"ws://127.0.0.1:{server.port}{path}", origin=origin).close()  # pyright: ignore[reportArgumentType]
    assert error.value.response.status_code == 403


@pytest.mark.parametrize(
    ("method", "mode", "to", "status"),
    [
        ("GET", "navigate", "document", 200),  # a link
        ("GET", "navigate", "iframe", 403),
        ("GET", "no-cors", "image", 403),
        ("GET", "no-cors", "script", 403),
        ("GET", "cors", "empty", 403),
        ("GET", "websocket", "empty", 403),
        ("POST", "navigate", "document", 403),  # a form of an old browser, which sent no Origin
        ("DELETE", "cors", "empty", 403),
    ],
)
def test_what_another_sites_page_sends_is_refused(server: Server, method: str, mode: str, to: str, status: int) -> None:
    found, _ = ask(
        server,
        f"{method} /prompt HTTP/1.1",
        f"Host: {HERE}",
        "Sec-Fetch-Site: cross-site",
        f"Sec-Fetch-Mode: {mode}",
        f"Sec-Fetch-Dest: {to}",
    )
    assert found == status


def test_a_preflight_of_another_origin_promises_nothing(server: Server) -> None:
    status, answer = ask(
        server,
        "OPTIONS /prompt HTTP/1.1",
        f"Host: {HERE}",
        "Origin: https://evil.example",
        "Access-Control-Request-Method: POST",
    )
    assert status == 403
    assert b"access-control-allow" not in answer.lower()


# Listening to more than this machine


def test_nobody_is_let_in_from_elsewhere_without_a_token_or_an_account() -> None:
    """Whatever becomes of the accounts while the server runs."""
    gate = Gate(Flags(listen=("0.0.0.0",)), None)
    assert not gate.door.asks_for_names
    assert gate.door.enter(_request()) is None
    assert Gate(Flags(listen=("127.0.0.1", "::1")), None).door.enter(_request()) is not None


def _request():
    from aiohttp.test_utils import make_mocked_request

    return make_mocked_request("GET", "/")


def test_with_accounts_no_token_is_made_and_one_that_was_opens_nothing(base: Path) -> None:
    with running(base, "--listen", "127.0.0.1,::1") as server:
        assert server.get("/prompt").status == 200, "alone"
        with server.socket("before") as socket_before:
            socket_before.recv(timeout=5)
            people = with_people(base)  # as `server.py account add` does it
            until(lambda: server.get("/prompt").status == 401)
            until(lambda: people.ada.get(server, "/prompt").status == 200)
            with pytest.raises(Exception, match="close"):
                list(iter(lambda: socket_before.recv(timeout=10), None))
    (base / "user" / "token").write_text("a-token-of-before")
    with running(base, "--listen", "0.0.0.0") as server:
        assert "?token=" not in (base / "server.log").read_text()
        headers = {"Authorization": "Bearer a-token-of-before"}
        assert server.request("GET", "/prompt", headers=headers).status == 401
        assert people.vera.get(server, "/prompt").status == 200
        (base / "user" / "token").unlink()
        assert people.ada.post(server, "/easel/report", {}).status == 200
        assert not (base / "user" / "token").exists(), "nor does a report make one"
    (base / "named").write_text("a-token-of-now")
    with running(base, "--token-file", str(base / "named")) as server:
        headers, as_json = {"Authorization": "Bearer a-token-of-now"}, {"Content-Type": "application/json"}
        me = server.request("GET", "/easel/accounts/me", headers=headers).json()
        assert (me["role"], me["by"]) == ("admin", "server")
        linked = server.get("/", token="a-token-of-now")
        pair = linked.headers["set-cookie"].partition(";")[0]
        assert server.request("GET", "/easel/accounts", headers={"Cookie": pair}).status == 200
        assert server.get("/", token="wrong").status == 401
        # Who logs in at a browser that came by the link is themselves, and can log out; what a program says goes first.
        both = {"Cookie": f"{pair}; {people.vera.browser['Cookie']}"}

        def name(headers: dict[str, str]) -> str:
            return server.request("GET", "/easel/accounts/me", headers=headers).json()["name"]

        assert [name(both), name({**both, **people.max.program}), name({**both, **headers})] == ["Vera", "Max", ""]
        again = server.request("POST", "/easel/login", {"name": "Otto", "password": PASSWORD}, {**both, **as_json})
        assert again.status == 200
        assert name(both) == "", "the session of before has ended"
        session = again.headers["set-cookie"].partition(";")[0]
        both = f"{pair}; {session}"
        line = (
            "POST /easel/logout HTTP/1.1",
            f"Host: {HERE}",
            f"Cookie: {both}",
            "Authorization: Bearer a-token-of-now",
        )
        taken = re.findall(rb'Set-Cookie: (\w+)=""; [^\r]*Max-Age=0', ask(server, *line)[1], re.IGNORECASE)
        assert {one.decode() for one in taken} == {part.partition("=")[0] for part in both.split("; ")}
        assert server.request("GET", "/prompt", headers={"Cookie": session}).status == 401


def test_behind_a_proxy_cookies_are_for_tls_and_tries_for_each_client(base: Path) -> None:
    with_people(base)
    with running(base, "--proxy", "127.0.0.1", "--allow-host", "easel.example") as server:
        given = {"name": "Vera", "password": PASSWORD}
        headers = {
            "Content-Type": "application/json",
            "Host": "easel.example",
            "Origin": "https://easel.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "6.6.6.6, 10.1.1.1",
        }
        done = server.request("POST", "/easel/login", given, headers)
        assert done.status == 200
        assert "secure" in done.headers["set-cookie"].lower()
        noted = json.loads((base / "user" / "audit.log").read_text().splitlines()[-1])
        assert noted["address"] == "10.1.1.1"
        # A page that came without TLS may have been written by anybody on the way.
        headers["Origin"] = "http://easel.example"
        assert server.request("POST", "/easel/login", given, headers).status == 403
        # Lines that were there before the proxy's own say nothing.
        told = ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 10.1.1.2")
        proto = ("X-Forwarded-Proto: http", "X-Forwarded-Proto: https")
        lines = ("POST /easel/login HTTP/1.1", "Host: easel.example", "Content-Length: 0", *told, *proto)
        assert ask(server, *lines, "Origin: http://easel.example")[0] == 403
        assert ask(server, *lines, "Origin: https://easel.example")[0] == 401
        noted = json.loads((base / "user" / "audit.log").read_text().splitlines()[-1])
        assert (noted["what"], noted["address"]) == ("login_failed", "10.1.1.2")


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate by")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("first", "second"):
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
        about = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(["openssl", "req", "-x509", *made, *files, *about], check=True, capture_output=True)
    return folder


def trusting(path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(path))


def test_tls_by_files_and_a_renewed_certificate_without_a_restart(base: Path, certificates: Path) -> None:
    with_people(base)
    cert, key = base / "now.crt", base / "now.key"
    shutil.copy(certificates / "first.crt", cert)
    shutil.copy(certificates / "first.key", key)
    first, second = trusting(certificates / "first.crt"), trusting(certificates / "second.crt")
    with running(base, "--tls-certfile", str(cert), "--tls-keyfile", str(key)) as server:
        page = ("GET /easel/login HTTP/1.1", f"Host: {HERE}")
        assert ask(server, *page, secure=first)[0] == 200
        form = f"name=vera&password={PASSWORD.replace(' ', '+')}"
        login = ("POST /easel/login HTTP/1.1", f"Host: {HERE}", f"Content-Length: {len(form)}")
        text = "\r\n".join([*login, "Connection: close", "", form]).format(port=server.port)
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            line = first.wrap_socket(plain, server_hostname="localhost")
            line.sendall(text.encode())
            answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
        assert "Secure" in answer
        pair = answer.partition("Set-Cookie: ")[2].partition(";")[0]
        where = f"wss://localhost:{server.port}/ws"
        headers = {"Cookie": pair}
        origin = f"https://localhost:{server.port}"
        with connect(where, ssl=first, additional_headers=headers, origin=origin) as opened:  # pyright: ignore[reportArgumentType]
            assert "status" in str(opened.recv(timeout=5))
        with pytest.raises(InvalidStatus):
            connect(where, ssl=first, additional_headers=headers, origin=origin.replace("https", "http")).close()  # pyright: ignore[reportArgumentType]

        # Half of a renewal, a key that does not fit: what there was goes on.
        shutil.copy(certificates / "second.crt", cert)
        until(lambda: "is used on" in (base / "server.log").read_text())
        assert ask(server, *page, secure=first)[0] == 200
        shutil.copy(certificates / "second.key", key)
        until(lambda: "was renewed" in (base / "server.log").read_text())
        assert ask(server, *page, secure=second)[0] == 200
