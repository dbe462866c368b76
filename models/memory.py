"""How much memory a device has, and has left, in bytes."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

_CGROUP = Path("/sys/fs/cgroup")


def total(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    return min(psutil.virtual_memory().total, _limit())


def free(device: torch.device) -> int:
    """What could be allocated now, memory that torch holds and does not use included."""
    if device.type == "cuda":
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + idle
    return min(psutil.virtual_memory().available, _limit() - _used())


def name(device: torch.device) -> str:
    """As /system_stats gives it: "cpu", "cuda:0 NVIDIA H100 : native"."""
    if device.type == "cuda":
        backend = torch.cuda.get_allocator_backend()
        return f"{device} {torch.cuda.get_device_name(device)} : {backend}"
    return str(device)


def _limit() -> int:
    """A container's own limit, which psutil does not see; very large where there is none."""
    try:
        return int((_CGROUP / "memory.max").read_text())
    except (OSError, ValueError):
        return 1 << 62


def _used() -> int:
    """What the container uses of its limit, without file caches, which make way."""
    try:
        used = int((_CGROUP / "memory.current").read_text())
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
        return used - sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))
    except (OSError, ValueError):
        return 0
