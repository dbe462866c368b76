"""The page's sources joined into few files: what esbuild makes of them, kept by the hash of the tree.

The sources under `web/` are plain modules that browsers can load as they are. A hundred of them are a hundred requests,
so the tool that the set-up installed joins them into a handful, at the first load after a change; it takes a tenth of a
second and no Node.js. Where it cannot (it is not there, the disk is full, a source has an error), nothing is lost:
`joined` gives None, says why once, and the page is served as it lies there.

The last few trees stay on the disk: a page that was open before a change still finds what it loads later.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger("easel.page")

MAIN = "main.js"
STYLE = "page.css"
KEPT_TREES = 6
PATIENCE = 20.0
"""Seconds after which a tool that does not end is given up."""
_DONE = "joined.json"
_COMMON = ("--bundle", "--minify", "--sourcemap", "--charset=utf8", "--color=false", "--log-level=warning")
_FILES = ("--loader:.svg=file", "--loader:.png=file", "--loader:.woff2=file")
STYLESHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="\{\{web\}\}/([^"]+)">\n?')
"""A line of index.html that names one of the page's stylesheets."""


@dataclass(frozen=True)
class Joined:
    """One tree's files."""

    version: str
    folder: Path
    preload: tuple[str, ...]
    """`main.js` and every module that it loads at once."""
    files: frozenset[str]


class JoinError(Exception):
    """The text says what failed, in one line."""


class Joiner:
    """Joins what lies under `root`, and keeps it under `kept`."""

    def __init__(self, root: Path, kept: Path) -> None:
        self.root = root
        self.kept = kept
        self._known: dict[str, Joined] = {}
        self._failed: tuple[str, Path | None] | None = None
        self._lock = asyncio.Lock()
        self._said = ""

    async def joined(self, tree: str, names: list[str], index: str) -> Joined | None:
        """What became of this tree, or None where its sources have to do.

        tree: its hash. names: its files. index: its index.html, which names the stylesheets.
        """
        # An address means one thing for ever: joined files never stand under their sources' address.
        version = hashlib.sha256(f"{_COMMON} {tree}".encode()).hexdigest()[:16]
        async with self._lock:
            found = self.find(version)
            if found is not None and not (found.folder / _DONE).exists():  # somebody emptied the folder
                del self._known[version]
                found = None
            attempt = (version, _tool(self.root))
            if found is not None or attempt == self._failed:  # what failed fails again until something changes
                return found
            try:
                found = self._known[version] = await self._make(attempt[1], version, names, index)
                self._said = ""
            except (JoinError, OSError, ValueError, LookupError) as error:
                self._failed = attempt
                self._say(str(error) or type(error).__name__)
            return found

    def find(self, version: str) -> Joined | None:
        """A tree that was joined earlier, perhaps by an earlier server."""
        if version not in self._known and re.fullmatch(r"[0-9a-f]{16}", version):
            found = _read(self.kept / version)
            if found is not None:
                self._known[version] = found
        return self._known.get(version)

    def _say(self, reason: str) -> None:
        if reason != self._said:
            log.warning("the page is served as its plain sources, in many requests: %s", reason)
        self._said = reason

    async def _make(self, tool: Path | None, version: str, names: list[str], index: str) -> Joined:
        if tool is None:
            raise JoinError("esbuild is not installed in web/node_modules; the next start of server.py tries to")
        new = self.kept / f"{version}.{os.getpid()}.new"
        await asyncio.to_thread(_prepare, new)
        try:
            workers = sorted(name for name in names if name.endswith("worker.js"))
            styles = "".join(f'@import "./{name}";\n' for name in STYLESHEET.findall(index))
            meta = new / "meta.json"
            modules = ["--format=esm", f"--outdir={new}", "--outbase=."]
            runs = [
                _run(tool, self.root, [MAIN, *_COMMON, *_FILES, *modules, "--splitting", f"--metafile={meta}"]),
                _run(tool, self.root, [*_COMMON, *_FILES, "--loader=css", f"--outfile={new / STYLE}"], styles),
            ]
            if workers:  # each of one piece: what they share with the page would only split the page further
                runs.append(_run(tool, self.root, [*workers, *_COMMON, *modules]))
            for result in await asyncio.gather(*runs, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
            return await asyncio.to_thread(_finish, new, self.kept / version)
        finally:
            await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)


def _tool(root: Path) -> Path | None:
    """The native program: npm installs the one that this machine runs."""
    places = root / "node_modules" / "@esbuild"
    return next((path for name in ("bin/esbuild", "esbuild.exe") for path in places.glob(f"*/{name}")), None)


async def _run(tool: Path, root: Path, arguments: list[str], text: str = "") -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            tool,
            *arguments,
            cwd=root,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise JoinError(f"{tool} does not run: {error.strerror or error}") from error
    try:
        _, said = await asyncio.wait_for(process.communicate(text.encode()), PATIENCE)
    except TimeoutError:
        raise JoinError(f"{tool} did not end within {PATIENCE:.0f} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
    if process.returncode != 0:
        lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        raise JoinError(
            " ".join(lines[:2]).removeprefix("✘ [ERROR] ") or f"{tool} ended with status {process.returncode}"
        )


def _prepare(new: Path) -> None:
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)


def _finish(new: Path, place: Path) -> Joined:
    """Write what is needed to serve the files, put them in their place, and let the oldest trees go."""
    meta = new / "meta.json"
    outputs: dict[str, Any] = json.loads(meta.read_bytes())["outputs"]
    meta.unlink()
    main = next(name for name, output in outputs.items() if output.get("entryPoint") == MAIN)
    folder = os.path.dirname(main)  # noqa: PTH120
    found = [main]
    for name in found:
        for item in outputs[name]["imports"]:
            if item["kind"] == "import-statement" and item["path"] in outputs and item["path"] not in found:
                found.append(item["path"])
    preload = [os.path.relpath(name, folder).replace(os.sep, "/") for name in found]
    sizes = {path.relative_to(new).as_posix(): path.stat().st_size for path in new.rglob("*") if path.is_file()}
    (new / _DONE).write_text(json.dumps({"preload": preload, "files": sizes}), "utf-8")
    shutil.rmtree(place, ignore_errors=True)
    new.replace(place)
    _forget(place.parent)
    joined = _read(place)
    if joined is None:
        raise JoinError(f"{place} cannot be read")
    return joined


def _read(folder: Path) -> Joined | None:
    """What `_finish` left there, where all of it still is."""
    try:
        kept: Any = json.loads((folder / _DONE).read_bytes())
        sizes: dict[str, int] = kept["files"]
        if any((folder / name).stat().st_size != size for name, size in sizes.items()):
            return None
        return Joined(folder.name, folder, tuple(kept["preload"]), frozenset(sizes))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _forget(kept: Path) -> None:
    trees = sorted((path for path in kept.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in trees[:-KEPT_TREES]:
        shutil.rmtree(path, ignore_errors=True)
