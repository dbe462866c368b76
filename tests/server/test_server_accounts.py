"""Accounts over the wire: logging in, what a role may do, one's own sessions and tokens, and what admins do."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from api import app, page
from api.accounts import login
from api.accounts.permits import PERMITS, scope_for
from api.openapi.operation import template
from api.shares import guest
from tests.server.harness import Reply, Server, running, say, until
from tests.server.people import COOKIE, PASSWORD, People, Someone, with_people

NAVIGATION = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return with_people(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, people: People) -> Iterator[Server]:
    base = Path(tmp_path_factory.getbasetemp()) / "people0"
    pack = base / "custom_nodes" / "waits"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    with running(base, "--verbose") as found:
        yield found


def log_in(server: Server, name: str, password: str = PASSWORD, **headers: str) -> Reply:
    given = {"name": name, "password": password}
    return server.request("POST", "/easel/login", given, {"Content-Type": "application/json", **headers})


def cookie(reply: Reply) -> dict[str, str]:
    return {"Cookie": reply.headers["set-cookie"].partition(";")[0]}


def kind(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["error"]["type"]


def ended(socket: ClientConnection) -> None:
    """The server has cut it, which the client hears of after what had been sent."""
    with pytest.raises(ConnectionClosed):
        collections.deque(iter(lambda: socket.recv(timeout=10), None), maxlen=0)


def add(server: Server, people: People, name: str, role: str = "artist") -> dict[str, Any]:
    """An account of a test's own."""
    made = server.request(
        "POST", "/easel/accounts", {"name": name, "password": PASSWORD, "role": role}, people.ada.browser
    )
    assert made.status == 201, made.body
    return made.json()


def test_nobody_comes_in_without_an_account(server: Server, people: People) -> None:
    for path in ("/prompt", "/api/queue", "/users", "/w/x/main.js", "/no/such/route", "/easel/accounts/me", "/"):
        reply = server.get(path)
        assert kind(reply) == (401, "unauthorized"), path
        assert reply.headers["www-authenticate"].startswith("Bearer"), "a browser would ask in its own way"
    with pytest.raises(InvalidStatus) as error, server.socket("c"):
        pass
    assert error.value.response.status_code == 401
    assert people.vera.get(server, "/prompt").status == 200
    assert server.request("GET", "/prompt", headers=people.vera.browser).status == 200
    with server.socket("c", additional_headers=people.otto.browser) as socket:
        assert "status" in str(socket.recv(timeout=5))


def test_a_viewer_looks_and_no_more(server: Server, people: People) -> None:
    assert people.otto.get(server, "/history").status == 200
    refused = people.otto.post(server, "/prompt", {"prompt": say()})
    assert kind(refused) == (403, "not_allowed")
    assert refused.json()["error"]["extra_info"] == {"scope": "run"}
    assert people.otto.post(server, "/settings", {"a": 1}).json()["error"]["extra_info"] == {"scope": "write"}
    assert people.vera.post(server, "/settings", {"a": 1}).status == 200
    assert people.vera.get(server, "/internal/logs").json()["error"]["extra_info"] == {"scope": "admin"}
    assert people.ada.get(server, "/internal/logs").status == 200
    # A route that nobody has may be a pack's: only to look is for viewers.
    assert kind(people.otto.post(server, "/a/packs/route")) == (403, "not_allowed")
    assert people.otto.get(server, "/a/packs/route").status == 404


def test_every_route_wants_a_scope() -> None:
    routes = {(route.method, route.path) for theme in app.THEMES for route in theme.ROUTES}
    defs = [route for theme in app.OWN_THEMES for route in theme.OWN_ROUTES]
    own = {(route.method, route.path) for route in defs if route.handler not in (*login.FOR_ALL, *guest.FOR_GUESTS)}
    plain = {(method, template(path).removeprefix("/api")) for method, path in routes | own}
    lacking = [(method, path) for method, path in plain if scope_for(method, path) is None]
    assert lacking == [], "say in api/accounts/permits.py what these want"
    assert set(PERMITS) - {f"{method} {path}" for method, path in plain} == set(), "these are no routes"


def test_no_route_is_open_to_strangers_and_viewers_change_nothing(server: Server, people: People) -> None:
    clients = [route for theme in app.THEMES for route in theme.ROUTES]
    defs = [*clients, *(route for theme in app.OWN_THEMES for route in theme.OWN_ROUTES)]
    asked = 0
    for route in defs:
        if route.handler in (*login.FOR_ALL, *guest.FOR_GUESTS, page.get_icon):
            continue
        path = re.sub(r"\{\w+\}", "1", template(route.path))
        for place in (path, f"/api{path}") if route in clients else (path,):
            asked += 1
            assert server.request(route.method, place, headers={"Comfy-User": "default"}).status == 401, place
            scope = scope_for(route.method, template(route.path))
            if scope != "read":
                refused = server.request(route.method, place, {}, people.otto.program)
                assert kind(refused) == (403, "not_allowed"), place
                assert refused.json()["error"]["extra_info"] == {"scope": scope}, place
    assert asked > 150


