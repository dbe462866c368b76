"""The set-up's own rules: when an environment counts as ready, and what is said when a step fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api import setup
from api.setup import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("bounds", "version", "allowed"),
    [
        (">=2.11,<2.14", "2.13.0+cpu", True),
        (">=2.11,<2.14", "2.11", True),
        (">=2.11,<2.14", "2.14.0", False),
        (">=2.11,<2.14", "2.10.1", False),
        (">=2.11,<2.14", "3.0", False),
        ("==1.2.3", "1.2.3", True),
        (">=2", "2.0.0", True),
        ("", "0.0.1", True),
    ],
)
def test_a_range_allows(bounds: str, version: str, allowed: bool):
    assert Requirement.parse("torch" + bounds).allows(version) is allowed


def test_this_environment_is_ready_and_an_absent_package_is_not():
    assert setup.missing(setup.requirements(tests=True)) == []
    assert setup.missing([Requirement.parse("no-such-distribution>=1")]) == ["no-such-distribution is not installed"]
    assert "is outside >=99" in setup.missing([Requirement.parse("aiohttp>=99")])[0]


def test_every_pin_lies_in_the_range_that_counts_as_ready():
    ranges = {r.name: r for r in setup.requirements(tests=True)}
    for name in ("requirements.txt", "requirements-test.txt"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line and not line.startswith("#") and ";" not in line:  # what only some machines can have is optional
                package, version = line.split("==")
                assert ranges.pop(package).allows(version), line
    assert not ranges, "stated in pyproject.toml but pinned nowhere"


def test_every_dependency_has_its_line():
    described = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for requirement in setup.requirements(tests=True):
        assert f"| {requirement.name} " in described, requirement.name
    for name in json.loads((ROOT / "web" / "package.json").read_bytes())["dependencies"]:
        assert f"| {name} " in described, name


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: HTTPSConnectionPool: Max retries exceeded", "could not be reached"),
        ("ERROR: Could not find a version of aiohttp==3 (from versions: none)", "could not be reached"),
        ("ERROR: No matching distribution found for torch==9", "No matching distribution found for torch==9"),
    ],
)
def test_a_failed_install_says_why(line: str, said: str):
    assert said in setup._explain_pip(["Collecting torch", line])


def test_too_old_a_python_is_told_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"This is Python 3\.9\.2; Easel needs 3\.11"):
        setup.ensure_python()


def test_a_full_disk_is_seen_before_anything_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**6})())
    with pytest.raises(setup.SetupError, match="disk space"):
        setup._make_venv()
    assert not (tmp_path / ".venv").exists()


def test_an_interpreter_without_the_packages_says_so_instead_of_a_traceback(tmp_path: Path):
    """A bare interpreter with no way to install: the message names the step, and there is no traceback."""
    bare = [sys.executable, "-S", "-c"]
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from pathlib import Path\nfrom api import setup\n"
        f"setup.VENV = Path({str(tmp_path / 'venv')!r})\n"
        "setup._runs = lambda python: True\n"
        "setup._venv_python = lambda: Path(sys.executable)\n"
        "setup._install = lambda *_: (_ for _ in ()).throw(setup.SetupError('Step: pip install. No network.'))\n"
        "setup.ensure_environment()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = subprocess.run([*bare, code], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert result.returncode == 1
    assert result.stderr.startswith("Set-up stopped. Step: pip install. No network.")
    assert "Traceback" not in result.stderr


@pytest.fixture
def page_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout whose page names a package, and an npm that fails where NPM_FAILS is set and writes what was asked."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "package.json").write_text('{"dependencies": {"marked": "1.0.0"}}')
    (web / "package-lock.json").write_text("{}")
    npm = tmp_path / "npm"
    npm.write_text(
        "import os, sys\nfrom pathlib import Path\nPath('asked').write_text(' '.join(sys.argv[1:]))\n"
        "Path('node_modules').mkdir(exist_ok=True)\n"
        "if os.environ.get('NPM_FAILS'):\n    sys.exit('npm error code E1\\nnpm error the registry is far away')\n"
    )
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "_npm", lambda *_: setup.Npm([sys.executable, str(npm)], dict(os.environ)))
    return web


def test_the_page_has_its_packages_without_its_checkers(page_packages: Path):
    setup._install_page_packages(tests=False)
    asked = (page_packages / "asked").read_text().split()
    assert asked[0] == "ci"
    assert "--omit=dev" in asked
    (page_packages / "asked").unlink()
    setup._install_page_packages(tests=False)
    assert not (page_packages / "asked").exists(), "nothing to do the second time"
    setup._install_page_packages(tests=True)
    assert "--omit=dev" not in (page_packages / "asked").read_text()
    (page_packages / "package-lock.json").write_text("{ }")
    setup._install_page_packages(tests=False)
    assert "--omit=dev" not in (page_packages / "asked").read_text(), "who has the checkers keeps them"


def test_a_page_without_packages_is_no_reason_to_stop(
    page_packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("NPM_FAILS", "1")
    setup._install_page_packages(tests=False)
    said = capsys.readouterr().out
    assert "going on without the page's packages" in said
    assert "the registry is far away" in said
    with pytest.raises(setup.SetupError, match="npm ci"):
        setup._install_page_packages(tests=True)
    monkeypatch.delenv("NPM_FAILS")
    setup._install_page_packages(tests=False)
    assert (page_packages / "node_modules" / ".easel-installed").exists(), "tried again at the next start"


BARE = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"aiohttp", "argon2", "psutil", "yaml", "torch", "PIL"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
import server
server.ensure_environment = lambda: sys.exit("it is set up")
sys.argv = ["server.py", *sys.argv[1:]]
sys.exit(server.main())
"""


@pytest.mark.parametrize(
    "words",
    [
        "",
        "run graph.json",
        "packs",
        "approve a",
        "new-node a",
        "account list",
        "account add Ada",
        "backup a.zip",
        "restore a.zip",
    ],
)
def test_every_command_sets_up_before_it_needs_a_package(words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BARE, *words.split()], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == "it is set up\n"


def test_a_file_of_weights_is_converted_without_any_package(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BARE, "convert", str(tmp_path / "none.ckpt")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "There is no such file" in done.stderr
