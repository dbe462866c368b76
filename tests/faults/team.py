"""Who works in a round: one person on a server without accounts, or an admin and two artists on one that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.people import FIRST
from tests.faults.ledger import Ledger
from tests.server.harness import PATIENCE, Reply, Server
from tests.server.people import COOKIE, Someone, with_people

EVERY = 3
"""Each run whose seed can be divided by this is played on a server with accounts."""


@dataclass
class Asked(Server):
    """A server as one person asks it, who says in each request who they are."""

    headers: dict[str, str] = field(default_factory=dict[str, str])

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        raw: bytes | None = None,
        timeout: float = PATIENCE,
    ) -> Reply:
        return super().request(method, path, body, {**self.headers, **(headers or {})}, raw=raw, timeout=timeout)

    def socket(self, client_id: str | None = None, path: str = "/ws", **options: Any) -> Any:
        return super().socket(client_id, path, additional_headers=self.headers, **options)


@dataclass
class Member:
    """One of those who work, with what they were answered and what came of their jobs as of the last round."""

    base: Path
    account: Someone | None = None
    ledger: Ledger = field(default_factory=Ledger)
    history: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        return "" if self.account is None else self.account.name

    @property
    def id(self) -> str:
        return FIRST if self.account is None else self.account.id

    @property
    def is_first(self) -> bool:
        """Who sees everybody's jobs."""
        return self.id == FIRST

    @property
    def mark(self) -> str:
        """What stands in the names of all that they make."""
        return f"-{self.name}-"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.account is None else self.account.program

    @property
    def user(self) -> Path:
        return self.base / "user" / self.id

    def folder(self, kind: str) -> Path:
        """Their folder `input` or `output`."""
        root = self.base / kind
        return root if self.is_first else root / "people" / self.id

    def at(self, server: Server) -> Asked:
        return as_asked(server, self.headers)


def as_asked(server: Server, headers: dict[str, str]) -> Asked:
    return Asked(server.process, server.port, server.base, server.log, headers)


def headers_of(kind: str, key: str) -> dict[str, str]:
    """What a session or a token is brought in."""
    return {"Cookie": f"{COOKIE}={key}"} if kind == "session" else {"Authorization": f"Bearer {key}"}


def team(seed: int, base: Path) -> list[Member]:
    """The first of them sees everybody's jobs. The accounts are made here, before the server starts."""
    if seed % EVERY:
        return [Member(base)]
    people = with_people(base)
    return [Member(base, person) for person in (people.ada, people.vera, people.max)]
