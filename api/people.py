"""Who asks: one person a request. Without accounts there is one person, who may do everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from aiohttp import web

from graph.folders import FIRST_PERSON

Role = Literal["admin", "artist", "viewer"]
Scope = Literal["read", "run", "write", "admin"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
SCOPES_OF: dict[Role, frozenset[Scope]] = {
    "admin": SCOPES,
    "artist": frozenset({"read", "run", "write"}),
    "viewer": frozenset({"read"}),
}
"""What a role may do at most; an API token may have less."""
FIRST = FIRST_PERSON
"""The id of the only person and, where there are accounts, of the first: all that was there before is theirs."""


@dataclass(frozen=True)
class Person:
    """Who asks. `id` names their folders, and is the owner of what they make."""

    id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    alone: bool = False
    """Whether there are no accounts: then nothing belongs to anybody else."""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def sees(self, owner: str) -> bool:
        """Whether what belongs to `owner` is this person's to see and to change (as far as the scopes go)."""
        return self.alone or self.id == owner or self.may("admin")


ALONE = Person(FIRST, "", "admin", SCOPES, alone=True)


def only(owner: str) -> Person:
    """In whose name the server itself looks after what belongs to this owner: they see nothing of anybody else's."""
    return Person(owner, "", "viewer", SCOPES_OF["viewer"])


_WHO = "easel_person"


def set_who(request: web.Request, person: Person) -> None:
    """The gate says once who asks, before any route is reached."""
    request[_WHO] = person


def asks(request: web.Request) -> Person | None:
    """Who asks, if anybody in particular does."""
    return request.get(_WHO)


def who(request: web.Request) -> Person:
    """Who asks. Routes that are open to strangers (shared links, the login) have nobody: LookupError."""
    found = asks(request)
    if found is None:
        raise LookupError("this route is open to all, so nobody in particular asks")
    return found
