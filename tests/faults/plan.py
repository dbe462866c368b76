"""Which faults are played where."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.faults import ANYWHERE, FAULTS, NEEDS

PER_RUN = 10
"""Rounds that go over one folder."""


@dataclass(frozen=True)
class Plan:
    """One run: its seed, its place, and its faults in order."""

    seed: int
    place: str
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"--seed {self.seed} --place {self.place} --faults {','.join(self.faults)}"


def planned(seed: int, rounds: int, *, only: Sequence[str] | None = None) -> list[Plan]:
    """So many rounds in runs; each fault comes about equally often. only: of these faults."""
    dice = random.Random(seed)
    wanted = [fault for fault in FAULTS if only is None or fault in only]
    per_fault = {fault: rounds // len(wanted) + (n < rounds % len(wanted)) for n, fault in enumerate(wanted)}
    plans: list[Plan] = []
    for place in ("small", "disk", "plain"):
        own = [f for f in wanted if NEEDS.get(f, "plain") == place]
        pool = [f for f in own for _ in range(per_fault[f])]
        if place != "plain":  # others happen there too
            more = [f for f in ANYWHERE if per_fault.get(f, 0) > 0]
            for fault in dice.choices(more, k=len(pool) // 2) if more else ():
                if per_fault[fault] > 0:
                    per_fault[fault] -= 1
                    pool.append(fault)
        dice.shuffle(pool)
        plans += [
            Plan(seed + len(plans) + at // PER_RUN, place, tuple(pool[at : at + PER_RUN]))
            for at in range(0, len(pool), PER_RUN)
        ]
    return [Plan(seed + n, plan.place, plan.faults) for n, plan in enumerate(plans)]
