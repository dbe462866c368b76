"""What is done when a pack keeps everybody waiting while it is imported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SLOW = 1.0
"""Seconds."""


@contextmanager
def if_slow(work: Callable[[], object], after: float = SLOW) -> Iterator[None]:
    """Do `work` beside, once, where what is inside takes longer than `after` seconds. It has ended, or never begins,
    when this is left."""
    timer = threading.Timer(after, work)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
