"""What sampling costs: a step beside one of diffusers' own pipeline, loading beside a bare read, memory beside weights.

    python3 bench/sampling.py [--device cpu] [--families sd15 sdxl] [--sizes 512] [--batches 1] [--steps 6]
                              [--precisions fp32 bf16] [--compiled] [--json FILE] [--folder DIR]

Denoisers with random weights in the true layouts and sizes. Steps are those of Euler with guidance (two prompts a
step), the median of all but the first two; both engines run in turns, in one process, at the same precision unless a
line says otherwise.
"""

# ruff: noqa: I001  (models comes before torch: it says how torch's threads wait)

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import models  # noqa: F401
import torch

from bench.random_models import diffusers_unet, make, make_lora
from models.engine import Engine
from models.guidance.compiled import compiled as compiled_blocks
from models.guiders import cfg
from models.model import Model
from models.sampler_table import choose
from models.sampling import SeededNoise, sample
from models.schedules import schedule

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
TOKENS = 77
GUIDANCE = 5.0


def main() -> None:
    options = arguments()
    folder = Path(options.folder or tempfile.gettempdir()) / "easel-bench"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    print(f"{machine(options.device)}, torch {torch.__version__}, Python {platform.python_version()}\n")
    for family in options.families:
        file_dtype = torch.float16 if options.device != "cpu" else torch.float32
        path = make(family, folder, file_dtype)
        if "load" in options.parts:
            lines += loading(family, path, options)
        if "memory" in options.parts and options.device == "cpu":
            lines += memory(family, path, options)
        if "lora" in options.parts:
            lines += loras(family, path, make_lora(family, folder), options)
        if "steps" in options.parts:
            for precision in options.precisions:
                for size in options.sizes:
                    for batch in options.batches:
                        lines += steps(family, path, precision, size, batch, options)
    if options.json:
        Path(options.json).write_text(json.dumps({"machine": machine(options.device), "lines": lines}, indent=1))


# Steps


def steps(family: str, path: Path, precision: str, size: int, batch: int, options: Any) -> list[dict[str, Any]]:
    """Seconds a step of ours and of diffusers' pipeline, the latter also in fp32 where a CPU runs less."""
    found: dict[str, float] = {}
    engine = Engine(options.device, precision)
    model = engine.load_model(path)
    cuda = options.device.startswith("cuda")
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    found["ours"] = ours(model, size, batch, options)
    held = torch.cuda.max_memory_allocated() / engine.residency.weights() if cuda else 0.0
    if options.compiled:
        found["ours, blocks compiled"] = ours(compiled_blocks(model, "inductor"), size, batch, options)
    if cuda:
        found["floor"] = floor(model, size, batch)
    del model
    engine.free(models=True)
    others = [("diffusers", precision, False)]
    if options.device == "cpu" and precision != "fp32":
        others.append(("diffusers fp32", "fp32", False))
    if options.compiled:
        others.append(("diffusers compiled", precision, True))
    for name, its_precision, compiled in others:
        unet = diffusers_unet(family, path, DTYPES[its_precision], options.device)
        found[name] = theirs(family, unet, DTYPES[its_precision], size, batch, compiled, options)
        del unet
        free()
    print(
        f"{family} {size} x {size}, batch {batch}, {precision}" + (f", peak {held:.2f} x the weights" if cuda else "")
    )
    for name, seconds in found.items():
        print(f"    {name:20} {seconds * 1000:9.1f} ms a step    {seconds / found['ours']:5.2f} x ours")
    line = {"what": "step", "family": family, "size": size, "batch": batch, "precision": precision, "seconds": found}
    return [{**line, "peak": held}]


