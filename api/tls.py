"""TLS by files, which are read again when they change: a certificate is renewed without a restart."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

log = logging.getLogger("easel")

LOOK_EVERY = 2.0
"""Seconds between two looks at the files."""
Stamp = tuple[tuple[int, int], ...]


class Certificate:
    """A certificate and its key, and the context that new connections use."""

    def __init__(self, cert: Path, key: Path) -> None:
        """Raises OSError or ssl.SSLError."""
        self._files = (cert, key)
        self._stamp = self._look()
        self.context = self._read()

    async def keep_up(self) -> None:
        """Take up what was renewed, for ever; what cannot be used, as when only half of it is there yet, is left."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                stamp = await asyncio.to_thread(self._look)
            except OSError:
                continue  # it is being renewed
            if stamp == self._stamp:
                continue
            self._stamp = stamp
            try:
                await asyncio.to_thread(self._read)
                self.context.load_cert_chain(*self._files)
            except (OSError, ssl.SSLError) as error:
                log.warning("the new certificate %s cannot be used, the old one is used on: %s", self._files[0], error)
            else:
                log.info("the certificate %s was renewed: new connections use it", self._files[0])

    def _look(self) -> Stamp:
        states = [file.stat() for file in self._files]
        return tuple((state.st_mtime_ns, state.st_size) for state in states)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self._files)
        return context
