"""What is known of the device process, as pages are told it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from api.folder_names import FolderNames
from api.people import Person
from graph.types import JsonObject

State = Literal["stopped", "starting", "ready", "busy"]

ABOUT = ("device", "precision", "torch", "pid", "advice")
"""What a worker says of itself when it is ready; advice is a sentence where a GPU is there and not used."""


@dataclass
class WorkerReport:
    """What is known of the worker now; `to_json` is its part of /easel/status."""

    state: State = "stopped"
    since: float = field(default_factory=time.time)
    """Seconds since 1970 of the last change of `state`."""
    about: JsonObject = field(default_factory=dict[str, Any])
    """From its `hello`: see ABOUT."""
    device: JsonObject | None = None
    """Its entry for /system_stats."""
    detail: JsonObject | None = None
    """What takes its memory, as far as somebody asked: `models`, `cache`, `budgets`, `frozen`."""
    packs: list[JsonObject] = field(default_factory=list[JsonObject])
    deaths: list[float] = field(default_factory=list[float])
    """Times, in seconds of the monotonic clock, of ends that nobody asked for."""
    silent_since: float | None = None
    """Seconds since 1970 of the last word of one that answers nothing while it works (api/silence.py)."""
    last_words: str = ""
    """The last line that it printed before it died."""

    def to_json(self, *, words: bool = True) -> JsonObject:
        """words: also what it printed last, which may be of anybody's job: not for everybody's eyes."""
        return {
            "state": self.state,
            "since": self.since,
            **self.about,
            "memory": self.device,
            "packs": self.packs,
            "deaths": len(self.deaths),
            "silent_since": self.silent_since,
            "last_words": self.last_words if words and self.deaths and self.state in ("starting", "stopped") else "",
        }


def report_for(person: Person | None, report: WorkerReport, names: FolderNames) -> JsonObject:
    """What a person is told of it, or, for None, whoever is no admin: no last words, and no paths."""
    whole = person is not None and person.may("admin")
    found = report.to_json(words=whole)
    return found if whole else names.within(found)
