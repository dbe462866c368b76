"""All packs that there are: what is on the disk, what of it may run and why, and what became of it in the worker."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.flags import Flags
from api.kept import KeptJson
from api.packs.approvals import Approval, Approvals, Skip
from api.packs.development import Development
from api.packs.environments import Environments, Needs, needs_of
from api.packs.names import Names
from graph.packs import PackOnDisk, named_packs
from graph.spec import NodeSpec
from graph.types import JsonObject

log = logging.getLogger("easel")

Trust = Literal["own", "dev", "all", "approved"]
"""Why a pack may run: it came with Easel, it is under development, --trust-packs, or its code was approved."""


@dataclass(frozen=True, slots=True)
class Known:
    """A pack on the disk and what is held of it."""

    name: str
    pack: PackOnDisk
    hash: str
    """Of its code now; empty where it cannot be read."""
    trust: Trust | None
    approval: Approval | None
    skip: Skip | None
    copy: Path | None
    """Where the approved code is kept; None where the code runs from its own place, or not at all."""
    needs: Needs
    """What the code that may run asks for."""
    python: Path | None
    """The interpreter of its own environment, if it asks for one."""
    installed: bool
    """Whether what it needs was installed; always so where it has no environment of its own."""
    elsewhere: Mapping[str, str]
    """Names of node types that belong to other packs, with these."""

    @property
    def running_hash(self) -> str:
        """The hash of the code that runs, if any runs."""
        return self.approval.hash if self.trust == "approved" and self.approval is not None else self.hash

    @property
    def changed(self) -> bool:
        """Whether it is approved, and its code is another now."""
        return self.trust == "approved" and self.hash != self.running_hash

    def for_worker(self) -> JsonObject:
        """What the worker is told of it: where its code is, or why it stays off."""
        state = "load" if self.installed else "uninstalled"
        if self.trust is None or self.skip is not None:
            state = "off" if self.trust is None else "skipped"
        return {
            "name": self.name,
            "path": str(self.pack.path),
            "hash": self.running_hash,
            "kept": None if self.copy is None else str(self.copy),
            "state": state,
            "reason": self.skip.sentence if self.skip is not None else "",
            "dev": self.trust == "dev",
            "apart": self.needs.own,
            "python": None if self.python is None else str(self.python),
            "elsewhere": dict(self.elsewhere),
        }


class Packs:
    """Knows every pack. Methods that look at the disk block, and may be called in threads."""

    def __init__(self, flags: Flags, roots: Sequence[Path], changed: Callable[[], None] = lambda: None) -> None:
        self.approvals = Approvals(flags.user)
        self.development = Development(flags.user)
        self.names = Names(flags.user)
        self.declared = KeptJson(flags.user / "cache" / "packs.json", "what packs declare")
        """As the worker learned it: it need not import packs whose code only declares."""
        self.changed = changed
        """Called where a pack's approval or its standing became another."""
        self.environments = Environments(flags.user / "environments")
        self._flags = flags
        self._roots = roots
        self._hashes: dict[Path, tuple[tuple[tuple[str, int, int], ...], str]] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Known]:
        """Every pack in the folders, in the order in which they are loaded."""
        if not self._flags.load_packs and not self._flags.only_packs:
            return []
        with self._lock:
            named = list(named_packs(self._roots))
            self.names.keep_only(name for name, _ in named)
            return [self._known(name, pack) for name, pack in named if self._wanted(pack)]

    def find(self, name: str) -> Known | None:
        return next((known for known in self.all() if known.name == name), None)

    def waiting(self) -> list[Known]:
        """Those whose code, or whose changed code, somebody is to look at."""
        return [known for known in self.all() if known.hash and (known.trust is None or known.changed)]

    def trusted(self) -> list[tuple[str, PackOnDisk]]:
        """Those that may be made use of, without a look into their files."""
        named = named_packs(self._roots) if self._flags.load_packs or self._flags.only_packs else ()
        return [(name, pack) for name, pack in named if self._wanted(pack) and self._trust(name, pack)[0] is not None]

    def learn(self, catalogue: Mapping[str, NodeSpec]) -> None:
        """Remember who has the names that packs share."""
        self.names.learn(catalogue)

    def tidy(self) -> None:
        """Delete code and environments that are kept for packs which may not run any more: at the start."""
        self.approvals.tidy()
        self.environments.keep_only(pack for _, pack in self.trusted())

    def for_worker(self) -> list[JsonObject]:
        return [known.for_worker() for known in self.all()]

    def _wanted(self, pack: PackOnDisk) -> bool:
        if pack.is_own and self._flags.registry:  # it takes torch, which tests of the server do without
            return False
        return self._flags.load_packs or bool({pack.name, pack.path.name} & {*self._flags.only_packs})

    def _known(self, name: str, pack: PackOnDisk) -> Known:
        hash = self._hash(pack)
        trust, approval = self._trust(name, pack)
        copy: Path | None = None
        if trust == "approved" and approval is not None:
            copy = self.approvals.copy_of(pack, approval.hash)
            # What runs is the copy: one that something has changed is as good as none.
            if self._hash(PackOnDisk(copy)) != approval.hash and not self.approvals.restore(pack, approval.hash):
                trust, approval, copy = None, None, None
        running = approval.hash if copy is not None and approval is not None else hash
        skip = self.approvals.skip(pack.path, running)
        needs = needs_of(pack if copy is None else PackOnDisk(copy))
        python = self.environments.python(pack, needs) if needs.own else None
        installed = not needs.own or self.environments.is_installed(pack, needs)
        elsewhere = self.names.of_others(name)
        return Known(name, pack, hash, trust, approval, skip, copy, needs, python, installed, elsewhere)

    def _trust(self, name: str, pack: PackOnDisk) -> tuple[Trust | None, Approval | None]:
        approval = self.approvals.approval(pack.path)
        if pack.is_own:
            return "own", approval
        if {name, pack.path.name} & {*self._flags.dev_packs} or pack.path in self.development:
            return "dev", approval
        if self._flags.trust_packs:
            return "all", approval
        return (None if approval is None else "approved"), approval

    def _hash(self, pack: PackOnDisk) -> str:
        try:
            stamp = pack.stamp()
            found = self._hashes.get(pack.path)
            if found is None or found[0] != stamp:
                found = self._hashes[pack.path] = (stamp, pack.code_hash())
        except OSError as error:
            log.warning("the pack %s cannot be read: %s", pack.path, error)
            return ""
        return found[1]


