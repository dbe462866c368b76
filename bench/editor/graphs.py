"""The graphs that both editors open: a wide field of one node type, about two links a node, as a workflow file."""

from __future__ import annotations

import math
from typing import Any

PITCH = 300, 280
SIZE = 240, 210
SAMPLERS = ("euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpm_fast", "ddim", "uni_pc", "uni_pc_bh2")
INPUTS = ("model", "MODEL"), ("positive", "CONDITIONING"), ("latent", "LATENT")
OUTPUTS = ("MODEL", "MODEL"), ("CONDITIONING", "CONDITIONING")


def graph(count: int) -> dict[str, Any]:
    """A chain from left to right, row after row, and a link from each node to one a row and a bit further."""
    columns = max(1, round(math.sqrt(count * 1.5)))
    nodes = [node(index, columns) for index in range(count)]
    links: list[list[Any]] = []
    for index in range(1, count):
        join(nodes, links, index - 1, 0, index, 0)
        if index >= columns + 3:
            join(nodes, links, index - columns - 3, 1, index, 1)
    return {
        "last_node_id": count,
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def node(index: int, columns: int) -> dict[str, Any]:
    row, column = divmod(index, columns)
    return {
        "id": index + 1,
        "type": "BenchNode",
        "pos": [column * PITCH[0], row * PITCH[1]],
        "size": list(SIZE),
        "flags": {},
        "order": index,
        "mode": 0,
        "inputs": [{"name": name, "type": kind, "link": None} for name, kind in INPUTS],
        "outputs": [{"name": name, "type": kind, "links": None} for name, kind in OUTPUTS],
        "title": f"Sampler {index + 1}",
        "properties": {},
        "widgets_values": [
            20 + index % 30,
            SAMPLERS[index % len(SAMPLERS)],
            f"a photo of thing {index}",
            index % 2 == 0,
        ],
    }


def join(
    nodes: list[dict[str, Any]], links: list[list[Any]], source: int, output: int, reader: int, place: int
) -> None:
    key = len(links) + 1
    slot = nodes[source]["outputs"][output]
    links.append([key, source + 1, output, reader + 1, place, slot["type"]])
    slot["links"] = [*(slot["links"] or []), key]
    nodes[reader]["inputs"][place]["link"] = key
