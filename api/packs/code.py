"""The one-time code by which somebody at the page shows that they also see the terminal."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

DIGITS = 8
MOST_WRONG = 5
"""Wrong codes until another is made."""


def _tell(line: str) -> None:
    # Straight to the terminal: what is logged can be read on the page.
    print(line, flush=True)


class OneTimeCode:
    """Good for one use, then it is another; so it is after a few wrong guesses."""

    def __init__(self, tell: Callable[[str], None] = _tell) -> None:
        self._tell = tell
        self._code = _made()
        self._wrong = 0

    def show(self) -> None:
        """Print the code on the terminal."""
        shown = f"{self._code[:4]} {self._code[4:]}"
        self._tell(f"To approve packs on the page, type this code there: {shown} (it is good once)")

    def use(self, given: object) -> bool:
        """Whether this is the code; if it is, it is good no more."""
        digits = "".join(letter for letter in str(given) if letter in "0123456789")[: DIGITS + 1]
        if hmac.compare_digest(digits, self._code):
            self._code, self._wrong = _made(), 0
            return True
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            self._code, self._wrong = _made(), 0
            self._tell("Wrong codes were given on the page: the code is another now.")
            self.show()
        return False


def _made() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
