"""A plain line graph as SVG: light or dark as the page that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 860, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 48
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .grid { stroke: #8884; stroke-width: 1 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .back { fill: #1b1b1b } }
"""


@dataclass(frozen=True)
class Line:
    """One line of the graph and its name in the legend."""

    name: str
    colour: str
    points: Points


def write_graph(path: Path, title: str, across: str, up: str, lines: Sequence[Line]) -> None:
    """Draw `lines` from zero upwards. across, up: what the axes count."""
    right = max((x for line in lines for x, _ in line.points), default=1.0) or 1.0
    step_x, step_y = _step(right), _step(max((y for line in lines for _, y in line.points), default=1.0) * 1.1)
    top = step_y * -(-max((y for line in lines for _, y in line.points), default=1.0) * 1.1 // step_y)

    def place(x: float, y: float) -> tuple[float, float]:
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return round(LEFT + x / right * wide, 1), round(TOP + (1 - y / top) * high, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for number in range(round(top / step_y) + 1):
        x, y = place(0, number * step_y)
        parts.append(f'<line class="grid" x1="{x}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{number * step_y:,.6g}</text>')
    for number in range(int(right / step_x) + 1):
        x, y = place(number * step_x, 0)
        parts.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{number * step_x:,.6g}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(across)}</text>')
    parts.append(f'<text x="8" y="20">{escape(up)}</text>')
    for number, line in enumerate(lines):
        drawn = " ".join(f"{x},{y}" for x, y in (place(*point) for point in line.points))
        parts.append(f'<polyline fill="none" stroke="{line.colour}" stroke-width="1.6" points="{drawn}"/>')
        x = LEFT + 120 + number * 220
        parts.append(f'<line x1="{x}" y1="16" x2="{x + 22}" y2="16" stroke="{line.colour}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 28}" y="20">{escape(line.name)}</text>')
    path.write_text("\n".join([*parts, "</svg>", ""]), "utf-8")


def _step(most: float) -> float:
    """A round distance between marks, so that there are four to ten."""
    size = 10.0 ** (len(str(int(max(most, 1)))) - 1)
    return next(size * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if most / (size * part) <= 10)
