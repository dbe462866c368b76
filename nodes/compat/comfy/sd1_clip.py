# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.sd1_clip`: how prompts are weighed."""

from __future__ import annotations

from models.text.prompt import weigh
from nodes.compat.handles.clip import SD1ClipModel

__all__ = ["SD1ClipModel", "escape_important", "token_weights", "unescape_important"]

_MARKS = (("\\)", "\0\1"), ("\\(", "\0\2"))


def escape_important(text: str) -> str:
    """Parentheses that are literal, as marks."""
    for written, stands in _MARKS:
        text = text.replace(written, stands)
    return text


def unescape_important(text: str) -> str:
    """Marks as the parentheses that they stand for."""
    for written, stands in _MARKS:
        text = text.replace(stands, written[1])
    return text


def token_weights(string: str, current_weight: float) -> list[tuple[str, float]]:
    """Pieces of a prompt, each with its weight, times the one that all of it has."""
    return [(piece, weight) for piece, weight in weigh(string, current_weight)]
