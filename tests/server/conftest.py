"""One server for the tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.harness import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An empty folder for a server of the test's own."""
    return tmp_path / "base"
