"""How jobs stand, as pages and programs are told: those that a person sees, and of others only how many they are."""

from __future__ import annotations

from api.people import Person
from api.queue.line import LISTED, Line
from api.queue.running import Running
from graph.types import JsonObject


def jobs_json(line: Line, running: Running | None, person: Person, *, nodes: bool) -> JsonObject:
    """What runs and waits, in the order in which it runs, and how many jobs of others do.

    nodes: also what is known of each that waits, how far each node is, and the results.
    """
    listed = line.waiting.placed(LISTED, person)
    others = 0 if person.alone else sum(not person.sees(entry.owner) for entry in line.waiting.all())
    shown = None
    if running is not None and not person.sees(running.owner):
        others += 1
    elif running is not None:
        more: JsonObject = {"nodes": running.board.nodes, "outputs": running.outputs} if nodes else {}
        shown = {**running_json(line, running), **more}
    return {
        "pending": [entry.prompt_id for _, entry in listed],
        **({"waiting": [{**line.job_json(entry), "position": at} for at, entry in listed]} if nodes else {}),
        "others": others,
        "running": shown,
    }


def running_json(line: Line, running: Running) -> JsonObject:
    """The job that runs."""
    return {
        **line.job_json(running.entry),
        "attempt": running.attempt,
        "interrupted": running.interrupted,
        "node": running.node,
        "ms": round(running.ms),
        "progress": running.progress(),
    }


def wait_ms(line: Line, running: Running | None, place: int) -> float | None:
    """Milliseconds until the job at this place is expected to begin; None where a part is not known."""
    progress = None if running is None else running.progress()
    parts = [] if running is None else [None if progress is None else progress["left_ms"]]
    parts += [line.paces.expected(entry.about.work) for entry in line.waiting.first(place - 1)]
    known = [part for part in parts if part is not None]
    return round(sum(known)) if len(known) == len(parts) else None
