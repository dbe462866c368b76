"""A server with the pack of small nodes, once with results kept and once without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodes.compat.comfy_execution.graph_utils import GraphBuilder
from tests.server.behaviours.client import Client, place_pack
from tests.server.harness import Server, running


@pytest.fixture(scope="session", params=[[], ["--cache-none"]], ids=["cache", "no cache"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, bool]]:
    """A server with the pack, and whether it keeps results."""
    base = tmp_path_factory.mktemp("behaviours")
    flags = ["--extra-model-paths-config", place_pack(base), "--trust-packs", "--cpu", *request.param]
    with running(base, *flags) as server:
        server.wait_until_ready()
        yield server, not request.param


@pytest.fixture(scope="session")
def client(served: tuple[Server, bool]) -> Iterator[Client]:
    found = Client(served[0])
    yield found
    found.socket.close()


@pytest.fixture
def keeps(served: tuple[Server, bool]) -> bool:
    return served[1]


@pytest.fixture
def g(request: pytest.FixtureRequest) -> GraphBuilder:
    return GraphBuilder(prefix=request.node.name)


@pytest.fixture(autouse=True, scope="module")
def forgotten(served: tuple[Server, bool]) -> None:
    """No file's tests find what another's left in the cache."""
    served[0].post("/free", {"free_memory": True})
