"""Fixtures for the tests of a pack, and the option by which golden images are written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from easel_testing.golden import Golden, sample
from easel_testing.pack import Pack, folders, load, pack_of
from easel_testing.run import Bench, Ran
from graph.node import Function
from graph.types import JsonObject

__all__ = ["bench", "golden", "pack", "picture", "pytest_addoption", "run_graph", "run_node"]

UPDATE = "--update-golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # several packs are tested at once
        parser.addoption(UPDATE, action="store_true", default=False, help="keep this run's pictures as golden images")


@pytest.fixture
def pack(request: pytest.FixtureRequest) -> Pack:
    """The pack that the test lies in, loaded beside Easel's own nodes. A test may override it."""
    return load(pack_of(request.path))


@pytest.fixture
def bench(pack: Pack, tmp_path: Path) -> Iterator[Bench]:
    """What runs nodes and graphs; `bench.last` is the last run with all that it told."""
    found = folders(tmp_path)
    for kind in ("input", "output", "temp"):
        found.root(kind).mkdir()
    with torch.no_grad():
        yield Bench(pack.registry, found)


@pytest.fixture
def run_node(bench: Bench) -> Callable[..., Any]:
    """`run_node("Tint", image=picture, strength=0.5)`, or with the function: the node's output, or a tuple of them."""

    def run(what: Function[..., Any] | str, /, **inputs: Any) -> Any:
        return bench.node(what, **inputs)

    return run


@pytest.fixture
def run_graph(bench: Bench, pack: Pack) -> Callable[..., Ran]:
    """`run_graph("help/Tint.json", {"3.strength": 1.0})`: a graph, or the name of a file in the pack."""

    def run(graph: JsonObject | str | Path, inputs: Mapping[str, Any] | None = None) -> Ran:
        return bench.graph(pack.path / graph if isinstance(graph, str | Path) else graph, inputs)

    return run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(image, "name")`: compares with `golden/name.png` beside the test."""
    return Golden(request.path.parent / "golden", bool(request.config.getoption(UPDATE, default=False)))


@pytest.fixture
def picture() -> Tensor:
    """(1, 48, 64, 3) in [0, 1]: a picture with colours and edges."""
    return sample()
