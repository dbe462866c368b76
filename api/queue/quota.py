"""How much of the queue and of the device a person may have, and what is said where that is used up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from aiohttp import hdrs

from api.queue.spending import SLICE, Spending
from api.replies import Refusal


class Quota(Protocol):
    """How much a person may have. None: as much as there is."""

    @property
    def most_queued(self) -> int | None: ...

    @property
    def gpu_seconds_per_day(self) -> float | None: ...


@dataclass(frozen=True)
class Unlimited:
    """Of who has no account."""

    most_queued: int | None = None
    gpu_seconds_per_day: float | None = None


@dataclass(frozen=True)
class Use:
    """How much of the queue and of the device a person has."""

    queued: int
    """Jobs that wait or run."""
    spent_seconds: float
    """Of the device, that jobs had in the last 24 hours."""
    open_seconds: float
    """What the job that runs took so far, and what those that wait are expected to take."""
    room_in: float | None
    """Seconds until a job is taken again, where the time of the day is used up; None where some is left, and where none
    is given at all."""


def use_of(quota: Quota, spending: Spending, owner: str, queued: int, open_ms: float, now: float) -> Use:
    """open_ms: as in `check_time`."""
    spent = spending.day(owner, now)
    most = quota.gpu_seconds_per_day
    room_in: float | None = None
    if most is not None and 0 < most * 1000 <= spent:
        room_in = spending.room_in(owner, most * 1000, now)
    return Use(queued, spent / 1000, open_ms / 1000, room_in)


def check_count(quota: Quota, there: int, more: int) -> None:
    """Raise Refusal (429) where `more` jobs beside those that wait or run are too many."""
    most = quota.most_queued
    if most is not None and there + more > most:
        raise Refusal(
            429,
            "queue_full",
            f"{there} of your jobs wait or run, and {most} may. Take some out, or wait until one has ended.",
            extra_info={"queued": there, "most_queued": most},
            headers={hdrs.RETRY_AFTER: "10"},
        )


def check_time(quota: Quota, spending: Spending, owner: str, open_ms: float, now: float) -> None:
    """Raise Refusal (429) where a person's time of the device is used up.

    open_ms: what their job that runs took so far, and what those that wait are expected to take.
    """
    if quota.gpu_seconds_per_day is None:
        return
    most, spent = quota.gpu_seconds_per_day * 1000, spending.day(owner, now)
    if spent + open_ms < most:
        return
    limit, had, asked = round(most / 1000), round(spent / 1000), round(open_ms / 1000)
    extra = {"spent_seconds": had, "seconds_per_day": limit, "open_seconds": asked}
    if spent < most:
        raise Refusal(
            429,
            "time_used_up",
            f"Your jobs had {had} of the {limit} seconds of the device that they may have in 24 hours, and those that"
            f" run or wait need the rest, about {asked}. Take some out, or try again when they have ended.",
            extra_info=extra,
            headers={hdrs.RETRY_AFTER: str(math.ceil(SLICE))},
        )
    wait = spending.room_in(owner, most, now)
    raise Refusal(
        429,
        "time_used_up",
        f"Your jobs had {had} of the {limit} seconds of the device that they may have in 24 hours."
        f" There is room again in {_duration(wait)}.",
        extra_info=extra,
        headers={hdrs.RETRY_AFTER: str(math.ceil(wait))},
    )


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
