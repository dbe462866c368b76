"""Files that are not what they should be: refused with a sentence, and nothing of them used."""

import os
import pickle
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from models.engine import Engine
from models.errors import CheckpointError, UnsafeFile
from models.files import open_weights
from models.handles import Model
from tests.models.conftest import PREFIXES

UNET = PREFIXES["unet"]


def refused(path: Path, sentence: str, engine: Engine) -> None:
    before = engine.residency.weights()
    with pytest.raises(CheckpointError, match=re.escape(path.name) + ".*" + sentence):
        engine.load_checkpoint(path)
    assert engine.residency.weights() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"just some words, twenty of them at least\n", "text file"),
        (b"<!DOCTYPE html><html>log in first</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "pointer of Git LFS"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{", "cut short"),
        (b"GGUF" + bytes(range(100)), r"this is a GGUF file, .* Use the .safetensors version"),
        (bytes(range(256)), "not a safetensors file"),
    ],
)
@pytest.mark.parametrize("suffix", ["safetensors"])
def test_what_is_no_model_is_named(content: bytes, sentence: str, suffix: str, tmp_path: Path, engine: Engine):
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(content)
    refused(path, sentence, engine)


@pytest.mark.parametrize("share", [0.0001, 0.5, 0.999])
def test_a_truncated_file(share: float, sd1: Path, tmp_path: Path, engine: Engine):
    whole = sd1.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "cut short", engine)


def test_a_missing_file(tmp_path: Path, engine: Engine):
    refused(tmp_path / "gone.safetensors", "cannot be read", engine)


