"""What became of a pack: its nodes, its folders, and what went wrong, with the place in its own code."""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from graph.errors import DeclarationError

State = Literal["loaded", "partly", "failed", "empty", "untrusted", "skipped", "stale", "uninstalled"]
"""uninstalled: what its own environment needs is not there yet.
stale: the pack's saved code could not be imported, and what was there before stays."""


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
    imported: bool = False
    """Whether its module ran to its end; single node types may be amiss."""
    node_types: list[str] = field(default_factory=list[str])
    problems: list[PackProblem] = field(default_factory=list[PackProblem])
    notes: list[str] = field(default_factory=list[str])
    """What is not wrong and yet to be known: renamed node types, what it did while it loaded."""
    seconds: float = 0.0
    """How long its import took."""
    hash: str = ""
    """Of the code that was imported."""
    kept: str | None = None
    """The folder with the approved code that ran in place of the pack's own files, if there is one."""
    webs: dict[str, str] = field(default_factory=dict[str, str])
    """Folders of scripts that it adds to the incumbent's page, by the name under which they are served."""
    page: str | None = None
    """The folder of what it adds to Easel's page; its `index.js` is loaded (docs/extending-the-page.md)."""
    locales: bool = False
    examples: int = 0
    """Graphs to begin with that it brings."""
    resting: bool = False
    """Whether it is known from an earlier start, and imported when one of its nodes is needed."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PackReport:
        """Raises TypeError for what is none."""
        return cls(**{**data, "problems": [PackProblem(**problem) for problem in data["problems"]]})

    def settle(self) -> None:
        """Say by `state` what there is."""
        if self.problems:
            self.state = "partly" if self.node_types else "failed"
        else:  # a pack may do nothing but add to the page
            self.state = "loaded" if self.node_types or self.page or self.webs else "empty"


def problem_of(error: BaseException, path: Path, what: str, memory: int | None = None) -> PackProblem:
    """An exception as a problem of the pack at `path`. memory: bytes that it was held to."""
    file, line = _place(error, path)
    where = f" ({Path(file).relative_to(path.parent)}, line {line})" if file else ""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    sentence = f"The pack {path.name} {what}: {type(error).__name__}: {said}{where}{_advice(error, path, memory)}"
    return PackProblem(sentence, file, line, "".join(traceback.format_exception(error)))


def _advice(error: BaseException, path: Path, memory: int | None) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name and "/" not in error.name:  # else a file of its own
        module = error.name.partition(".")[0]
        requirements = path / "requirements.txt"
        if path.is_dir() and requirements.is_file():
            return f". The module {module} is not installed: install what the pack's requirements.txt names."
        return f". The module {module} is not installed. Install what the pack's own instructions name."
    if isinstance(error, MemoryError) and memory is not None:
        return f". It asked for more than {memory / 2**30:.1f} GB while it was imported."
    return ""


def _place(error: BaseException, path: Path) -> tuple[str | None, int | None]:
    """The innermost line of the pack's own code that an error passed through, or the line that is no Python, or the one
    where what does not fit is declared."""
    if isinstance(error, DeclarationError) and error.file and Path(error.file).is_relative_to(path):
        return error.file, error.line
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(path):
        return error.filename, error.lineno
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(path)]
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)
