"""Text: joined, cut, searched and replaced."""

from __future__ import annotations

import re
from typing import Annotated

from graph.node import Choice, Int, Text, Toggle, node

Lines = Annotated[str, Text(multiline=True)]
Flag = Annotated[bool, Toggle()]
ANY_INT = Int(min=-(2**31), max=2**31 - 1)


@node("StringConcatenate", category="utils/string", title="Concatenate", search_aliases=("join", "append"))
def concatenate(string_a: Lines, string_b: Lines, delimiter: Annotated[str, Text()] = "") -> str:
    """Join two texts with a third between them."""
    return delimiter.join((string_a, string_b))


@node("StringSubstring", category="utils/string", title="Substring")
def substring(string: Lines, *, start: Annotated[int, ANY_INT], end: Annotated[int, ANY_INT]) -> str:
    """The part from one place up to another; numbers below 0 count from the end."""
    return string[start:end]


@node("StringLength", category="utils/string", title="Length", outputs=("length",))
def length(string: Lines) -> int:
    """How many characters a text has."""
    return len(string)


CASES = {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize, "Title Case": str.title}


@node("CaseConverter", category="utils/string", title="Case Converter")
def convert_case(string: Lines, mode: Annotated[str, Choice(options=tuple(CASES))]) -> str:
    """Turn letters into capitals or small ones."""
    return CASES[mode](string)


SIDES = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}


@node("StringTrim", category="utils/string", title="Trim")
def trim(string: Lines, mode: Annotated[str, Choice(options=tuple(SIDES))]) -> str:
    """Take away blanks at the ends."""
    return SIDES[mode](string)


@node("StringReplace", category="utils/string", title="Replace")
def replace(string: Lines, find: Lines, replace: Lines) -> str:
    """Put one text in place of another, wherever it stands."""
    return string.replace(find, replace)


@node("StringContains", category="utils/string", title="Contains", outputs=("contains",))
def contains(string: Lines, substring: Lines, case_sensitive: Flag = True) -> bool:
    """Whether a text stands in another."""
    return substring in string if case_sensitive else substring.lower() in string.lower()


COMPARISONS = {"Starts With": str.startswith, "Ends With": str.endswith, "Equal": str.__eq__}


@node("StringCompare", category="utils/string", title="Compare")
def compare(
    string_a: Lines,
    string_b: Lines,
    mode: Annotated[str, Choice(options=tuple(COMPARISONS))],
    case_sensitive: Flag = True,
) -> bool:
    """Whether a text begins with, ends with or equals another."""
    if not case_sensitive:
        string_a, string_b = string_a.lower(), string_b.lower()
    return COMPARISONS[mode](string_a, string_b)


@node("RegexMatch", category="utils/string", title="Regex Match", outputs=("matches",))
def regex_match(
    string: Lines, regex_pattern: Lines, case_insensitive: Flag = True, multiline: Flag = False, dotall: Flag = False
) -> bool:
    """Whether a regular expression is found in a text."""
    return _compiled(regex_pattern, case_insensitive, multiline, dotall).search(string) is not None


MODES = ("First Match", "All Matches", "First Group", "All Groups")


@node("RegexExtract", category="utils/string", title="Regex Extract")
def regex_extract(
    string: Lines,
    regex_pattern: Lines,
    mode: Annotated[str, Choice(options=MODES)],
    case_insensitive: Flag = True,
    multiline: Flag = False,
    dotall: Flag = False,
    group_index: Annotated[int, Int(min=0, max=100, tooltip="Which parenthesis, for the two group modes.")] = 1,
) -> str:
    """What a regular expression finds in a text, one find a line; empty where it finds nothing.

    All Matches of an expression with parentheses are what its first parenthesis finds.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    if mode == "All Groups" and not pattern.groups:
        return ""
    group = {"First Match": 0, "All Matches": min(1, pattern.groups)}.get(mode, group_index)
    if group > pattern.groups:
        return ""
    found = [match[group] or "" for match in pattern.finditer(string)]
    return "\n".join(found[:1] if mode.startswith("First") else found)


@node("RegexReplace", category="utils/string", title="Regex Replace")
def regex_replace(
    string: Lines,
    regex_pattern: Lines,
    replace: Lines,
    case_insensitive: Annotated[bool, Toggle(optional=True)] = True,
    multiline: Annotated[bool, Toggle(optional=True)] = False,
    dotall: Annotated[bool, Toggle(optional=True)] = False,
    count: Annotated[int, Int(min=0, max=100, optional=True, tooltip="How many at most; 0 is all.")] = 0,
) -> str:
    """Put a text in place of what a regular expression finds; \\1 stands for its first parenthesis."""
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    try:
        return pattern.sub(replace, string, count=count)
    except (re.error, IndexError) as error:  # IndexError: a group by a name that the pattern has not
        raise ValueError(f"{replace!r} cannot be put in place of {regex_pattern!r}: {error}") from None


def _compiled(pattern: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    flags = re.I * case_insensitive | re.M * multiline | re.S * dotall
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
