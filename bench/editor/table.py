"""The figures as tables for a terminal: ours, theirs, the ratio of the two, and what was aimed at."""

from __future__ import annotations

from bench.editor.browser import Costs
from bench.editor.cold_load import ColdLoad

OPEN = 600.0
FRAME = 33.4
DRAW = 4.0
HEAP = 20.0
UNDO = 5.0
LOAD_BYTES = 300_000
LOAD_REQUESTS = 60


def cold_table(load: ColdLoad) -> str:
    left_out = ", ".join(f"{path} {size / 1000:.0f} kB" for path, size in load.without.items())
    return (
        f"A cold load until the first graph is drawn: {load.requests} requests (aim {LOAD_REQUESTS}),"
        f" {load.bytes / 1000:.0f} kB (aim {LOAD_BYTES / 1000:.0f}), {load.ms:.0f} ms; not counted: {left_out or '-'}\n"
    )


def table(size: int, ours: Costs | None, theirs: Costs | None) -> str:
    lines = [f"{size} nodes", row("", "ours", "litegraph", "of theirs", "aim")]
    lines.append(line("open, ms", ours and ours.open, theirs and theirs.open, OPEN))
    lines.append(line("open, CPU", ours and ours.open_cpu, theirs and theirs.open_cpu, None))
    lines.append(line("heap, MB", ours and ours.heap, theirs and theirs.heap, HEAP))
    lines.append(line("heap after gestures, MB", ours and ours.heap_after, theirs and theirs.heap_after, HEAP))
    lines.append(line("idle, ms of CPU in 1 s", ours and ours.idle, theirs and theirs.idle, None))
    for what, name in (("one", "of one node's move"), ("all", "of all nodes' move")):
        for way in ("undo", "redo"):
            lines.append(line(f"{way} {name}", ours and ours.undo[what][way], theirs and theirs.undo[what][way], UNDO))
    for name in (ours or theirs or Costs(0, 0, 0, 0, 0, 0, 0, {})).gestures:
        mine, other = ours and ours.gestures[name], theirs and theirs.gestures[name]
        lines.append(line(f"{name}: frame, median", mine and mine.median, other and other.median, FRAME))
        lines.append(line(f"{name}: frame, 95 %", mine and mine.p95, other and other.p95, FRAME))
        lines.append(line(f"{name}: drawing, median", mine and mine.draw, other and other.draw, DRAW))
        lines.append(line(f"{name}: drawing, 95 %", mine and mine.draw_p95, other and other.draw_p95, DRAW))
        lines.append(line(f"{name}: CPU a frame", mine and mine.cpu, other and other.cpu, None))
    return "\n".join(lines) + "\n"


def line(name: str, ours: float | None, theirs: float | None, aim: float | None) -> str:
    ratio = f"{ours / theirs:.2f}" if ours is not None and theirs else ""
    met = "" if aim is None else f"{aim:g}" + ("" if ours is None else " met" if ours <= aim else " MISSED")
    return row(name, number(ours), number(theirs), ratio, met)


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def row(name: str, *cells: str) -> str:
    return f"{name:<28}" + "".join(f"{cell:>12}" for cell in cells)
