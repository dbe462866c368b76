"""What people do about their accounts while all else goes on: come and go, make tokens, let others in."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from tests.faults.ledger import Value
from tests.faults.load import Load
from tests.faults.team import Asked, Member, as_asked, headers_of
from tests.server.harness import Reply, Server
from tests.server.people import COOKIE, PASSWORD

MOST_LOGINS = 4
"""Of one person in a round: each takes a core for a tenth of a second."""
REMOVED = "removed"
_TOKENS = "/easel/accounts/me/tokens"
_IN_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class TeamLoad(Load):
    """The clients of one person where there are accounts."""

    def __init__(self, member: Member, others: Sequence[Member], server: Server, seed: str, proxy: int) -> None:
        super().__init__(member.at(server), member.ledger, seed, proxy)
        self._member = member
        self._hidden = [] if member.is_first else [other.mark for other in others]

    def people(self) -> Sequence[Callable[[random.Random], None]]:
        own = (self.look, self.come_and_go)
        return (*super().people(), *own, *([self.administer] if self._member.is_first else []))

    def look(self, dice: random.Random) -> None:
        """At the queue and the history, in which nothing may be of anybody else's."""
        while True:
            path = dice.choice(("/queue", "/history?max_items=50", "/easel/queue", "/api/jobs", "/easel/history"))
            if (reply := self.ask("GET", path)) is not None:
                for mark in self._hidden:
                    if mark.encode() in reply.body:
                        self.ledger.note_wrong(f"{self._member.name} was shown something {mark} in {path}")
            self.wait(dice)

    def come_and_go(self, dice: random.Random) -> None:
        """Log in, make tokens, take some back, log out."""
        for number in range(MOST_LOGINS):
            who = {"name": self._member.name, "password": PASSWORD}
            if (reply := self._noted("login", "POST", "/easel/login", who)) is None:
                continue
            found = re.search(rf"{COOKIE}=([^;]+)", reply.headers["set-cookie"])
            assert found
            session = self._opens("session", found[1])
            browser = as_asked(self.server, headers_of("session", found[1]))
            self.wait(dice)
            made = self._noted("token_made", "POST", _TOKENS, {"name": self.seed, "scopes": ["read"]}, browser)
            if made is not None:
                token = self._opens("token", made.json()["token"])
                self.wait(dice)
                if number % 2:
                    token.since.append(False)
                    path = f"{_TOKENS}/{made.json()['id']}"
                    if self._noted("token_revoked", "DELETE", path, None, browser) is not None:
                        token.answer(False)
            self.wait(dice)
            if number % 2:
                session.since.append(False)
                if self._noted("logout", "POST", "/easel/logout", None, browser) is not None:
                    session.answer(False)

    def administer(self, dice: random.Random) -> None:
        """Add people, say how much they may have, and remove one of them."""
        for number in range(MOST_LOGINS):
            body = {"name": f"Guest {self.seed} {number}", "password": PASSWORD, "quotas": {"most_queued": 1}}
            reply = self._noted("account_add", "POST", "/easel/accounts", body)
            if reply is None:
                continue
            path = f"/easel/accounts/{reply.json()['id']}"
            quota = self.ledger.value("account", reply.json()["id"])
            quota.answer(1)
            for most in range(2, 5):
                self.wait(dice)
                quota.since.append(most)
                if self._noted("account_changed", "PATCH", path, {"quotas": {"most_queued": most}}) is not None:
                    quota.answer(most)
            if number % 2:
                quota.since.append(REMOVED)
                if self._noted("account_remove", "DELETE", path) is not None:
                    quota.answer(REMOVED)

    def _opens(self, kind: str, key: str) -> Value:
        """A session or a token that was told opens something from now on."""
        value = self.ledger.value(kind, key)
        value.answer(True)
        return value

    def _noted(self, what: str, method: str, path: str, body: Any = None, browser: Asked | None = None) -> Reply | None:
        """Ask for something that the audit log is to have."""
        self.ledger.asked[what] += 1
        reply = self.ask(method, path, body, headers=_IN_JSON, server=browser)
        if reply is not None:
            self.ledger.noted[what] += 1
        return reply
