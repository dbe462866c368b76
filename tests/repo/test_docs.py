"""What the docs show is what is there."""

from __future__ import annotations

import re
from pathlib import Path

from graph.node import Function
from nodes.library import core_registry

ROOT = Path(__file__).resolve().parents[2]


def test_the_family_that_the_guide_shows_is_the_real_one() -> None:
    guide = (ROOT / "docs" / "adding-a-model-family.md").read_text()
    code = "".join(re.findall(r"```python\n(.*?)```", guide, re.DOTALL))
    assert code.strip()
    assert (ROOT / "models" / "families" / "sd3.py").read_text().endswith(code)


def test_the_files_that_the_guide_names_exist() -> None:
    guide = (ROOT / "docs" / "adding-a-model-family.md").read_text()
    named = re.findall(r"`((?:models|tests|networks|docs)/[\w/]+(?:\.py|/)?)`", guide)
    assert len(named) > 8
    places = [ROOT, ROOT / "models"]
    assert all(any((place / name).exists() for place in places) for name in named), named


def test_the_readme_counts_node_types_right() -> None:
    registry = core_registry()
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"all {len(registry.catalogue())} core nodes are known, and {len(registry)} run" in readme


def test_the_nodes_that_the_guide_shows_are_nodes() -> None:
    guide = (ROOT / "docs" / "writing-a-node.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    shown: dict[str, object] = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, "docs/writing-a-node.md", "exec", dont_inherit=True), shown)
    names = [item.type.spec.class_type for item in shown.values() if isinstance(item, Function)]
    assert len(names) == sum(block.count("@node(") for block in blocks) > 7
