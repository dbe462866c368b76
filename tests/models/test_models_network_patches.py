"""Hypernetworks, another precision, and compiled blocks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models.engine import Loaded
from models.errors import CheckpointError, ModelError
from models.guidance import compiled, hypernetwork
from models.model import Model
from models.networks.hooks import Pass, Place, Where
from models.sampling import ksample

torch.set_num_threads(1)

HERE = Where(Pass(1.0, (0,), (1, 4, 8, 8)), Place("input", 1))


@pytest.fixture(scope="module")
def prompts(loaded: Loaded) -> tuple[list, list]:
    return loaded.clip.encode("a red house"), loaded.clip.encode("blue")


def drawn(model: Model, prompts: tuple[list, list]) -> Tensor:
    settings: dict[str, Any] = {"seed": 4, "steps": 2, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    return model.latent_format.to_model(
        ksample(model, *prompts, {"samples": torch.zeros(1, 4, 8, 8)}, **settings)["samples"]
    )


def close(a: Tensor, b: Tensor, atol: float = 2e-3) -> bool:
    return torch.allclose(a, b, atol=atol, rtol=1e-3)


def write_hypernetwork(path: Path, **more: Any) -> dict[str, list[dict[str, Tensor]]]:
    generator = torch.Generator().manual_seed(0)
    sizes = [(128, 64), (64, 128)]
    pairs: dict[str, list[dict[str, Tensor]]] = {}
    content: dict[Any, Any] = {"layer_structure": [1, 2, 1], "name": "tiny", "step": 3, **more}
    for width in (64, 32):
        pair = [
            {
                f"linear.{i}.{part}": torch.randn(*shape, generator=generator) * 0.2
                for i, (o, n) in enumerate(sizes)
                for part, shape in (("weight", (o * width // 64, n * width // 64)), ("bias", (o * width // 64,)))
            }
            for _ in range(2)
        ]
        content[width], pairs[str(width)] = tuple(pair), pair
    torch.save(content, path)
    return pairs


@pytest.mark.parametrize(("activation", "last"), [("relu", False), ("linear", False), ("tanh", True)])
def test_hypernetworks_change_keys_and_values(loaded: Loaded, tmp_path: Path, activation: str, last: bool):
    pairs = write_hypernetwork(tmp_path / "tiny.pt", activation_func=activation, activate_output=last)
    model = hypernetwork.with_hypernetwork(
        loaded.model, hypernetwork.read_hypernetwork(tmp_path / "tiny.pt"), 0.7
    )  # fmt: skip
    (hook,) = model.options.hooks.attn2_in
    q, k, v = torch.randn(1, 5, 64), torch.randn(1, 3, 64), torch.randn(1, 3, 64)
    function: Callable[[Tensor], Tensor] = {"relu": torch.relu, "linear": lambda x: x, "tanh": torch.tanh}[activation]
    found = hook(q, k, v, HERE)
    assert found[0] is q
    for x, y, weights in zip((k, v), found[1:], pairs["64"], strict=True):
        inner = function(x @ weights["linear.0.weight"].T + weights["linear.0.bias"])
        outer = inner @ weights["linear.1.weight"].T + weights["linear.1.bias"]
        assert close(y, x + 0.7 * (function(outer) if last else outer), 1e-5)
    other = torch.randn(1, 3, 48)
    assert hook(q, other, other, HERE)[1] is other


def test_a_hypernetwork_changes_the_picture_and_at_strength_0_does_not(loaded: Loaded, prompts, tmp_path: Path):
    write_hypernetwork(tmp_path / "tiny.pt")
    read = hypernetwork.read_hypernetwork(tmp_path / "tiny.pt")
    plain = drawn(loaded.model, prompts)
    assert torch.equal(drawn(hypernetwork.with_hypernetwork(loaded.model, read, 0.0), prompts), plain)
    assert not close(drawn(hypernetwork.with_hypernetwork(loaded.model, read, 1.0), prompts), plain)


def test_files_that_are_no_hypernetworks_are_refused(tmp_path: Path):
    torch.save({"a": torch.zeros(3)}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="no hypernetwork"):
        hypernetwork.read_hypernetwork(tmp_path / "a.pt")
    write_hypernetwork(tmp_path / "b.pt", activation_func="cubic")
    with pytest.raises(CheckpointError, match="cubic"):
        hypernetwork.read_hypernetwork(tmp_path / "b.pt")


# Precision and compiling


def test_another_precision(loaded: Loaded, prompts):
    model = loaded.model.with_options(dtype=torch.bfloat16)
    assert model.dtype == torch.bfloat16
    found, plain = drawn(model, prompts), drawn(loaded.model, prompts)
    assert not torch.equal(found, plain)
    assert (found - plain).abs().mean() < 0.2 * plain.abs().mean()


def test_compiled_blocks_draw_the_same(loaded: Loaded, prompts):
    model = compiled.compiled(loaded.model, "eager")
    assert close(drawn(model, prompts), drawn(loaded.model, prompts))
    with loaded.model.engine.residency.use(loaded.model.component, torch.float32) as network:
        blocks = [block for block in network.modules() if isinstance(block, compiled.BLOCKS)]
        assert blocks
        assert all("eager" in block.__dict__["compiled_by"] for block in blocks)
        assert all(block._compiled_call_impl is None for block in blocks), "others on these weights are left alone"


def test_what_cannot_be_compiled_says_so(loaded: Loaded, prompts, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ModelError, match="cudagraphs needs an NVIDIA card"):
        compiled.compiled(loaded.model, "cudagraphs")
    monkeypatch.setattr(compiled.shutil, "which", lambda name: None)
    with pytest.raises(ModelError, match="inductor needs a C"):
        compiled.compiled(loaded.model, "inductor")

    def broken(graph: Any, inputs: Any) -> Any:
        raise RuntimeError("no such machine")

    with pytest.raises(ModelError, match=r"torch could not compile .*Leave out the node"):
        drawn(compiled.compiled(loaded.model, broken), prompts)  # type: ignore[arg-type]
