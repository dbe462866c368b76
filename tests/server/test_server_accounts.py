"""Accounts: who comes in, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from api import app
from api.accounts import login
from api.accounts.permits import PERMITS, scope_for
from api.openapi.operation import template
from api.shares import guest
from tests.server.harness import Server, running, say
from tests.server.people import People, with_people


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, People]]:
    base = tmp_path_factory.mktemp("people")
    people = with_people(base)
    with running(base) as server:
        yield server, people


def test_nobody_comes_in_without_an_account(peopled: tuple[Server, People]) -> None:
    server, people = peopled
    for path in ("/prompt", "/api/queue", "/users", "/w/x/main.js", "/no/such/route", "/easel/accounts/me"):
        reply = server.get(path)
        assert (reply.status, reply.json()["error"]["type"]) == (401, "unauthorized"), path
        assert "www-authenticate" in reply.headers
    with pytest.raises(InvalidStatus) as error, server.socket("c"):
        pass
    assert error.value.response.status_code == 401
    assert people.vera.get(server, "/prompt").status == 200
    assert server.request("GET", "/prompt", headers=people.vera.browser).status == 200
    with server.socket("c", additional_headers=people.otto.browser) as socket:
        assert "status" in str(socket.recv(timeout=5))


def test_a_viewer_looks_and_no_more(peopled: tuple[Server, People]) -> None:
    server, people = peopled
    assert people.otto.get(server, "/history").status == 200
    refused = people.otto.post(server, "/prompt", {"prompt": say()})
    assert (refused.status, refused.json()["error"]["type"]) == (403, "not_allowed")
    assert refused.json()["error"]["extra_info"] == {"scope": "run"}
    assert people.otto.post(server, "/settings", {"a": 1}).json()["error"]["extra_info"] == {"scope": "write"}
    assert people.vera.post(server, "/settings", {"a": 1}).status == 200
    assert people.vera.get(server, "/internal/logs").json()["error"]["extra_info"] == {"scope": "admin"}
    assert people.ada.get(server, "/internal/logs").status == 200


def test_every_route_wants_a_scope() -> None:
    routes = {(route.method, route.path) for theme in app.THEMES for route in theme.ROUTES}
    defs = [route for theme in app.OWN_THEMES for route in theme.OWN_ROUTES]
    own = {(route.method, route.path) for route in defs if route.handler not in (*login.FOR_ALL, *guest.FOR_GUESTS)}
    plain = {(method, template(path).removeprefix("/api")) for method, path in routes | own}
    lacking = [(method, path) for method, path in plain if scope_for(method, path) is None]
    assert lacking == [], "say in api/accounts/permits.py what these want"
    assert set(PERMITS) - {f"{method} {path}" for method, path in plain} == set(), "these are no routes"
