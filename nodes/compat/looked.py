"""How often lists of files were asked for in this process.

A node class whose INPUT_TYPES looks at folders has other choices tomorrow: it is asked again then, and only such.
"""

from __future__ import annotations

EVENTS = frozenset({"os.listdir", "os.scandir", "glob.glob", "open"})
"""What Python's audit hooks are told of such looks."""

_looks = 0


def note() -> None:
    """A list was asked for, or a folder read."""
    global _looks
    _looks += 1


def looks() -> int:
    return _looks
