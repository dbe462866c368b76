"""What packs need installed: read, planned and installed, with a wheel made here so that nothing is fetched."""

from __future__ import annotations

import asyncio
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.kept import KeptJson
from api.packs.environments import Environments, InstallError, needs_of
from api.packs.guard import Guard
from api.workers import LocalWorker
from graph.packs import PackOnDisk

OWN = '[tool.easel]\nenvironment = "own"\n'


def make_pack(folder: Path, **files: str) -> PackOnDisk:
    pack = folder / "my pack"
    pack.mkdir()
    for name, text in {"__init__.py": "", **files}.items():
        (pack / name.replace("__toml", ".toml").replace("__txt", ".txt")).write_text(text, "utf-8")
    return PackOnDisk(pack)


def make_wheel(folder: Path, name: str, version: str) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


def test_what_a_pack_asks_for_is_read_off_its_files(tmp_path: Path):
    pack = make_pack(tmp_path, requirements__txt="# a note\nnumpy>=1 # why\n\n  pillow\n", pyproject__toml=OWN)
    needs = needs_of(pack)
    assert (needs.lines, needs.own, needs.problem) == (("numpy>=1", "pillow"), True, "")
    (pack.path / "requirements.txt").unlink()
    (pack.path / "pyproject.toml").write_text('[project]\ndependencies = ["tqdm"]\n', "utf-8")
    assert needs_of(pack).lines == ("tqdm",)
    assert not needs_of(pack).own
    (pack.path / "pyproject.toml").write_text("[project\n", "utf-8")
    assert "pyproject.toml of the pack my pack" in needs_of(pack).problem


def test_an_environment_of_its_own(tmp_path: Path):
    wheel = make_wheel(tmp_path, "easel_test_thing", "3.1")
    pack = make_pack(tmp_path, requirements__txt=f"./{wheel.name}\n", pyproject__toml=OWN)
    wheel.rename(pack.path / wheel.name)  # a requirement that is a file of the pack itself
    environments = Environments(tmp_path / "environments")
    needs = needs_of(pack)
    lines: list[str] = []

    async def steps() -> None:
        assert not environments.is_installed(pack, needs)
        [fetch] = await environments.plan(pack, needs)
        assert (fetch.name, fetch.version) == ("easel_test_thing", "3.1")
        assert not environments.is_installed(pack, needs)
        await environments.install(pack, needs, lines.append)

    asyncio.run(steps())
    assert any("easel_test_thing" in line for line in lines)
    assert environments.is_installed(pack, needs)
    # Its own package is there, Easel's are seen too, and Easel's own environment knows nothing of it.
    python = environments.python(pack, needs)
    script = "import easel_test_thing, aiohttp; print(easel_test_thing.VERSION)"
    assert subprocess.run([python, "-c", script], capture_output=True, text=True).stdout.strip() == "3.1"
    with pytest.raises(ImportError):
        __import__("easel_test_thing")
    # Other requirements are another matter: they were not installed.
    (pack.path / "requirements.txt").write_text("easel_test_thing>=4\n", "utf-8")
    assert not environments.is_installed(pack, needs_of(pack))
    environments.keep_only([pack])
    assert python.exists()
    environments.keep_only([])
    assert not python.exists()
    assert not environments.is_installed(pack, needs)


def test_a_pack_may_not_change_what_easel_stands_on(tmp_path: Path):
    wheel = make_wheel(tmp_path, "aiohttp", "0.1")
    pack = make_pack(tmp_path, requirements__txt=f"./{wheel.name}\n")
    wheel.rename(pack.path / wheel.name)
    environments = Environments(tmp_path / "environments")
    with pytest.raises(InstallError, match=r"does not go together with Easel's own packages.*environment = \"own\""):
        asyncio.run(environments.plan(pack, needs_of(pack)))
    assert not environments.is_installed(pack, needs_of(pack))


def test_what_cannot_be_had_is_said_with_pips_words(tmp_path: Path):
    pack = make_pack(tmp_path, requirements__txt="./no-such-file.whl\n")
    environments = Environments(tmp_path / "environments")
    with pytest.raises(InstallError, match=r"needs could not be installed\. pip said: ERROR"):
        asyncio.run(environments.install(pack, needs_of(pack), lambda line: None))


def test_no_job_runs_while_something_is_installed_though_the_worker_ends_meanwhile(tmp_path: Path):
    script = tmp_path / "worker.py"
    script.write_text("")  # ends at once
    declared = KeptJson(tmp_path / "packs.json", "what packs declare")
    packs: Any = SimpleNamespace(for_worker=list, changed=lambda: None, declared=declared)
    worker = LocalWorker(script, {}, tmp_path / "kept", lambda: None, packs, Guard(packs, 60, 2**30))

    async def steps() -> None:
        async with worker.idle:
            worker.start()
            while not worker.report.deaths:  # noqa: ASYNC110 (nothing else tells of it)
                await asyncio.sleep(0.02)
            assert worker.idle.locked()  # which a job waits for
        await worker.stop()

    asyncio.run(steps())
