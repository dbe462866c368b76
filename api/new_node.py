"""`server.py new-node NAME`: a pack of nodes to begin with, with a test that passes at once.

Standard library only: it is there before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.files_on_disk import write_whole
from api.flags import ROOT
from api.packs.development import Development

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([ _-][A-Za-z0-9]+)*")
LONGEST = 60
TAKEN = frozenset(
    {"api", "bench", "custom_nodes", "docs", "easel", "graph", "models", "nodes", "server", "tests", "web"}
)


class CannotMake(Exception):
    """No pack is made. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Names:
    """What one name is called in different places."""

    module: str
    """`soft_glow`: the folder, the file and the function."""
    class_type: str
    """`SoftGlow`: the node's identity in graphs."""
    title: str
    """`Soft Glow`."""

    @classmethod
    def of(cls, name: str) -> Names:
        """Raises CannotMake for what can be none."""
        if len(name) > LONGEST or not NAME.fullmatch(name):
            raise CannotMake(
                f"{name[:80]!r} can be no pack's name: use letters and digits, beginning with a letter, and - or _"
                f" between words, such as soft-glow ({LONGEST} letters at most)"
            )
        words = re.split(r"[ _-]|(?<=[a-z0-9])(?=[A-Z])", name)
        module = "_".join(word.lower() for word in words)
        if keyword.iskeyword(module) or module in sys.stdlib_module_names or module in TAKEN:
            raise CannotMake(
                f"{module} is the name of a part of Python or of Easel: choose another, such as my-{module}"
            )
        parts = [word if word.isupper() else word.capitalize() for word in words]
        return cls(module, "".join(parts), " ".join(parts))


def main(words: Sequence[str]) -> int:
    """Make the pack; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="server.py new-node", description="Make a pack of nodes to begin with.", allow_abbrev=False
    )
    parser.add_argument("name", metavar="NAME", help="of the node, such as soft-glow")
    parser.add_argument("--base-directory", type=Path, metavar="DIR", help="holds all that is yours")
    parser.add_argument("--user-directory", type=Path, metavar="DIR", help="replaces DIR/user")
    found = parser.parse_args(words)
    base = found.base_directory.expanduser().absolute() if found.base_directory else ROOT
    user = found.user_directory.expanduser().absolute() if found.user_directory else base / "user"
    try:
        names = Names.of(found.name)
        folder = make(names, base / "custom_nodes", user)
    except CannotMake as error:
        print(f"easel: {error}.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"easel: {error.filename or base} could not be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(_next(names, folder, base))
    return 0


def make(names: Names, packs: Path, user: Path) -> Path:
    """Write the pack and list it as one that is made here; gives its folder. Raises CannotMake and OSError."""
    folder = packs / names.module
    there = [path.name for path in packs.iterdir()] if packs.is_dir() else []
    for taken in (names.module, f"{names.module}.py", f"{names.module}.disabled", f"{names.module}.py.disabled"):
        if taken in [name.lower() for name in there]:
            raise CannotMake(f"{packs / taken} is there already: choose another name, or delete it first")
    if names.class_type in _known(user):
        raise CannotMake(f"there is a node type {names.class_type} already: choose another name")
    folder.mkdir(parents=True)
    for name, text in files(names).items():
        write_whole(folder / name, text.encode())
    Development(user).add(folder)
    return folder


def _known(user: Path) -> frozenset[str]:
    """Node types that the last run knew; none where there was no run."""
    try:
        data: Any = json.loads((user / "cache" / "catalogue.json").read_bytes())
        return frozenset(str(item["class_type"]) for item in data["nodes"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def files(names: Names) -> dict[str, str]:
    """The pack's files and what is in them."""
    graph: dict[str, Any] = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 256, "height": 256, "batch_size": 1, "color": 3381759}},
        "2": {"class_type": names.class_type, "inputs": {"image": ["1", 0], "strength": 0.5}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    known = {"MODULE": names.module, "CLASS": names.class_type, "TITLE": names.title, "EASEL": json.dumps(str(ROOT))}
    texts = {
        "__init__.py": _INIT,
        f"{names.module}.py": _NODE,
        f"test_{names.module}.py": _TEST,
        "conftest.py": _CONFTEST,
        "pyproject.toml": _PROJECT,
    }
    found = {name: _filled(text, known) for name, text in texts.items()}
    return {**found, f"help/{names.class_type}.json": json.dumps(graph, indent=2) + "\n"}


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"«(\w+)»", lambda found: known[found[1]], text)


def _next(names: Names, folder: Path, base: Path) -> str:
    where = "" if base == ROOT else f" --base-directory {base}"
    return f"""Made {folder}:
  {names.module}.py       the node: change it, save it, and see it on the canvas
  test_{names.module}.py  its test
  help/{names.class_type}.json   the graph on its help page

Next:
  python3 server.py{where}
      or, where it runs already, the page that is open. Double-click the canvas and type "{names.title}".
  {ROOT / ".venv" / "bin" / "python"} -m pytest {folder}
      runs the test.
docs/writing-a-node.md says what a node may do."""


_INIT = '"""«TITLE»: nodes for Easel. Every file beside this one that declares nodes is read."""\n'

_NODE = '''"""What «TITLE» does."""

from __future__ import annotations

from typing import Annotated

from graph.node import Slider, node
from nodes.values import Image


@node("«CLASS»", category="my nodes", title="«TITLE»")
def «MODULE»(
    image: Image,
    strength: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="How dark it becomes.")] = 0.5,
) -> Image:
    """Darken pictures.

    This text is the help page: it may have **markdown**, lists and links. The graph beside it is `help/«CLASS».json`.
    """
    return image * (1 - strength)
'''

_TEST = '''"""Run by `python -m pytest` with this folder: no server is needed."""

from __future__ import annotations


def test_the_strongest_is_black(run_node, picture):
    assert run_node("«CLASS»", image=picture, strength=1.0).max() == 0


def test_nothing_changes_at_zero(run_node, picture):
    assert run_node("«CLASS»", image=picture, strength=0.0).equal(picture)


def test_the_graph_of_the_help_page_runs(run_graph):
    assert len(run_graph("help/«CLASS».json").pictures()) == 1
'''

_CONFTEST = '''"""The fixtures of Easel for the tests here: run_node, run_graph, golden, picture."""

import os
import sys

sys.path.insert(0, os.environ.get("EASEL") or «EASEL»)

from easel_testing.fixtures import *  # noqa: E402, F403
'''

_PROJECT = """[project]
name = "«MODULE»"
version = "0.1.0"
description = "«TITLE» for Easel"

[tool.pytest.ini_options]
addopts = "-q --import-mode=importlib -p no:cacheprovider"
"""
