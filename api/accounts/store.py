"""user/accounts.db: people, sessions and API tokens.

All of it but the passwords is in memory too, since every request is asked about. Another process may write the file
(`server.py account`): it is looked at each second, and read again when it is another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from api.accounts.keys import (
    LONGEST_AGENT,
    LONGEST_TOKEN_NAME,
    MOST_SESSIONS,
    MOST_TOKENS,
    SESSION_LASTS,
    USED_EVERY,
    ApiToken,
    Session,
    digest_of,
    later,
    new_key_id,
    new_session_key,
    new_token,
)
from api.accounts.people import NO_QUOTAS, Account, AccountError, Quotas, key_of, new_id
from api.accounts.rows import (
    PERSON,
    SCHEMA,
    SESSION,
    TOKEN,
    account_of,
    keep_an_admin,
    one_of,
    token_of,
    version_of,
    write_used,
)
from api.clock import now_for_deleting
from api.database import Database, DatabaseError
from api.people import FIRST, Role, Scope

log = logging.getLogger("easel")
T = TypeVar("T")

FILE = "accounts.db"
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Known:
    """What the file held at one moment, by id and by digest."""

    version: int = 0
    people: dict[str, Account] = field(default_factory=dict[str, Account])
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    tokens: dict[str, ApiToken] = field(default_factory=dict[str, ApiToken])


class AccountStore:
    """The file in `user`. It is made with the first account: without it there are none."""

    def __init__(
        self,
        user: Path,
        clock: Callable[[], float] = time.time,
        clock_for_deleting: Callable[[], float] = now_for_deleting,
    ) -> None:
        self.folder = user
        self._path = user / FILE
        self._clock = clock
        self._clock_for_deleting = clock_for_deleting
        self._opened: set[str] = set()
        self._database: Database | None = None
        self._known = Known()
        self._reads = 0
        self._guard = threading.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._version: int | None = None
        """SQLite's own, of what was read: another when another process has written."""
        self._used: dict[str, Session | ApiToken] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change, whoever made it."""

    # What is known

    @property
    def exist(self) -> bool:
        """Whether there are accounts: then everybody has to log in."""
        return bool(self._known.people)

    def people(self) -> list[Account]:
        return sorted(self._known.people.values(), key=lambda account: account.created)

    def account(self, id: str) -> Account | None:
        return self._known.people.get(id)

    def named(self, name: str) -> Account | None:
        key = key_of(name)
        return next((one for one in self._known.people.values() if key_of(one.name) == key), None)

    def quotas(self, person: str) -> Quotas:
        """Of a person; of none, and without accounts, there are no limits."""
        found = self._known.people.get(person)
        return NO_QUOTAS if found is None else found.quotas

    def sessions(self, person: str) -> list[Session]:
        """Newest use first."""
        now = self._clock()
        found = [one for one in self._known.sessions.values() if one.person == person and one.expires > now]
        return sorted(found, key=lambda session: -session.used)

    def tokens(self, person: str) -> list[ApiToken]:
        return sorted((one for one in self._known.tokens.values() if one.person == person), key=lambda one: one.made)

    def by_session(self, key: str) -> tuple[Account, Session] | None:
        """Whose session this is, if it goes on; it does so for longer then."""
        now = self._clock()
        found = self._known.sessions.get(digest_of(key)) if key else None
        account = None if found is None else self._known.people.get(found.person)
        if found is None or account is None or account.disabled or found.expires <= now:
            return None
        if abs(now - found.used) > USED_EVERY:
            found = self._known.sessions[found.digest] = self._used[found.digest] = later(found, now)
        return account, found

    def by_token(self, key: str) -> tuple[Account, ApiToken] | None:
        """Whose API token this is, if it is good."""
        now = self._clock()
        found = self._known.tokens.get(digest_of(key)) if key else None
        account = None if found is None else self._known.people.get(found.person)
        if found is None or account is None or account.disabled or (found.expires or now + 1) <= now:
            return None
        if found.used is None or abs(now - found.used) > USED_EVERY:
            found = self._known.tokens[found.digest] = self._used[found.digest] = replace(found, used=now)
        return account, found

    def open_keys(self) -> set[str]:
        """Ids of the sessions and tokens that open something."""
        now = self._clock()
        keys: Iterable[Session | ApiToken] = (*self._known.sessions.values(), *self._known.tokens.values())
        able = {account.id for account in self._known.people.values() if not account.disabled}
        return {one.id for one in keys if one.person in able and (one.expires is None or one.expires > now)}

    # Opening, watching

    async def open(self) -> None:
        """Read the file, if there is one. Raises DatabaseError."""
        if self._database is None and self._path.exists():
            await asyncio.to_thread(self._connect)
            self._take(await self._file().call(self._read))

    def start(self) -> None:
        """Look each second whether the file is another, and write down what was used."""
        self._watch = asyncio.create_task(self._keep_looking(), name="accounts")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except DatabaseError as error:
                log.warning("%s", error)
                await asyncio.sleep(10 * LOOK_EVERY)

    async def look(self) -> None:
        """Take up what another process has written. Raises DatabaseError."""
        if self._database is None:
            await self.open()
            if self._database is not None:
                self.on_change()
            return
        used, self._used = self._used, {}
        old, before = self._clock_for_deleting(), self._version

        def work(db: sqlite3.Connection) -> Known | None:
            write_used(db, used.values())
            keys = (*self._known.sessions.values(), *self._known.tokens.values())
            if any(one.expires is not None and one.expires <= old for one in keys):
                db.execute("DELETE FROM sessions WHERE expires <= ?", (old,))
                db.execute("DELETE FROM tokens WHERE expires <= ?", (old,))
            elif version_of(db) == before:
                return None
            return self._read(db)

        found = await self._database.call(work)
        if found is not None:
            self._take(found)
        opened, self._opened = self._opened, self.open_keys()
        if found is not None or opened != self._opened:  # some have come to their end
            self.on_change()

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._database is not None:
            with contextlib.suppress(DatabaseError):
                await self.look()
            await asyncio.to_thread(self._database.close)

    # People

    async def add(self, name: str, password: str, role: Role, quotas: Quotas = NO_QUOTAS) -> Account:
        """A new account; the first is an admin, to whom all belongs that is there already.

        password: its hash. Raises AccountError where the name is taken.
        """

        def work(db: sqlite3.Connection) -> str:
            first = db.execute("SELECT count(*) FROM people").fetchone()[0] == 0
            id = FIRST if first else new_id(name)
            limits = (quotas.most_queued, quotas.disk_bytes, quotas.gpu_seconds_per_day)
            row = (id, name, key_of(name), "admin" if first else role, password, 0, self._clock(), *limits)
            try:
                db.execute("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                raise AccountError("name_taken", f"There is an account {name} already.") from None
            return id

        if self._database is None:
            await asyncio.to_thread(self._connect)
        id = await self._change(work)
        return self._known.people[id]

    async def change(
        self,
        id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        disabled: bool | None = None,
        quotas: Quotas | None = None,
    ) -> Account:
        """Raises AccountError: no such account, a name that is taken, or no admin would be left."""

        def work(db: sqlite3.Connection) -> None:
            before = one_of(db, id)
            if name is not None:
                try:
                    db.execute("UPDATE people SET name = ?, name_key = ? WHERE id = ?", (name, key_of(name), id))
                except sqlite3.IntegrityError:
                    raise AccountError("name_taken", f"There is an account {name} already.") from None
            if role is not None and role != before.role:
                if id == FIRST:  # its folders are the ones in which everybody's lie
                    raise AccountError("first_account", "The first account holds all folders, so it stays an admin's.")
                db.execute("UPDATE people SET role = ? WHERE id = ?", (role, id))
            if disabled is not None:
                db.execute("UPDATE people SET disabled = ? WHERE id = ?", (int(disabled), id))
                if disabled:
                    db.execute("DELETE FROM sessions WHERE person = ?", (id,))
            if quotas is not None:
                db.execute(
                    "UPDATE people SET most_queued = ?, disk_bytes = ?, gpu_seconds_per_day = ? WHERE id = ?",
                    (quotas.most_queued, quotas.disk_bytes, quotas.gpu_seconds_per_day, id),
                )
            keep_an_admin(db)

        await self._change(work)
        return self._known.people[id]

    async def set_password(self, id: str, password: str, keep: str | None = None, *, end_tokens: bool) -> int:
        """Another password, as its hash; all sessions end but the one with the id `keep`, and with `end_tokens` all API
        tokens. Gives how many of those there were. Raises AccountError."""

        def work(db: sqlite3.Connection) -> int:
            one_of(db, id)
            db.execute("UPDATE people SET password = ? WHERE id = ?", (password, id))
            db.execute("DELETE FROM sessions WHERE person = ? AND id IS NOT ?", (id, keep))
            return db.execute("DELETE FROM tokens WHERE person = ?", (id,)).rowcount if end_tokens else 0

        return await self._change(work)

    async def renew_hash(self, id: str, before: str, password: str) -> None:
        """The same password under another hash, unless it was changed meanwhile; sessions go on."""
        await self._change(
            lambda db: (
                db.execute(
                    "UPDATE people SET password = ? WHERE id = ? AND password = ?", (password, id, before)
                ).rowcount
            )
        )

    async def password(self, id: str) -> str | None:
        """The hash of a person's password."""
        if self._database is None:
            return None

        def work(db: sqlite3.Connection) -> str | None:
            row = db.execute("SELECT password FROM people WHERE id = ?", (id,)).fetchone()
            return None if row is None else row[0]

        return await self._database.call(work)

    async def remove(self, id: str) -> Account:
        """The account and all that opens it; what belongs to it stays on the disk. Raises AccountError."""

        def work(db: sqlite3.Connection) -> Account:
            account = one_of(db, id)
            db.execute("DELETE FROM people WHERE id = ?", (id,))
            db.execute("DELETE FROM sessions WHERE person = ?", (id,))
            db.execute("DELETE FROM tokens WHERE person = ?", (id,))
            keep_an_admin(db)
            return account

        return await self._change(work)

    # Sessions and tokens

    async def begin_session(self, person: str, agent: str, address: str) -> tuple[str, Session]:
        """What the browser keeps, and the session. Raises AccountError."""
        key, now = new_session_key(), self._clock()
        made = Session(
            new_key_id(), digest_of(key), person, now, now, now + SESSION_LASTS, agent[:LONGEST_AGENT], address
        )

        def work(db: sqlite3.Connection) -> None:
            if one_of(db, person).disabled:
                raise AccountError("disabled", "This account is switched off.")
            row = (made.id, made.digest, person, now, now, made.expires, made.agent, address)
            db.execute(f"INSERT INTO sessions ({SESSION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            db.execute(
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE person = ?"
                " ORDER BY used DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (person, MOST_SESSIONS),
            )

        await self._change(work)
        return key, made

    async def end_session(self, person: str, id: str) -> bool:
        """Whether there was one."""
        return await self._change(
            lambda db: db.execute("DELETE FROM sessions WHERE person = ? AND id = ?", (person, id)).rowcount > 0
        )

    async def end_other_sessions(self, person: str, keep: str | None) -> int:
        """How many there were."""
        return await self._change(
            lambda db: db.execute("DELETE FROM sessions WHERE person = ? AND id IS NOT ?", (person, keep)).rowcount
        )

    async def make_token(
        self, person: str, name: str, scopes: frozenset[Scope], expires: float | None = None
    ) -> tuple[str, ApiToken]:
        """The token itself, which is told this once, and what is known of it. Raises AccountError."""
        key, now = new_token(), self._clock()
        made = ApiToken(new_key_id(), digest_of(key), person, name[:LONGEST_TOKEN_NAME], scopes, now, None, expires)

        def work(db: sqlite3.Connection) -> None:
            one_of(db, person)
            if db.execute("SELECT count(*) FROM tokens WHERE person = ?", (person,)).fetchone()[0] >= MOST_TOKENS:
                raise AccountError("too_many_tokens", f"{MOST_TOKENS} tokens are the most: take one away first.")
            row = (made.id, made.digest, person, made.name, " ".join(sorted(scopes)), now, None, expires)
            db.execute(f"INSERT INTO tokens ({TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

        await self._change(work)
        return key, made

    async def revoke_token(self, person: str, id: str) -> bool:
        """Whether there was one."""
        return await self._change(
            lambda db: db.execute("DELETE FROM tokens WHERE person = ? AND id = ?", (person, id)).rowcount > 0
        )

    # The file

    def _connect(self) -> None:
        with self._guard:
            if self._database is None:
                database = Database(self._path, "list of accounts", SCHEMA, private=True)
                database.open()
                self._database = database

    def _file(self) -> Database:
        """Raises AccountError where there is none."""
        if self._database is None:
            raise AccountError("no_accounts", "There are no accounts.")
        return self._database

    async def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def both(db: sqlite3.Connection) -> tuple[T, Known]:
            return work(db), self._read(db)

        result, known = await self._file().call(both)
        self._take(known)
        self.on_change()
        return result

    def _read(self, db: sqlite3.Connection) -> Known:
        """Everything, in the file's thread."""
        self._reads += 1
        self._version = version_of(db)
        people = [account_of(row) for row in db.execute(f"SELECT {PERSON} FROM people")]
        sessions = [Session(*row) for row in db.execute(f"SELECT {SESSION} FROM sessions")]
        tokens = [token_of(row) for row in db.execute(f"SELECT {TOKEN} FROM tokens")]
        return Known(
            self._reads,
            {one.id: one for one in people},
            {one.digest: one for one in sessions},
            {one.digest: one for one in tokens},
        )

    def _take(self, known: Known) -> None:
        if known.version > self._known.version:
            self._known = known
