"""What the clients were told, and so what must be true ever after."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Value:
    """Something that is set again and again: the last value that was answered for, and what was sent since."""

    answered: Any = None
    since: list[Any] = field(default_factory=list[Any])

    def answer(self, value: Any) -> None:
        self.answered = value
        self.since.clear()

    def may_be(self, found: Any) -> bool:
        return found == self.answered or found in self.since


@dataclass
class Ledger:
    """Filled by many threads; each key is one thread's."""

    sent: dict[str, Any] = field(default_factory=dict[str, Any])
    """Job id to its prompt: all that were sent, whether or not an answer came."""
    accepted: set[str] = field(default_factory=set[str])
    cancelled: set[str] = field(default_factory=set[str])
    """Taken out while they waited, as the answer says."""
    cancelling: set[str] = field(default_factory=set[str])
    """Asked to be taken out: as long as there is no answer they may be."""
    uploads: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Name to content, of those that were answered."""
    values: dict[tuple[str, str], Value] = field(default_factory=dict[tuple[str, str], Value])
    """By kind and name: settings, userdata, overwritten uploads; accounts' quotas; whether sessions and tokens open."""
    versions: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """Document and number to the words in it."""
    ended: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Job id to how listeners heard that it ended, once for each time."""
    asked: Counter[str] = field(default_factory=Counter[str])
    """What the audit log may have of this person, by kind, and how often."""
    noted: Counter[str] = field(default_factory=Counter[str])
    """What it must have: as often as it was answered."""
    wrong: list[str] = field(default_factory=list[str])
    """Answers that nobody should get."""
    full: int = 0
    """Answers that said the disk is full."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def value(self, kind: str, name: str) -> Value:
        with self.lock:
            return self.values.setdefault((kind, name), Value())

    def note_wrong(self, sentence: str) -> None:
        with self.lock:
            self.wrong.append(sentence)
