"""What may be known of how a picture was made, and values from outside that may be of any type."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, cast

MOST_PARSED = 12 * 2**20
"""Characters of a text that is read as JSON."""
MOST_PROMPT = 20_000
MOST_OTHER = 20_000
MOST_NAMES = 100
_LORA = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})[^<>\n]{0,80}>")


@dataclass
class Facts:
    """All may be empty. `graph`: what a graph can be made of: `workflow`, `prompt`, `parameters`, another tool's."""

    positive: str = ""
    negative: str = ""
    other: str = ""
    """Every other text, to be searched."""
    models: list[str] = field(default_factory=list[str])
    loras: list[str] = field(default_factory=list[str])
    nodes: list[str] = field(default_factory=list[str])
    seed: str = ""
    sampler: str = ""
    scheduler: str = ""
    steps: int | None = None
    cfg: float | None = None
    graph: str = ""
    problem: str = ""
    """A sentence: what of the metadata could not be read."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_json(text: str) -> Any:
    if len(text) > MOST_PARSED:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def loras_in(text: str) -> list[str]:
    """Those that a prompt names: `<lora:name:0.8>`."""
    return _LORA.findall(text)


def word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    try:
        return str(int(value)) if abs(int(value)) < 2**64 else ""
    except ValueError:
        return ""


def whole(value: Any) -> int | None:
    text = number_text(int(value) if isinstance(value, float) and abs(value) < 1e9 else value)
    return int(text) if text and abs(int(text)) < 10**9 else None


def real(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 1e9 else None


def tidied(facts: Facts) -> Facts:
    """Bounded, and in letters that every database and page can hold."""
    for name in ("positive", "negative"):
        setattr(facts, name, _clean(getattr(facts, name), MOST_PROMPT))
    facts.other = _clean(facts.other, MOST_OTHER)
    for name in ("sampler", "scheduler", "seed", "problem", "graph"):
        setattr(facts, name, _clean(getattr(facts, name), 200))
    for name in ("models", "loras", "nodes"):
        listed = [_clean(item, 300) for item in cast("list[str]", getattr(facts, name))]
        setattr(facts, name, list(dict.fromkeys(item for item in listed if item))[:MOST_NAMES])
    return facts


def _clean(text: str, most: int) -> str:
    return text[:most].replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
