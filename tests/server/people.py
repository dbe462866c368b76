"""Accounts for tests: made in a base folder by the store, before its server starts or while it runs.

people = with_people(base)
with running(base) as server:
    people.vera.get(server, "/history")                                    # by an API token with all she may do
    server.request("GET", "/easel/page", headers=people.vera.browser)      # by her session's cookie
    server.socket("c", additional_headers=people.vera.browser)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from argon2 import PasswordHasher

from api.accounts.store import AccountStore
from api.people import SCOPES_OF, Role
from tests.server.harness import Reply, Server

PASSWORD = "correct horse battery"
COOKIE = "easel_session_0"
"""Servers of tests are started with port 0, which is what the cookie's name is made of."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Quick to make and to check: a hash says itself how it was made."""


@dataclass(frozen=True)
class Someone:
    """A person with a session and a token."""

    id: str
    name: str
    role: Role
    session: str
    token: str

    @property
    def browser(self) -> dict[str, str]:
        """Headers of a browser that is logged in."""
        return {"Cookie": f"{COOKIE}={self.session}"}

    @property
    def program(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, server: Server, path: str, /, **query: Any) -> Reply:
        return server.request("GET", path + (f"?{urlencode(query)}" if query else ""), headers=self.program)

    def post(self, server: Server, path: str, body: Any = None, method: str = "POST", **options: Any) -> Reply:
        return server.request(method, path, body, self.program, **options)


@dataclass(frozen=True)
class People:
    """ada is the first: an admin with the id `default`."""

    ada: Someone
    vera: Someone
    max: Someone
    otto: Someone


def with_people(base: Path) -> People:
    """An admin, two artists and a viewer, each with the password PASSWORD."""
    return asyncio.run(_made(base))


async def _made(base: Path) -> People:
    store = AccountStore(base / "user")
    await store.open()
    wanted: tuple[tuple[str, Role], ...] = (("ada", "admin"), ("vera", "artist"), ("max", "artist"), ("otto", "viewer"))
    made: dict[str, Someone] = {}
    hashed = CHEAP.hash(PASSWORD)
    for name, role in wanted:
        account = await store.add(name.title(), hashed, role)
        session, _ = await store.begin_session(account.id, "a test", "127.0.0.1")
        token, _ = await store.make_token(account.id, "a test", SCOPES_OF[role])
        made[name] = Someone(account.id, account.name, role, session, token)
    await store.close()
    return People(**made)
