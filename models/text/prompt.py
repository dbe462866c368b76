"""Prompt weights: "a (red:1.3) ((car))" -> pieces of text, each with its weight.

The rules are ComfyUI's, which graphs rely on: parentheses multiply by 1.1, or set the number after the last colon;
what is nested multiplies, a number stands for itself; \\( and \\) are literal; brackets mean nothing. Where
parentheses do not match, they are text, save that the last ones of "((word)" count as a pair, whatever is between.
"""

from __future__ import annotations

import math

MOST_NESTED = 100
"""Parentheses within parentheses that count: the weight is beyond ten thousand by then, and what is inside any deeper
is text. Each level is read once more, so without an end a prompt of 100 KB would take minutes."""

_ESCAPES = (("\\)", "\0\1"), ("\\(", "\0\2"))


def weigh(text: str, weight: float = 1.0) -> list[tuple[str, float]]:
    """Pieces of the prompt, in order, each with its weight; none is empty. Iterative, as deep as MOST_NESTED.

    weight: of what is in no parentheses.
    """
    for written, stands in _ESCAPES:
        text = text.replace(written, stands)
    pieces: list[tuple[str, float]] = []
    open_: list[tuple[str, float, int, bool]] = [(text, weight, 0, False)]
    while open_:
        span, weight, depth, enclosed = open_.pop()
        if enclosed:
            span, weight = _own_weight(span, weight)
        parts = _top_level(span) if depth < MOST_NESTED else [(span, False)]
        if parts == [(span, False)]:
            pieces.append((_unescape(span), weight))
        else:
            open_ += [(part, weight, depth + inside, inside) for part, inside in reversed(parts)]
    return [(piece, weight) for piece, weight in pieces if piece]


def _own_weight(span: str, weight: float) -> tuple[str, float]:
    """What stands in a pair of parentheses, without its number, and the weight it gets."""
    words, colon, number = span.rpartition(":")
    if colon and words:
        try:
            own = float(number)
        except ValueError:
            own = math.nan
        if math.isfinite(own):
            return words, own
    return span, weight * 1.1


def _top_level(span: str) -> list[tuple[str, bool]]:
    """The span cut at its outermost parentheses: (text, False) and (what is inside a pair, True)."""
    parts: list[tuple[str, bool]] = []
    start = depth = 0
    for at, letter in enumerate(span):
        if letter == "(":
            if depth == 0:
                if at > start:
                    parts.append((span[start:at], False))
                start = at
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0 and span[start] == "(":
                parts.append((span[start + 1 : at], True))
                start = at + 1
            elif depth == 0:
                parts.append((span[start : at + 1], False))
                start = at + 1
    rest = span[start:]
    if len(rest) > 1 and rest[0] == "(" and rest[-1] == ")":
        parts.append((rest[1:-1], True))
    elif rest or not parts:
        parts.append((rest, False))
    return parts


def _unescape(text: str) -> str:
    for written, stands in _ESCAPES:
        text = text.replace(stands, written[1])
    return text
