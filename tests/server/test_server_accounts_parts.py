"""Accounts without a server: the store, tries of passwords, the audit log's file, and `server.py account`."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.accounts import audit_file, keys, tries
from api.accounts.address import spoken_for
from api.accounts.audit_file import AuditFile
from api.accounts.command import main
from api.accounts.keys import DAY
from api.accounts.login import begin_session
from api.accounts.passwords import Passwords, fits, hash_of, is_old
from api.accounts.people import AccountError, new_id, read_password
from api.accounts.store import AccountStore
from api.accounts.tries import BY_ADDRESS, BY_NAME, WITHIN, Tries
from api.people import SCOPES_OF
from api.replies import Refusal
from api.security import GATE, Gate
from api.services import SERVICES, Services
from graph.folders import inside
from tests.server.people import CHEAP, with_people


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


# The store


def test_without_accounts_there_is_no_file(tmp_path: Path) -> None:
    async def look() -> None:
        store = AccountStore(tmp_path)
        await store.open()
        await store.look()
        assert not store.exist
        assert store.by_session("") is store.by_token("x") is None
        with pytest.raises(AccountError):
            await store.remove("default")
        await store.close()

    asyncio.run(look())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("gone", "status"), [("disabled", 403), ("no_such_account", 404)])
def test_who_is_switched_off_while_the_password_is_checked_is_refused(tmp_path: Path, gone: str, status: int) -> None:
    async def live() -> None:
        store = AccountStore(tmp_path)
        await store.add("Ada", "hash", "admin")
        vera = await store.add("Vera", "hash", "artist")
        await (store.change(vera.id, disabled=True) if gone == "disabled" else store.remove(vera.id))
        app = web.Application()
        app[SERVICES] = cast("Services", SimpleNamespace(accounts=store, flags=SimpleNamespace(proxies=())))
        app[GATE] = cast("Gate", SimpleNamespace(door=SimpleNamespace(session=lambda _: None)))
        request = make_mocked_request("POST", "/easel/login", app=app)
        with pytest.raises(Refusal) as refused:
            await begin_session(request, web.Response(), vera)
        assert (refused.value.status, refused.value.body["error"]["type"]) == (status, gone)
        await store.close()

    asyncio.run(live())


def test_the_file_keeps_only_hashes_and_is_ours_alone(tmp_path: Path) -> None:
    people = with_people(tmp_path)
    files = list((tmp_path / "user").iterdir())
    held = b"".join(path.read_bytes() for path in files)
    for someone in (people.ada, people.vera, people.max, people.otto):
        assert someone.session.encode() not in held
        assert someone.token.encode() not in held
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_session_ends_when_it_is_not_used_and_at_last_in_any_case(tmp_path: Path) -> None:
    async def live() -> None:
        clock = Clock()
        store = AccountStore(tmp_path, clock, clock)
        await store.add("Ada", "hash", "admin")
        key, _ = await store.begin_session("default", "", "")
        days = 0
        while store.by_session(key) is not None:
            days += 10
            clock.now += 10 * DAY
            await store.look()
        assert days * DAY >= keys.SESSION_ENDS
        assert store.sessions("default") == []
        key, made = await store.begin_session("default", "", "")
        assert store.open_keys() == {made.id}
        clock.now += keys.SESSION_LASTS + 1
        assert store.by_session(key) is None
        assert store.open_keys() == set()
        await store.close()
        # What was used last is remembered over a restart.
        again = AccountStore(tmp_path, clock, clock)
        await again.open()
        assert again.exist
        await again.close()

    asyncio.run(live())


def test_a_clock_that_was_set_ends_sessions_only_while_it_is_wrong(tmp_path: Path) -> None:
    async def jump() -> None:
        clock = Clock()
        true = clock.now
        store = AccountStore(tmp_path, clock, lambda: true)
        heard: list[int] = []
        await store.add("Ada", "hash", "admin")
        key, _ = await store.begin_session("default", "", "")
        await store.look()
        store.on_change = lambda: heard.append(len(store.open_keys()))
        clock.now += 10 * 365 * DAY
        await store.look()
        assert (store.by_session(key), heard) == (None, [0])
        clock.now = true
        await store.look()
        assert store.by_session(key) is not None
        assert heard == [0, 1]
        await store.close()

    asyncio.run(jump())


def test_sessions_and_tokens_are_bounded(tmp_path: Path) -> None:
    async def many() -> None:
        clock = Clock()
        store = AccountStore(tmp_path, clock, clock)
        await store.add("Ada", "hash", "admin")
        first, _ = await store.begin_session("default", "", "")
        last = ""
        for _ in range(keys.MOST_SESSIONS):
            clock.now += 1
            last, _ = await store.begin_session("default", "", "")
        assert len(store.sessions("default")) == keys.MOST_SESSIONS
        assert store.by_session(first) is None
        assert store.by_session(last) is not None
        for _ in range(keys.MOST_TOKENS):
            await store.make_token("default", "", SCOPES_OF["viewer"])
        with pytest.raises(AccountError, match="the most"):
            await store.make_token("default", "", SCOPES_OF["viewer"])
        await store.close()

    asyncio.run(many())


def test_what_another_process_writes_is_noticed(tmp_path: Path) -> None:
    async def both() -> None:
        ours, theirs = AccountStore(tmp_path), AccountStore(tmp_path)
        heard: list[bool] = []
        ours.on_change = lambda: heard.append(ours.exist)
        await ours.open()
        await theirs.add("Ada", "hash", "admin")
        await ours.look()
        assert heard == [True]
        key, _ = await theirs.make_token("default", "", SCOPES_OF["admin"])
        assert ours.by_token(key) is None
        await ours.look()
        assert ours.by_token(key) is not None
        await ours.look()
        assert len(heard) == 2, "nothing was new at the last look"
        await theirs.add("Vera", "hash", "artist")
        await theirs.change("default", disabled=False)
        await ours.look()
        assert [one.name for one in ours.people()] == ["Ada", "Vera"]
        await ours.close()
        await theirs.close()

    asyncio.run(both())


def test_a_tokens_scopes_are_never_more_than_its_owners(tmp_path: Path) -> None:
    async def lower() -> None:
        store = AccountStore(tmp_path)
        await store.add("Ada", "hash", "admin")
        vera = await store.add("Vera", "hash", "admin")
        key, _ = await store.make_token(vera.id, "", SCOPES_OF["admin"])
        await store.change(vera.id, role="viewer")
        found = store.by_token(key)
        assert found is not None
        assert found[0].person(found[1].scopes).scopes == {"read"}
        await store.close()

    asyncio.run(lower())


@pytest.mark.parametrize("name", ["Vera", "../../etc", "CON", "真", "a" * 64, "...", "Jörg Müller"])
def test_ids_are_fit_for_folders(tmp_path: Path, name: str) -> None:
    id = new_id(name)
    assert inside(tmp_path, id).parent == tmp_path
    assert id.isascii()
    assert id != new_id(name)


# Passwords


def test_passwords_are_hashed_with_argon2() -> None:
    made = hash_of("pässword")
    assert made.startswith("$argon2id$")
    assert fits(made, "pa\u0308ssword"), "one word, written in two ways"
    assert not fits(made, "password")
    assert not fits("no hash", "password")
    assert not is_old(made)
    assert is_old(CHEAP.hash("x"))


def test_a_name_that_nobody_has_costs_as_much_and_never_fits() -> None:
    async def try_it() -> None:
        passwords = Passwords()
        assert not await passwords.fits(None, "")
        assert await passwords.fits(CHEAP.hash("x"), "x")

    asyncio.run(try_it())


@pytest.mark.parametrize("given", [None, 12345678, "short", "x" * 1025, "Ada Lovelace"])
def test_bad_passwords_are_refused(given: object) -> None:
    with pytest.raises(AccountError):
        read_password(given, "ada lovelace")


def test_tries_are_counted_by_name_and_by_address() -> None:
    clock = Clock()
    counted = Tries(clock)
    for _ in range(BY_NAME):
        assert counted.begin("ada", "10.0.0.1").wait == 0
    assert counted.begin("ada", "10.0.0.2").wait == WITHIN, "from everywhere"
    assert counted.begin("vera", "10.0.0.1").wait == 0
    counted.right("vera", "10.0.0.1")
    clock.now += WITHIN - 1
    assert counted.begin("ada", "10.0.0.1").wait == 1
    clock.now += 1
    assert counted.begin("ada", "10.0.0.1").wait == 0
    for number in range(BY_ADDRESS):
        assert counted.begin(f"name {number}", f"2001:db8:1:2::{number:x}").wait == 0
    assert counted.begin("another", "2001:db8:1:2:ffff::1").wait > 0, "a whole net is one address"
    assert counted.begin("another", "2001:db8:1:3::1").wait == 0


def test_tries_that_are_right_are_never_too_many() -> None:
    counted = Tries(Clock())
    for _ in range(3 * BY_ADDRESS):
        assert counted.begin("ada", "10.0.0.1").wait == 0
        counted.right("ada", "10.0.0.1")


def test_tries_that_are_refused_push_out_none_that_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MOST_KEPT", 2 * BY_ADDRESS)
    counted = Tries(Clock())
    for _ in range(BY_NAME):
        counted.begin("ada", "10.0.0.1")
    for number in range(5 * BY_ADDRESS):
        counted.begin(f"name {number}", "10.0.0.2")
    assert counted.begin("ada", "10.0.0.3").wait > 0


def test_of_many_tries_that_are_refused_one_is_news() -> None:
    """Each that is told is a line of the log, which is bounded."""
    clock = Clock()
    counted = Tries(clock)
    for _ in range(BY_NAME):
        assert not counted.begin("ada", "10.0.0.1").news
    assert [counted.begin("ada", f"10.0.0.{n}").news for n in range(1, 6)] == [True, False, False, False, False]
    for number in range(BY_ADDRESS):
        assert not counted.begin(f"name {number}", "10.0.1.1").news
    assert [counted.begin(f"name {n}", "10.0.1.1").news for n in range(100, 105)] == [True, False, False, False, False]
    told = 0
    for _ in range(40):
        clock.now += WITHIN / 10
        told += sum(counted.begin("ada", "10.0.2.1").news for _ in range(20))
    assert told == 4, "once in each quarter of an hour"


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("10.0.0.9", "1.2.3.4", "10.0.0.9"),  # no proxy of ours says whom it speaks for
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the client wrote the first
        ("127.0.0.1", "6.6.6.6, 1.2.3.4, 127.0.0.1", "1.2.3.4"),
        ("127.0.0.1", " , ", "127.0.0.1"),
    ],
)
def test_a_proxy_says_whom_it_speaks_for(remote: str, forwarded: str, found: str) -> None:
    assert spoken_for(remote, forwarded, ("127.0.0.1",)) == found


# The audit log


def test_the_log_is_bounded_and_read_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_file, "LARGEST", 2000)
    monkeypatch.setattr(audit_file, "FILES", 3)
    log = AuditFile(tmp_path)
    for number in range(100):
        log.write("made", {"number": number, "long": "x" * 1000})
    assert {path.name for path in tmp_path.iterdir()} >= {"audit.1.log", "audit.2.log", "audit.3.log"}
    assert not (tmp_path / "audit.4.log").exists()
    assert all(path.stat().st_size < 3000 for path in tmp_path.iterdir())
    found: list[int] = []
    before: str | None = None
    while True:
        entries, before = log.page(before, 4)
        found += [entry["number"] for entry in entries]
        assert all(len(entry["long"]) == audit_file.LONGEST_TEXT for entry in entries)
        if before is None:
            break
    assert found == list(range(99, 99 - len(found), -1))
    assert len(found) > 10


@pytest.mark.parametrize("torn", [b'{"what":"torn', b'{"what":"to\0\0\0\0"}\n', b"\0" * 40])
def test_a_torn_line_is_taken_away_and_costs_no_other(tmp_path: Path, torn: bytes) -> None:
    AuditFile(tmp_path).write("first", {})
    with (tmp_path / "audit.log").open("ab") as file:
        file.write(torn)
    log = AuditFile(tmp_path)
    log.write("second", {"names": [f"{n}.png" for n in range(500)], "odd": "\ud800\n"})
    entries, more = log.page(None, 10)
    assert [entry["what"] for entry in entries] == ["second", "first"]
    assert more is None
    assert entries[0]["names"][-1] == "and 450 more"
    assert [json.loads(line)["what"] for line in (tmp_path / "audit.log").open()] == ["first", "second"]


def test_nothing_is_left_of_a_line_for_which_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditFile(tmp_path)
    log.write("first", {})
    write, room = os.write, [10]

    def until_full(handle: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[: room.pop()])

    with monkeypatch.context() as full:
        full.setattr(os, "write", until_full)
        log.write("lost", {})
    log.write("second", {})
    assert [json.loads(line)["what"] for line in (tmp_path / "audit.log").open()] == ["first", "second"]


def test_what_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "audit.log").mkdir()
    AuditFile(tmp_path).write("first", {})
    assert AuditFile(tmp_path).page(None, 10) == ([], None)


# server.py account


def test_accounts_are_managed_at_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")

    def account(*words: str) -> tuple[int, str]:
        status = main([*words, "--base-directory", str(tmp_path)])
        said = capsys.readouterr()
        return status, said.out + said.err

    given = ("--password-file", str(secret))
    status, said = account("add", "Ada", "--role", "viewer", *given)
    assert (status, said.partition("\n")[0]) == (0, "Ada is added: admin.")
    assert "everybody has to log in" in said
    assert account("add", "Vera", *given)[0] == 0
    status, said = account("add", "VERA", *given)
    assert (status, "already" in said) == (1, True)
    assert account("role", "vera", "--role", "viewer")[1] == "Vera: viewer.\n"
    status, token = account("token", "vera", "--scope", "read", "--days", "1")
    assert token.startswith("easel_")
    assert "may do nothing" in account("token", "vera", "--scope", "admin")[1]
    assert "last admin" in account("disable", "ada")[1]
    assert account("disable", "vera")[1] == "Vera is switched off.\n"
    assert "viewer, switched off; 0 browsers, 1 tokens" in account("list")[1]
    assert account("disable", "vera", "--on")[0] == 0
    assert "1 API tokens have ended" in account("password", "vera", *given)[1]
    assert "0 browsers, 0 tokens" in account("list")[1].splitlines()[1]
    assert "There are: Ada, Vera." in account("remove", "nobody")[1]
    assert account("remove", "Vera")[0] == 0
    assert account("add", "Otto", "--password-file", str(tmp_path / "absent"))[0] == 1
    secret.write_text("short")
    assert "8 to" in account("add", "Otto", *given)[1]
    noted = [json.loads(line) for line in (tmp_path / "user" / "audit.log").read_text().splitlines()]
    assert [one["what"] for one in noted] == [
        *("account_add", "account_add", "account_role", "account_token", "account_disable", "account_disable"),
        *("account_password", "account_remove"),
    ]
    text = (tmp_path / "user" / "audit.log").read_text()
    assert "correct horse" not in text
    assert token.strip() not in text
