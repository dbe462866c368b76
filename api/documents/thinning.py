"""Which versions of a document may go, by their age: the older, the fewer stay."""

from __future__ import annotations

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

STAGES = ((HOUR, 0.0), (DAY, 10 * MINUTE), (7 * DAY, HOUR), (float("inf"), DAY))
"""Up to this age, one version stays for so many seconds; 0: all stay."""


def to_drop(versions: list[tuple[int, float, bool]], now: float, always: int, most: int) -> list[int]:
    """Numbers of versions that may go, of (number, time, whether it stays for good), newest first.

    The newest of each stretch of time stays, so what stays does not depend on how often this is asked. The newest
    `always` stay whatever their times, and beyond `most` the oldest go.
    """
    dropped: list[int] = []
    seen: set[tuple[float, int]] = set()
    kept: list[tuple[int, bool]] = []
    for index, (number, when, stays) in enumerate(versions):
        width = next(width for age, width in STAGES if now - when <= age)
        stretch = (width, int(when // width)) if width else None
        if stays or index < always or stretch is None or stretch not in seen:
            kept.append((number, stays or index < always))
        else:
            dropped.append(number)
        if stretch is not None:
            seen.add(stretch)
    loose = [number for number, stays in kept if not stays]
    over = min(len(loose), max(0, len(kept) - most))
    return dropped + loose[len(loose) - over :]
