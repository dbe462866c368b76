"""How often a password may be tried: by name and by where the tries come from.

A try counts when it begins, so that many at once are as many; a right one takes its own back. Names that nobody has
count like others. The clock is one that nobody sets.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

BY_NAME = 8
BY_ADDRESS = 40
WITHIN = 15 * 60.0
"""Seconds in which so many wrong ones are let through."""
MOST_KEPT = 10_000
"""Names and addresses that are remembered; the oldest are forgotten."""


class Tries:
    """Wrong tries of the last minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[tuple[str, str], list[float]] = {}

    def begin(self, name: str, address: str) -> float:
        """Count a try. 0, or in how many seconds one may be made again: then this one is not looked at."""
        now = self._clock()
        wait = 0.0
        limits = ((("name", name), BY_NAME), (("address", _network(address)), BY_ADDRESS))
        for slot, most in limits:
            times = self._times[slot] = [at for at in self._times.pop(slot, []) if now - at < WITHIN]
            if len(times) >= most:
                wait = max(wait, times[-most] + WITHIN - now)
        if wait == 0:
            for slot, _ in limits:
                self._times[slot].append(now)
        while len(self._times) > MOST_KEPT:
            del self._times[next(iter(self._times))]
        return wait

    def right(self, name: str, address: str) -> None:
        """The try that began was the right one."""
        self._times.pop(("name", name), None)
        times = self._times.get(("address", _network(address)))
        if times:
            times.pop()


def _network(address: str) -> str:
    """Whom an address belongs to: of IPv6 everybody has a whole net."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
