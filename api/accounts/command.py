"""`server.py account`: accounts from the terminal. The server may run meanwhile: it notices within a second."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from api.accounts.keys import DAY, LONGEST_DAYS
from api.accounts.people import ROLES, Account, AccountError, read_name, read_password, read_role
from api.accounts.store import AccountStore
from api.database import DatabaseError
from api.flags import ROOT, fail
from api.people import SCOPES_OF

ACTIONS = {
    "add": "Add an account. The first is an admin's, and from then on everybody has to log in.",
    "list": "List the accounts.",
    "remove": "Remove an account. Its files stay where they are.",
    "role": "Give an account another role.",
    "password": "Give an account another password. Its browsers are logged out, and its API tokens end.",
    "disable": "Switch an account off; with --on, on again, and its API tokens too.",
    "token": "Make an API token of an account. It is printed this once.",
}
LARGEST_PASSWORD_FILE = 10_000


def main(words: Sequence[str]) -> int:
    """Do what the words after `account` say; returns the exit status."""
    found = _read(words)
    user: Path = found.user_directory or (found.base_directory or ROOT) / "user"
    try:
        return asyncio.run(_do(found, AccountStore(user.expanduser().absolute())))
    except (AccountError, DatabaseError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    except (EOFError, KeyboardInterrupt):
        fail("stopped; nothing was changed")
    return 1


def _read(words: Sequence[str]) -> argparse.Namespace:
    about = "\n".join(f"  {name:9} {sentence}" for name, sentence in ACTIONS.items())
    parser = argparse.ArgumentParser(
        prog="server.py account",
        description=f"Who may come in (docs/accounts.md). The server may run meanwhile.\n\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("action", choices=tuple(ACTIONS), metavar="ACTION", help="one of these")
    parser.add_argument("name", nargs="?", help="the account")
    parser.add_argument("--role", choices=ROLES, help="of a new account (default: artist), or the new one")
    parser.add_argument("--password-file", metavar="FILE", help="holds the password; - takes what is sent in")
    parser.add_argument(
        "--scope", action="append", choices=sorted(SCOPES_OF["admin"]), help="what a token may do; may be given often"
    )
    parser.add_argument("--days", type=float, help="how long a token is good (default: until it is taken back)")
    parser.add_argument("--label", default="", metavar="WORDS", help="what a token is for")
    parser.add_argument("--on", action="store_true", help="switch an account on again")
    parser.add_argument("--base-directory", type=Path, metavar="DIR", help="as the server was started with")
    parser.add_argument("--user-directory", type=Path, metavar="DIR", help="as the server was started with")
    found = parser.parse_args(words)
    if (found.action == "list") != (found.name is None):
        parser.error(f"account {found.action}: " + ("name no account" if found.name else "name the account"))
    if found.action == "role" and found.role is None:
        parser.error("account role: say which by --role admin, artist or viewer")
    if found.days is not None and not 0 < found.days <= LONGEST_DAYS:
        parser.error(f"--days {found.days:g}: must be above 0 and at most {LONGEST_DAYS}")
    return found


async def _do(found: argparse.Namespace, store: AccountStore) -> int:
    await store.open()
    try:
        action: Callable[[argparse.Namespace, AccountStore], Awaitable[dict[str, object] | None]] = {
            "add": _add,
            "list": _list,
            "remove": _remove,
            "role": _role,
            "password": _password,
            "disable": _disable,
            "token": _token,
        }[found.action]
        done = await action(found, store)
    finally:
        await store.close()
    if done is not None:
        from api.accounts.audit_file import AuditFile

        AuditFile(store.folder).write(f"account_{found.action}", {"by": "terminal", **done})
    return 0


async def _add(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    from api.accounts.passwords import hash_of

    name = read_name(found.name)
    if store.named(name) is not None:
        raise AccountError("name_taken", f"There is an account {name} already.")
    first = not store.exist
    account = await store.add(name, hash_of(_ask(found, name)), read_role(found.role or "artist"))
    print(f"{account.name} is added: {account.role}.")
    if first:
        print("From now on everybody has to log in. All that was there before belongs to this account.")
    return {"account": account.id, "account_name": account.name, "role": account.role}


async def _list(_: argparse.Namespace, store: AccountStore) -> None:
    for account in store.people():
        off = ", switched off" if account.disabled else ""
        count = len(store.sessions(account.id)), len(store.tokens(account.id))
        print(f"{account.name:24} {account.role}{off}; {count[0]} browsers, {count[1]} tokens; files of {account.id}")
    if not store.exist:
        print("There are no accounts.")


async def _remove(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    account = await store.remove(_named(found, store).id)
    print(f"{account.name} is removed. Files of it are still there, in folders named {account.id}.")
    return {"account": account.id, "account_name": account.name}


async def _role(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    account = await store.change(_named(found, store).id, role=read_role(found.role))
    print(f"{account.name}: {account.role}.")
    return {"account": account.id, "account_name": account.name, "role": account.role}


async def _password(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    from api.accounts.passwords import hash_of

    account = _named(found, store)
    ended = await store.set_password(account.id, hash_of(_ask(found, account.name)), end_tokens=True)
    print(f"{account.name} has another password, and is logged out everywhere. {ended} API tokens have ended.")
    return {"account": account.id, "account_name": account.name, "tokens_ended": ended}


async def _disable(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    account = await store.change(_named(found, store).id, disabled=not found.on)
    print(f"{account.name} is switched {'off' if account.disabled else 'on'}.")
    return {"account": account.id, "account_name": account.name, "disabled": account.disabled}


async def _token(found: argparse.Namespace, store: AccountStore) -> dict[str, object]:
    account = _named(found, store)
    scopes = frozenset(found.scope or SCOPES_OF[account.role]) & SCOPES_OF[account.role]
    if not scopes:
        raise AccountError("invalid_scopes", f"As {account.role}, {account.name} may do nothing of this.")
    expires = None if found.days is None else time.time() + found.days * DAY
    key, made = await store.make_token(account.id, found.label or "made at the terminal", scopes, expires)
    print(key)
    return {"account": account.id, "account_name": account.name, "token": made.id, "scopes": sorted(made.scopes)}


def _named(found: argparse.Namespace, store: AccountStore) -> Account:
    account = store.named(found.name)
    if account is None:
        known = ", ".join(one.name for one in store.people()) or "none"
        raise AccountError("no_such_account", f"There is no account {found.name}. There are: {known}.")
    return account


def _ask(found: argparse.Namespace, name: str) -> str:
    """The password: from the file, what is sent in, or the terminal, twice. Raises AccountError or OSError."""
    if found.password_file == "-":
        given = sys.stdin.read(LARGEST_PASSWORD_FILE)
    elif found.password_file is not None:
        with Path(found.password_file).open(encoding="utf-8") as file:
            given = file.read(LARGEST_PASSWORD_FILE)
    elif not sys.stdin.isatty():
        raise AccountError("no_password", "There is no terminal to ask for a password: give --password-file FILE.")
    else:
        given = getpass.getpass(f"Password for {name}: ")
        read_password(given, name)
        if getpass.getpass("Once more: ") != given:
            raise AccountError("invalid_password", "The two passwords are not the same.")
    return read_password(given.rstrip("\r\n"), name)
