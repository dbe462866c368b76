"""What must hold on a GPU: the CPU's numbers, also when passes are recorded and played again, and weights change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.conditions import Ready, prepare
from models.engine import Engine
from models.model import Model
from models.networks.hooks import Place
from models.sampling import SAMPLERS, ksample
from tests.models.conftest import PREFIXES, UNET, filled, in_layout, sd1_tensors

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


@pytest.fixture(scope="module", autouse=True)
def exact() -> Any:
    """Matrix products in full float32, as the CPU makes them."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(scope="module")
def gpu() -> Engine:
    return Engine("cuda", "fp32")


@pytest.fixture(scope="module")
def cpu() -> Engine:
    return Engine("cpu", "fp32")


def both(cpu: Engine, gpu: Engine, path: Path) -> tuple[Model, Model]:
    return cpu.load_model(path), gpu.load_model(path)


def asked(model: Model, cross: Tensor, **options: Any) -> dict[str, Tensor]:
    shape = (1, model.latent_format.channels, 8, 8)
    ready = Ready(model, torch.zeros(shape), torch.zeros(shape), None, 0, torch.tensor([1.0, 0.0]))
    return prepare([[cross, options]], ready)[0].inputs


@pytest.mark.parametrize("name", ["sd1", "sdxl", "sd35-medium", "flux-dev"])
def test_steps_are_the_cpus(name: str, cpu: Engine, gpu: Engine, tmp_path: Path) -> None:
    """The first pass as it is, the second recorded, the third played: all the same."""
    from tests.models.test_models_families import FLUXES, MMDITS, UNETS

    network = UNETS[name][0] if name in UNETS else (MMDITS | FLUXES)[name]
    path = tmp_path / f"{name}.safetensors"
    save_file({PREFIXES["unet"] + k: v.contiguous() for k, v in filled(network).state_dict().items()}, path)
    ours, theirs = both(cpu, gpu, path)
    context = network.context
    pooled = torch.randn(1, getattr(network, "vector", 0) or 1280)
    pooled = pooled[:, :1280] if name == "sdxl" else pooled
    for _ in range(4):
        x, cross = torch.randn(1, ours.latent_format.channels, 8, 8), torch.randn(1, 7, context)
        inputs = asked(ours, cross, pooled_output=pooled)
        sigma = ours.prediction.sigmas[len(ours.prediction.sigmas) // 2]
        found = theirs.denoise(x.cuda(), sigma, inputs).cpu()
        expected = ours.denoise(x, sigma, inputs)
        assert torch.allclose(found, expected, atol=2e-3, rtol=1e-3), float((found - expected).abs().max())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpu") / "tiny.safetensors"
    save_file(sd1_tensors(), path)
    return path


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_samplers_give_the_cpus_latents(sampler: str, cpu: Engine, gpu: Engine, checkpoint: Path) -> None:
    results = []
    for engine in (cpu, gpu):
        model, clip, _ = engine.load_checkpoint(checkpoint)
        prompts = clip.encode("a red house"), clip.encode("blue")
        latent = {"samples": torch.zeros(1, 4, 8, 8)}
        settings: dict[str, Any] = {"seed": 3, "steps": 4, "cfg": 2.0, "sampler": sampler, "scheduler": "karras"}
        results.append(ksample(model, *prompts, latent, **settings)["samples"])
    assert torch.allclose(*results, atol=0.02 * float(results[0].abs().max())), (results[0] - results[1]).abs().max()


def test_recordings_follow_the_weights(gpu: Engine, checkpoint: Path, tmp_path: Path) -> None:
    """Another strength, none again, and weights that were let go: each answer is that of a fresh engine."""
    tensors = {}
    for name in in_layout(UNET, filled(UNET), ""):
        if name.endswith("attn1.to_q.weight"):
            width = UNET.build().state_dict()[name].shape[0]
            stem = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
            tensors[f"{stem}.lora_up.weight"] = torch.randn(width, 2) * 0.3
            tensors[f"{stem}.lora_down.weight"] = torch.randn(2, width) * 0.3
    save_file(tensors, tmp_path / "lora.safetensors")
    lora = gpu.load_lora(tmp_path / "lora.safetensors")
    base = gpu.load_model(checkpoint)
    x, sigma = torch.randn(1, 4, 8, 8).cuda(), base.prediction.sigmas[500]
    inputs = asked(base, torch.randn(1, 7, 64))

    def fresh(strength: float) -> Tensor:
        engine = Engine("cuda", "fp32")
        model = engine.load_model(checkpoint)
        return model.with_lora(engine.load_lora(tmp_path / "lora.safetensors"), strength).denoise(x, sigma, inputs)

    expected = {strength: fresh(strength) for strength in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)}
    for strength in (0.0, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.0, 0.0, 0.5, 1.5, 2.0, 2.5, 2.5, 2.5, 0.5, 0.5, 0.5):
        found = base.with_lora(lora, strength).denoise(x, sigma, inputs)
        assert torch.allclose(found, expected[strength], atol=1e-4), strength
    gpu.free(models=True)
    for _ in range(3):
        assert torch.allclose(base.denoise(x, sigma, inputs), expected[0.0], atol=1e-4)


