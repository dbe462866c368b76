"""Hashes of passwords, by Argon2id: in threads, and at most two at a time, since each takes memory and a core."""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from api.replies import Refusal

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE = 2
MOST_WAITING = 32
TIME, MEMORY, LANES = 2, 46 * 1024, 1
"""Passes, KiB and threads: what is advised for logins (decisions/0021), on one core and without taking all memory."""


@cache
def hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # late: servers without accounts never need it

    return PasswordHasher(time_cost=TIME, memory_cost=MEMORY, parallelism=LANES)


def hash_of(password: str) -> str:
    """Blocks for a tenth of a second."""
    return hasher().hash(_plain(password))


def fits(hash: str, password: str) -> bool:
    """Whether this is the password behind a hash. Blocks as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return hasher().verify(hash, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def is_old(hash: str) -> bool:
    """Whether it was made with other numbers than those of now."""
    return hasher().check_needs_rehash(hash)


class Passwords:
    """The same for the event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        # What a password for a name that nobody has is held against, so that it takes as long as a wrong one.
        self._nobodys = "$".join(("", "argon2id", "v=19", f"m={MEMORY},t={TIME},p={LANES}", _random(16), _random(32)))

    async def hash(self, password: str) -> str:
        """Raises Refusal (503) where too many wait."""
        async with self._Place(self):
            return await asyncio.to_thread(hash_of, password)

    async def fits(self, hash: str | None, password: str) -> bool:
        """hash: None for a name that nobody has. Raises Refusal (503) where too many wait."""
        async with self._Place(self):
            right = await asyncio.to_thread(fits, self._nobodys if hash is None else hash, password)
        return right and hash is not None

    class _Place:
        """One of the places, or a refusal."""

        def __init__(self, of: Passwords) -> None:
            self._of = of

        async def __aenter__(self) -> None:
            if self._of._waiting >= MOST_WAITING:
                raise Refusal(
                    503, "busy", "Too many logins at once. Try again in a moment.", headers={"Retry-After": "5"}
                )
            self._of._waiting += 1
            try:
                await self._of._turn.acquire()
            finally:
                self._of._waiting -= 1

        async def __aexit__(self, *_: object) -> None:
            self._of._turn.release()


def _plain(password: str) -> bytes:
    """Keyboards write some letters in two ways."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
