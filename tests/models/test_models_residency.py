"""What is in memory: budgets, what goes first, refusals with numbers; and the engine's account of itself."""

from pathlib import Path

import pytest
import torch

from models import memory
from models.engine import Engine, _precision
from models.errors import OutOfMemory, in_words
from models.load import Component


def size(engine: Engine, path: Path) -> dict[str, int]:
    return {name: component.size(torch.float32) for name, component in components(engine, path).items()}


def components(engine: Engine, path: Path) -> dict[str, Component]:
    model, clip, vae = engine.load_checkpoint(path)
    return {"model": model.component, "clip": clip.encoders[0][1], "vae": vae.component}


def test_sizes_are_what_modules_take(sd1: Path):
    engine = Engine("cpu", "fp32")
    for component in components(engine, sd1).values():
        with engine.residency.use(component, torch.float32) as module:
            assert component.size(torch.float32) == sum(p.nbytes for p in module.parameters())


def test_weights_are_loaded_once(sd1: Path, monkeypatch: pytest.MonkeyPatch):
    engine = Engine("cpu", "fp32")
    first = engine.load_checkpoint(sd1)
    monkeypatch.setattr("models.residency.load", lambda *_: pytest.fail("read again"))
    assert engine.load_checkpoint(sd1) == first
    first.vae.decode(torch.zeros(1, 4, 2, 2))


def test_the_one_used_longest_ago_goes_first(sd1: Path):
    sizes = size(Engine("cpu", "fp32"), sd1)
    engine = Engine("cpu", "fp32", memory=sizes["model"] + sizes["clip"] + 1000)
    loaded = engine.load_checkpoint(sd1)
    assert engine.residency.weights() <= sizes["model"] + sizes["clip"] + 1000
    before = loaded.clip.encode("a cat")[0][0]  # loads the text encoder again, in place of something else
    assert torch.equal(before, loaded.clip.encode("a cat")[0][0])
    assert engine.residency.weights() <= sizes["model"] + sizes["clip"] + 1000


def test_what_cannot_fit_is_refused_before_it_is_read(sd1: Path, monkeypatch: pytest.MonkeyPatch):
    sizes = size(Engine("cpu", "fp32"), sd1)
    monkeypatch.setattr("models.residency.load", lambda *_: pytest.fail("read"))
    engine = Engine("cpu", "fp32", memory=1000)
    with pytest.raises(OutOfMemory, match=r"text encoder CLIP-L of tiny-sd1.* needs .* and .* can be had") as found:
        engine.load_checkpoint(sd1)
    assert found.value.need == sizes["clip"]
    assert found.value.have == 1000
    assert engine.is_out_of_memory(found.value)


def test_free_lets_idle_weights_go_and_handles_stay_good(sd1: Path):
    engine = Engine("cpu", "fp32")
    vae = engine.load_checkpoint(sd1).vae
    latent = torch.randn(1, 4, 2, 2)
    before = vae.decode(latent)
    engine.free(models=False)
    assert engine.residency.weights() > 0
    engine.free(models=True)
    assert engine.residency.weights() == 0
    assert torch.equal(vae.decode(latent), before)


def test_weights_in_use_are_not_evicted(sd1: Path):
    engine = Engine("cpu", "fp32")
    component = engine.load_checkpoint(sd1).model.component
    with engine.residency.use(component, torch.float32):
        engine.free(models=True)
        assert engine.residency.weights() == component.size(torch.float32)
        with pytest.raises(OutOfMemory):
            engine.reserve(1 << 60, "A picture of the sky")
    engine.free(models=True)
    assert engine.residency.weights() == 0


def test_the_device_as_system_stats_shows_it():
    stats = Engine("cpu", "fp32").stats()
    assert (stats["name"], stats["type"], stats["index"]) == ("cpu", "cpu", None)
    assert 0 < stats["vram_free"] <= stats["vram_total"]
    assert 0 < stats["torch_vram_free"] <= stats["torch_vram_total"]


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 500000\ninactive_file 150000\nactive_file 50000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.total(torch.device("cpu")) == 1_000_000
    assert memory.free(torch.device("cpu")) == 500_000


def test_precision():
    cpu, gpu = torch.device("cpu"), torch.device("cuda", 0)
    assert _precision("auto", gpu) == "auto"  # each family its own
    assert _precision("auto", cpu) in ("fp32", "bf16")
    assert _precision("bf16", cpu) == "bf16"
    with pytest.raises(ValueError, match="fp8"):
        _precision("fp8", cpu)
    assert Engine("cpu", "fp32").fingerprint == "fp32-cpu"


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_draws_nearly_the_same(precision: str, sd1: Path):
    from models.sampling import ksample

    pictures = []
    for engine in (Engine("cpu", "fp32"), Engine("cpu", precision)):
        model, clip, vae = engine.load_checkpoint(sd1)
        latent = ksample(
            model, clip.encode("a"), clip.encode("b"), {"samples": torch.zeros(1, 4, 8, 8)},
            seed=1, steps=2, cfg=2.0, sampler="euler", scheduler="normal",
        )  # fmt: skip
        pictures.append(vae.decode(latent["samples"]))
        assert pictures[-1].dtype == torch.float32
    assert float((pictures[0] - pictures[1]).abs().mean()) < 0.05


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"), True),
        (OutOfMemory("x", 2, 1, "cpu"), True),
        (RuntimeError("shapes do not match"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_counts_as_a_lack_of_memory(error: BaseException, is_memory: bool):
    engine = Engine("cpu", "fp32")
    assert engine.is_out_of_memory(error) is is_memory
    wrapped = ValueError("outer")
    wrapped.__cause__ = error
    assert engine.is_out_of_memory(wrapped) is is_memory


def test_sizes_in_words():
    assert in_words(812_000_000) == "812 MB"
    assert in_words(3_200_000_000) == "3.2 GB"


def test_what_is_loaded_is_told_and_let_go_one_by_one(sd1: Path):
    engine = Engine("cpu", "fp32")
    engine.load_checkpoint(sd1)
    told = engine.loaded()
    assert sum(each["bytes"] for each in told) == engine.residency.weights()
    assert {each["precision"] for each in told} == {"float32"}
    assert all("tiny-sd1" in each["title"] and each["device"] == "cpu" and not each["busy"] for each in told)
    assert engine.unload(told[0]["id"])
    assert [each["id"] for each in engine.loaded()] == [each["id"] for each in told[1:]]
    assert not engine.unload(told[0]["id"]), "it is gone already"
    component = next(iter(engine.residency._residents)).component
    with engine.residency.use(component, torch.float32):
        busy = next(each for each in engine.loaded() if each["busy"])
        assert not engine.unload(busy["id"])