def test_who_one_is(server: Server, people: People) -> None:
    me = people.vera.get(server, "/easel/accounts/me").json()
    assert (me["id"], me["name"], me["role"], me["by"]) == (people.vera.id, "Vera", "artist", "token")
    assert me["scopes"] == ["read", "run", "write"]
    assert people.ada.get(server, "/easel/accounts/me").json()["id"] == "default"
    told = server.request("GET", "/users", headers={**people.vera.program, "Comfy-User": "default"})
    assert told.json().keys() == {"storage", "migrated"}


# Logging in


def test_a_person_is_sent_to_the_login_and_back(server: Server) -> None:
    reply = server.request("GET", "/easel/page?x=1", headers=NAVIGATION)
    assert (reply.status, reply.headers["location"]) == (303, "/easel/login?next=%2Feasel%2Fpage%3Fx%3D1")
    page = server.request("GET", reply.headers["location"])
    assert page.status == 200
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert "<script" not in page.body.decode()
    for name in re.findall(r'(?:href|src)="([^"]+)"', page.body.decode()):
        assert server.get(name).status == 200, "what the login needs is there before it"
    form = {"name": "vera", "password": PASSWORD, "next": "/easel/page?x=1"}
    raw = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{server.port}"}
    done = server.request("POST", "/easel/login", raw=raw, headers=headers)
    assert (done.status, done.headers["location"]) == (303, "/easel/page?x=1")
    attributes = done.headers["set-cookie"].lower()
    assert all(one in attributes for one in ("httponly", "samesite=strict", "path=/", "max-age="))
    assert "secure" not in attributes, "the browser came without TLS"
    assert server.request("GET", "/easel/page", headers=cookie(done)).status == 200


