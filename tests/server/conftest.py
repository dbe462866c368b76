"""One server for the tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.guests import OWNER, TOKEN, Guest, ask, share
from tests.server.harness import Server, running, until


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An empty folder for a server of the test's own."""
    return tmp_path / "base"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for its token."""
    base = tmp_path_factory.mktemp("shares")
    (base / "secret").write_text(TOKEN)
    with running(base, "--token-file", str(base / "secret"), "--verbose") as found:
        until(lambda: ask(found, "/easel/status", **OWNER).json()["worker"]["state"] == "ready")
        yield found


@pytest.fixture(scope="module")
def guest(guarded: Server) -> Guest:
    return Guest(guarded, share(guarded)["path"])
