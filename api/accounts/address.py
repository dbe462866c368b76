"""Where a request comes from: who speaks to us, or, where that is a proxy we were told of, whom it speaks for."""

from __future__ import annotations

from aiohttp import web

LONGEST = 100


def address_of(request: web.Request) -> str:
    """The address by which tries are counted and which the audit log names."""
    from api.services import SERVICES

    # A proxy may add a line of its own after those that came: together they are one list.
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ())).encode("ascii", "replace").decode()
    return spoken_for(request.remote or "", forwarded, request.app[SERVICES].flags.proxies)


def spoken_for(remote: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """The last address of the header that no proxy of ours has: what stands before it anybody could have written."""
    if remote not in proxies:
        return remote[:LONGEST]
    for address in reversed([part.strip() for part in forwarded.split(",")]):
        if address and address not in proxies:
            return address[:LONGEST]
    return remote[:LONGEST]
