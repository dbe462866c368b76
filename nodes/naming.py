"""Patterns in the names of saved files: `%date:yyyy-MM-dd%`, `%width%`, `%KSampler.seed%`.

Whoever turns a workflow into a prompt resolves those that name dates and widgets; a client that sends prompts of its
own need not, so they are resolved here as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graph.workflow_text import fill_pattern


def expand(prefix: str, prompt: Mapping[str, Any] | None, width: int, height: int, now: datetime) -> str:
    """Fill in the patterns of a name. One that means nothing stays as it is; `%batch_num%` is filled in later.

    prompt: in API format; `NODE` in `%NODE.widget%` is a node's title, its type or its id. width, height: pixels.
    """
    name = fill_pattern(prefix, now, lambda node, widget: _widget(node, widget, prompt or {}))
    fixed = {"width": str(width), "height": str(height), "year": f"{now:%Y}", "month": f"{now:%m}"}
    fixed |= {"day": f"{now:%d}", "hour": f"{now:%H}", "minute": f"{now:%M}", "second": f"{now:%S}"}
    for word, value in fixed.items():
        name = name.replace(f"%{word}%", value)
    return name


def _widget(name: str, widget: str, prompt: Mapping[str, Any]) -> Any:
    """The value of a node's widget, or None. A title goes before a type, and a type before an id."""
    nodes = [(id, node) for id, node in prompt.items() if isinstance(node, Mapping)]
    found = (
        *(node for _, node in nodes if (node.get("_meta") or {}).get("title") == name),
        *(node for _, node in nodes if node.get("class_type") == name),
        *(node for id, node in nodes if id == name),
    )
    values = (node.get("inputs", {}).get(widget) for node in found)
    return next((value for value in values if isinstance(value, str | int | float)), None)