def test_a_link_from_elsewhere_finds_who_is_logged_in(server: Server, people: People) -> None:
    """The browser leaves a strict cookie at home then; our own page has it come again, with it."""
    reply = server.request("GET", "/?a=1&b", headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"})
    assert reply.status == 200
    assert 'content="0;url=/?a=1&amp;b"' in reply.body.decode()
    again = {**NAVIGATION, "Sec-Fetch-Site": "same-origin"}
    assert server.request("GET", "/?a=1&b", headers={**again, **people.vera.browser}).status == 200
    assert server.request("GET", "/?a=1&b", headers=again).status == 303


@pytest.mark.parametrize(
    "next", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", ""]
)
def test_the_login_sends_nobody_elsewhere(server: Server, next: str) -> None:
    raw = urlencode({"name": "Vera", "password": PASSWORD, "next": next}).encode()
    assert server.request("POST", "/easel/login", raw=raw).headers["location"] == "/"


def test_another_sites_form_logs_nobody_in(server: Server) -> None:
    for origin in ("https://evil.example", "null"):
        assert kind(log_in(server, "vera", Origin=origin)) == (403, "forbidden_origin")


def test_a_wrong_password_says_not_what_was_wrong(server: Server) -> None:
    wrong, unknown = log_in(server, "Vera", "wrong"), log_in(server, "Nobody", "wrong")
    assert kind(wrong) == kind(unknown) == (401, "wrong_password")
    assert wrong.body == unknown.body
    assert "set-cookie" not in wrong.headers
    raw = urlencode({"name": '"><b>', "password": "wrong", "next": "/"}).encode()
    page = server.request("POST", "/easel/login", raw=raw, headers={"Accept-Language": "zh-CN"})
    assert page.status == 401
    assert "名称或密码错误" in page.body.decode()
    assert "<b>" not in page.body.decode()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"name": 1}', b"\xff\xfe", b"[" * 9000, b'{"name": "\\ud800", "password": "\\ud800"}']
)
def test_what_is_no_login_is_refused(server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert server.request("POST", "/easel/login", raw=body, headers=headers).status in (400, 401)
    assert server.request("POST", "/easel/login", raw=b"a=" + b"b" * 20_000).status == 400
    long = server.request("POST", "/easel/login", {"name": "b" * 20_000}, headers)
    assert kind(long) == (400, "body_too_large")
    assert "16 KB" in long.json()["error"]["message"]


def test_passwords_cannot_be_tried_for_ever(server: Server, people: People) -> None:
    add(server, people, "Tried")
    answers = [log_in(server, "TRIED" if n % 2 else "tried", f"wrong {n}") for n in range(9)]
    assert [reply.status for reply in answers] == [401] * 8 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    assert log_in(server, "Tried").status == 429, "nor does the right one tell anything now"
    noted = people.ada.get(server, "/easel/audit", limit=5).json()["entries"]
    assert [entry["what"] for entry in noted].count("login_limited") == 1, "who goes on trying writes no more lines"
    assert log_in(server, "Vera").status == 200, "others are let in"


# Sessions and tokens


def test_logging_out_ends_the_session_and_its_sockets(server: Server) -> None:
    mine = cookie(log_in(server, "Max"))
    with server.socket("leaving", additional_headers=mine) as socket:
        socket.recv(timeout=5)
        with server.socket(path="/easel/events", additional_headers=mine) as events:
            assert server.request("POST", "/easel/logout", headers=mine).headers["location"] == "/easel/login"
            for one in (socket, events):
                ended(one)
    assert server.request("GET", "/prompt", headers=mine).status == 401


def test_a_new_password_ends_the_other_sessions(server: Server, people: People) -> None:
    add(server, people, "Changing")
    first, second = cookie(log_in(server, "Changing")), cookie(log_in(server, "Changing"))
    there = server.request("GET", "/easel/accounts/me/sessions", headers=second).json()
    assert [one["this"] for one in there] == [True, False]
    wrong = {"old": "no", "new": "another password"}
    assert server.request("POST", "/easel/accounts/me/password", wrong, second).status == 401
    short = {"old": PASSWORD, "new": "short"}
    assert kind(server.request("POST", "/easel/accounts/me/password", short, second)) == (400, "invalid_password")
    right = {"old": PASSWORD, "new": "another password"}
    assert server.request("POST", "/easel/accounts/me/password", right, second).status == 200
    assert server.request("GET", "/prompt", headers=first).status == 401
    assert server.request("GET", "/prompt", headers=second).status == 200
    assert log_in(server, "Changing", "another password").status == 200
    assert log_in(server, "Changing").status == 401


def test_one_session_is_ended_from_another(server: Server, people: People) -> None:
    add(server, people, "Roaming")
    first, second = cookie(log_in(server, "Roaming")), cookie(log_in(server, "Roaming"))
    there = server.request("GET", "/easel/accounts/me/sessions", headers=first).json()
    other = next(one["id"] for one in there if not one["this"])
    assert server.request("DELETE", f"/easel/accounts/me/sessions/{other}", headers=people.vera.browser).status == 404
    assert server.request("DELETE", f"/easel/accounts/me/sessions/{other}", headers=first).status == 204
    assert server.request("GET", "/prompt", headers=second).status == 401
    assert server.request("DELETE", "/easel/accounts/me/sessions", headers=first).status == 200


def test_a_token_may_do_what_it_was_made_for(server: Server, people: People) -> None:
    wanted = {"name": "a script", "scopes": ["read"], "days": 30}
    made = server.request("POST", "/easel/accounts/me/tokens", wanted, people.max.browser)
    assert made.status == 201
    token = made.json()["token"]
    max = Someone(people.max.id, "Max", "artist", "", token)
    assert max.get(server, "/history").status == 200
    assert kind(max.post(server, "/prompt", {"prompt": say()})) == (403, "not_allowed")
    assert kind(max.post(server, "/easel/accounts/me/tokens", wanted)) == (403, "login_wanted")
    listed = server.request("GET", "/easel/accounts/me/tokens", headers=people.max.browser).json()
    mine = next(one for one in listed if one["name"] == "a script")
    assert token not in str(listed)
    assert mine["used"] is not None
    with server.socket("by-token", additional_headers=max.program) as socket:
        socket.recv(timeout=5)
        path = f"/easel/accounts/me/tokens/{mine['id']}"
        assert server.request("DELETE", path, headers=people.vera.browser).status == 404
        assert server.request("DELETE", path, headers=people.max.browser).status == 204
        ended(socket)
    assert max.get(server, "/history").status == 401
    above = {"name": "x", "scopes": ["read", "admin"]}
    assert kind(server.request("POST", "/easel/accounts/me/tokens", above, people.max.browser)) == (403, "not_allowed")
    for wrong in ({"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"days": -1}, {"days": 36_500.5}, {"days": True}):
        reply = server.request("POST", "/easel/accounts/me/tokens", {**wanted, **wrong}, people.max.browser)
        assert reply.status == 400, wrong


# What admins do


def test_an_admin_adds_changes_and_removes(server: Server, people: People) -> None:
    ada, path = people.ada, "/easel/accounts"
    made = add(server, people, "Nora")
    assert re.fullmatch(r"nora_[0-9a-f]{8}", made["id"])
    again = {"name": "nora ", "password": PASSWORD}
    assert kind(ada.post(server, path, again)) == (409, "name_taken")
    nora = cookie(log_in(server, "nora"))
    quotas = {"most_queued": 5, "disk_bytes": None, "gpu_seconds_per_day": 90.5}
    changed = ada.post(server, f"{path}/{made['id']}", {"role": "viewer", "quotas": quotas}, "PATCH").json()
    assert (changed["role"], changed["quotas"], changed["sessions"]) == ("viewer", quotas, 1)
    assert server.request("GET", "/easel/accounts/me", headers=nora).json()["scopes"] == ["read"]
    assert ada.post(server, f"{path}/{made['id']}", {"disabled": True}, "PATCH").status == 200
    assert server.request("GET", "/prompt", headers=nora).status == 401
    assert kind(log_in(server, "nora")) == (403, "disabled")
    assert ada.post(server, f"{path}/{made['id']}", {"disabled": False}, "PATCH").status == 200
    # Tokens wait while an account is switched off, and end when an admin gives another password.
    nora = cookie(log_in(server, "nora"))
    wanted = {"name": "a script", "scopes": ["read"]}
    tokens = [server.request("POST", "/easel/accounts/me/tokens", wanted, nora).json()["token"] for _ in range(2)]
    program = {"Authorization": f"Bearer {tokens[0]}"}
    for off, status in ((True, 401), (False, 200)):
        assert ada.post(server, f"{path}/{made['id']}", {"disabled": off}, "PATCH").status == 200
        assert server.request("GET", "/prompt", headers=program).status == status
    with server.socket("noras", additional_headers=program) as socket:
        reset = ada.post(server, f"{path}/{made['id']}/password", {"password": "a new password"})
        assert (reset.status, reset.json()) == (200, {"tokens_ended": 2})
        ended(socket)
    assert server.request("GET", "/prompt", headers=program).status == 401
    noted = ada.get(server, "/easel/audit", limit=1).json()["entries"][0]
    assert (noted["what"], noted["tokens_ended"]) == ("password_reset", 2)
    assert log_in(server, "Nora", "a new password").status == 200
    assert ada.post(server, f"{path}/{made['id']}", None, "DELETE").status == 204
    assert log_in(server, "Nora", "a new password").status == 401
    assert made["id"] not in str(ada.get(server, path).json())
    assert kind(people.vera.get(server, path)) == (403, "not_allowed")


def test_an_admin_is_always_left(server: Server, people: People) -> None:
    path = "/easel/accounts/default"
    assert kind(people.ada.post(server, path, {"role": "artist"}, "PATCH")) == (409, "first_account")
    for method, body in (("DELETE", None), ("PATCH", {"disabled": True})):
        assert kind(people.ada.post(server, path, body, method)) == (409, "last_admin")
    assert people.ada.get(server, "/prompt").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "password": PASSWORD},
        {"name": "a\nb", "password": PASSWORD},
        {"name": "a:b", "password": PASSWORD},
        {"name": "x" * 65, "password": PASSWORD},
        {"name": "\ud800", "password": PASSWORD},
        {"name": "Someone", "password": "short"},
        {"name": "Long enough", "password": "long enough"},
        {"name": "Someone", "password": PASSWORD, "role": "king"},
        {"name": "Someone", "password": PASSWORD, "quotas": {"most_queued": -1}},
        {"name": "Someone", "password": PASSWORD, "quotas": {"most_queued": 1.5}},
        {"name": "Someone", "password": PASSWORD, "quotas": {"disk_bytes": True}},
        {"name": "Someone", "password": PASSWORD, "quotas": {"other": 1}},
        {"name": "Someone", "password": PASSWORD, "quotas": []},
    ],
)
def test_what_is_no_account_is_refused(server: Server, people: People, body: dict[str, Any]) -> None:
    assert people.ada.post(server, "/easel/accounts", body).status == 400
    assert "Someone" not in str(people.ada.get(server, "/easel/accounts").json())


