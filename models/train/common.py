"""What both trainings share: the clock that the learning rate follows, checkpoints, the log, the device."""

import json
import math
import os
import time
from pathlib import Path

import torch


def pick_device() -> tuple[torch.device, torch.dtype]:
    """The GPU where there is one, else the CPU; and the type that the forward pass computes in."""
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.bfloat16
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(os.cpu_count() or 1, 8))
    return torch.device("cpu"), torch.bfloat16


class Clock:
    """Seconds of training so far, over all runs, as a share of the seconds that were granted.

    The schedule follows time, not steps, so that a training on a busy machine still ends annealed, on time.
    """

    def __init__(self, seconds: float, spent: float = 0.0):
        self.seconds, self.spent, self.last = seconds, spent, time.monotonic()

    def tick(self) -> float:
        """Count the time since the last tick; returns the share in [0, 1]."""
        now = time.monotonic()
        self.spent, self.last = self.spent + now - self.last, now
        return min(1.0, self.spent / self.seconds)


def learning_rate(peak: float, share: float, step: int, warm_up: int = 100) -> float:
    """Linear warm-up over `warm_up` steps, then half a cosine down to 0 at the end of the time."""
    return peak * min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * share))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group this learning rate, times the group's own `scale` where it has one."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("scale", 1.0)


def save(path: Path, **state) -> None:
    """Write a checkpoint in one move, so that a kill in mid-write leaves the last one whole."""
    draft = path.with_suffix(".draft")
    torch.save(state, draft)
    draft.replace(path)


def restore(path: Path) -> dict | None:
    """The checkpoint at `path`, or None. Tensors and plain values only: nothing in it can run code."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def log(run: Path, stage: str, **values) -> None:
    """One JSON line in `<run>/<stage>.log`, and on the terminal."""
    line = json.dumps({"at": time.strftime("%H:%M:%S"), **values})
    with (run / f"{stage}.log").open("a") as file:
        file.write(line + "\n")
    print(line, flush=True)