def changed_files(known: Known) -> list[JsonObject]:
    """The files that differ from what was approved, of a pack that is not approved all: `{name, change}`.

    Raises OSError.
    """
    if known.copy is None:
        files = known.pack.code_files()
        return [{"name": path.relative_to(known.pack.root).as_posix(), "change": "added"} for path in files]
    now, then = known.pack.read_code(), PackOnDisk(known.copy).read_code()
    found = {name: "added" for name in now if name not in then}
    found |= {name: "removed" for name in then if name not in now}
    found |= {name: "changed" for name in now if name in then and now[name] != then[name]}
    return [{"name": name, "change": found[name]} for name in sorted(found)]


def installed_names() -> frozenset[str]:
    """Distributions in Easel's own environment, as their names are compared."""
    return frozenset(_canonical(found.metadata["Name"] or "") for found in importlib.metadata.distributions())


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _missing(known: Known, there: frozenset[str]) -> list[str]:
    """The lines of what the pack needs that nothing of their name is installed for."""
    if known.needs.own:
        return [] if known.installed else list(known.needs.lines)
    named = ((line, re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)) for line in known.needs.lines)
    return [line for line, match in named if match is not None and _canonical(match[0]) not in there]


def row(known: Known, report: Mapping[str, object] | None, there: frozenset[str]) -> JsonObject:
    """What `/easel/packs` says of one pack: see docs/architecture.md.

    report: what the worker said of it, in the shape of `nodes.packs.report.PackReport`. there: `installed_names()`.
    """
    said = report or {}
    if known.trust is None:
        state: object = "untrusted"
    elif known.skip is not None:
        state = "skipped"
    elif not known.installed:
        state = "uninstalled"
    else:
        state = said.get("state")
        if state in (None, "untrusted", "skipped", "uninstalled"):  # as it was when the worker looked
            state = "waiting"
    try:
        files = changed_files(known) if known.changed or known.trust is None else None
    except OSError:
        files = None
    return {
        "name": known.name,
        "path": str(known.pack.path),
        "state": state,
        "trust": known.trust,
        "hash": known.hash,
        "loaded_hash": said.get("hash"),
        "approved_hash": known.approval.hash if known.approval is not None else None,
        "approved_at": known.approval.at if known.approval is not None else None,
        "approved_by": known.approval.by if known.approval is not None else None,
        "changed": known.changed,
        "sentence": known.skip.sentence if known.skip is not None else None,
        "seconds": said.get("seconds"),
        "resting": bool(said.get("resting")),
        "node_types": said.get("node_types", []),
        "problems": [*_problems_of_files(known), *as_list(said.get("problems"))],
        "notes": said.get("notes", []),
        "files": files,
        "requirements": list(known.needs.lines),
        "missing": _missing(known, there),
        "needs": known.needs.hash,
        "own_environment": known.needs.own,
        "web": sorted(str(name) for name in as_folders(said.get("webs"))),
        "page": bool(said.get("page")),
        "locales": bool(said.get("locales")),
        "examples": said.get("examples", 0),
    }


def _problems_of_files(known: Known) -> list[JsonObject]:
    """What is amiss before anything is imported, in the shape of `nodes.packs.report.PackProblem`."""
    sentence = known.needs.problem
    return [{"sentence": sentence, "file": None, "line": None, "trace": ""}] if sentence else []


def as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]


def as_folders(value: object) -> dict[str, str]:
    """The web folders of a report, by the name under which they are served."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, folder in value.items():  # pyright: ignore[reportUnknownVariableType]
            found[str(name)] = str(folder)  # pyright: ignore[reportUnknownArgumentType]
    return found
