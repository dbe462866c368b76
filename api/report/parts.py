"""What the server says of itself in a report: versions, packs, settings, the log."""

from __future__ import annotations

import contextlib
import getpass
import importlib.metadata
import json
import platform
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.log import installed
from api.packs.known import Known, installed_names, row
from api.report.hidden import Hiding, without_keys
from api.services import Services
from api.system import VERSION
from graph.project_file import read_project, table
from graph.registry import Catalogue
from graph.types import JsonObject

LINES = 2_000
"""The last lines of the log."""
PACKAGES = (
    "torch",
    "torchvision",
    "torchaudio",
    "numpy",
    "Pillow",
    "safetensors",
    "aiohttp",
    "av",
    "psutil",
    "argon2-cffi",
)
OF_A_PACK = (
    "name", "state", "trust", "hash", "loaded_hash", "approved_hash", "changed", "sentence", "seconds", "problems",
    "notes", "requirements", "missing", "own_environment", "page",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One file of a report."""

    name: str
    text: str

    def to_json(self) -> JsonObject:
        return {"name": self.name, "text": self.text}


def hiding_for(token: str | None, others: Sequence[str] = ()) -> Hiding:
    """What must not be seen of this machine. token: the one that opens this server; others: names of people."""
    names = [socket.gethostname(), *others]
    with contextlib.suppress(OSError, KeyError):  # an account without a name, as in some containers
        names.append(getpass.getuser())
    home = str(Path.home()) if str(Path.home()) != "/" else ""
    return Hiding(home, tuple(dict.fromkeys(names)), (token,) if token else ())


def server_part(services: Services, *, paths: bool) -> JsonObject:
    """Versions, the machine, and how the worker and the queue are. paths: whether these may be told."""
    import psutil

    worker, memory = services.worker, psutil.virtual_memory()
    report = {name: value for name, value in worker.report.to_json().items() if name != "packs"}
    return {
        "easel": VERSION,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "up_for_seconds": round(time.time() - services.started),
        "python": sys.version,
        "system": platform.platform(),
        "processors": psutil.cpu_count(),
        "memory": {"total": memory.total, "free": memory.available},
        "room": services.room.room(),
        "problems": services.troubles.to_json(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "command_line": list(services.flags.argv),
        "worker": report,
        "node_types": len(worker.catalogue or ()),
        "queue": services.jobs.overall(paths=paths),
    }


def packs_part(services: Services) -> list[JsonObject]:
    """Every pack with its version, the hash of its code, and what became of it."""
    there = installed_names()
    reports = {report["path"]: report for report in services.worker.report.packs}
    found: list[JsonObject] = []
    for known in services.packs.all():
        said = row(known, reports.get(str(known.pack.path)), there)
        found.append({"version": _pack_version(known), **{name: said[name] for name in OF_A_PACK}})
    return found


def log_part() -> str:
    lines = installed().since(0)[-LINES:]
    return "".join(f"{line.time} {line.level} {line.source}: {line.text}\n" for line in lines)


def graph_part(workflow: Any, catalogue: Catalogue | None, hiding: Hiding) -> str:
    return in_lines(hiding.value(without_keys(workflow, catalogue or Catalogue())))


def in_lines(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _pack_version(known: Known) -> str | None:
    try:
        version = table(read_project(known.pack.path), "project").get("version")
    except (OSError, ValueError):
        return None
    return version if isinstance(version, str) else None
