"""The search that follows coverage: some seconds for all parsers together, and in the long run minutes for each."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.parsers import PARSERS

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is built for Python 3.11 on Linux only"
)


def search(folder: Path, name: str, *options: str) -> None:
    """Fails with what broke a promise: the input becomes a plain test in test_found.py."""
    command = [sys.executable, "-m", "tests.fuzz.search", name, "-max_len=4096", "-rss_limit_mb=1500", "-timeout=20"]
    command += [f"-artifact_prefix={folder}/", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=3600)
    found = [path.read_bytes() for path in folder.iterdir()]
    assert (done.returncode, found) == (0, []), f"{found}\n{done.stderr[-3000:]}"
    assert "INFO: Instrumenting" in done.stderr or "cov: " in done.stderr, done.stderr[-3000:]


def test_all_parsers(tmp_path: Path) -> None:
    search(tmp_path, "all", "-runs=4000", "-seed=1")


@pytest.mark.long
@pytest.mark.parametrize("name", PARSERS)
def test_each_parser_for_long(name: str, tmp_path: Path) -> None:
    search(tmp_path, name, "-max_total_time=120")