class Evil:
    def __reduce__(self):
        return (exec, ("import builtins; builtins.ran = True",))


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_pickle_that_runs_code_is_refused(legacy: bool, tmp_path: Path, engine: Engine):
    path = tmp_path / "evil.ckpt"
    torch.save({"state_dict": Evil()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UnsafeFile, match="exec"):
        engine.load_checkpoint(path)
    assert not hasattr(__import__("builtins"), "ran")


def test_a_bare_pickle_that_runs_code_is_refused(tmp_path: Path, engine: Engine):
    path = tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(CheckpointError):
        engine.load_checkpoint(path)
    assert not hasattr(__import__("builtins"), "ran")


def test_a_zip_that_is_no_model(tmp_path: Path, engine: Engine):
    path = tmp_path / "photos.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    refused(path, "not a whole file", engine)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.filterwarnings("ignore")  # torch is worried about the damage too
def test_damaged_torch_files_are_refused_and_nothing_else(legacy: bool, tmp_path: Path):
    """Whatever byte is wrong: the reader's own IndexError or AssertionError would tell an artist nothing."""
    path, chance = tmp_path / "damaged.ckpt", random.Random(7)
    torch.save({"a": torch.ones(3), "b": {"c": torch.zeros(2)}}, path, _use_new_zipfile_serialization=not legacy)
    whole, refusals = path.read_bytes(), 0
    for turn in range(150):
        content = bytearray(whole)
        for _ in range(3):
            content[chance.randrange(400)] = chance.randrange(256)
        path.write_bytes(content)
        os.utime(path, ns=(turn, turn))
        try:
            open_weights(path)
        except CheckpointError:
            refusals += 1
    assert refusals > 50


def weights(engine: Engine, model: Model) -> dict[str, Tensor]:
    with engine.residency.use(model.component, torch.float32) as module:
        return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_an_honest_torch_file_loads(legacy: bool, sd1: Path, tmp_path: Path, engine: Engine):
    path = tmp_path / "old.ckpt"
    torch.save({"state_dict": load_file(sd1), "epoch": 3}, path, _use_new_zipfile_serialization=not legacy)
    found, expected = (weights(engine, engine.load_checkpoint(p).model) for p in (path, sd1))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_what_a_trainer_left_in_a_checkpoint_is_made_inert(tmp_path: Path):
    """Lightning's callbacks, in the checkpoints of the first Stable Diffusion, neither run nor stop the loading."""
    path = tmp_path / "lightning.ckpt"
    torch.save({"state_dict": {"a": torch.ones(2)}, "callbacks": {Callback: Callback()}}, path)
    data = path.read_bytes()
    assert b"LIGHTNING_STAND_IN" not in data
    module = Callback.__module__
    fake = tmp_path / "fake.ckpt"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(fake, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename.endswith("data.pkl"):
                content = content.replace(
                    f"c{module}\nCallback\n".encode(), b"cpytorch_lightning.callbacks\nModelCheckpoint\n"
                )
            target.writestr(item, content)
    assert open_weights(fake).shapes == {"a": (2,)}


class Callback:
    pass


def test_missing_tensors_are_listed_five_at_most(sd1: Path, write: Callable[..., Path], engine: Engine):
    tensors = load_file(sd1)
    gone = [name for name in tensors if name.startswith(UNET + "middle_block.2.")]
    path = write({name: value for name, value in tensors.items() if name not in gone})
    refused(path, rf"lacks {len(gone)} tensors: (middle_block\.2\.[\w.]+,? ){{5}}and {len(gone) - 5} more", engine)


def test_extra_and_misshapen_tensors_are_listed(sd1: Path, write: Callable[..., Path], engine: Engine):
    tensors = load_file(sd1)
    tensors[UNET + "something.weight"] = torch.ones(3)
    tensors[UNET + "out.2.bias"] = torch.ones(5)
    path = write(tensors)
    refused(path, r"has beside what belongs there 1 tensors: something\.weight", engine)
    refused(path, r"has in another shape 1 tensors: out\.2\.bias \[5\] for \[4\]", engine)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("part", ["unet", "vae", "text"])
def test_weights_that_are_no_numbers(part: str, value: float, sd1: Path, write: Callable[..., Path]):
    engine = Engine("cpu", "fp32")
    tensors = load_file(sd1)
    name = next(name for name in tensors if name.startswith(PREFIXES[part]) and tensors[name].dim() == 1)
    tensors[name] = tensors[name].clone()
    tensors[name][3] = value
    with pytest.raises(CheckpointError, match=re.escape(name) + " holds 1 of .* values that are no numbers"):
        engine.load_checkpoint(write(tensors))


def test_large_but_finite_weights_are_taken(sd1: Path, write: Callable[..., Path]):
    """A sum that overflows is no reason to refuse the tensor."""
    tensors = load_file(sd1)
    name = UNET + "out.2.bias"
    tensors[name] = torch.full_like(tensors[name], 3e38)
    Engine("cpu", "fp32").load_checkpoint(write(tensors))


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["lora_unet_x.lora_up.weight"], "a LoRA"),
        (["first_stage_model.decoder.conv_in.weight"], "a VAE"),
        (["text_model.x"], "a text encoder without its model"),
        (["foo", "bar"], "2 tensors that fit no known family"),
    ],
)
def test_a_file_of_another_kind_says_what_it_is(names: list[str], kind: str, write, engine: Engine):
    refused(write({name: torch.ones(1) for name in names}), kind, engine)


def test_a_checkpoint_without_vae_in_the_vae_slot(write, engine: Engine):
    with pytest.raises(CheckpointError, match="no VAE is in it"):
        engine.load_vae(write({"foo": torch.ones(1)}))


def test_a_file_that_changes_while_in_use(sd1: Path, tmp_path: Path):
    engine = Engine("cpu", "fp32")
    path = tmp_path / "changing.safetensors"
    path.write_bytes(sd1.read_bytes())
    model = engine.load_checkpoint(path).model
    engine.free(models=True)
    path.write_bytes(sd1.read_bytes() + b"\0")
    with pytest.raises(CheckpointError, match="changed while it was in use"):
        weights(engine, model)
