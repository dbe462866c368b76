"""How often a password may be tried: by name and by where the tries come from.

A try counts when it begins, so that many at once are as many; a right one takes its own back. Names that nobody has
count like others. The clock is one that nobody sets.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

BY_NAME = 8
BY_ADDRESS = 40
WITHIN = 15 * 60.0
"""Seconds in which so many wrong ones are let through."""
MOST_KEPT = 10_000
"""Names and addresses that are remembered; the oldest are forgotten."""


class Begun(NamedTuple):
    """What became of a try. wait: 0, or in how many seconds one may be made again: then this one is not looked at.
    news: whether it is refused for a reason for which none was, in as long."""

    wait: float
    news: bool = False


@dataclass(slots=True)
class _Counted:
    """Tries of one name, or from one place. told: when one was last refused for it."""

    times: list[float] = field(default_factory=list[float])
    told: float = -math.inf


class Tries:
    """Wrong tries of the last minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted: dict[tuple[str, str], _Counted] = {}

    def begin(self, name: str, address: str) -> Begun:
        """Count a try."""
        now = self._clock()
        wait, news = 0.0, False
        limits = ((("name", name), BY_NAME), (("address", _network(address)), BY_ADDRESS))
        found = [(slot, self._counted.pop(slot, None) or _Counted(), most) for slot, most in limits]
        for _, counted, most in found:
            counted.times = [at for at in counted.times if now - at < WITHIN]
            if len(counted.times) >= most:
                wait = max(wait, counted.times[-most] + WITHIN - now)
                if now - counted.told >= WITHIN:
                    counted.told, news = now, True
        for slot, counted, _ in found:
            if wait == 0:
                counted.times.append(now)
            if counted.times:  # names that were only refused push out none that count
                self._counted[slot] = counted
        while len(self._counted) > MOST_KEPT:
            del self._counted[next(iter(self._counted))]
        return Begun(wait, news)

    def right(self, name: str, address: str) -> None:
        """The try that began was the right one."""
        self._counted.pop(("name", name), None)
        counted = self._counted.get(("address", _network(address)))
        if counted is not None and counted.times:
            counted.times.pop()


def _network(address: str) -> str:
    """Whom an address belongs to: of IPv6 everybody has a whole net."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
