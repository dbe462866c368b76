"""A network between a client and the server that can be cut in the ways in which networks are."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

CUTS = ("drop", "reset", "half", "stall", "silence")


class Proxy:
    """Passes bytes on, each connection by two threads, from a port of its own to `target`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._dead: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, how: str, dice: random.Random) -> None:
        """drop: both ends are told. reset: as a router does that has forgotten. half: one direction ends, the other
        does not. stall: nothing comes through for a while, then all of it. silence: nothing comes through any more, and
        nobody is told."""
        if how == "stall":
            self._flows.clear()
            time.sleep(dice.uniform(0.1, 0.6))
            self._flows.set()
            return
        pairs, self._pairs = self._pairs, []
        if how == "silence":
            self._dead.update(end for pair in pairs for end in pair)
            return
        for client, server in pairs:
            with contextlib.suppress(OSError):
                if how == "half":
                    dice.choice((client, server)).shutdown(dice.choice((socket.SHUT_RD, socket.SHUT_WR)))
                    continue
                for end in (client, server):
                    if how == "reset":
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    _end(end)

    def close(self) -> None:
        self._flows.set()
        _end(self._listening)
        for end in (*self._dead, *(end for pair in self._pairs for end in pair)):
            _end(end)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
            except OSError:
                _end(client)
                continue
            server.settimeout(None)
            self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=[source, sink], daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                if source not in self._dead:
                    sink.sendall(data)
        for end in (source, sink):
            _end(end)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
