"""Packs that rest: what they declare is known from an earlier start, and their code is imported when it is needed.

A pack may rest whose import did nothing but declare (`quiet.py`), as long as all that its declarations came from is
what it was: its code and that of every other pack, the files that it read meanwhile, what is installed, Easel itself.
Its node types stand in the registry with their descriptions; the first job that has one of them imports the pack.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.context import Context
from graph.node import NodeType
from graph.outcome import Values
from graph.registry import Registry
from graph.spec import NodeSpec
from graph.types import JsonObject
from nodes.packs.load import ToLoad
from nodes.packs.report import PackReport
from nodes.packs.watch import Watched

MOST_READ = 200
"""A pack that looks at more files and folders while it is imported does not rest."""
ROOT = Path(__file__).resolve().parent.parent.parent
OWN_CODE = ("graph", "models", "nodes")
PARTS = ("is_changed", "check_lazy", "validate_inputs")
"""Functions of a node type beside its call."""

Stamps = dict[str, str]
Wake = Callable[[str], NodeType]


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a pack."""

    hash: str
    report: JsonObject
    types: list[JsonObject]
    """Each with its `spec`, the `parts` that it has, and `lists`."""
    read: Stamps
    """The files and folders that were looked at while it was imported."""

    def to_json(self) -> JsonObject:
        return {"hash": self.hash, "report": self.report, "types": self.types, "read": self.read}


@dataclass
class Resting:
    """What is known of packs from earlier, and what is learned of them now. Its JSON is kept by the control process."""

    signature: str
    known: dict[str, Known] = field(default_factory=dict[str, Known])
    """By the pack's path."""
    learned: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None, signature: str) -> Resting:
        """What was kept; nothing of it where something that declarations may depend on is another now."""
        found = cls(signature)
        with suppress(KeyError, TypeError, AttributeError):
            if data is not None and data["signature"] == signature:
                found.known = {path: Known(**known) for path, known in data["packs"].items()}
        return found

    def to_json(self) -> JsonObject:
        packs = {path: known.to_json() for path, known in self.known.items()}
        return {"signature": self.signature, "packs": packs}

    def types_of(self, to_load: ToLoad, registry: Registry, wake: Wake) -> tuple[PackReport, list[NodeType]] | None:
        """The report and the node types of a pack that may rest; None for one that is to be imported."""
        known = self.known.get(str(to_load.pack.path))
        if known is None or not may_rest(to_load) or known.hash != to_load.hash:
            return None
        if any(_stamp(path) != stamp for path, stamp in known.read.items()):
            return None
        try:
            types = [_at_rest(item, wake) for item in known.types]
            report = PackReport.from_json(known.report)
        except (KeyError, TypeError, ValueError):
            return None
        names = [type.spec.class_type for type in types]
        if any(name in registry or name in to_load.elsewhere for name in names):
            return None
        report.kept = None if to_load.kept is None else str(to_load.kept)
        report.resting = True
        return report, types

    def learn(self, to_load: ToLoad, report: PackReport, registry: Registry, seen: Watched, disturbed_by: str) -> None:
        """Keep what an import came to, if the pack may rest next time."""
        path, types = str(to_load.pack.path), [registry[name] for name in report.node_types]
        self.learned = True
        self.known.pop(path, None)
        if disturbed_by or report.state != "loaded" or report.notes or len(seen.read) > MOST_READ:
            return
        if any(type.describe is not None or type.spec.changing for type in types):
            return  # its choices follow files that its own code looks up
        kept = [_kept(type) for type in types]
        if all(map(_is_json, kept)):
            read = {place: _stamp(place) for place in sorted(seen.read)}
            self.known[path] = Known(to_load.hash, report.to_json(), kept, read)

    def forget(self, to_load: ToLoad) -> None:
        """It was imported, and is not what was kept of it."""
        self.learned = self.known.pop(str(to_load.pack.path), None) is not None or self.learned


def may_rest(to_load: ToLoad) -> bool:
    """Whether a pack is one whose import could wait at all."""
    return not to_load.dev and to_load.python is None and not to_load.has_prestart


def signature(config: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    """What declarations may depend on beside a pack's own code and files, as one word."""
    folders = [ROOT / name for name in OWN_CODE]
    code = [_newest(folder) for folder in folders]
    installed = [_stamp(path) for path in sorted({*map(sysconfig.get_path, ("purelib", "platlib"))})]
    packs = [[entry["path"], entry["hash"], entry["state"]] for entry in entries]
    settings = [config.get(name) for name in ("device", "precision", "registry", "folders", "base")]
    whole = [platform.python_version(), code, installed, packs, settings]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _newest(folder: Path) -> list[int]:
    times = [
        os.stat(os.path.join(place, name)).st_mtime_ns  # noqa: PTH116, PTH118 (hundreds of files at each start)
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(".py")
    ]
    return [len(times), max(times, default=0)]


def _stamp(path: str) -> str:
    try:
        state = os.stat(path)  # noqa: PTH116
    except OSError:
        return "absent"
    return f"{state.st_size}:{state.st_mtime_ns}"


def _kept(type: NodeType) -> JsonObject:
    parts = [name for name in PARTS if getattr(type, name) is not None]
    return {"spec": type.spec.to_json(), "parts": parts, "lists": sorted(type.lists)}


def _is_json(item: JsonObject) -> bool:
    """Whether a declaration is the same after it was written down: some have objects among their options."""
    try:
        return NodeSpec.from_json(json.loads(json.dumps(item["spec"]))).to_json() == item["spec"]
    except (TypeError, ValueError, KeyError):
        return False


def _at_rest(item: JsonObject, wake: Wake) -> NodeType:
    spec = NodeSpec.from_json(item["spec"])
    code = AtRest(spec.class_type, wake)
    parts = {name: getattr(code, name) for name in PARTS if name in item["parts"]}
    return NodeType(spec=spec, call=code.call, lists=frozenset(item["lists"]), **parts)


@dataclass(frozen=True)
class AtRest:
    """Stands for the code of a node type whose pack rests: each use of it imports the pack first."""

    class_type: str
    wake: Wake

    @property
    def pack_class(self) -> Any:
        """The class that declares it, for other packs."""
        call: Any = self.wake(self.class_type).call
        return getattr(call, "pack_class", None) or getattr(getattr(call, "__self__", None), "pack_class", None)

    def call(self, context: Context, values: Values) -> Any:
        return self.wake(self.class_type).call(context, values)

    def is_changed(self, context: Context, values: Values) -> Any:
        return self._part("is_changed")(context, values)

    def check_lazy(self, context: Context, values: Values) -> Any:
        return self._part("check_lazy")(context, values)

    def validate_inputs(self, values: Values) -> Any:
        return self._part("validate_inputs")(values)

    def _part(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] | None = getattr(self.wake(self.class_type), name)
        if found is None:
            raise LookupError(f"The node type {self.class_type} is another than it was: queue this again.")
        return found
