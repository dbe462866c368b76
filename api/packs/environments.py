"""What packs need installed: read from their files, shown before anything is fetched, and installed on approval.

A pack's requirements go into Easel's own environment, held to Easel's own versions, or, where the pack asks for it,
into one of its own (`nodes/packs/apart`), so that they never break another's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from api.files_on_disk import write_whole
from api.flags import ROOT
from graph.packs import PackOnDisk
from graph.project_file import own_file, read_project, table

STAMP = "easel-installed.json"
LINES_KEPT = 40
"""Lines of pip's output that an error shows at most."""


class InstallError(Exception):
    """pip could not do it. The text says which step, why and what to do."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a pack's files ask for."""

    lines: tuple[str, ...] = ()
    """Requirements as pip reads them, from requirements.txt, or else from pyproject.toml."""
    own: bool = False
    """Whether the pack asks for an environment of its own."""
    problem: str = ""
    """Why its pyproject.toml could not be read."""

    @property
    def hash(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Fetch:
    """One distribution that an installation would bring."""

    name: str
    version: str
    file: str
    size: int | None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "version": self.version, "file": self.file, "size": self.size}


def needs_of(pack: PackOnDisk) -> Needs:
    """Read requirements.txt and pyproject.toml; nothing is run."""
    if pack.is_file:
        return Needs()
    project: dict[str, Any] = {}
    problem = ""
    try:
        project = read_project(pack.path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        problem = f"The pyproject.toml of the pack {pack.name} could not be read: {error}"
    try:
        text = own_file(pack.path, "requirements.txt").read_text("utf-8", "replace")
        lines = [line.split(" #")[0].strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
    except OSError:
        listed: Any = table(project, "project").get("dependencies", [])
        lines = [str(line) for line in cast("list[Any]", listed)] if isinstance(listed, list) else []
    return Needs(tuple(lines), table(project, "tool", "easel").get("environment") == "own", problem)


class Environments:
    """The environments that packs have of their own, in one folder, and Easel's, which the other packs share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._busy = asyncio.Lock()

    def python(self, pack: PackOnDisk, needs: Needs) -> Path:
        """The interpreter whose packages the pack sees."""
        if not needs.own:
            return Path(sys.executable)
        return self._home(pack) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def is_installed(self, pack: PackOnDisk, needs: Needs) -> bool:
        """Whether what the pack asks for now was installed, and is there still."""
        if not needs.lines and not needs.own:
            return True
        try:
            stamp = json.loads(self._stamp(pack).read_bytes())
        except (OSError, ValueError):
            return False
        return stamp.get("hash") == needs.hash and self.python(pack, needs).exists()

    async def plan(self, pack: PackOnDisk, needs: Needs, kept: Path | None = None) -> list[Fetch]:
        """What an installation would fetch. Asks the package index; installs nothing. Raises InstallError.

        kept: where the pack's approved code lies, if its own files may be others by now.
        """
        if not needs.lines:
            return []
        async with self._busy:
            python = await self._made(pack, needs)
            report = self.folder / f".plan-{pack.name}.json"
            try:
                await self._pip(python, pack, needs, kept, ["--dry-run", "--report", str(report)])
                found: Any = json.loads(report.read_bytes())
                return [_fetch(item) for item in found.get("install", [])]
            except (OSError, ValueError) as error:
                raise InstallError(f"pip's plan for the pack {pack.name} could not be read: {error}") from error
            finally:
                report.unlink(missing_ok=True)

    async def install(
        self, pack: PackOnDisk, needs: Needs, say: Callable[[str], None], kept: Path | None = None
    ) -> None:
        """Install what the pack asks for; `say` gets each line of pip's. kept: as in `plan`. Raises InstallError."""
        async with self._busy:
            python = await self._made(pack, needs)
            if needs.lines:
                await self._pip(python, pack, needs, kept, [], say)
            stamp = {"pack": pack.name, "hash": needs.hash, "lines": list(needs.lines)}
            write_whole(self._stamp(pack), json.dumps(stamp).encode())

    def keep_only(self, packs: Iterable[PackOnDisk]) -> None:
        """Delete the environments of other packs: at the start, when nothing runs in them."""
        kept = {self._home(pack).name for pack in packs}
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            name = path.name.removesuffix(f".{STAMP}")
            if name in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _home(self, pack: PackOnDisk) -> Path:
        """Packs of one name in two folders have each their own."""
        place = hashlib.sha256(str(pack.path.resolve()).encode()).hexdigest()[:8]
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', pack.name)}-{place}"

    def _stamp(self, pack: PackOnDisk) -> Path:
        return self.folder / f"{self._home(pack).name}.{STAMP}"

    async def _made(self, pack: PackOnDisk, needs: Needs) -> Path:
        """The interpreter, after making the pack's own environment where it is wanted and missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        python = self.python(pack, needs)
        if not needs.own or python.exists():
            return python
        home = self._home(pack)
        code, lines = await _run([sys.executable, "-m", "venv", "--clear", str(home)])
        if code != 0:
            raise InstallError(f"An environment for the pack {pack.name} could not be made: {lines[-1]}")
        code, lines = await _run([str(python), "-c", "import site; print(site.getsitepackages()[0])"])
        if code != 0:
            raise InstallError(f"The environment of the pack {pack.name} does not work: {lines[-1]}")
        # Easel's packages, torch above all, come after the pack's own, which so may be other versions.
        ours = [path for path in sys.path if path.endswith("site-packages")]
        write_whole(Path(lines[-1], "easel-packages.pth"), ("\n".join(ours) + "\n").encode())
        return python

    async def _pip(
        self,
        python: Path,
        pack: PackOnDisk,
        needs: Needs,
        kept: Path | None,
        options: Sequence[str],
        say: Callable[[str], None] | None = None,
    ) -> None:
        wanted = self.folder / f".wanted-{self._home(pack).name}.txt"
        write_whole(wanted, ("\n".join(needs.lines) + "\n").encode())
        # -P: a pack's own json.py, or pip.py, in the folder that this runs in is nothing for pip to import.
        command = [str(python), "-P", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *options]
        command += ["-r", str(wanted)]
        if not needs.own:
            command += ["-c", str(ROOT / "constraints.txt"), "-c", str(ROOT / "requirements.txt")]
        try:
            with _folder_to_build(pack, kept, self.folder) as folder:
                code, lines = await _run(command, say, folder)
        finally:
            wanted.unlink(missing_ok=True)
        if code != 0:
            raise InstallError(_why(pack, needs, lines))


@contextmanager
def _folder_to_build(pack: PackOnDisk, kept: Path | None, beside: Path) -> Generator[Path]:
    """The folder that relative requirements mean: the pack's own, or a copy of its approved code, in which building
    what lies there leaves nothing behind."""
    if kept is None:
        yield pack.root
        return
    with tempfile.TemporaryDirectory(prefix=".build-", dir=beside) as made:
        shutil.copytree(kept, made, dirs_exist_ok=True)
        yield Path(made)


def _why(pack: PackOnDisk, needs: Needs, lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    error = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "no output")
    if "No space left" in text:
        return f"The disk is full: what the pack {pack.name} needs was not installed. Make room, then try again."
    if re.search(r"Connection|Name or service|Max retries|timed out", text):
        return f"The package index could not be reached for the pack {pack.name}. pip said: {error}"
    if "from versions: none" in text:
        return f"The package index has nothing by a name that the pack {pack.name} asks for. pip said: {error}"
    if "ResolutionImpossible" in text and not needs.own:
        return (
            f"What the pack {pack.name} needs does not go together with Easel's own packages. A pack whose nodes take"
            ' tensors and texts may have an environment of its own: `environment = "own"` under [tool.easel] in its'
            f" pyproject.toml. pip said: {error}"
        )
    return f"What the pack {pack.name} needs could not be installed. pip said: {error}"


def _fetch(item: dict[str, Any]) -> Fetch:
    about, source = item.get("metadata", {}), item.get("download_info", {})
    file = str(source.get("url", "")).rpartition("/")[2]
    return Fetch(str(about.get("name", "?")), str(about.get("version", "?")), file, None)


async def _run(
    command: Sequence[str], say: Callable[[str], None] | None = None, folder: Path | None = None
) -> tuple[int, list[str]]:
    """Run a command to its end; its status, and its last lines."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                lines = [*lines, line][-LINES_KEPT:]
                if say is not None:
                    say(line)
        code = await process.wait()
    except BaseException:
        process.kill()
        raise
    return code, lines or ["it said nothing"]
