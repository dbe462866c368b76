"""Text and single values."""

from __future__ import annotations

import pytest
import torch

from nodes import primitives, strings


def test_joining_and_cutting() -> None:
    assert strings.concatenate("a", "b", ", ") == "a, b"
    assert strings.substring("abcdef", start=1, end=-1) == "bcde"
    assert strings.length("Zoë") == 3
    assert strings.replace("a-b-c", "-", "+") == "a+b+c"


@pytest.mark.parametrize(
    ("mode", "text"),
    [("UPPERCASE", "TWO WORDS"), ("lowercase", "two words"), ("Capitalize", "Two words"), ("Title Case", "Two Words")],
)
def test_cases(mode: str, text: str) -> None:
    assert strings.convert_case("tWo wOrds", mode) == text


@pytest.mark.parametrize(("mode", "text"), [("Both", "a"), ("Left", "a "), ("Right", " a")])
def test_trimming(mode: str, text: str) -> None:
    assert strings.trim(" a ", mode) == text


@pytest.mark.parametrize(
    ("a", "b", "mode", "sensitive", "same"),
    [
        ("Cat", "ca", "Starts With", True, False),
        ("Cat", "ca", "Starts With", False, True),
        ("Cat", "at", "Ends With", True, True),
        ("Cat", "cat", "Equal", True, False),
        ("Cat", "cAT", "Equal", False, True),
    ],
)
def test_comparing(a: str, b: str, mode: str, sensitive: bool, same: bool) -> None:
    assert strings.compare(a, b, mode, sensitive) is same


def test_searching() -> None:
    assert strings.contains("a Cat", "Cat")
    assert not strings.contains("a Cat", "cat")
    assert strings.contains("a Cat", "cat", False)
    assert strings.regex_match("seed 42", r"\d+")
    assert not strings.regex_match("a\nb", "a.b")
    assert strings.regex_match("a\nb", "A.B", dotall=True)
    assert strings.regex_match("a\nb", "^b$", multiline=True)


@pytest.mark.parametrize(
    ("mode", "group", "found"),
    [
        ("First Match", 1, "k1=v1"),
        ("All Matches", 2, "k1\nk2"),
        ("First Group", 2, "v1"),
        ("All Groups", 1, "k1\nk2"),
        ("All Groups", 5, ""),
    ],
)
def test_extracting(mode: str, group: int, found: str) -> None:
    assert strings.regex_extract("k1=v1, k2=v2", r"(\w+)=(\w+)", mode, group_index=group) == found


def test_finding_nothing_is_empty() -> None:
    assert strings.regex_extract("abc", r"\d", "All Matches") == ""
    assert strings.regex_extract("abc", r"\w", "All Groups", group_index=0) == "", "it has no group"


def test_all_matches_of_an_expression_without_groups_are_whole() -> None:
    assert strings.regex_extract("k1=v1, k2=v2", r"\w+=\w+", "All Matches") == "k1=v1\nk2=v2"


def test_replacing_by_pattern() -> None:
    assert strings.regex_replace("a1 b2", r"(\w)(\d)", r"\2\1") == "1a 2b"
    assert strings.regex_replace("aaa", "A", "b", count=2) == "bba"


def test_a_broken_pattern_is_explained() -> None:
    with pytest.raises(ValueError, match="no regular expression: missing"):
        strings.regex_match("a", "(")
    for wrong in (r"\2", r"\g<name>"):
        with pytest.raises(ValueError, match="cannot be put in place of"):
            strings.regex_replace("a", "(a)", wrong)


def test_primitives_pass_their_value_on() -> None:
    assert primitives.integer(2**62) == 2**62
    assert primitives.real(0.1) == 0.1
    assert primitives.boolean(True) is True
    assert primitives.string("a") == primitives.string_multiline("a") == "a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        (["ä", 1.5], '[\n    "ä",\n    1.5\n]'),
        (torch.zeros(1, 4, 2, 2), '"1 x 4 x 2 x 2 float32"'),
        ({"samples": torch.zeros(2, 3)}, '{\n    "samples": "2 x 3 float32"\n}'),
        ({(1, 2): 3}, "{(1, 2): 3}"),
    ],
)
def test_any_value_can_be_shown(value: object, text: str) -> None:
    assert primitives.preview_any(value).ui == {"text": [text]}