@torch.no_grad()
def floor(model: Model, size: int, batch: int) -> float:
    """Seconds that the step's products would take at the rate of one large product: no version can be much faster."""
    from torch.utils.flop_counter import FlopCounterMode

    side = 4096 if model.dtype == torch.float32 else 8192
    a, b = (torch.randn(side, side, device=model.device, dtype=model.dtype) for _ in range(2))
    times = []
    for _ in range(10):
        synchronize(str(model.device))
        times.append(timed(lambda: (a @ b, synchronize(str(model.device)))))
    rate = 2 * side**3 / min(times)
    network = model.component.network
    given = {
        "x": torch.randn(2 * batch, 4, size // 8, size // 8), "timestep": torch.full((2 * batch,), 500.0),
        "context": torch.randn(2 * batch, TOKENS, network.context), "y": torch.randn(2 * batch, max(network.vector, 1)),
    }  # fmt: skip
    given = {name: value.to(model.device, model.dtype) for name, value in given.items()}
    with model.engine.residency.use(model.component, model.dtype) as module, FlopCounterMode(display=False) as counter:
        module(**given)
    return counter.get_total_flops() / rate


def ours(model: Model, size: int, batch: int, options: Any) -> float:
    positive, negative = prompts(model, size)
    latent = {"samples": torch.zeros(batch, 4, size // 8, size // 8)}
    sigmas = schedule(model.prediction, "normal", options.steps)
    times: list[float] = []

    def on_step(_: object) -> None:
        synchronize(options.device)
        times.append(time.perf_counter())

    guider = cfg(model, positive, negative, GUIDANCE)
    for _ in range(options.rounds):
        sample(guider, latent, SeededNoise(1), sigmas, choose("euler"), on_step=on_step)
    return median_gap(times, options)


def theirs(family: str, unet: Any, dtype: torch.dtype, size: int, batch: int, compiled: bool, options: Any) -> float:
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline

    if compiled:
        unet.compile_repeated_blocks(fullgraph=True) if options.regional else unet.compile(mode="reduce-overhead")
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    parts: dict[str, Any] = {"vae": None, "text_encoder": None, "tokenizer": None, "unet": unet, "scheduler": scheduler}
    width = 768 if family == "sd15" else 2048
    prompt = torch.randn(batch, TOKENS, width, generator=torch.Generator().manual_seed(1)).to(options.device, dtype)
    given: dict[str, Any] = {"prompt_embeds": prompt, "negative_prompt_embeds": prompt.flip(1)}
    if family == "sd15":
        pipeline = StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None)
    else:
        pipeline = StableDiffusionXLPipeline(**parts, text_encoder_2=None, tokenizer_2=None)
        pooled = torch.randn(batch, 1280, generator=torch.Generator().manual_seed(2)).to(options.device, dtype)
        given |= {"pooled_prompt_embeds": pooled, "negative_pooled_prompt_embeds": pooled.flip(1)}
    pipeline.vae_scale_factor = 8
    pipeline.set_progress_bar_config(disable=True)
    times: list[float] = []

    def on_step(_pipeline: Any, _step: int, _time: Any, values: dict[str, Any]) -> dict[str, Any]:
        synchronize(options.device)
        times.append(time.perf_counter())
        return values

    for _ in range(options.rounds):
        pipeline(
            **given, height=size, width=size, num_inference_steps=options.steps, guidance_scale=GUIDANCE,
            output_type="latent", callback_on_step_end=on_step,
        )  # fmt: skip
    return median_gap(times, options)


def prompts(model: Model, size: int) -> tuple[list[Any], list[Any]]:
    width = model.component.network.context
    generator = torch.Generator().manual_seed(1)
    cross = torch.randn(1, TOKENS, width, generator=generator)
    pooled = torch.randn(1, 1280, generator=generator)
    sizes = {"width": size, "height": size}
    return (
        [[cross, {"pooled_output": pooled, **sizes}]],
        [[cross.flip(1), {"pooled_output": pooled.flip(1), **sizes}]],
    )


def median_gap(times: list[float], options: Any) -> float:
    """Between steps of one run, the first gap of each run left out; of the last run alone where there are several."""
    runs = [times[i : i + options.steps] for i in range(0, len(times), options.steps)]
    kept = runs[1:] or runs
    return statistics.median(b - a for run in kept for a, b in pairwise(run[1:]))


# Loading


def loading(family: str, path: Path, options: Any) -> list[dict[str, Any]]:
    """From a warm disk cache: reading the file's bytes once, and loading it, at the file's precision and at others."""
    read_once(path)
    lines = []
    for precision in options.precisions:
        gaps: dict[str, list[float]] = {"read": [], "load": []}
        for _ in range(3):
            gaps["read"].append(timed(lambda: read_once(path)))
            engine = Engine(options.device, precision)
            gaps["load"].append(timed(lambda engine=engine: load(engine, path, options.device)))
            del engine
            free()
        read, loaded = (min(gaps[name]) for name in ("read", "load"))
        size = path.stat().st_size / 1e9
        print(f"{family} load as {precision}: {loaded:.2f} s, {loaded / read:.2f} x reading {size:.1f} GB")
        lines.append({"what": "load", "family": family, "precision": precision, "read": read, "load": loaded})
    return lines


def load(engine: Engine, path: Path, device: str) -> None:
    engine.load_model(path)
    synchronize(device)


def read_once(path: Path) -> None:
    """All of a file's bytes into fresh memory, as a loader without anything to do would."""
    size = path.stat().st_size
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    with path.open("rb", buffering=0) as file:
        while done < size:
            done += file.readinto(view[done : done + (64 << 20)])


# Memory


def memory(family: str, path: Path, options: Any) -> list[dict[str, Any]]:
    """The most that a process of its own had in memory while it loaded, over the weights' size."""
    lines = []
    for precision in options.precisions:
        said = subprocess.run(
            [sys.executable, __file__, "--peak", str(path), "--precisions", precision],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        peak, weights = (int(word) for word in said.split()[-2:])
        print(f"{family} peak while loading as {precision}: {peak / weights:.2f} x {weights / 1e9:.2f} GB of weights")
        lines.append({"what": "memory", "family": family, "precision": precision, "peak": peak, "weights": weights})
    return lines


def peak(path: Path, precision: str) -> None:
    engine = Engine("cpu", precision)
    before = high_water()
    engine.load_model(path)
    print(high_water() - before, engine.residency.weights())


def high_water() -> int:
    """The most memory that this process has had, in bytes. What getrusage says begins at what its parent had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


# LoRA


def loras(family: str, path: Path, lora_path: Path, options: Any) -> list[dict[str, Any]]:
    """Another strength of a LoRA, beside a load; and two handles on one base that take turns."""
    precision = options.precisions[0]
    engine = Engine(options.device, precision)
    whole = timed(lambda: load(engine, path, options.device))
    model = engine.load_model(path)
    lora = engine.load_lora(lora_path)
    wear(model.with_lora(lora, 0.5))
    change = min(timed(lambda s=s: wear(model.with_lora(lora, s))) for s in (0.6, 0.7))
    one, other = model.with_lora(lora, 0.6), model.with_lora(lora, 0.7)
    wear(one)
    wear(other)
    turns = min(timed(lambda: (wear(one), wear(other))) for _ in range(3)) / 2
    print(
        f"{family} another LoRA strength: {change:.2f} s, {change / whole:.2f} x a load; "
        f"a turn between two handles: {turns * 1000:.2f} ms"
    )
    free()
    return [{"what": "lora", "family": family, "load": whole, "change": change, "turn": turns}]


def wear(model: Model) -> None:
    with model.engine.residency.use(model.component, model.dtype, model.patches):
        synchronize(str(model.device))


# The machine


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def synchronize(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def machine(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name()
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {torch.get_num_threads()} threads"


def _cpuinfo() -> Iterator[str]:
    path = Path("/proc/cpuinfo")
    yield from path.read_text().splitlines() if path.exists() else ()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What sampling costs.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--families", nargs="+", default=["sd15", "sdxl"], choices=["sd15", "sdxl"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[512])
    parser.add_argument("--batches", nargs="+", type=int, default=[1])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"], choices=list(DTYPES))
    parser.add_argument("--parts", nargs="+", default=["load", "memory", "lora", "steps"])
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--compiled", action="store_true", help="both compiled as well")
    parser.add_argument("--regional", action="store_true", help="compile its repeated blocks only")
    parser.add_argument("--json")
    parser.add_argument("--folder", help="where the random files are kept (a few GB)")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    if given.peak:
        peak(Path(given.peak), given.precisions[0])
    else:
        main()
