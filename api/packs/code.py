"""The one-time code by which somebody at the page shows that they also see the terminal."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable

DIGITS = 8
MOST_WRONG = 5
"""Wrong codes until another is made, and for a while none is looked at: a code may not be found by trying."""
PAUSE = 30.0
"""Seconds of that; doubled each time until a right code is given, up to LONGEST_PAUSE."""
LONGEST_PAUSE = 3600.0


def _tell(line: str) -> None:
    # Straight to the terminal: what is logged can be read on the page.
    print(line, flush=True)


class OneTimeCode:
    """Good for one use, then it is another; so it is after a few wrong guesses."""

    def __init__(self, tell: Callable[[str], None] = _tell, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._pause = PAUSE
        self._closed_until = 0.0
        self._code = _made()
        self._wrong = 0

    def show(self) -> None:
        """Print the code on the terminal."""
        shown = f"{self._code[:4]} {self._code[4:]}"
        self._tell(f"To approve packs on the page, type this code there: {shown} (it is good once)")

    @property
    def wait(self) -> float:
        """Seconds until codes are looked at again, after too many wrong ones; 0 as a rule."""
        return max(0.0, self._closed_until - self._clock())

    def use(self, given: object) -> bool:
        """Whether this is the code; if it is, it is good no more. Nothing is the code while `wait` is not over."""
        if self.wait:
            return False
        digits = "".join(letter for letter in str(given) if letter in "0123456789")[: DIGITS + 1]
        if hmac.compare_digest(digits, self._code):
            self._code, self._wrong, self._pause = _made(), 0, PAUSE
            return True
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            self._code, self._wrong = _made(), 0
            self._closed_until = self._clock() + self._pause
            self._tell(f"Wrong codes were given on the page: the code is another, good in {self._pause:.0f} seconds.")
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self.show()
        return False


def _made() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
