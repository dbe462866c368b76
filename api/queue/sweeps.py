"""Sweeps: jobs of many cells, as a page needs them to draw their grid, while they run and long after."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, cast

from aiohttp import web

from api.people import who
from api.queue.parts import done_of
from api.queue.running import Running
from api.queue.whose import all_of, of, seen_by
from api.replies import Refusal
from api.services import SERVICES
from graph.types import JsonObject

LOOKED_AT = 500
"""The newest so many jobs are looked through for sweeps."""
LISTED = 50
_MARK = '"sweep":{'
"""How the extra data of such a job is written, which is faster to look for than JSON is to read."""


async def get_sweeps(request: web.Request) -> web.Response:
    """The newest sweeps, newest first: `{"prompt_id", "accepted", "axes": [{"title", "count"}], "cells", "state"}`."""
    services = request.app[SERVICES]
    whose, value = all_of(seen_by(who(request)))

    def read(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
        newest = f"SELECT seq FROM jobs WHERE 1{whose} ORDER BY seq DESC LIMIT ?"
        return db.execute(
            f"SELECT prompt_id, accepted, extra, status FROM jobs WHERE seq IN ({newest})"
            " AND instr(extra, ?) > 0 ORDER BY seq DESC LIMIT ?",
            (*value, LOOKED_AT, _MARK, LISTED),
        ).fetchall()

    running = services.jobs.running_for(who(request))
    found: list[JsonObject] = []
    for prompt_id, accepted, extra, status in await services.journal.call(read):
        sweep = _sweep(json.loads(extra))
        if sweep is not None:
            axes = [{"title": axis.get("title"), "count": len(axis.get("steps") or ())} for axis in sweep["axes"]]
            state = _state(status, prompt_id, running)
            found.append(
                {
                    "prompt_id": prompt_id,
                    "accepted": accepted,
                    "axes": axes,
                    "cells": len(sweep["cells"]),
                    "state": state,
                }
            )
    return web.json_response(found)


async def get_sweep(request: web.Request) -> web.Response:
    """One sweep: its axes and cells, its graph, what its nodes have shown so far, and what went wrong with which."""
    services = request.app[SERVICES]
    prompt_id = request.match_info["prompt_id"]
    whose, value = of(seen_by(who(request)))

    def read(db: sqlite3.Connection) -> tuple[Any, ...] | None:
        row = db.execute(
            "SELECT client_id, extra, outputs, status, seq FROM jobs"
            f" WHERE prompt_id = ?{whose} ORDER BY seq DESC LIMIT 1",
            (prompt_id, *value),
        ).fetchone()
        return row and (*row[:4], done_of(db, row[4]).outputs)

    row = await services.journal.call(read)
    extra: JsonObject = {} if row is None else json.loads(row[1])
    sweep = _sweep(extra)
    if row is None or sweep is None:
        raise Refusal(404, "not_found", "There is no such sweep: it was deleted, or it is another kind of job.")
    running = services.jobs.running_for(who(request), prompt_id)
    outputs: Any = json.loads(row[2]) if row[2] else row[4]
    if running is not None:
        outputs = running.outputs
    status: JsonObject = json.loads(row[3]) if row[3] else {}
    failures = {
        str(said.get("node_id")): str(said.get("exception_message", "")).strip()
        for kind, said in status.get("messages", ())
        if kind == "execution_error"
    }
    return web.json_response(
        {
            "prompt_id": prompt_id,
            "client_id": row[0],
            "state": _state(row[3], prompt_id, running),
            "sweep": sweep,
            "workflow": _workflow(extra),
            "outputs": outputs,
            "failures": failures,
        }
    )


def _sweep(extra: JsonObject) -> JsonObject | None:
    easel = extra.get("easel")
    sweep: Any = cast(JsonObject, easel).get("sweep") if isinstance(easel, dict) else None
    if not isinstance(sweep, dict):
        return None
    found = cast(JsonObject, sweep)
    lists = isinstance(found.get("axes"), list) and isinstance(found.get("cells"), list)
    return found if lists and all(isinstance(axis, dict) for axis in found["axes"]) else None


def _workflow(extra: JsonObject) -> Any:
    info: Any = extra.get("extra_pnginfo")
    return cast(JsonObject, info).get("workflow") if isinstance(info, dict) else None


def _state(status: str | None, prompt_id: str, running: Running | None) -> str:
    """`waiting`, `running`, `done`, `error` or `interrupted`."""
    if status is None:
        return "running" if running is not None and running.prompt_id == prompt_id else "waiting"
    said: JsonObject = json.loads(status)
    if said.get("status_str") == "success":
        return "done"
    kinds = [message[0] for message in said.get("messages", ())]
    return "interrupted" if "execution_interrupted" in kinds else "error"


OWN_ROUTES = [
    web.get("/easel/sweeps", get_sweeps),
    web.get("/easel/sweeps/{prompt_id}", get_sweep),
]
