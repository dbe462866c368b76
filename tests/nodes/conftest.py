"""Folders, a context, and small values for the tests of nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from graph.context import Context
from graph.folders import Folders, standard_folders
from models.vision_operators import make_torchvision_importable

if TYPE_CHECKING:
    from tests.nodes.graphs import Runner
    from tests.nodes.zoo import Zoo

torch.set_num_threads(1)
# transformers looks for torchvision while its modules are imported, and stumbles where that import fails.
make_torchvision_importable()

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    from tests.nodes.zoo import Zoo  # which takes seconds, and most tests do without

    return Zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def run(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Runs whole graphs on the zoo."""
    from tests.nodes.graphs import Runner, write_inputs

    base = tmp_path_factory.mktemp("graphs")
    write_inputs(base / "input")
    return Runner(zoo.root, base, zoo.engine)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """The user's empty folders, with the models that come with Easel after them."""
    for name in ("input", "output", "temp"):
        (tmp_path / name).mkdir()
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    return standard_folders([tmp_path / "models", ROOT / "models"], **own)


@pytest.fixture
def context(folders: Folders) -> Context:
    return Context(node_id="9", folders=folders)


@pytest.fixture
def picture() -> torch.Tensor:
    """(2, 24, 32, 3) in [0, 1]: two different pictures, wider than high."""
    return torch.rand(2, 24, 32, 3, generator=torch.Generator().manual_seed(3))
