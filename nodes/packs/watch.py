"""What a pack does while it is imported: files that it writes elsewhere are refused, the rest is noted.

This is no cage: a pack that was approved runs with the person's rights. It keeps packs from spoiling one another's
files, or Easel's, when all that was wanted is that they load.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from nodes.compat import looked

MOST_NOTED = 20
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CACHES = (".cache", ".config", ".local", ".triton", ".keras", ".matplotlib", ".nv", "Library", "AppData")
"""Folders of a person's home in which libraries keep what they make."""
CACHE_VARIABLES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HF_HOME", "TORCH_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")
ALWAYS = ("/dev", "/proc")
LISTS = ("os.listdir", "os.scandir")
CODE = (".py", ".pyc", ".so", ".pyd")
PYTHONS = tuple({*map(os.path.realpath, (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())), *ALWAYS})
"""Where Python and what is installed lie."""

PLACES: dict[str, tuple[int, ...]] = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
    "shutil.rmtree": (0,),
    "sqlite3.connect": (0,),
}
"""Audit events that change files, and which of their arguments are the paths."""
OF_NAMES = frozenset({"os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"})
"""Events that are about a name in a folder, and not about what a link of that name leads to."""
FOLDERS_OF = {"os.remove": (1,), "os.rename": (2, 3), "os.mkdir": (2,), "os.rmdir": (1,), "os.link": (2, 3)}
"""Which of their arguments are the open folders that those paths are relative to."""
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile")
REACHES = ("socket.getaddrinfo", "socket.connect", "socket.gethostbyname")


class WriteRefused(PermissionError):
    """The pack wanted to change a file that is not its own."""


class InstallRefused(PermissionError):
    """The pack wanted to install packages."""


@dataclass
class Watched:
    """What was seen of one import."""

    pack: str
    allowed: tuple[str, ...]
    own: tuple[str, ...]
    """Of these, its own folder and the folders of files that last."""
    guarded: tuple[str, ...]
    """Within the allowed folders, what no pack may change."""
    others: frozenset[int | None] = frozenset()
    """Threads that ran before."""
    refused: list[str] = field(default_factory=list[str])
    """Sentences."""
    noted: list[str] = field(default_factory=list[str])
    read: set[str] = field(default_factory=set[str])
    """Files that are no code and folders that were looked at, outside of Python's own."""
    wrote: bool = False
    """Whether it changed a file, other than for its own passing use."""
    set: list[str] = field(default_factory=list[str])
    """Names in ComfyUI's modules that it gave another value."""

    def note(self, what: str) -> None:
        if what not in self.noted and len(self.noted) < MOST_NOTED:
            self.noted.append(what)

    def refuse(self, sentence: str) -> None:
        if sentence not in self.refused and len(self.refused) < MOST_NOTED:
            self.refused.append(sentence)


_now: Watched | None = None
_installed = False
_inside = threading.local()


def listen() -> None:
    """Begin to hear what this process does, for the rest of it: an audit hook cannot be taken away."""
    global _installed
    if not _installed:
        sys.addaudithook(_hear)
        subprocess.Popen.__init__ = _start  # pyright: ignore[reportAttributeAccessIssue]
        os.system = _system
        _installed = True


@contextmanager
def watched(pack: str, places: Sequence[Path], guarded: Sequence[Path] = ()) -> Generator[Watched]:
    """Watch what this process does meanwhile, on this thread and on those that it starts.

    Not on those that ran before: packs leave some behind, which go on while the next pack is imported.

    places: folders in which the pack may change files; guarded: those in them that it may not.
    """
    global _now
    listen()
    before = _now
    others = frozenset(thread.ident for thread in threading.enumerate()) - {threading.get_ident()}
    own = tuple(dict.fromkeys(map(_real, places)))
    allowed = tuple(dict.fromkeys([*own, *_usual_places()]))
    _now = Watched(pack, allowed, own, tuple(map(_real, guarded)), others)
    try:
        yield _now
    finally:
        _now = before


@contextmanager
def unwatched() -> Generator[None]:
    """What this thread does meanwhile is Easel's doing, and no pack's."""
    before = getattr(_inside, "busy", False)
    _inside.busy = True
    try:
        yield
    finally:
        _inside.busy = before


@contextmanager
def bounded_memory(extra: int | None) -> Generator[None]:
    """Let this process take so many bytes more than it has, where the system can say so; then MemoryError is raised."""
    try:
        import resource

        status = Path("/proc/self/status").read_text()
    except (ImportError, OSError):
        yield
        return
    held = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:")), None)
    if extra is None or held is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = held + extra
    if soft != resource.RLIM_INFINITY and soft <= bound:
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    now = _now
    if now is None or getattr(_inside, "busy", False) or threading.get_ident() in now.others:
        return
    if event in looked.EVENTS:
        looked.note()
    _inside.busy = True
    try:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int):
                return
            if isinstance(flags, int) and flags & WRITES:
                _check(now, path, None)
            else:
                _read(now, path)
        elif event in LISTS:
            _read(now, arguments[0])
        elif event in PLACES:
            for number, at in enumerate(PLACES[event]):
                places = FOLDERS_OF.get(event, ())
                folder = arguments[places[number]] if number < len(places) < len(arguments) else None
                if event == "os.mkdir" and _exists(arguments[at], folder):
                    continue  # `makedirs(exist_ok=True)` asks for what is there
                path = _database(arguments[at]) if event == "sqlite3.connect" else arguments[at]
                if path is not None:
                    _check(now, path, folder, name_only=event in OF_NAMES)
        elif event in STARTS:
            _started(now, event, arguments)
        elif event in REACHES:
            host = arguments[1] if event == "socket.connect" else arguments[0]
            if isinstance(host, tuple):
                host: Any = next(iter(host), None)
            if isinstance(host, str | bytes) and not str(host).startswith(("127.", "localhost", "/", "::1")):
                now.note(f"It used the network while it was imported: {_text(host)}")
    finally:
        _inside.busy = False


