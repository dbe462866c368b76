"""Who is let in: hosts, origins and the token."""

from __future__ import annotations

import base64
import http.client
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.flags import Flags
from api.security import Gate, TokenError, hide_credentials, token_for
from tests.server.harness import Server, running, until

TOKEN = "a-token-of-some-length"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a script
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 403),  # DNS rebinding
        ({"Host": "192.168.0.7:{port}"}, 403),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Origin": "HTTP://127.0.0.1:{port}"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:{port}.evil.example"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_hosts_and_origins(server: Server, headers: dict[str, str], status: int) -> None:
    headers = {name: value.format(port=server.port) for name, value in headers.items()}
    reply = server.request("GET", "/prompt", headers=headers)
    assert reply.status == status
    if status == 403:
        assert reply.json()["error"]["message"]


def test_a_navigation_from_elsewhere_may_not_post(server: Server) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert server.post("/interrupt", {}, headers=headers).status == 403


def test_another_sites_websocket_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus) as error, server.socket("c", origin="https://evil.example"):  # type: ignore[arg-type]
        pass
    assert error.value.response.status_code == 403


def test_a_request_without_content_type_works(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert server.post("/free", {}, headers=headers).status == 200


def test_without_allow_origin_nothing_is_said_about_cors(server: Server) -> None:
    reply = server.get("/prompt")
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("guarded")
    (base / "secret").write_text(TOKEN + "\n")
    flags = ["--token-file", str(base / "secret"), "--allow-origin", "https://friend.example"]
    with running(base, *flags, "--allow-host", "easel.example") as found:
        yield found


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer \xff\xfe"}, 401),
        (basic(TOKEN), 200),
        (basic("wrong"), 401),
        ({"Authorization": "Basic ???"}, 401),
        ({"Cookie": f"easel_0={TOKEN}"}, 401),  # the cookie is not the token itself
    ],
)
def test_the_token_is_asked_of_every_request(guarded: Server, headers: dict[str, str], status: int) -> None:
    for path in ("/prompt", "/", "/w/x/main.js", "/api/object_info", "/no/such/route"):
        reply = guarded.request("GET", path, headers=headers)
        if status == 401:
            assert reply.status == 401, path
            assert reply.headers["www-authenticate"].startswith("Basic")
            assert TOKEN.encode() not in reply.body
        else:
            assert reply.status in (200, 404), path


def test_a_link_with_the_token_sets_a_cookie_and_leaves_the_address_bare(guarded: Server) -> None:
    reply = guarded.get("/", token=TOKEN)
    assert reply.status == 303
    assert reply.headers["location"] == "/"
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    pair = cookie.partition(";")[0]
    assert guarded.request("GET", "/prompt", headers={"Cookie": pair}).status == 200
    assert guarded.request("GET", "/prompt", headers={"Cookie": "easel_0=0"}).status == 401


def test_a_link_with_a_wrong_token_is_refused(guarded: Server) -> None:
    reply = guarded.get("/", token="wrong")
    assert reply.status == 401
    assert "set-cookie" not in reply.headers


def test_a_page_opened_by_http_basic_sets_the_cookie_too(guarded: Server) -> None:
    assert "easel_0=" in guarded.request("GET", "/", headers=basic(TOKEN)).headers["set-cookie"]


def test_the_log_never_holds_the_token(base: Path) -> None:
    base.mkdir()
    (base / "secret").write_text(TOKEN)
    with running(base, "--token-file", str(base / "secret"), "--verbose") as server:
        begin = (base / "server.log").stat().st_size
        assert server.get("/", token=TOKEN).status == 303
        said = until(lambda: (base / "server.log").read_text()[begin:])
        assert "GET / 303" in said
        assert TOKEN not in said


def test_websockets_ask_for_the_token_alike(guarded: Server) -> None:
    url = f"ws://127.0.0.1:{guarded.port}/ws"
    with pytest.raises(InvalidStatus) as error, connect(url):
        pass
    assert error.value.response.status_code == 401
    with connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as socket:
        assert "status" in str(socket.recv(timeout=5))


def test_named_hosts_and_origins_are_let_in(guarded: Server) -> None:
    headers = {"Host": "easel.example", "Origin": "https://friend.example", "Authorization": f"Bearer {TOKEN}"}
    reply = guarded.request("GET", "/prompt", headers=headers)
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://friend.example"
    assert reply.headers["access-control-allow-credentials"] == "true"
    preflight = {"Origin": "https://friend.example", "Access-Control-Request-Method": "POST"}
    asked = guarded.request("OPTIONS", "/prompt", headers=preflight)
    assert asked.status == 200
    assert "POST" in asked.headers["access-control-allow-methods"]


def test_listening_beyond_this_machine_makes_a_token(tmp_path: Path) -> None:
    flags = Flags(user=tmp_path, listen=("0.0.0.0",))
    token = token_for(flags, accounts=False)
    assert token is not None
    assert len(token) >= 24
    assert token_for(flags, accounts=False) == token  # kept for the next start
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert token_for(Flags(user=tmp_path, listen=("127.0.0.1", "::1", "localhost")), accounts=False) is None


def test_the_printed_link_holds_the_made_token(base: Path) -> None:
    with running(base, "--listen", "0.0.0.0") as server:
        token = (base / "user" / "token").read_text().strip()
        assert f"?token={token}" in (base / "server.log").read_text()
        assert server.get("/prompt").status == 401
        # A number cannot be re-pointed as a name can, so any of this machine's addresses will do.
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"Host": f"192.168.7.7:{server.port}", "Authorization": f"Bearer {token}"}
        connection.request("GET", "/prompt", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize("text", ["", "short", "two words here", "\n"])
def test_a_token_file_without_a_token_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(TokenError, match="8 characters"):
        token_for(Flags(token_file=tmp_path / "t"), accounts=False)
    with pytest.raises(TokenError, match="cannot be read"):
        token_for(Flags(token_file=tmp_path / "absent"), accounts=False)


def test_credentials_are_told_from_the_rest() -> None:
    extra = {"auth_token_comfy_org": 1, "api_key_comfy_org": 2, "extra_pnginfo": {"password": 3}, "client_id": 4}
    kept, secret = hide_credentials(extra)
    assert set(secret) == {"auth_token_comfy_org", "api_key_comfy_org"}
    assert set(kept) == {"extra_pnginfo", "client_id"}


def test_any_origin_but_null_with_a_star() -> None:
    gate = Gate(Flags(allow_origin=("*",)), None)
    assert gate.allows_origin("https://anywhere.example")
    assert not gate.allows_origin("null")


def test_it_does_not_listen_elsewhere_where_no_token_can_be_kept(tmp_path: Path) -> None:
    flags = Flags(user=tmp_path / "user", listen=("0.0.0.0",))
    (tmp_path / "user").write_text("a file where the folder should be")
    with pytest.raises(TokenError, match="no token could be written"):
        token_for(flags, accounts=False)
    assert token_for(flags, accounts=True) is None, "accounts will do"
