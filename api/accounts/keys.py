"""What opens a door without a password: sessions of browsers, and API tokens of programs.

Only hashes are kept: who reads the file can come in by none of them. They are long and random, so a plain hash will do.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any

from api.people import Scope

DAY = 24 * 3600.0
SESSION_LASTS = 14 * DAY
"""Without being used; each use begins it anew."""
SESSION_ENDS = 180 * DAY
"""However much it is used."""
USED_EVERY = 600.0
"""Seconds between two notes that something was used."""
TOKEN_BEGINS = "easel_"
"""How API tokens begin, so that they are known where they should not be."""
LONGEST_AGENT = 200
MOST_SESSIONS = 100
"""Of one person; a new one ends the one that was used longest ago."""
MOST_TOKENS = 100
"""Of one person."""
LONGEST_TOKEN_NAME = 100
LONGEST_DAYS = 36_500
"""For which a token is good that ends by itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in. Times are seconds since 1970."""

    id: str
    digest: str
    person: str
    made: float
    used: float
    expires: float
    agent: str
    """What the browser calls itself."""
    address: str

    def to_json(self) -> dict[str, Any]:
        names = ("id", "made", "used", "expires", "agent", "address")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What a program comes in by. Times are seconds since 1970."""

    id: str
    digest: str
    person: str
    name: str
    scopes: frozenset[Scope]
    made: float
    used: float | None
    expires: float | None

    def to_json(self) -> dict[str, Any]:
        names = ("id", "name", "made", "used", "expires")
        return {**{name: getattr(self, name) for name in names}, "scopes": sorted(self.scopes)}


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def new_session_key() -> str:
    return secrets.token_urlsafe(32)


def new_token() -> str:
    return TOKEN_BEGINS + secrets.token_urlsafe(32)


def new_key_id() -> str:
    return secrets.token_hex(6)


def later(session: Session, now: float) -> Session:
    """The session as it is after a use."""
    return replace(session, used=now, expires=min(now + SESSION_LASTS, session.made + SESSION_ENDS))
