"""What the fixtures for packs see: values that are not as promised, inputs that were changed, pictures that differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import torch

from easel_testing.golden import Golden, sample
from easel_testing.pack import PackFailed, folders, load, pack_of
from easel_testing.run import Bench, RunFailed
from graph.node import Int, Socket, node
from graph.registry import Registry
from nodes.library import core_registry
from nodes.values import Image, Mask

Strength = Annotated[int, Int(min=0, max=5)]


@node("Writes")
def writes(image: Image) -> Image:
    return image.mul_(2)


@node("Lies")
def lies(image: Image) -> Mask:
    return image


@node("Adds")
def adds(image: Image, strength: Strength = 2, also: Image | None = None) -> tuple[Image, int]:
    return image + strength, strength


@node("Beside")
def beside(images: list[Image], strengths: list[int], gap: int = 0) -> tuple[Image, int]:
    return torch.cat(images, dim=2), sum(strengths) + gap


@node("Whole")
def whole(shapes: Annotated[list[Any], Socket("SHAPES")]) -> int:
    return len(shapes)


@node("Raises")
def raises(image: Image) -> Image:
    raise LookupError("no such thing")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = folders(tmp_path)
    for kind in ("input", "output", "temp"):
        found.root(kind).mkdir()
    registry = core_registry()
    registry.add(writes, lies, adds, beside, whole, raises)
    return Bench(registry, found)


def test_a_node_runs_with_its_defaults(bench: Bench) -> None:
    picture = sample(8, 8)
    result, strength = bench.node("Adds", image=picture)
    assert torch.equal(result, picture + 2)
    assert strength == 2
    assert torch.equal(bench.node(adds, image=picture, strength=1)[0], picture + 1)


def test_a_list_is_so_many_values_where_all_are_taken_at_once(bench: Bench) -> None:
    one, other = sample(8, 8), sample(8, 8)
    joined, total = bench.node("Beside", images=[one, other], strengths=[1, 2], gap=4)
    assert torch.equal(joined, torch.cat([one, other], dim=2))
    assert total == 7
    assert bench.node("Beside", images=one, strengths=3)[1] == 3
    assert bench.node("Whole", shapes=[1, 2, 3]) == 3, "here a list is one value"
    graph = {"3": {"class_type": "Beside", "inputs": {"gap": 0}}}
    assert bench.graph(graph, {"3.images": [one], "3.strengths": [5, 6]}).value()[1] == 11
    same = [1, 2]
    assert bench.node("Beside", images=one, strengths=same)[1] == 3
    assert bench.node("Whole", shapes=same) == 2
    with pytest.raises(RunFailed, match="A node changed the value of its input images"):
        bench.node(node("WritesAll")(_write_all), images=[one])


def _write_all(images: list[Image]) -> Image:
    return images[0].mul_(2)


@pytest.mark.parametrize(
    ("name", "inputs", "sentence"),
    [
        ("Writes", {}, "A node changed the value of its input image"),
        ("Lies", {}, r"The output MASK of Lies must be float32 \(b, h, w\), and it is torch.float32 \(1, 8, 8, 3\)"),
        ("Adds", {"strength": 9}, "strength"),
        ("Adds", {"colour": 9}, "Adds has no input colour. It has image, strength, also"),
        ("Nothing", {}, "There is no node type Nothing"),
    ],
)
def test_what_is_wrong_is_said(name: str, inputs: dict[str, Any], sentence: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=sentence):
        bench.node(name, image=sample(8, 8), **inputs)


def test_an_input_that_is_missing(bench: Bench) -> None:
    with pytest.raises(RunFailed, match="nothing at its input image"):
        bench.node("Adds")


def test_what_a_node_raises_is_raised(bench: Bench) -> None:
    with pytest.raises(LookupError, match="no such thing"):
        bench.node("Raises", image=sample(8, 8))


def test_a_node_that_is_not_in_the_pack(bench: Bench) -> None:
    @node("Local")
    def local(image: Image) -> Image:
        return image * 0

    assert bench.node(local, image=sample(8, 8)).max() == 0


def test_a_graph_with_values_in_it(bench: Bench) -> None:
    graph = {
        "1": {"class_type": "Adds", "inputs": {"strength": 1}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    }
    ran = bench.graph(graph, {"1.image": torch.zeros(1, 4, 4, 3)})
    assert ran.value("3").max() == 0
    assert [picture.shape for picture in ran.pictures()] == [(1, 4, 4, 3)]
    assert ran.pictures()[0].min() == 1
    with pytest.raises(RunFailed, match=r"9\.x names no input"):
        bench.graph(graph, {"9.x": 1})
    with pytest.raises(RunFailed, match="nothing at its input image"):
        bench.graph(graph)


def test_golden_images(tmp_path: Path) -> None:
    picture = sample(16, 16)
    with pytest.raises(AssertionError, match="not there yet"):
        Golden(tmp_path)(picture, "one")
    Golden(tmp_path, update=True)(picture, "one")
    Golden(tmp_path)(picture + 1 / 255, "one")
    with pytest.raises(AssertionError, match=r"differs by up to 0\.039"):
        Golden(tmp_path)((picture * 0.96), "one")
    assert (tmp_path / "one.now.png").is_file()
    with pytest.raises(AssertionError, match="is 8 × 16, and was 16 × 16"):
        Golden(tmp_path)(picture[:, :, :8], "one")
    Golden(tmp_path)(picture, "one")
    assert not (tmp_path / "one.now.png").exists()


def test_the_pack_of_a_test(tmp_path: Path) -> None:
    inner = tmp_path / "pack" / "tests"
    inner.mkdir(parents=True)
    with pytest.raises(PackFailed, match="lies in no pack"):
        pack_of(inner / "test_x.py")
    (tmp_path / "pack" / "__init__.py").write_text("import nowhere_at_all\n")
    assert pack_of(inner / "test_x.py") == tmp_path / "pack"
    with pytest.raises(PackFailed, match=r"No module named 'nowhere_at_all' \(pack/__init__\.py, line 1\)"):
        load(tmp_path / "pack")


def test_a_registry_is_left_as_it_was(bench: Bench) -> None:
    before = list(bench._base)  # pyright: ignore[reportPrivateUsage]
    bench.node(adds, image=sample(8, 8))
    assert list(bench._base) == before  # pyright: ignore[reportPrivateUsage]
    assert isinstance(bench._base, Registry)  # pyright: ignore[reportPrivateUsage]
