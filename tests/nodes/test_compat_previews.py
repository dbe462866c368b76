"""Pictures that packs send with progress: those that only show how far it is are told from those that are results."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from graph.context import Context
from graph.events import Preview
from nodes.compat.progress import show


@pytest.mark.parametrize(
    ("preview", "sketch", "size"),
    [
        (("JPEG", Image.new("RGB", (64, 32)), 16), True, (16, 8)),
        (("PNG", Image.new("RGB", (64, 32)), None), False, (64, 32)),
        (("PNG", Image.new("RGB", (64, 32))), False, (64, 32)),
    ],
)
def test_a_picture_in_its_own_size_is_a_result(preview: Any, sketch: bool, size: tuple[int, int]) -> None:
    told: list[Any] = []
    show(Context(emit=told.append), preview)
    (event,) = told
    assert isinstance(event, Preview)
    assert event.sketch is sketch
    assert Image.open(io.BytesIO(event.data)).size == size
