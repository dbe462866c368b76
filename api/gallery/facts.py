"""What a file says of itself, written into the gallery's index."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from api.gallery.schema import spaced
from graph.types import JsonObject

_NOTHING: JsonObject = {
    **dict.fromkeys(("positive", "negative", "other", "seed", "sampler", "scheduler", "graph", "problem"), ""),
    **dict.fromkeys(("models", "loras", "nodes"), ()),
    **dict.fromkeys(("steps", "cfg"), None),
}


def write_facts(
    db: sqlite3.Connection, id: int, folder: str, name: str, mtime: int, described: JsonObject | None, problem: str
) -> None:
    """Put it in place of what was known; left out where the file has changed since it was looked at."""
    row = db.execute(
        "SELECT 1 FROM files WHERE id = ? AND mtime = ? AND folder = ? AND name = ?", (id, mtime, folder, name)
    )
    if row.fetchone() is None:
        return
    facts: dict[str, Any] = {**_NOTHING, **(described or {}).get("facts", {})}
    width, height = (int((described or {}).get(key) or 0) for key in ("width", "height"))
    db.execute(
        "UPDATE files SET read = 1, width = ?, height = ?, graph = ? WHERE id = ?", (width, height, facts["graph"], id)
    )
    said = (facts["positive"], facts["negative"], facts["seed"], facts["sampler"], facts["scheduler"])
    db.execute(
        "INSERT OR REPLACE INTO facts (file, positive, negative, seed, sampler, scheduler, steps, cfg, nodes, problem)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (id, *said, facts["steps"], facts["cfg"], json.dumps(facts["nodes"]), problem or facts["problem"]),
    )
    db.execute("DELETE FROM names WHERE file = ? AND role <> 'tag'", (id,))
    roles = [("model", model) for model in facts["models"]] + [("lora", lora) for lora in facts["loras"]]
    db.executemany("INSERT OR IGNORE INTO names (file, role, name) VALUES (?, ?, ?)", [(id, *pair) for pair in roles])
    models = "\n".join(value for _, value in roles)
    other = "\n".join((facts["seed"], facts["sampler"], facts["scheduler"], facts["other"], *facts["nodes"]))
    db.execute("DELETE FROM words WHERE rowid = ?", (id,))
    db.execute(
        "INSERT INTO words (rowid, positive, negative, name, models, other) VALUES (?, ?, ?, ?, ?, ?)",
        (id, *(spaced(text) for text in (facts["positive"], facts["negative"], f"{folder}/{name}", models, other))),
    )
