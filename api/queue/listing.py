"""Jobs as newer clients of the incumbent's protocol list them: waiting, running and ended in one, with states."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from api.queue.journal import Journal
from api.queue.whose import all_of, of
from graph.types import JsonObject

STATES = ("pending", "in_progress", "completed", "failed", "cancelled")
MOST = 1000
"""Jobs of one answer."""
SHOWN = ("images", "video", "audio", "3d", "text")
"""Kinds of results that a client can show, besides what says by its `format` that it is a video or a sound."""
_ENDED = {"success": "completed", "error": "failed", "interrupted": "cancelled"}
_WORKFLOW = "json_extract(extra, '$.extra_pnginfo.workflow.id')"
_COLUMNS = "prompt_id, seq, number, accepted, started, ended_at, state, outputs, status, extra"


@dataclass(frozen=True)
class Wanted:
    """Which jobs of the list, in which order."""

    owner: str | None
    """Whose jobs; None: everybody's."""
    states: Collection[str] = STATES
    workflow: str | None = None
    by_duration: bool = False
    newest_first: bool = True
    limit: int | None = None
    offset: int = 0


async def list_jobs(journal: Journal, wanted: Wanted, running: int | None) -> tuple[list[JsonObject], int]:
    """The jobs, and how many there are in all. running: seq of the one that runs."""
    limit = MOST if wanted.limit is None else min(wanted.limit, MOST)

    def read(db: sqlite3.Connection) -> tuple[list[JsonObject], int]:
        # Rows hold whole graphs, and SQLite reads them to their end for what stands behind those. So which jobs there
        # are is read from the indexes, and rows are read for one page alone.
        found = _chosen(db, wanted, running)
        order = _durations(db, found) if wanted.by_duration else {seq: seq for seq in found}
        listed = sorted(found, key=lambda seq: (order[seq], seq), reverse=wanted.newest_first)
        page = listed[wanted.offset : wanted.offset + limit]
        rows: dict[int, Sequence[Any]] = {}
        for at in range(0, len(page), 500):
            some = page[at : at + 500]
            marks = ",".join("?" * len(some))
            rows |= {row[1]: row for row in db.execute(f"SELECT {_COLUMNS} FROM jobs WHERE seq IN ({marks})", some)}
        return [_job(rows[seq], running) for seq in page], len(found)

    return await journal.call(read)


def _chosen(db: sqlite3.Connection, wanted: Wanted, running: int | None) -> set[int]:
    more, among = all_of(wanted.owner)
    if wanted.workflow is not None:
        more, among = f"{more} AND {_WORKFLOW} = ?", (*among, wanted.workflow)
    found: set[int] = set()
    for part, value in _parts(wanted, running):
        found |= {int(row[0]) for row in db.execute(f"SELECT seq FROM jobs WHERE {part}{more}", (value, *among))}
    return found - {int(row[0]) for row in db.execute("SELECT seq FROM jobs WHERE removed IS NOT NULL")}


def _durations(db: sqlite3.Connection, seqs: set[int]) -> dict[int, float]:
    known = {int(seq): float(ms or 0.0) for seq, ms in db.execute("SELECT seq, ms FROM jobs")}
    return {seq: known.get(seq, 0.0) for seq in seqs}


async def one_job(journal: Journal, prompt_id: str, running: int | None, owner: str | None) -> JsonObject | None:
    """A job with its graph, its results and how it ended; the newest of its id."""
    whose, value = of(owner)
    where = f"prompt_id = ? AND removed IS NULL{whose}"

    def read(db: sqlite3.Connection) -> JsonObject | None:
        row = db.execute(
            f"SELECT {_COLUMNS}, prompt FROM jobs WHERE {where} ORDER BY seq DESC LIMIT 1", (prompt_id, *value)
        ).fetchone()
        if row is None:
            return None
        *short, prompt = row
        job = _job(short, running)
        outputs, status, extra = short[7:10]
        if outputs is not None:
            job |= {"outputs": json.loads(outputs), "execution_status": json.loads(status)}
        return {**job, "workflow": {"prompt": json.loads(prompt), "extra_data": json.loads(extra)}}

    return await journal.call(read)


def _parts(wanted: Wanted, running: int | None) -> list[tuple[str, Any]]:
    """Conditions of which no two hold for one job, each with its value."""
    parts: list[tuple[str, Any]] = []
    if "pending" in wanted.states:
        parts.append(("ended IS NULL AND seq <> ?", -1 if running is None else running))
    if "in_progress" in wanted.states and running is not None:
        parts.append(("ended IS NULL AND seq = ?", running))
    parts += [("ended IS NOT NULL AND state = ?", state) for state, name in _ENDED.items() if name in wanted.states]
    return parts


def _job(row: Sequence[Any], running: int | None) -> JsonObject:
    id, seq, number, accepted, started, ended_at, state, outputs, status, extra = row
    open_state = "in_progress" if seq == running else "pending"
    said = open_state if state is None else _ENDED[state]
    found: JsonObject = {
        "id": id,
        "status": said,
        "priority": number,
        "create_time": int(accepted * 1000),
        "execution_start_time": None if said == "pending" or started is None else int(started * 1000),
        "execution_end_time": None if ended_at is None else int(ended_at * 1000),
        "execution_error": _error(status) if said == "failed" else None,
        **_results(outputs),
        "workflow_id": _workflow_id(extra),
    }
    return {name: value for name, value in found.items() if value is not None}


def _error(status: str) -> JsonObject | None:
    messages: list[Any] = json.loads(status).get("messages") or []
    return next((data for kind, data in reversed(messages) if kind == "execution_error"), None)


def _workflow_id(extra: str) -> str | None:
    found: Any = json.loads(extra)
    for name in ("extra_pnginfo", "workflow", "id"):
        found = cast(JsonObject, found).get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _results(outputs: str | None) -> JsonObject:
    """How many results, how many of them can be shown, and the one to show: a saved one before a passing one, a text
    only where there is nothing else."""
    count = shown = 0
    best: tuple[int, JsonObject] | None = None
    for node, kind, item in _items(json.loads(outputs or "{}")):
        if isinstance(item, str):
            rank, entry = 3, {"content": item[:1024], **({"truncated": True} if len(item) > 1024 else {})}
            if kind != "text":
                continue
        else:
            count += 1
            format = str(item.get("format") or "")
            if kind not in SHOWN and not format.startswith(("video/", "audio/")):
                continue
            shown += 1
            rank, entry = (0 if item.get("type") == "output" else 1), item
        if best is None or rank < best[0]:
            best = rank, {"mediaType": kind, **entry, "nodeId": node}
    return {"outputs_count": count, "previewable_outputs_count": shown, "preview_output": best and best[1]}


def _items(outputs: Any) -> Iterator[tuple[str, str, JsonObject | str]]:
    for node, output in cast(JsonObject, outputs).items() if isinstance(outputs, dict) else ():
        for kind, listed in cast(JsonObject, output).items() if isinstance(output, dict) else ():
            for item in cast("list[Any]", listed) if isinstance(listed, list) else ():
                if isinstance(item, str | dict):
                    yield node, kind, cast("JsonObject | str", item)
