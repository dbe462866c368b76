"""Node packs: what users put in `custom_nodes/`, found, imported and added to a registry, each apart from the others.

A pack is a folder with an `__init__.py`, or a single `.py` file. It declares its nodes with `@node`, or as ComfyUI's
packs do: NODE_CLASS_MAPPINGS and, for titles, NODE_DISPLAY_NAME_MAPPINGS. Importing a pack runs its code with the
user's rights, so only packs that are trusted are imported; the others are listed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from graph.node import Function, NodeType
from graph.packs import find_packs
from graph.registry import Registry
from nodes.adapter import adapt

OWN_PACK = Path(__file__).resolve().parents[2] / "custom_nodes" / "easel_example"
"""The pack that comes with Easel: always trusted."""

PAGE = "PAGE_DIRECTORY"
"""The constant by which a pack adds to Easel's page."""

State = Literal["loaded", "partly", "failed", "empty", "untrusted"]


@dataclass(frozen=True, slots=True)
class PackProblem:
    """One thing that went wrong: a sentence, and the place in the pack's own code."""

    sentence: str
    file: str | None = None
    line: int | None = None
    trace: str = ""


@dataclass(slots=True)
class PackReport:
    """What became of a pack."""

    name: str
    path: str
    state: State = "empty"
    node_types: list[str] = field(default_factory=list[str])
    problems: list[PackProblem] = field(default_factory=list[PackProblem])
    seconds: float = 0.0
    """How long its import took."""
    web: str | None = None
    """The folder of scripts that it adds to the incumbent's page."""
    page: str | None = None
    """The folder of what it adds to Easel's page; its `index.js` is loaded (docs/extending-the-page.md)."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def load_packs(
    dirs: Iterable[Path], registry: Registry, *, trust_all: bool = False, approved: Iterable[str] = ()
) -> list[PackReport]:
    """Import the packs in these folders, in order of name, and add their node types.

    Never raises for what a pack does. Of two node types of one name the first stays; the report names the other.
    trust_all, approved: which packs may be imported besides Easel's own: all, or those of these names.
    """
    names = frozenset(approved)
    return [
        _load(path, registry, trusted=trust_all or path == OWN_PACK or path.name in names)
        for directory in dirs
        for path in (pack.path for pack in find_packs(directory.resolve()))
    ]


def _load(path: Path, registry: Registry, *, trusted: bool) -> PackReport:
    report = PackReport(path.stem if path.suffix == ".py" else path.name, str(path))
    if not trusted:
        report.state = "untrusted"
        return report
    began = time.perf_counter()
    try:
        module = _import(path)
    # A pack may end in any way, sys.exit() included; the others are to load all the same.
    except (Exception, SystemExit) as error:
        report.problems.append(_problem(error, path, "could not be imported"))
        report.state = "failed"
        return report
    finally:
        report.seconds = time.perf_counter() - began
    _add_nodes(module, path, registry, report)
    report.web = _folder(module, path, "WEB_DIRECTORY")
    report.page = _page_folder(module, path, report)
    return report


def _import(path: Path) -> ModuleType:
    """Import a pack under a name made of its path, so that two packs of one name do not meet."""
    folder = path.suffix != ".py"
    name = str(path if folder else path.with_suffix("")).replace(".", "_x_")
    source = path / "__init__.py" if folder else path
    spec = importlib.util.spec_from_file_location(
        name, source, submodule_search_locations=[str(path)] if folder else None
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for loaded in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[loaded]
        raise
    return module


def _add_nodes(module: ModuleType, path: Path, registry: Registry, report: PackReport) -> None:
    origin, version = f"custom_nodes.{report.name}", digest(path)
    for class_type, declared, title in _declared(module):
        try:
            node_type = _node_type(class_type, declared, title, origin, version)
            registry.add(node_type)
        except (Exception, SystemExit) as error:
            report.problems.append(_problem(error, path, f"has a node type {class_type} that cannot be used"))
        else:
            report.node_types.append(node_type.spec.class_type)
    if report.problems:
        report.state = "partly" if report.node_types else "failed"
    elif report.node_types:
        report.state = "loaded"
    elif hasattr(module, "comfy_entrypoint"):
        report.state = "failed"
        sentence = "The pack declares its nodes by comfy_entrypoint, which this version of Easel does not read."
        report.problems.append(PackProblem(sentence))


def _declared(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """(class type, class or function, title) of all nodes, each once."""
    mappings = getattr(module, "NODE_CLASS_MAPPINGS", None) or {}
    titles: Mapping[str, str] = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None) or {}
    for class_type, cls in mappings.items():
        yield str(class_type), cls, str(titles.get(class_type) or "")
    mapped = {id(item) for item in mappings.values()}
    for item in vars(module).values():
        if isinstance(item, Function) and id(item) not in mapped:
            yield item.type.spec.class_type, item, ""


def _node_type(class_type: str, declared: Any, title: str, origin: str, version: str) -> NodeType:
    if not isinstance(declared, Function):
        return adapt(class_type, declared, title, module=origin, version=version)
    spec = replace(declared.type.spec, module=origin, version=version)
    return replace(declared.type, spec=spec)


def digest(path: Path) -> str:
    """A hash of all Python files of a pack: node types are new when any of them changes."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    content = hashlib.sha256()
    for file in files:
        if file.is_file():
            content.update(file.name.encode() + b"\0" + file.read_bytes())
    return content.hexdigest()[:16]


def _problem(error: BaseException, path: Path, what: str) -> PackProblem:
    file, line = _place(error, path)
    where = f" ({Path(file).relative_to(path.parent)}, line {line})" if file else ""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    advice = ". Install what the pack's own instructions name" if isinstance(error, ModuleNotFoundError) else ""
    sentence = f"The pack {path.name} {what}: {type(error).__name__}: {said}{where}{advice}"
    return PackProblem(sentence, file, line, "".join(traceback.format_exception(error)))


def _place(error: BaseException, path: Path) -> tuple[str | None, int | None]:
    """The innermost line of the pack's own code that an error passed through, or the line that is no Python."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(path):
        return error.filename, error.lineno
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(path)]
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def _page_folder(module: ModuleType, path: Path, report: PackReport) -> str | None:
    if getattr(module, PAGE, None) is None:
        return None
    folder = _folder(module, path, PAGE)
    if folder is None or not Path(folder, "index.js").is_file():
        sentence = f"{PAGE} of the pack {path.name} must name a folder in the pack that has an index.js."
        report.problems.append(PackProblem(sentence, str(path / "__init__.py")))
        report.state = "partly" if report.node_types else "failed"
        return None
    if report.state == "empty":  # a pack may do nothing but add to the page
        report.state = "loaded"
    return folder


def _folder(module: ModuleType, path: Path, name: str) -> str | None:
    """The folder that this constant of a pack names, if it lies in the pack."""
    named = getattr(module, name, None)
    if not isinstance(named, str) or not path.is_dir():
        return None
    folder = (path / named).resolve()
    return str(folder) if folder.is_dir() and folder.is_relative_to(path.resolve()) else None
