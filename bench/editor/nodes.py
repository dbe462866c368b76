"""The node type of the bench's graphs, for the server whose page is measured."""

from __future__ import annotations

from typing import Annotated

from bench.editor.graphs import SAMPLERS
from graph.node import Choice, Int, Socket, Text, Toggle, node
from graph.registry import Registry

Model = Annotated[object, Socket("MODEL")]
Conditioning = Annotated[object, Socket("CONDITIONING")]
Latent = Annotated[object, Socket("LATENT")]


@node("BenchNode", category="sampling", title="Bench node")
def bench_node(
    model: Model,
    positive: Conditioning,
    latent: Latent,
    steps: Annotated[int, Int(min=0, max=100)] = 20,
    sampler: Annotated[str, Choice(options=SAMPLERS)] = "euler",
    prompt: Annotated[str, Text()] = "",
    tiled: Annotated[bool, Toggle()] = False,
) -> tuple[Model, Conditioning]:
    return model, positive


def registry() -> Registry:
    return Registry(bench_node)
