"""Every architecture that spandrel reads: written to a file, loaded, and compared with the network called directly.

Two of them cannot be small, since their loaders know one size only: GFPGAN (86 million weights) is among the long
tests, and of LaMa (it needs a mask) the names of its tensors are tested, by which it is refused.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.errors import CheckpointError
from models.upscale import load_upscaler, upscale
from models.vision_operators import make_torchvision_importable
from tests.models.upscale_networks import SMALL, Small

torch.set_num_threads(1)
make_torchvision_importable()

REFUSED = {"LaMa"}
LARGE = {"GFPGAN"}
CASES = [pytest.param(s, id=str(s), marks=[pytest.mark.long] if s.architecture in LARGE else []) for s in SMALL]


@pytest.fixture
def machine() -> Any:
    """A CPU with room for all."""
    return SimpleNamespace(
        device=torch.device("cpu"), reserve=lambda size, what: None, is_out_of_memory=lambda error: False
    )


def direct(small: Small, network: nn.Module, x: Tensor) -> Tensor:
    """What the network makes of a picture (1, 3, h, w), without our loader."""
    height, width = (side * small.scale for side in x.shape[-2:])
    with torch.no_grad():
        if small.channels == 1:
            y = torch.cat([small.run(network, small.fitted(x[:, i : i + 1])) for i in range(3)], dim=1)
        else:
            y = small.run(network, small.fitted(x))
    return y[..., :height, :width].clamp(0, 1)


def blended(left: Tensor, right: Tensor, shared: int) -> Tensor:
    """Two tiles of which `shared` columns lie over each other: their weights fall in equal steps to the edges."""
    steps = torch.arange(1, shared + 1) / shared
    a, b = left[..., -shared:], right[..., :shared]
    middle = (a * steps.flip(0) + b * steps) / (steps + steps.flip(0))
    return torch.cat([left[..., :-shared], middle, right[..., shared:]], dim=-1)


@pytest.mark.parametrize("small", CASES)
def test_architecture(small: Small, tmp_path: Path, machine: Any) -> None:
    network = small.build()
    torch.save(network.state_dict(), tmp_path / "network.pth")
    model = load_upscaler(tmp_path / "network.pth")
    needs = model.size_requirements
    assert (model.architecture.id, model.scale, model.input_channels) == (
        small.architecture,
        small.scale,
        small.channels,
    )
    assert (needs.multiple_of, needs.minimum) == (small.multiple, small.minimum or 0)

    side = max(small.side, small.minimum, small.multiple)
    overlap = side // 4
    whole = torch.rand(1, 3, side - 3, 2 * side - overlap, generator=torch.Generator().manual_seed(1))
    if side > 200:
        whole = whole[..., :side]

    def ours(x: Tensor) -> Tensor:
        return upscale(model, x.movedim(1, -1), machine, lambda done, total: None, tile=side).movedim(-1, 1)

    one = whole[..., : side - 5]
    expected = direct(small, network, one.contiguous())
    assert expected.std() > 0.02, "random weights let nothing of the picture through"
    assert ((expected > 0) & (expected < 1)).float().mean() > 0.1
    torch.testing.assert_close(ours(one), expected, atol=1e-5, rtol=0)
    if whole.shape[-1] > side:
        tiles = [
            direct(small, network, part.contiguous()) for part in (whole[..., :side], whole[..., side - overlap :])
        ]
        torch.testing.assert_close(ours(whole), blended(*tiles, overlap * small.scale), atol=1e-5, rtol=0)


def test_every_architecture_of_spandrel_has_a_network_here() -> None:
    from spandrel import MAIN_REGISTRY
    from spandrel.architectures import LaMa

    assert len([a for a in MAIN_REGISTRY if type(a.architecture).__module__.startswith("spandrel.")]) == 42
    known = {small.architecture for small in SMALL} | REFUSED
    assert {str(a.architecture.id) for a in MAIN_REGISTRY} - known == set()
    assert LaMa.LaMaArch().detect({"generator.model.1.bn_l.running_mean": torch.zeros(1)})


def test_a_network_that_needs_a_mask_is_refused_with_the_node_that_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spandrel import MaskedImageModelDescriptor
    from spandrel.architectures.LaMa import LaMaArch

    class Masked(MaskedImageModelDescriptor[Any]):
        def __init__(self) -> None:
            self._architecture = LaMaArch()

    monkeypatch.setattr(LaMaArch, "load", lambda self, state: SimpleNamespace(to=lambda device: Masked()))
    torch.save({"generator.model.1.bn_l.running_mean": torch.zeros(1)}, tmp_path / "big-lama.pth")
    with pytest.raises(CheckpointError, match=r"big-lama\.pth: this is a LaMa, .*mask.*no node.*use VAE Encode"):
        load_upscaler(tmp_path / "big-lama.pth")


class Doubling(nn.Module):
    """A network with one weight and as many channels as one likes."""

    def __init__(self, weight: float = 2.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


def extra_package(name: str, detect: str, channels: int = 3, out: int | None = None) -> Any:
    """A package such as spandrel_extra_arches, with one architecture."""
    from spandrel import Architecture, ArchRegistry, ArchSupport, ImageModelDescriptor

    class Extra(Architecture[Any]):
        def __init__(self) -> None:
            super().__init__(id=name, detect=lambda state: detect in state)

        def load(self, state_dict: Any) -> Any:
            state = {"weight": state_dict[detect]}
            options: Any = {"tags": [], "supports_half": True, "supports_bfloat16": True, "scale": 1}
            return ImageModelDescriptor(
                Doubling(),
                state,
                self,
                purpose="SR",
                input_channels=channels,
                output_channels=out or channels,
                call_fn=lambda network, x: network(x)[:, : out or channels],
                **options,
            )

    registry = ArchRegistry()
    registry.add(ArchSupport.from_architecture(Extra()))
    return SimpleNamespace(EXTRA_REGISTRY=registry)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """spandrel's registry, put back afterwards."""
    from spandrel import MAIN_REGISTRY

    for name in ("_architectures", "_ordered", "_by_id"):
        monkeypatch.setattr(MAIN_REGISTRY, name, getattr(MAIN_REGISTRY, name))


