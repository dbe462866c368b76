"""Who comes: the person that a session's cookie, an API token or the server's own token stands for.

Without accounts there is one person, who has to bring the server's token where there is one. With accounts everybody
has to log in; a token that was named on the command line then opens what an admin may do, one that was made for want of
accounts opens nothing any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal

from aiohttp import hdrs, web

from api.accounts.store import AccountStore
from api.people import ALONE, FIRST, SCOPES, Person

WITH_TOKEN = Person(FIRST, "", "admin", SCOPES)
"""Who brings the server's own token where there are accounts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody came in. key: the id of the session or token; empty for the server's own."""

    person: Person
    by: Literal["alone", "session", "token", "server"]
    key: str = ""


_ENTRY = "easel_entry"


def entry_of(request: web.Request) -> Entry:
    """How who asks came in. Raises LookupError where nobody in particular asks."""
    found: Entry | None = request.get(_ENTRY)
    if found is None:
        raise LookupError("this route is open to all, so nobody in particular asks")
    return found


def set_entry(request: web.Request, entry: Entry) -> None:
    request[_ENTRY] = entry


class Door:
    """Looks at what a request brings."""

    def __init__(
        self, token: str | None, named: bool, port: int, alone: bool, accounts: AccountStore | None = None
    ) -> None:
        """named: whether the token was named on the command line, and not made for want of accounts.
        alone: whether nothing is asked for where there is neither: nobody beyond this machine can come.
        """
        self.token = token
        self._alone = alone
        self._named = named
        self._accounts = accounts
        # Cookies know no ports: two servers on one machine must not take each other's.
        self.token_cookie = f"easel_{port}"
        self.token_value = "" if token is None else _digest(token, "easel cookie")
        self.session_cookie = f"easel_session_{port}"

    @property
    def asks_for_names(self) -> bool:
        """Whether there are accounts."""
        return self._accounts is not None and self._accounts.exist

    @property
    def takes_token(self) -> bool:
        """Whether the server's own token opens anything now."""
        return self.token is not None and (self._named or not self.asks_for_names)

    def enter(self, request: web.Request) -> Entry | None:
        """Who comes with this request; None for a stranger.

        What a program says itself goes before what a browser keeps, and a login before the cookie of the token, which
        lies there for a year.
        """
        names = self.asks_for_names
        if not names and self.token is None:
            return Entry(ALONE, "alone") if self._alone else None
        with_token = Entry(WITH_TOKEN, "server") if names else Entry(ALONE, "alone")
        given = _given(request)
        if self.is_token(given):
            return with_token
        if names and self._accounts is not None and (by_token := self._accounts.by_token(given)) is not None:
            account, token = by_token
            return Entry(account.person(token.scopes), "token", token.id)
        if (logged_in := self.session(request)) is not None:
            return logged_in
        cookie = request.cookies.get(self.token_cookie, "")
        return with_token if self.takes_token and _equal(cookie, self.token_value) else None

    def session(self, request: web.Request) -> Entry | None:
        """Who is logged in at this browser, whatever else it brings."""
        if self._accounts is None:
            return None
        found = self._accounts.by_session(request.cookies.get(self.session_cookie, ""))
        return None if found is None else Entry(found[0].person(), "session", found[1].id)

    def is_token(self, given: str) -> bool:
        """Whether this is the server's own token."""
        return self.takes_token and self.token is not None and _equal(given, self.token)

    def still(self, entry: Entry, open_keys: set[str]) -> bool:
        """Whether who came in so may stay. open_keys: those of the accounts that open something."""
        if entry.by == "alone":
            return not self.asks_for_names
        return self.takes_token if entry.by == "server" else entry.key in open_keys


def _given(request: web.Request) -> str:
    """What stands in the Authorization header: a token, or the password of HTTP Basic."""
    kind, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if kind.lower() == "bearer":
        return given.strip()
    return _basic_password(given) if kind.lower() == "basic" else ""


def _basic_password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _equal(given: str, right: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _digest(token: str, purpose: str) -> str:
    return hmac.new(token.encode(), purpose.encode(), hashlib.sha256).hexdigest()
