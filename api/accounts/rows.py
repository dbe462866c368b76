"""What the list of accounts looks like in its file: its tables, and rows as what they mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from api.accounts.keys import ApiToken, Session
from api.accounts.people import Account, AccountError, Quotas, read_scopes

SCHEMA = (
    (
        "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,"
        " role TEXT NOT NULL, password TEXT NOT NULL, disabled INTEGER NOT NULL, created REAL NOT NULL,"
        " most_queued INTEGER, disk_bytes INTEGER, gpu_seconds_per_day REAL)",
        "CREATE TABLE sessions (id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, person TEXT NOT NULL,"
        " made REAL NOT NULL, used REAL NOT NULL, expires REAL NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL)",
        "CREATE TABLE tokens (id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, person TEXT NOT NULL,"
        " name TEXT NOT NULL, scopes TEXT NOT NULL, made REAL NOT NULL, used REAL, expires REAL)",
    ),
)
PERSON = "id, name, role, disabled, created, most_queued, disk_bytes, gpu_seconds_per_day"
SESSION = "id, digest, person, made, used, expires, agent, address"
TOKEN = "id, digest, person, name, scopes, made, used, expires"


def version_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def account_of(row: tuple[Any, ...]) -> Account:
    id, name, role, disabled, created, most_queued, disk_bytes, gpu_seconds = row
    return Account(id, name, role, bool(disabled), created, Quotas(most_queued, disk_bytes, gpu_seconds))


def token_of(row: tuple[Any, ...]) -> ApiToken:
    id, digest, person, name, scopes, made, used, expires = row
    return ApiToken(id, digest, person, name, read_scopes(scopes.split()), made, used, expires)


def one_of(db: sqlite3.Connection, id: str) -> Account:
    row = db.execute(f"SELECT {PERSON} FROM people WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise AccountError("no_such_account", "There is no such account.")
    return account_of(row)


def keep_an_admin(db: sqlite3.Connection) -> None:
    """Raises AccountError, and so takes all back, where nobody would be left who can manage accounts."""
    if db.execute("SELECT count(*) FROM people WHERE role = 'admin' AND NOT disabled").fetchone()[0] == 0:
        raise AccountError("last_admin", "This is the last admin. Make another account an admin first.")


def write_used(db: sqlite3.Connection, used: Iterable[Session | ApiToken]) -> None:
    for one in used:
        if isinstance(one, Session):
            db.execute("UPDATE sessions SET used = ?, expires = ? WHERE id = ?", (one.used, one.expires, one.id))
        else:
            db.execute("UPDATE tokens SET used = ? WHERE id = ?", (one.used, one.id))
