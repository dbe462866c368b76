"""Other people's clients, installed from the registry by their pins in `requirements/`, each in a folder of its own.

The folders stay (`.state/` is ignored by git) until the pins change. Ours are not touched: a client sees its own folder
first, in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
KEPT = HERE.parents[1] / ".state" / "clients"
PATIENCE = 300
UNREACHABLE = (
    "Failed to establish a new connection",
    "Name or service not known",
    "Temporary failure in name resolution",
)
"""What pip says where there is no network."""


@dataclass(frozen=True)
class Installed:
    """A client that can be run."""

    folder: Path

    def run(self, *command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program, with this client and what it needs; in a home of its own."""
        home = cwd / "home"
        home.mkdir(exist_ok=True)
        env = {
            "PYTHONPATH": str(self.folder),
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", "")]),
            "HOME": str(home),
            "DO_NOT_TRACK": "1",
            **environment,
        }
        return subprocess.run(
            [sys.executable, *map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE
        )

    def told(self, program: str, *arguments: str | Path, cwd: Path, **environment: str) -> Any:
        """What one of `programs/` says in its last line, as JSON."""
        done = self.run(HERE / "programs" / program, *arguments, cwd=cwd, **environment)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
        return json.loads(done.stdout.splitlines()[-1])


def installed(name: str) -> Installed:
    """Install it, unless that was done before with the same pins and Python."""
    pins = HERE / "requirements" / f"{name}.txt"
    mark = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = KEPT / f"{name}-{mark}"
    if not folder.is_dir():
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(made, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--retries", "1", "--target", str(made), "--requirement", str(pins)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0 and any(words in done.stderr for words in UNREACHABLE):
            pytest.skip(f"{name} is not installed yet, and the package registry cannot be reached")
        assert done.returncode == 0, f"{name} could not be installed:\n{done.stderr[-3000:]}"
        try:
            made.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(made)
    return Installed(folder)