def test_architectures_of_the_extra_package_are_read_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: Any, registry: None
) -> None:
    torch.save({"doubling": torch.tensor(0.5)}, tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "spandrel_extra_arches", None)
    with pytest.raises(CheckpointError, match=r"pip install spandrel_extra_arches.*forbid commercial use"):
        load_upscaler(tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "spandrel_extra_arches", extra_package("Doubling", "doubling"))
    x = torch.rand(1, 8, 9, 3)
    for _ in range(2):
        model = load_upscaler(tmp_path / "a.pth")
        assert torch.equal(upscale(model, x, machine, lambda done, total: None), x / 2)


@pytest.mark.parametrize(
    ("given", "takes", "gives", "expected"),
    [
        (1, 3, 3, 3),
        (4, 3, 3, 3),
        (3, 1, 1, 3),
        (4, 4, 4, 4),
        (3, 4, 4, 4),
        (1, 4, 4, 4),
        (3, 3, 1, 3),
    ],
)
def test_channels(
    given: int,
    takes: int,
    gives: int,
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: Any,
    registry: None,
) -> None:
    torch.save({"halving": torch.tensor(0.5)}, tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "spandrel_extra_arches", extra_package("Halving", "halving", takes, gives))
    x = torch.rand(2, 8, 9, given)
    y = upscale(load_upscaler(tmp_path / "a.pth"), x, machine, lambda done, total: None)
    assert y.shape == (2, 8, 9, expected)
    assert torch.equal(y[..., 0], x[..., 0] / 2)
    if given == 3 and expected == 4:
        assert (y[..., 3] == 0.5).all(), "a picture without transparency is opaque"
    if gives == 1 and takes == 3:
        assert torch.equal(y[..., 1], y[..., 0])


def test_a_network_for_more_than_pictures_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: None
) -> None:
    torch.save({"burst": torch.tensor(0.5)}, tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "spandrel_extra_arches", extra_package("Burst", "burst", 15))
    with pytest.raises(CheckpointError, match="takes pictures of 15 channels"):
        load_upscaler(tmp_path / "a.pth")


def test_noise_that_a_network_draws_is_the_same_every_time(tmp_path: Path, machine: Any) -> None:
    small = next(s for s in SMALL if s.architecture == "AuraSR")
    torch.save(small.build().state_dict(), tmp_path / "a.pth")
    model, x = load_upscaler(tmp_path / "a.pth"), torch.rand(1, 16, 16, 3)
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, second = (upscale(model, x, machine, lambda done, total: None) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), before), "the artist's own noise goes on undisturbed"


def test_the_extra_package_itself(tmp_path: Path) -> None:
    pytest.importorskip("spandrel_extra_arches")
    assert importlib.import_module("models.upscale_architectures").extra_architectures() == ""