def test_hooks_are_heard_after_a_pass_was_recorded(gpu: Engine, checkpoint: Path) -> None:
    model = gpu.load_model(checkpoint)
    x, sigma = torch.randn(1, 4, 8, 8).cuda(), model.prediction.sigmas[500]
    inputs = asked(model, torch.randn(1, 7, 64))
    plain = [model.denoise(x, sigma, inputs) for _ in range(3)][-1]
    places: list[Place] = []

    def hook(h: Tensor, where: Any) -> Tensor:
        places.append(where.place)
        return h * 0

    hooked = model.with_hooks(middle_block=hook)
    assert not torch.allclose(hooked.denoise(x, sigma, inputs), plain, atol=1e-3)
    assert places == [Place("middle", 0)]
    assert torch.allclose(model.denoise(x, sigma, inputs), plain, atol=1e-5)


@pytest.mark.parametrize("precision", ["auto", "bf16", "fp16"])
def test_half_precision_is_near(precision: str, cpu: Engine, checkpoint: Path) -> None:
    half = Engine("cuda", precision)
    pictures = []
    for engine in (cpu, half):
        model, clip, vae = engine.load_checkpoint(checkpoint)
        prompts = clip.encode("a red house"), clip.encode("blue")
        settings: dict[str, Any] = {"seed": 3, "steps": 4, "cfg": 2.0, "sampler": "euler", "scheduler": "karras"}
        done = ksample(model, *prompts, {"samples": torch.zeros(2, 4, 8, 8)}, **settings)
        pictures.append(vae.decode(done["samples"]))
    assert pictures[1].isfinite().all()
    assert (pictures[0] - pictures[1]).abs().mean() < 0.05


def test_what_does_not_fit_is_told_before_it_is_read(checkpoint: Path) -> None:
    from models.errors import OutOfMemory

    with pytest.raises(OutOfMemory, match="needs"):
        Engine("cuda", "fp32", memory=1 << 16).load_model(checkpoint)


def test_a_recording_makes_room(checkpoint: Path, write: Callable[..., Path]) -> None:
    """What is asked for lets recordings go before weights."""
    engine = Engine("cuda", "fp32")
    model = engine.load_model(checkpoint)
    x, inputs = torch.randn(1, 4, 8, 8).cuda(), asked(model, torch.randn(1, 7, 64))
    for _ in range(3):
        expected = model.denoise(x, model.prediction.sigmas[500], inputs)
    engine.residency.budget = engine.residency.weights() + 1000
    engine.reserve(900, "a test")
    found = [replace(model).denoise(x, model.prediction.sigmas[500], inputs) for _ in range(3)]
    assert all(torch.allclose(one, expected, atol=1e-5) for one in found)


def test_the_memory_that_a_step_takes_is_its_peak(gpu: Engine, cpu: Engine) -> None:
    assert cpu.measure_memory() is None
    taken = gpu.measure_memory()
    assert taken is not None
    large = torch.empty(8 * 2**20, dtype=torch.uint8, device=gpu.device)
    del large
    assert 8 * 2**20 <= taken() < 16 * 2**20
    again = gpu.measure_memory()
    assert again is not None
    assert again() < 2**20
