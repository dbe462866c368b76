"""Languages that come with Easel have names and help of all core nodes."""

from __future__ import annotations

import pytest

from tests.node_words import declared, example_texts, missing, read


@pytest.mark.parametrize("code", ["zh-CN"])
def test_nothing_that_a_node_shows_is_missing(code: str) -> None:
    lacks = missing(read(code), declared())
    assert {part: found for part, found in lacks.items() if found} == {}, "see docs/translating.md"


@pytest.mark.parametrize("code", ["zh-CN"])
def test_the_examples_are_in_the_language_too(code: str) -> None:
    texts = read(code)["texts"]
    assert [text for text in example_texts() if text not in texts] == []