def test_an_admin_who_is_logged_in_approves_packs(server: Server, people: People) -> None:
    """Without the code of the terminal, which a token still needs."""
    listed = people.vera.get(server, "/easel/packs").json()["packs"]
    hash = next(pack["hash"] for pack in listed if pack["name"] == "waits")
    path, given = "/easel/packs/waits/approve", {"hash": hash}
    assert kind(server.request("POST", path, given, people.vera.browser)) == (403, "not_allowed")
    assert kind(people.ada.post(server, path, given)) == (403, "wrong_code")
    assert kind(server.request("POST", path, {"hash": "another"}, people.ada.browser)) == (409, "code_changed")
    assert server.request("POST", path, given, people.ada.browser).status == 200
    noted = people.ada.get(server, "/easel/audit", limit=1).json()["entries"]
    assert (noted[0]["what"], noted[0]["packs"]) == ("packs_approved", [f"waits {hash}"])
    assert server.request("POST", "/easel/packs/waits/forget", {}, people.ada.browser).status == 200


def test_the_audit_log_says_who_did_what(server: Server, people: People) -> None:
    log_in(server, "Audited password in the wrong field", "wrong")
    log_in(server, "Vera", "wrong")
    log_in(server, "Vera")
    page = people.ada.get(server, "/easel/audit", limit=2).json()
    assert [entry["what"] for entry in page["entries"]] == ["login", "login_failed"]
    assert page["entries"][0]["account"] == people.vera.id
    assert page["entries"][0]["address"] == "127.0.0.1"
    rest = people.ada.get(server, "/easel/audit", before=page["next"], limit=500).json()
    assert rest["entries"][0]["what"] == "login_failed"
    assert rest["next"] is None
    text = (server.base / "user" / "audit.log").read_text()
    assert "wrong field" not in text, "what is no name may be a password"
    assert PASSWORD not in text
    assert kind(people.vera.get(server, "/easel/audit")) == (403, "not_allowed")
    assert people.ada.get(server, "/easel/audit", limit="x").status == 400


