"""Models of several files, tables of contents, and loading: straight, converted, joined, and little memory."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.arena import Arena, Staging, padded
from models.errors import CheckpointError
from models.files import open_weights
from models.load import Component, all_finite, load
from models.networks.layout import Pick, joined, third

CPU = torch.device("cpu")


def some(count: int = 6) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {f"layer.{number}.weight": torch.randn(5, number + 1) for number in range(count)}


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)


def in_shards(
    folder: Path, tensors: dict[str, Tensor], stem: str = "diffusion_pytorch_model", variant: str = ""
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    names = list(tensors)
    files = {f"{stem}{variant}-{n + 1:05}-of-00002.safetensors": names[n::2] for n in range(2)}
    for file, part in files.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    index = folder / f"{stem}.safetensors.index{variant}.json"
    weight_map = {name: file for file, part in files.items() for name in part}
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))
    return index


def test_shards_by_index_by_one_of_them_and_by_folder(tmp_path: Path):
    tensors = some()
    index = in_shards(tmp_path / "unet", tensors)
    shard = tmp_path / "unet" / "diffusion_pytorch_model-00002-of-00002.safetensors"
    for path in (index, shard, tmp_path / "unet"):
        file = open_weights(path)
        assert file.shapes == {name: tuple(value.shape) for name, value in tensors.items()}
        assert same(dict(file.read(tensors)), tensors)
        assert len(file.stamps) == 2


def test_a_missing_shard_is_named(tmp_path: Path):
    index = in_shards(tmp_path, some())
    (tmp_path / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    for path in (index, tmp_path / "diffusion_pytorch_model-00001-of-00002.safetensors"):
        with pytest.raises(CheckpointError, match=r"1 of the model's 2 files are missing: .*00002-of-00002"):
            open_weights(path)


def test_a_changed_shard_is_noticed(tmp_path: Path):
    tensors = some()
    file = open_weights(in_shards(tmp_path, tensors))
    os.utime(tmp_path / "diffusion_pytorch_model-00001-of-00002.safetensors", ns=(1, 1))
    with pytest.raises(CheckpointError, match="changed while it was in use"):
        list(file.read(tensors))


@pytest.mark.parametrize("content", ["{", "[]", '{"weight_map": {"a": "../elsewhere.safetensors"}}', "{}"])
def test_an_index_that_is_none(content: str, tmp_path: Path):
    path = tmp_path / "x.safetensors.index.json"
    path.write_text(content)
    with pytest.raises(CheckpointError, match=r"index\.json: (not an index|it names files outside)"):
        open_weights(path)


def test_a_diffusers_folder_is_one_file_with_prefixes(tmp_path: Path):
    networks = {name: some(count) for count, name in enumerate(("unet", "vae", "text_encoder", "text_encoder_2"), 1)}
    (tmp_path / "model_index.json").write_text("{}")
    in_shards(tmp_path / "unet", networks["unet"], variant=".fp16")
    for name, stem in (("vae", "diffusion_pytorch_model"), ("text_encoder_2", "model")):
        (tmp_path / name).mkdir()
        save_file(networks[name], tmp_path / name / f"{stem}.safetensors")
    (tmp_path / "text_encoder").mkdir()
    torch.save(networks["text_encoder"], tmp_path / "text_encoder" / "pytorch_model.bin")
    (tmp_path / "scheduler").mkdir()
    file = open_weights(tmp_path)
    for name, tensors in networks.items():
        assert file.starting_with(f"{name}.") == {key: tuple(value.shape) for key, value in tensors.items()}
        assert same(dict(file.read(f"{name}.{key}" for key in tensors)), {f"{name}.{k}": v for k, v in tensors.items()})


def test_half_precision_is_preferred_in_folders(tmp_path: Path):
    save_file(some(), tmp_path / "diffusion_pytorch_model.safetensors")
    save_file({k: v.half() for k, v in some().items()}, tmp_path / "diffusion_pytorch_model.fp16.safetensors")
    assert set(open_weights(tmp_path).dtypes.values()) == {torch.float16}


def test_a_folder_without_weights(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"holds 0 \.safetensors files"):
        open_weights(tmp_path)


def test_the_table_says_every_precision(tmp_path: Path):
    kinds = (torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int64)
    tensors = {str(kind): torch.ones(3).to(kind) for kind in kinds}
    save_file(tensors, tmp_path / "x.safetensors")
    file = open_weights(tmp_path / "x.safetensors")
    assert {name: str(kind) for name, kind in file.dtypes.items()} == {name: name for name in tensors}
    assert all(torch.equal(value.float(), torch.ones(3)) for _, value in file.read(tensors))


@dataclass(frozen=True)
class Net:
    """Joined, taken apart, transposed and plain weights; convolutions with their channels last where asked."""

    last: bool = False

    def build(self) -> nn.Module:
        return nn.ModuleDict(
            {
                "plain": nn.Linear(6, 4), "joined": nn.Linear(6, 9, bias=False), "q": nn.Linear(5, 2, bias=False),
                "v": nn.Linear(5, 2, bias=False), "conv": nn.Conv2d(3, 4, 3), "empty": nn.Linear(3, 0, bias=False),
            }
        )  # fmt: skip

    def picks(self) -> dict[str, Pick]:
        same = ("plain.weight", "plain.bias", "conv.weight", "conv.bias", "empty.weight")
        made = {"joined.weight": Pick(("a", "b"), joined), "q.weight": Pick("qkv", third(0))}
        return {name: Pick(name) for name in same} | made | {"v.weight": Pick("qkv", third(2))}

    def channels_last(self, device: torch.device) -> bool:
        return self.last

    def ignores(self, name: str) -> bool:
        return False


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("wanted", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("stored", [torch.float32, torch.float16, torch.bfloat16])
def test_every_way_of_filling(stored: torch.dtype, wanted: torch.dtype, last: bool, tmp_path: Path):
    torch.manual_seed(1)
    tensors = {
        "plain.weight": torch.randn(4, 6), "plain.bias": torch.randn(4), "conv.weight": torch.randn(4, 3, 3, 3),
        "conv.bias": torch.randn(4), "a": torch.randn(3, 6), "b": torch.randn(6, 6), "qkv": torch.randn(6, 5),
        "empty.weight": torch.empty(0, 3),
    }  # fmt: skip
    tensors = {f"net.{name}": value.to(stored) for name, value in tensors.items()}
    save_file(tensors, tmp_path / "x.safetensors")
    module = load(Component(open_weights(tmp_path / "x.safetensors"), Net(last), "net.", "the net"), wanted, CPU)
    t = {name[4:]: value.to(wanted) for name, value in tensors.items()}
    expected = {"joined.weight": torch.cat([t["a"], t["b"]]), "q.weight": t["qkv"][:2], "v.weight": t["qkv"][4:]}
    expected |= {name: t[name] for name in ("plain.weight", "plain.bias", "conv.weight", "conv.bias", "empty.weight")}
    assert same(module.state_dict(), expected)
    assert module["conv"].weight.is_contiguous(memory_format=torch.channels_last) is last


def test_weights_of_eight_bits_beside_a_scale(tmp_path: Path):
    torch.manual_seed(2)
    weight, scale = torch.randn(4, 6).to(torch.float8_e4m3fn), torch.tensor(0.37)
    tensors = {"plain.weight": weight, "plain.scale_weight": scale, "plain.scale_input": torch.tensor(1.0)}
    tensors |= {"plain.bias": torch.randn(4), "conv.weight": torch.randn(4, 3, 3, 3), "conv.bias": torch.randn(4)}
    tensors |= {"a": torch.randn(3, 6), "b": torch.randn(6, 6), "qkv": torch.randn(6, 5)}
    tensors["empty.weight"] = torch.empty(0, 3)
    tensors["scaled_fp8"] = torch.zeros(2).to(torch.float8_e4m3fn)
    save_file(tensors, tmp_path / "x.safetensors")
    module = load(Component(open_weights(tmp_path / "x.safetensors"), Net(), "", "it"), torch.float32, CPU)
    assert torch.equal(module["plain"].weight, weight.float() * scale)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("wanted", [torch.float32, torch.float16, torch.bfloat16])
def test_a_gpu_gets_the_same_weights(wanted: torch.dtype, tmp_path: Path):
    """Many tensors, so that both staging areas are used again and again."""

    @dataclass(frozen=True)
    class Many(Net):
        def build(self) -> nn.Module:
            return nn.ModuleList(nn.Linear(1000 + n, 700) for n in range(40))

        def picks(self) -> dict[str, Pick]:
            return {name: Pick(name) for name in self.build().state_dict()}

    tensors = {name: torch.randn_like(value).half() for name, value in Many().build().state_dict().items()}
    save_file(tensors, tmp_path / "x.safetensors")
    component = Component(open_weights(tmp_path / "x.safetensors"), Many(), "", "it")
    found = load(component, wanted, torch.device("cuda")).state_dict()
    assert all(torch.equal(found[name].cpu(), value.to(wanted)) for name, value in tensors.items())


def test_large_tensors_are_read_in_pieces(tmp_path: Path):
    """Larger than what one thread reads at a time, and larger than an area of small pages."""

    @dataclass(frozen=True)
    class Large(Net):
        def build(self) -> nn.Module:
            return nn.Linear(3000, 3001, bias=False)

        def picks(self) -> dict[str, Pick]:
            return {"weight": Pick("weight")}

    weight = torch.randn(3001, 3000)
    save_file({"weight": weight}, tmp_path / "x.safetensors")
    component = Component(open_weights(tmp_path / "x.safetensors"), Large(), "", "it")
    assert torch.equal(load(component, torch.float32, CPU).weight, weight)
    assert torch.equal(load(component, torch.bfloat16, CPU).weight, weight.bfloat16())


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1.0])
def test_finite(kind: torch.dtype, value: float):
    tensor = torch.randn(1000)
    tensor[777] = value
    assert all_finite(tensor.to(kind)) is (value == 1.0)


def test_an_arena_gives_out_separate_aligned_places():
    arena = Arena(padded([12, 200, 8]))
    taken = [arena.take((3,), torch.float32), arena.take((10, 10), torch.float16), arena.take((1,), torch.int64)]
    for number, tensor in enumerate(taken):
        assert tensor.data_ptr() % 64 == taken[0].data_ptr() % 64
        tensor.fill_(number)
    assert [float(tensor.sum()) for tensor in taken] == [0, 100, 2]
    assert arena.take((3,), torch.float32).fill_(9).shape == (3,)  # no room left: memory of its own
    assert [float(tensor.sum()) for tensor in taken] == [0, 100, 2]
    staging = Staging(8, CPU)
    first = staging.take((2,), torch.float32)
    staging.turn()
    assert staging.take((2,), torch.float32).data_ptr() == first.data_ptr()
