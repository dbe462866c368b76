"""What lists say of a job: few words and numbers, made once, so that no list reads the graphs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from graph.types import JsonObject

LONGEST = 200
"""Letters of a name or an id that a client gives."""
PICTURES = 4
"""Of a job, so many are named in lists."""
SENTENCE = 1000
"""Letters of an error in a list."""

State = Literal["success", "error", "interrupted"]
FILES = ("images", "gifs", "video", "audio")


@dataclass(frozen=True)
class About:
    """A job that has been accepted, in short. Stored as JSON: new fields need a default."""

    name: str = ""
    """What a person called it."""
    document: str | None = None
    """Id of the document that its graph was made in, as `extra_data.easel` says."""
    title: str = ""
    """What that document was called."""
    batch: JsonObject | None = None
    """`id`, `index` from 0 and `of`, where it is one of several that were queued together."""
    slot: str | None = None
    """A newer job of the same client and slot takes the place of one that waits."""
    nodes: int = 0
    seed: int | None = None
    """The first one in the prompt."""
    cells: int = 0
    """Of its grid, where it is a sweep."""
    work: list[list[Any]] | None = None
    """What it does that the job before it did not: see api.queue.pace. None where that was not reckoned."""

    @classmethod
    def of(cls, prompt: JsonObject, extra: JsonObject) -> About:
        said: Any = extra.get("easel")
        easel: JsonObject = cast(JsonObject, said) if isinstance(said, dict) else {}
        given: Any = easel.get("document")
        document: JsonObject = cast(JsonObject, given) if isinstance(given, dict) else {}
        return cls(
            name=_word(easel.get("name")),
            document=_word(document.get("id")) or None,
            title=_word(document.get("name")),
            batch=_batch(easel.get("batch")),
            slot=_word(easel.get("slot")) or None,
            nodes=len(prompt),
            seed=next(_seeds(prompt), None),
            cells=_cells(easel.get("sweep")),
        )

    @classmethod
    def read(cls, text: str | None) -> About:
        if text is None:
            return cls()
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    def text(self) -> str:
        return json.dumps(vars(self), separators=(",", ":"))

    def to_json(self) -> JsonObject:
        """For pages: without what only the server reckons with."""
        return {name: value for name, value in vars(self).items() if name != "work"}


def state_of(status: Mapping[str, Any]) -> State:
    """How a job ended, by the status in its history entry."""
    if status.get("completed"):
        return "success"
    return "interrupted" if _last(status)[0] == "execution_interrupted" else "error"


def came_of(outputs: Mapping[str, Any], status: Mapping[str, Any]) -> JsonObject:
    """What a list says of a job's end: its first pictures, how many there are, and the sentence of its error."""
    pictures = list(_files(outputs))
    found: JsonObject = {"pictures": pictures[:PICTURES], "count": len(pictures), "error": None}
    kind, data = _last(status)
    if kind == "execution_error":
        found["error"] = {
            "sentence": str(data.get("exception_message") or data.get("exception_type") or "").strip()[:SENTENCE],
            "node": str(data.get("node_id") or ""),
            "type": str(data.get("node_type") or ""),
            "kind": str(data.get("exception_type") or ""),
        }
    return found


def _last(status: Mapping[str, Any]) -> tuple[str, JsonObject]:
    messages: Any = status.get("messages") or [["", {}]]
    kind, data = messages[-1]
    return str(kind), data


def _files(outputs: Mapping[str, Any]) -> Iterator[JsonObject]:
    for output in outputs.values():
        for name in FILES if isinstance(output, dict) else ():
            listed: Any = cast(JsonObject, output).get(name)
            for file in cast(list[Any], listed) if isinstance(listed, list) else ():
                if isinstance(file, dict) and isinstance(cast(JsonObject, file).get("filename"), str):
                    known = cast(JsonObject, file)
                    yield {key: str(known.get(key, "")) for key in ("filename", "subfolder", "type")}


def _seeds(prompt: JsonObject) -> Iterator[int]:
    for node in prompt.values():
        inputs: JsonObject = node.get("inputs") or {}
        seed = inputs.get("seed", inputs.get("noise_seed"))
        if isinstance(seed, int) and not isinstance(seed, bool):
            yield seed


def _cells(sweep: Any) -> int:
    cells: Any = cast(JsonObject, sweep).get("cells") if isinstance(sweep, dict) else None
    return len(cast(list[Any], cells)) if isinstance(cells, list | dict) else 0


def _word(value: Any) -> str:
    return value[:LONGEST].encode(errors="replace").decode() if isinstance(value, str) else ""


def _batch(value: Any) -> JsonObject | None:
    if not isinstance(value, dict):
        return None
    given = cast(JsonObject, value)
    index, of = given.get("index"), given.get("of")
    if not isinstance(index, int) or not isinstance(of, int):
        return None
    return {"id": _word(given.get("id")), "index": index, "of": of}