def test_nothing_secret_is_logged(server: Server, people: People) -> None:
    reply = log_in(server, "Vera")
    session = cookie(reply)["Cookie"].removeprefix(f"{COOKIE}=")
    server.request("GET", f"/easel/login?next=/{people.vera.token}")
    server.get("/", token=people.vera.token)
    said = until(lambda: (server.base / "server.log").read_text())
    for secret in (session, people.vera.token, people.vera.session, PASSWORD):
        assert secret not in said


def test_deletions_are_noted(server: Server, people: People) -> None:
    vera = people.vera
    assert server.request("POST", "/userdata/a%2Fnote.txt", raw=b"x", headers=vera.program).status == 200
    assert vera.post(server, "/userdata/a%2Fnote.txt", None, "DELETE").status == 204
    assert vera.post(server, "/userdata/absent.txt", None, "DELETE").status == 404
    assert vera.post(server, "/api/history", {"clear": True}).status == 200
    assert vera.post(server, "/easel/gallery/trash", {"ids": [1]}).status == 200
    assert vera.post(server, "/easel/history", {"restore": []}).status == 200
    noted = people.ada.get(server, "/easel/audit", limit=3).json()["entries"]
    assert [entry["what"] for entry in noted] == ["files_trashed", "history_deleted", "file_deleted"]
    assert {entry["who"] for entry in noted} == {vera.id}
    assert (noted[0]["files"], noted[1]["jobs"], noted[2]["file"]) == ([], "all", "a/note.txt")
    # Both at once are one line, nothing is none, and what is not understood deletes nothing.
    entries = people.ada.get(server, "/easel/audit", limit=1).json()["entries"]
    for body, status in (({}, 200), ({"clear": False, "delete": []}, 200), ({"clear": True, "delete": "x"}, 400)):
        assert vera.post(server, "/history", body).status == status
        assert people.ada.get(server, "/easel/audit", limit=1).json()["entries"] == entries
    ran = vera.post(server, "/prompt", {"prompt": say()}).json()["prompt_id"]
    until(lambda: vera.get(server, f"/history/{ran}").json())
    assert vera.post(server, "/history", {"clear": True, "delete": "x"}).status == 400
    assert vera.get(server, f"/history/{ran}").json()
    assert people.ada.post(server, "/history", {"clear": True, "delete": [ran]}).status == 200
    assert vera.get(server, f"/history/{ran}").json() == {}
    noted = people.ada.get(server, "/easel/audit", limit=1).json()["entries"]
    assert (noted[0]["what"], noted[0]["jobs"], noted[0]["named"]) == ("history_deleted", "all", [ran])
    # Nor does a header hide one.
    assert server.request("POST", "/userdata/hidden.txt", raw=b"x", headers=vera.program).status == 200
    headers = {**vera.program, "Upgrade": "websocket"}
    assert server.request("DELETE", "/userdata/hidden.txt", headers=headers).status == 204
    assert people.ada.get(server, "/easel/audit", limit=1).json()["entries"][0]["file"] == "hidden.txt"
