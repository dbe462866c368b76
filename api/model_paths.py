"""Where files are: the user's folders, what comes with Easel, and other tools' folders named in a YAML file.

comfyui:
    base_path: ~/ComfyUI          # relative to the YAML file where it is relative
    is_default: true              # before the user's own, and new files go there
    checkpoints: models/checkpoints
    loras: |
        models/loras
        /data/more/loras
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.flags import ROOT, Flags
from graph.folders import Folders, standard_folders

if TYPE_CHECKING:
    from yaml.nodes import Node

USUAL_FILE = "extra_model_paths.yaml"
"""Read without being named, where it lies in the base directory."""
ALSO_IN_OUTPUT = {
    "checkpoints": "checkpoints",
    "text_encoders": "clip",
    "vae": "vae",
    "diffusion_models": "diffusion_models",
    "loras": "loras",
}
"""Model kinds that nodes save into the output folder, and which are found there again."""
MOST_BAD_LINES = 50
PATHS = ("base_path", "is_default")


@dataclass
class Found:
    """What the files came to, and what was wrong with them: sentences with file and line."""

    folders: Folders
    warnings: list[str] = field(default_factory=list[str])


def find_folders(flags: Flags) -> Found:
    """Make the user's folders where they are missing, and gather all that names can mean. Raises OSError."""
    for path in (flags.input, flags.output, flags.temp, flags.user, flags.custom_nodes):
        path.mkdir(parents=True, exist_ok=True)
    flags.models.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # another tool's models may be there to read only
        for kind in ("checkpoints", "loras", "vae", "controlnet", "embeddings", "upscale_models", "clip"):
            (flags.models / kind).mkdir(exist_ok=True)
    models = list(dict.fromkeys((flags.models, ROOT / "models")))
    packs = list(dict.fromkeys((flags.custom_nodes, ROOT / "custom_nodes")))
    folders = standard_folders(models, input=flags.input, output=flags.output, temp=flags.temp, custom_nodes=packs)
    for kind in flags.follow_links:
        folders.set_kind(kind, replace(folders.kind(kind), follow=True))
    for kind, place in ALSO_IN_OUTPUT.items():
        folders = folders.with_roots(kind, [flags.output / place])
    found = Found(folders)
    usual = flags.base / USUAL_FILE
    for file in (*([usual] if usual.is_file() else []), *flags.extra_model_paths):
        _add_file(found, file)
    return found


def _add_file(found: Found, file: Path) -> None:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
        found.warnings.append(f"{file}: cannot be read ({reason}); it is passed over")
        return
    node = _composed(found, file, text)
    if node is None:
        return
    for section, content in _pairs(found, file, node, "the file must hold sections with folder names in them"):
        _add_section(found, file, section.value, content)


def _composed(found: Found, file: Path, text: str) -> Node | None:
    """The file's content with line numbers. A line that is no YAML is left out and told of; the rest is read."""
    import yaml

    lines = text.split("\n")
    for _ in range(MOST_BAD_LINES):
        try:
            return yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)  # pyright: ignore
        except yaml.MarkedYAMLError as error:
            # What is opened and never closed is at fault where it begins, and noticed only further down.
            unclosed = any(word in (error.context or "") for word in ("flow", "quoted"))
            mark = (error.context_mark if unclosed else None) or error.problem_mark
            number = min(mark.line if mark else 0, len(lines) - 1)
            while number > 0 and not lines[number].strip():  # the fault shows at the next line that has something
                number -= 1
            reason = error.problem or "it is no YAML"
            found.warnings.append(
                f"{file}, line {number + 1}: {reason}; the line {lines[number].strip()!r} is left out"
            )
            lines[number] = ""
        except yaml.YAMLError as error:
            found.warnings.append(f"{file}: {error}; it is passed over")
            return None
    found.warnings.append(f"{file}: more than {MOST_BAD_LINES} lines are no YAML; it is passed over")
    return None


def _add_section(found: Found, file: Path, name: str, content: Node) -> None:
    pairs = _pairs(found, file, content, f"{name} must hold folder names and paths")
    values = {key.value: value for key, value in pairs}
    base = file.parent
    if "base_path" in values:
        given = str(values["base_path"].value)
        base = file.parent / os.path.expandvars(Path(given).expanduser())
        if not base.is_dir():
            line = values["base_path"].start_mark.line + 1
            found.warnings.append(f"{file}, line {line}: base_path {given!r} is no folder; {name} is passed over")
            return
    first = "is_default" in values and str(values["is_default"].value).lower() in ("true", "yes", "on", "1")
    for kind, value in values.items():
        if kind in PATHS:
            continue
        line = value.start_mark.line + 1
        if not isinstance(value.value, str) or not value.value.strip():
            found.warnings.append(f"{file}, line {line}: {kind} must be a path, or several, one on each line")
            continue
        roots: list[Path] = []
        for path in filter(None, map(str.strip, value.value.splitlines())):
            root = base / os.path.expandvars(Path(path).expanduser())
            if not root.is_dir() and " #" in path:  # in several lines "#" is no comment to YAML, but meant as one
                root = base / os.path.expandvars(Path(path.partition(" #")[0].strip()).expanduser())
            if not root.is_dir():
                found.warnings.append(f"{file}, line {line}: {kind}: there is no folder {root}")
            roots.append(Path(os.path.normpath(root)))
        found.folders = found.folders.with_roots(kind, roots, first=first)


def _pairs(found: Found, file: Path, node: Node, rule: str) -> list[tuple[Any, Any]]:
    """The members of a mapping; none, and a warning, for anything else."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    line = node.start_mark.line + 1
    found.warnings.append(f"{file}, line {line}: {rule}")
    return []
