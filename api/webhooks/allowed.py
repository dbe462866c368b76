"""Which addresses may be told: hosts that were named on the command line, and no private network behind their names."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from api.replies import Refusal

LONGEST = 2000
"""Letters of an address."""
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = frozenset({"127.0.0.1", "::1"})
HOLDING_IPV4 = (bytes(12), bytes.fromhex("0064ff9b") + bytes(8))
"""How IPv6 addresses begin that stand for the IPv4 address at their end, besides those that Python knows: what a
gateway translates (`64:ff9b::`), and the old compatible ones."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddress(OSError):
    """A name leads into a private network that was not listed."""


def checked(url: object, hosts: Collection[str]) -> str:
    """The address that a job may have told. Raises Refusal, whose sentence says what to do."""
    if not isinstance(url, str) or len(url) > LONGEST:
        raise _refused(f"The webhook must be an address of at most {LONGEST} letters.")
    try:
        parts = urlsplit(url)
        host, port = host_of(parts), parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        raise _refused("The webhook is no address.") from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise _refused("The webhook must be an address that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise _refused("The webhook must hold no name and no password.")
    named = f"[{host}]" if ":" in host else host
    if not {f"{named}:{port}", f"{host}:{port}"} & set(hosts) and not (
        port in DEFAULT_PORTS.values() and {named, host} & set(hosts)
    ):
        shown = named if port in DEFAULT_PORTS.values() else f"{named}:{port}"
        raise _refused(f"The host {shown[:200]} may not be told of jobs.", f"Start with --webhook-host {shown[:200]}.")
    return url


def host_of(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _refused(sentence: str, details: str = "") -> Refusal:
    return Refusal(400, "webhook_refused", sentence, details)


class Resolver(AbstractResolver):
    """Gives only addresses that may be reached: what was looked at is what is connected to, so a name that changes
    its mind in between gains nothing."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._listed = {host_without_port(host) for host in hosts}
        if "localhost" in self._listed:
            self._listed |= LOOPBACK

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        for _, _, _, _, place in found:
            address = str(place[0]).partition("%")[0]
            if not is_public(address) and address not in self._listed:
                raise PrivateAddress(
                    f"{host} is {address}, which lies in a private network. Where that is meant, add"
                    f" --webhook-host {address}."
                )
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, place in found
        ]

    async def close(self) -> None:
        return None


def is_public(address: str) -> bool:
    """Whether an address is one of the open net: no private, local, shared or multicast one."""
    found: Address = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        at_end = ipaddress.IPv4Address(found.packed[12:]) if found.packed[:12] in HOLDING_IPV4 else None
        found = at_end or found.ipv4_mapped or found.sixtofour or found
    return found.is_global and not found.is_multicast


def host_without_port(listed: str) -> str:
    """`name:80` → `name`, `[::1]:80` → `::1`."""
    if listed.startswith("["):
        return listed[1:].partition("]")[0]
    return listed if listed.count(":") > 1 else listed.partition(":")[0]
