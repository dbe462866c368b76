"""Sending what no client should send, and saying how it was taken."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.soon import soon
from tests.server.harness import Reply, Server

PATIENCE = 10.0
"""Seconds until an answer counts as one that never comes; one that takes a second (`soon.HANG`), twice, is too late."""


@dataclass
class Target:
    """A server, and the history entry of a job that ran there."""

    server: Server
    ran: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    """Of every request."""

    @property
    def job(self) -> str:
        return self.ran["prompt"][1]

    def throw(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        """Any bytes as a request: an answer that is no trace comes in time, or this fails."""
        try:
            return soon(lambda: self._answer(method, path, body, headers or {}))
        except (TimeoutError, http.client.RemoteDisconnected, ConnectionError) as error:
            raise AssertionError(f"{method} {path} {body[:200]!r}: no answer ({error!r})") from error
        except AssertionError as error:
            raise AssertionError(f"{method} {path} {body[:2000]!r}: {error}") from error

    def _answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {"Content-Length": str(len(body)), **self.headers, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()
        assert reply.status not in (500, 502), reply.body[:500]
        assert b"Traceback" not in reply.body, reply.body[:500]
        return reply
