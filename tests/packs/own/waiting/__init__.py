"""Async functions: nodes that wait do so side by side, and the graph goes on meanwhile."""

from __future__ import annotations

import asyncio
from typing import Annotated

from graph.context import Context
from graph.node import Slider, Socket, Text, node

_meeting: list[asyncio.Event] = []


@node("OwnMeet", category="examples", title="Wait For Each Other", not_idempotent=True)
async def meet(
    context: Context,
    name: Annotated[str, Text()] = "a",
    patience: Annotated[float, Slider(min=0.0, max=60.0, step=0.1)] = 10.0,
) -> Annotated[str, Socket("STRING")]:
    """Two of these wait until both have come: each would wait for ever if nodes ran one after the other."""
    context.text(f"{name} waits")
    if _meeting:
        _meeting.pop().set()
    else:
        come = asyncio.Event()
        _meeting.append(come)
        await asyncio.wait_for(come.wait(), patience)
    context.progress(1, 1)
    return f"{name} was there"
