"""Languages that come with Easel have a sentence for every refusal of the server: `server` in `web/languages/`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = ROOT / "web" / "languages"
FOR_PROGRAMS = re.compile(
    r"`|must be (an? |pairs|whole|one of|1 to|at most|true or|output)|^Say |^An? .* is |no JSON object"
    r"|must be .*(object|list|number)|^Name a "
)
"""Refusals that a page never causes: a program sent something else than what is asked for."""
SAMPLE = "x1"


def refusals() -> Iterator[tuple[str, str]]:
    """Place and sentence of each `Refusal(status, kind, "...")`, where it is written there."""
    for path in sorted((ROOT / "api").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refusal"):
                continue
            said = call.args[2] if len(call.args) > 2 else None
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield f"{path.name}:{call.lineno}", said.value
            elif isinstance(said, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else SAMPLE for part in said.values)
                yield f"{path.name}:{call.lineno}", "".join(parts)


@pytest.mark.parametrize("code", ["zh-CN"])
def test_every_refusal_has_a_sentence(code: str) -> None:
    known = json.loads((LANGUAGES / f"{code}.json").read_text("utf-8"))["server"]
    patterns = [
        re.compile(".*?".join(re.escape(part) for part in re.split(r"\{\w+\}", english)), re.DOTALL)
        for english in known
        if re.sub(r"\{\w+\}|\W", "", english)
    ]
    found = list(refusals())
    assert len(found) > 100
    lacking = [
        f"{place} {sentence}"
        for place, sentence in found
        if sentence != SAMPLE
        and not FOR_PROGRAMS.search(sentence)
        and not any(pattern.fullmatch(sentence) for pattern in patterns)
    ]
    assert lacking == []
