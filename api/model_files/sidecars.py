"""What lies beside a model file: other programs' notes on it, read with caution, and its picture."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any, cast

LARGEST = 2 << 20
"""Bytes of a file of notes that are read."""
LARGEST_TEXT = 20_000
MOST_WORDS = 100


def read_sidecars(model: Path) -> dict[str, Any]:
    """`title`, `description`, `base`, `link` ("" where nothing says), `triggers`, `unread`: names of damaged files."""
    found: dict[str, Any] = {"title": "", "description": "", "base": "", "link": "", "triggers": [], "unread": []}
    for ending, take in ((".civitai.info", _take_civitai), (".json", _take_a1111), (".cm-info.json", _take_civitai)):
        path = model.with_name(model.stem + ending)
        try:
            data = _json(path)
        except ValueError:
            found["unread"].append(path.name)
            continue
        if isinstance(data, dict):
            take(cast("dict[str, Any]", data), found)
    text = _text(model.with_name(model.stem + ".txt"))
    if text and not found["description"]:
        found["description"] = text[:LARGEST_TEXT]
    found["triggers"] = list(dict.fromkeys(found["triggers"]))[:MOST_WORDS]
    return found


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        return path.read_text("utf-8", errors="replace").lstrip("\ufeff").strip()
    except OSError:
        return ""


def _json(path: Path) -> Any:
    """None where there is none. Raises ValueError for what is no JSON."""
    text = _text(path)
    if not text:
        return None
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None


def _take_civitai(data: dict[str, Any], found: dict[str, Any]) -> None:
    model = data.get("model")
    name = _said(cast("dict[str, Any]", model).get("name") if isinstance(model, dict) else None) or _said(
        data.get("ModelName")
    )
    version = _said(data.get("name")) or _said(data.get("VersionName"))
    found["title"] = found["title"] or " ".join(part for part in (name, version) if part)[:400]
    found["base"] = found["base"] or (_said(data.get("baseModel")) or _said(data.get("BaseModel")))[:100]
    found["description"] = found["description"] or plain(_said(data.get("description")))
    words = data.get("trainedWords", data.get("TrainedWords"))
    for word in cast("list[Any]", words) if isinstance(words, list) else []:
        if _said(word):
            found["triggers"].append(_said(word)[:1000])
    number, version_number = data.get("modelId", data.get("ModelId")), data.get("id", data.get("VersionId"))
    if isinstance(number, int) and number > 0:
        version_part = f"?modelVersionId={version_number}" if isinstance(version_number, int) else ""
        found["link"] = f"https://civitai.com/models/{number}{version_part}"


def _take_a1111(data: dict[str, Any], found: dict[str, Any]) -> None:
    found["base"] = found["base"] or _said(data.get("sd version"))[:100]
    words = _said(data.get("activation text"))
    if words:
        found["triggers"].append(words[:1000])
    notes = "\n".join(part for part in (_said(data.get("description")), _said(data.get("notes"))) if part)
    found["description"] = found["description"] or notes[:LARGEST_TEXT]


def _said(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def plain(html: str) -> str:
    """The words of a description in HTML. What it asks to load, to run or to look like is left out."""
    words: list[str] = []
    for part in html[: 4 * LARGEST_TEXT].split("<"):
        tag, closed, text = part.partition(">")
        if not words and not html.startswith("<"):
            words.append(part)
        elif closed:
            words.append(("\n" if tag.lstrip("/").lower().startswith(("p", "br", "li", "h", "div")) else "") + text)
    lines = (line.strip() for line in unescape("".join(words)).split("\n"))
    return "\n".join(line for line in lines if line)[:LARGEST_TEXT]
