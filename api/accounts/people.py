"""What an account is: its name, its role and its quotas, and what a name or a password must be like."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from api.people import SCOPES_OF, Person, Role, Scope

LONGEST_NAME = 64
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
ROLES: tuple[Role, ...] = get_args(Role)
LARGEST_QUOTA = 2**53


class AccountError(Exception):
    """Something that cannot be done with accounts. The text says what, and what to do."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much a person may take. None: as much as there is."""

    most_queued: int | None = None
    """Jobs that wait or run at once."""
    disk_bytes: int | None = None
    """Bytes of what they sent and what was made for them."""
    gpu_seconds_per_day: float | None = None
    """Seconds of the device in 24 hours."""

    def to_json(self) -> dict[str, int | float | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


NO_QUOTAS = Quotas()


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may come in. What opens the account is not part of it, so that it is never told."""

    id: str
    name: str
    role: Role
    disabled: bool
    created: float
    """Seconds since 1970."""
    quotas: Quotas = NO_QUOTAS

    def person(self, only: frozenset[Scope] | None = None) -> Person:
        """Who they are to the routes; `only`: the scopes of an API token, of which those of the role are left."""
        scopes = SCOPES_OF[self.role]
        return Person(self.id, self.name, self.role, scopes if only is None else scopes & only)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "role": self.role,
            "disabled": self.disabled,
            "created": self.created,
            "quotas": self.quotas.to_json(),
        }


def read_name(given: object) -> str:
    """Raises AccountError."""
    name = unicodedata.normalize("NFC", given).strip() if isinstance(given, str) else ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or ":" in name:
        raise AccountError(
            "invalid_name", f"A name has 1 to {LONGEST_NAME} letters, all of them visible, and no colon."
        )
    return name


def key_of(name: str) -> str:
    """Names that look alike are one name."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def new_id(name: str) -> str:
    """An id for a person, fit for a folder's name on every system, and never one that was used before."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-") or "person"
    return f"{slug}_{secrets.token_hex(4)}"


def read_role(given: object) -> Role:
    """Raises AccountError."""
    for role in ROLES:
        if given == role:
            return role
    raise AccountError("invalid_role", f"`role` must be one of {', '.join(ROLES)}.")


def read_password(given: object, name: str = "") -> str:
    """What is hashed of a password that somebody chose. Raises AccountError."""
    if not isinstance(given, str) or not SHORTEST_PASSWORD <= len(given) <= LONGEST_PASSWORD:
        raise AccountError("invalid_password", f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} letters.")
    if name and key_of(given) == key_of(name):
        raise AccountError("invalid_password", "The password must be another than the name.")
    return given


def read_quotas(given: Mapping[str, object], before: Quotas = NO_QUOTAS) -> Quotas:
    """Quotas as they were with those that are given; null takes one away. Raises AccountError."""
    known = {field.name for field in fields(Quotas)}
    values: dict[str, Any] = before.to_json()
    for name, value in given.items():
        if name not in known:
            raise AccountError("invalid_quota", f"`{name[:50]}` must be one of {', '.join(sorted(known))}.")
        whole = name != "gpu_seconds_per_day"
        fits = isinstance(value, int) if whole else isinstance(value, (int, float))
        if value is not None and (isinstance(value, bool) or not fits or not 0 <= value <= LARGEST_QUOTA):  # pyright: ignore[reportOperatorIssue]
            raise AccountError("invalid_quota", f"`{name}` must be a number, 0 or more, or null.")
        values[name] = value
    return Quotas(**values)


def read_scopes(given: object) -> frozenset[Scope]:
    """Raises AccountError."""
    known = SCOPES_OF["admin"]
    if isinstance(given, list) and given and all(one in known for one in given):  # pyright: ignore[reportUnknownVariableType]
        return frozenset(one for one in known if one in given)
    raise AccountError("invalid_scopes", "`scopes` must be a list of read, run, write and admin, at least one.")