def watching() -> Watched | None:
    """What is seen of the pack that this thread imports right now."""
    now = _now
    return None if now is None or threading.get_ident() in now.others else now


_popen = subprocess.Popen[Any].__init__
_os_system = os.system
LIKE_PIP = (sys.executable, "-I", "-S", "-c", "import sys; sys.exit(sys.argv[1])")
"""What says a sentence as an error and ends with status 1."""


@wraps(_popen)
def _start(self: Any, args: Any, *more: Any, **options: Any) -> None:
    """`subprocess.Popen`. A pack that installs packages while it is imported sees pip fail, as packs are ready for."""
    try:
        _popen(self, args, *more, **options)
    except InstallRefused as refused:
        if len(more) > 1:  # the program or the shell may be among them
            raise
        rest = {name: value for name, value in options.items() if name not in ("shell", "executable", "env", "cwd")}
        with unwatched():
            _popen(self, [*LIKE_PIP, str(refused)], *more, **rest)


@wraps(_os_system)
def _system(command: Any) -> int:
    try:
        return _os_system(command)
    except InstallRefused:
        return 1 if os.name == "nt" else 1 << 8  # the status as `os.system` gives it


def _started(now: Watched, event: str, arguments: tuple[Any, ...]) -> None:
    command = arguments[1 if event == "subprocess.Popen" else 0]
    whole = " ".join(map(_text, command)) if isinstance(command, list | tuple) else _text(command)  # pyright: ignore
    words, line = whole.split(), whole[:200]  # a shell's command is one argument of it
    names = [os.path.basename(word).lower() for word in words[:6]]  # noqa: PTH119
    if "install" in words and any(name in ("pip", "pip3", "uv") or name.startswith("pip3.") for name in names):
        sentence = (
            f"The pack {now.pack} wanted to install packages while it was imported ({line}). That was refused:"
            " packages are installed when you say so, not when a pack loads."
        )
        now.refuse(sentence)
        raise InstallRefused(sentence)
    now.note(f"It started a program while it was imported: {line}")


def _check(now: Watched, path: Any, folder: Any, *, name_only: bool = False) -> None:
    """Raises WriteRefused for a path outside of what the pack may change."""
    place = _place(path, folder, name_only=name_only)
    if place is None:
        return
    if _in(place, now.allowed) and not _in(place, now.guarded):
        now.wrote = now.wrote or (_in(place, now.own) and "__pycache__" not in place)
        return
    if os.path.basename(os.path.dirname(place)) == "__pycache__":  # noqa: PTH119, PTH120 (Python's own doing)
        return
    sentence = (
        f"The pack {now.pack} wanted to change {place} while it was imported. That was refused: a pack may"
        " change files in its own folder and in those for models, input, output, temporary and user files."
    )
    now.refuse(sentence)
    raise WriteRefused(sentence)


def _read(now: Watched, path: Any) -> None:
    """Note what is no code: a pack may declare its nodes by what it holds."""
    place = _place(path, None)
    if place is None or place.endswith(CODE) or _in(place, PYTHONS):
        return
    now.read.add(place)


def note_set(name: str) -> None:
    """The pack that is imported now gives a name in a module of ComfyUI's another value."""
    now = watching()
    if now is not None and len(now.set) < MOST_NOTED:
        now.set.append(name)


def _in(place: str, roots: Sequence[str]) -> bool:
    return any(place == root or place.startswith(root + os.sep) for root in roots)


def _place(path: Any, folder: Any, *, name_only: bool = False) -> str | None:
    with suppress(TypeError, ValueError, OSError):
        name = os.fsdecode(path)
        if isinstance(folder, int) and folder >= 0 and not os.path.isabs(name):  # noqa: PTH117
            name = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)  # noqa: PTH115, PTH118
        if name_only:
            parent, last = os.path.split(os.path.abspath(name))  # noqa: PTH100
            return os.path.join(_real(parent), last)  # noqa: PTH118
        return _real(name)
    return None


def _exists(path: Any, folder: Any) -> bool:
    place = _place(path, folder)
    return place is not None and os.path.isdir(place)  # noqa: PTH112


def _database(name: Any) -> str | None:
    """The file of a SQLite database that is opened to be written."""
    path, _, options = _text(name).partition("?") if _text(name).startswith("file:") else (_text(name), "", "")
    if path in ("", ":memory:", "file::memory:") or "mode=ro" in options or "mode=memory" in options:
        return None
    return path.removeprefix("file:")


def _real(path: Path | str) -> str:
    return os.path.realpath(path)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _usual_places() -> list[str]:
    home = os.path.expanduser("~")  # noqa: PTH111
    named = [os.environ[name] for name in CACHE_VARIABLES if os.environ.get(name)]
    inner = [os.path.join(home, name) for name in CACHES] if home not in ("", "/") else []  # noqa: PTH118
    return [_real(path) for path in (tempfile.gettempdir(), *ALWAYS, *named, *inner)]
