"""The upscaler: tiles that leave no seam, memory that runs out, files that are none, and the one that is built in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageDraw
from safetensors.torch import load_file, save_file
from torch.nn import functional

from graph.context import Context
from models import memory
from models.errors import CheckpointError, OutOfMemory, UnsafeFile
from models.upscale import LARGEST_SIDE, load_upscaler, upscale
from nodes.upscale import load_model, upscale_with_model

BUILT_IN = Path(__file__).resolve().parents[2] / "models" / "upscale_models" / "easel-realesr-x4.safetensors"


def ignore(done: int, total: int) -> None:
    """Nobody looks at the progress."""


class Machine:
    """What `upscale` asks of an engine, and a record of what it asked."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.freed = 0

    def reserve(self, size: int, what: str) -> None:
        assert size >= 0

    def free(self, models: bool) -> None:
        self.freed += 1

    def is_out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError)


@pytest.fixture
def machine() -> Any:
    return Machine()


def drawing(size: int) -> torch.Tensor:
    """(1, size, size, 3): discs and a line with soft edges, as in a cartoon."""
    big = Pillow.new("RGB", (size * 4, size * 4), (30, 60, 120))
    draw = ImageDraw.Draw(big)
    for x, y, r, color in ((0.3, 0.35, 0.2, "gold"), (0.65, 0.6, 0.25, "tomato"), (0.6, 0.55, 0.08, "white")):
        draw.ellipse(
            [size * 4 * v for v in (x - r, y - r, x + r, y + r)], fill=color, outline="black", width=size // 12
        )
    draw.line([size * v for v in (0.2, 3.8, 3.5, 0.4)], fill="lime", width=size // 8)
    small = big.resize((size, size), Pillow.Resampling.BOX)
    return torch.from_numpy(np.asarray(small).astype(np.float32) / 255)[None]


def edges(picture: torch.Tensor) -> torch.Tensor:
    """How steep the steps from each pixel to the next are."""
    return ((picture[:, 1:] - picture[:, :-1]) ** 2).mean()


def test_the_built_in_upscaler_draws_sharper_than_interpolation(machine: Any) -> None:
    sharp = drawing(192)
    small = functional.interpolate(sharp.movedim(-1, 1), scale_factor=0.25, mode="area")
    larger = upscale(load_upscaler(BUILT_IN), small.movedim(1, -1), machine, ignore)
    assert larger.shape == sharp.shape
    assert 0 <= larger.min() <= larger.max() <= 1
    stretched = functional.interpolate(small, scale_factor=4, mode="bicubic").movedim(1, -1)
    assert edges(larger) > 1.5 * edges(stretched)
    again = functional.interpolate(larger.movedim(-1, 1), scale_factor=0.25, mode="area")
    assert (again - small).abs().mean() < 0.02, "it must be the same picture still"


def test_tiles_lie_where_comfyui_has_them_and_fade_into_each_other(machine: Any) -> None:
    """Tiles of 256 that share 32; the last is what remains. Its weights fall in 32 * scale steps to every edge."""
    picture, model = torch.rand(1, 20, 330, 3), load_upscaler(BUILT_IN)
    done: list[tuple[int, int]] = []
    tiled = upscale(model, picture, machine, lambda *counted: done.append(counted), tile=256)
    assert done == [(1, 2), (2, 2)]
    with torch.no_grad():
        left, right = (model(part.movedim(-1, 1)).movedim(1, -1) for part in (picture[:, :, :256], picture[:, :, 224:]))
    steps = (torch.arange(128) + 1.0)[:, None] / 128
    middle = (left[:, :, -128:] * steps.flip(0) + right[:, :, :128] * steps) / (steps + steps.flip(0))
    expected = torch.cat([left[:, :, :-128], middle, right[:, :, 128:]], dim=2)
    torch.testing.assert_close(tiled, expected, atol=1e-5, rtol=0)
    whole = upscale(model, picture, machine, lambda *counted: done.append(counted))
    assert done[-1] == (1, 1)
    assert (tiled - whole).abs().mean() < 1e-3, "there must be no seam"


class Fragile:
    """An upscaler that has room for so many pixels only."""

    scale, input_channels, output_channels, model = 2, 3, 3, torch.nn.Identity()

    def __init__(self, room: int, error: type[Exception] = MemoryError) -> None:
        self.room, self.error = room, error
        self.places: list[str] = []
        self.sizes: list[int] = []

    def to(self, place: object) -> None:
        self.places.append(str(place))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(max(x.shape))
        if x.shape[2] * x.shape[3] > self.room:
            raise self.error(f"{x.shape} is too large")
        return functional.interpolate(x, scale_factor=2)


def test_idle_models_go_first_then_the_tile_is_halved_until_it_fits(machine: Any) -> None:
    model: Any = Fragile(room=128 * 128)
    picture = torch.rand(2, 140, 600, 3)
    larger = upscale(model, picture, machine, ignore)
    assert torch.allclose(larger, picture.repeat_interleave(2, 1).repeat_interleave(2, 2), atol=1e-6)
    assert model.sizes[:4] == [512, 512, 256, 128]
    assert machine.freed == 1
    assert model.places == ["cpu", "cpu"]


def test_what_never_fits_is_told_and_given_back(machine: Any) -> None:
    model: Any = Fragile(room=100)
    with pytest.raises(MemoryError, match="tiles of 128 pixels still"):
        upscale(model, torch.rand(1, 300, 300, 3), machine, ignore)
    assert model.places[-1] == "cpu"


def test_other_errors_are_not_retried(machine: Any) -> None:
    model: Any = Fragile(room=100, error=KeyError)
    with pytest.raises(KeyError):
        upscale(model, torch.rand(1, 300, 300, 3), machine, ignore)
    assert len(model.sizes) == 1
    assert model.places[-1] == "cpu"


def test_no_picture_is_told(machine: Any) -> None:
    model: Any = Fragile(room=1 << 30)
    for shape in ((0, 8, 8, 3), (1, 0, 8, 3), (8, 8, 3)):
        with pytest.raises(ValueError, match="There is no picture to enlarge"):
            upscale(model, torch.zeros(shape), machine, ignore)
    assert model.places == []


def test_a_picture_that_would_be_too_large_is_told_before_the_work(machine: Any) -> None:
    model: Any = Fragile(room=1 << 30)
    with pytest.raises(ValueError, match=r"Enlarged 2 times, .* be 65,538 x 16 pixels; at most 65,536 .*scale"):
        upscale(model, torch.zeros(1, 8, LARGEST_SIDE // 2 + 1, 3), machine, ignore)
    assert model.places == []


def test_no_room_for_the_result_is_told_before_the_work(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = Fragile(room=1 << 30)
    monkeypatch.setattr(memory, "free", lambda device: 40_000_000)
    with pytest.raises(OutOfMemory, match=r"enlarged to 2,000 x 1,000 needs 72 MB of memory on the CPU, and 40 MB"):
        upscale(model, torch.zeros(1, 500, 1000, 3), machine, ignore)
    assert model.places == []


def test_the_nodes(context: Context, picture: torch.Tensor, machine: Any) -> None:
    asked = Context(node_id="1", folders=context.folders, services=machine)
    model = load_model(BUILT_IN.name, asked)
    assert upscale_with_model(model, picture, asked).shape == (2, 96, 128, 3)


def test_the_published_wrappings_are_taken_off(tmp_path: Path) -> None:
    state = {f"module.{name}": tensor for name, tensor in load_upscaler(BUILT_IN).model.state_dict().items()}
    torch.save({"params_ema": state}, tmp_path / "a.pth")
    assert load_upscaler(tmp_path / "a.pth").scale == 4


class Evil:
    def __reduce__(self) -> Any:
        return print, ("this must never run",)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"params": Evil()}, tmp_path / "a.pth")
    with pytest.raises(UnsafeFile, match=r"a\.pth"):
        load_upscaler(tmp_path / "a.pth")
    assert "never" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"hello", BUILT_IN.read_bytes()[:5000]])
def test_what_is_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"a\.safetensors"):
        load_upscaler(tmp_path / "a.safetensors")


def test_weights_of_something_else_are_told(tmp_path: Path) -> None:
    torch.save({"some.layer.weight": torch.zeros(2, 2)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="no upscaler that is known"):
        load_upscaler(tmp_path / "a.pth")


def test_a_damaged_upscaler_is_told(tmp_path: Path) -> None:
    tensors = load_file(BUILT_IN)
    first, *_, last = sorted(tensors)
    path = tmp_path / "damaged.safetensors"
    save_file({name: tensor for name, tensor in tensors.items() if name != last}, path)
    with pytest.raises(CheckpointError, match=r"damaged\.safetensors: .*do not make a whole upscaler"):
        load_upscaler(path)
    save_file({**tensors, first: torch.full_like(tensors[first], float("nan"))}, path)
    with pytest.raises(CheckpointError, match=f"{first} holds values that are no numbers"):
        load_upscaler(path)
