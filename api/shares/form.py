"""What a shared link lets a guest set: the form as its owner made it, and a guest's values judged by it.

A form says for each input which constants of the prompt it fills. A guest's request names inputs of the form and gives
values, nothing else: it can reach no other node, no link and no path.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace
from typing import Any, cast

from api.replies import Refusal
from graph.types import JsonObject

MOST_ITEMS = 200
MOST_CHOICES = 2000
MOST_OUTPUTS = 50
LONGEST_WORDS = 4000
"""Of a label, a help text or a paragraph."""
LONGEST_TEXT = 20_000
"""Of a text that a guest gives."""
LARGEST = 1e20
CONTROLS = frozenset({"number", "text", "choice", "toggle", "colour", "image"})
WORDS = frozenset({"heading", "text", "divider"})
FILE_NAMES = frozenset({"filename_prefix"})
"""Inputs whose text names files of the server: they are not for guests."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_CONTROL_LETTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Input:
    """One input of the form."""

    id: str
    control: str
    label: str
    targets: tuple[tuple[str, str], ...]
    """Node id and input name of each constant that the value fills."""
    integer: bool = False
    min: float = -LARGEST
    max: float = LARGEST
    step: float = 0.0
    choices: tuple[Scalar, ...] = ()
    max_length: int = LONGEST_TEXT
    multiline: bool = True
    value: Scalar | None = None


@dataclass(frozen=True)
class Form:
    """The form, checked, and as guests may see it."""

    inputs: dict[str, Input]
    outputs: dict[str, str]
    """Node id to what its results are called."""
    shown: JsonObject
    """What a guest is told: no node, no name of an input."""


def read_form(raw: Any, prompt: JsonObject) -> Form:
    """The owner's form, which must fit the prompt. Raises Refusal (400) with a sentence that names what does not."""
    form = _object(raw, "The form")
    items = _list(form, "items", MOST_ITEMS)
    inputs: dict[str, Input] = {}
    shown: list[JsonObject] = []
    for raw_item in items:
        item = _object(raw_item, "An item of the form")
        kind = item.get("kind")
        wide = item.get("wide") is True
        if kind == "input":
            found = _read_input(item, prompt)
            if found.id in inputs:
                raise _wrong(f"Two inputs of the form have the id {found.id!r}.")
            inputs[found.id] = found
            shown.append(_show_input(found, item, wide))
        elif kind in WORDS:
            shown.append({"kind": kind, "text": _words(item, "text")})
        else:
            raise _wrong(f"An item of the form is of the kind {str(kind)[:40]!r}, which is not known.")
    outputs: dict[str, str] = {}
    for raw_output in _list(form, "outputs", MOST_OUTPUTS):
        output = _object(raw_output, "An output of the form")
        node = str(output.get("node"))
        if node not in prompt:
            raise _wrong(f"The form shows the results of node {node[:40]!r}, which is not in the graph.")
        outputs[node] = _words(output, "label")
    if not outputs:
        raise _wrong("Choose at least one output: a guest would see no result.")
    columns = form.get("columns")
    return Form(
        inputs,
        outputs,
        {
            "title": _words(form, "title"),
            "columns": columns if columns in (1, 2, 3) else 1,
            "items": shown,
            "outputs": list(outputs.values()),
        },
    )


def _read_input(item: JsonObject, prompt: JsonObject) -> Input:
    label = _words(item, "label") or "an input"
    id, control = item.get("id"), item.get("control")
    if not isinstance(id, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", id):
        raise _wrong(f"{label}: its id must be 1 to 40 letters, digits, - or _.")
    if control not in CONTROLS:
        raise _wrong(f"{label}: {str(control)[:40]!r} is no kind of control.")
    targets: list[tuple[str, str]] = []
    for raw in _list(item, "targets", 100):
        pair: list[Any] = cast("list[Any]", raw) if isinstance(raw, list) else []
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise _wrong(f"{label}: what it fills must be pairs of a node and an input.")
        node, name = str(pair[0]), str(pair[1])
        given = _inputs(prompt, node).get(name)
        if not isinstance(given, (str, int, float, bool)):
            raise _wrong(f"{label}: node {node[:40]} has no value {name[:40]!r} that a guest could set.")
        if name in FILE_NAMES:
            raise _wrong(f"{label}: {name} names files of this server, so a guest may not set it.")
        targets.append((node, name))
    if not targets:
        raise _wrong(f"{label}: it sets nothing in the graph.")
    low, high = _number(item, "min", -LARGEST), _number(item, "max", LARGEST)
    if low > high:
        raise _wrong(f"{label}: the least value is above the greatest.")
    choices: list[Scalar] = []
    for choice in _list(item, "choices", MOST_CHOICES) if control == "choice" else []:
        if not isinstance(choice, (str, int, float, bool)) or len(str(choice)) > LONGEST_WORDS:
            raise _wrong(f"{label}: a choice must be a text, a number or true or false.")
        choices.append(choice)
    if control == "choice" and not choices:
        raise _wrong(f"{label}: it offers no choice.")
    length = item.get("maxLength")
    found = Input(
        id=id,
        control=str(control),
        label=label,
        targets=tuple(targets),
        integer=item.get("integer") is True,
        min=low,
        max=high,
        step=max(0.0, _number(item, "step", 0.0)),
        choices=tuple(choices),
        max_length=min(length, LONGEST_TEXT) if type(length) is int and length > 0 else LONGEST_TEXT,
        multiline=item.get("multiline") is not False,
    )
    node, name = targets[0]
    value = _inputs(prompt, node).get(name)
    if control == "image":
        return found
    try:
        fitting = judge(replace(found, step=0.0), value)
    except Refusal as refusal:
        raise _wrong(f"The form's own value does not fit it: {refusal}") from None
    return replace(found, value=fitting)


def _show_input(found: Input, item: JsonObject, wide: bool) -> JsonObject:
    shown: JsonObject = {
        "kind": "input",
        "id": found.id,
        "control": found.control,
        "label": found.label,
        "help": _words(item, "help"),
        "wide": wide,
        "value": found.value,
    }
    if found.control == "number":
        shown |= {
            "integer": found.integer,
            "min": found.min if found.min > -LARGEST else None,
            "max": found.max if found.max < LARGEST else None,
            "step": found.step or None,
            "increment": _number(item, "increment", found.step) or None,
            "slider": item.get("slider") is True,
            "seed": item.get("seed") is True,
            "random": item.get("random") is True,
            "digits": digits if isinstance(digits := item.get("digits"), int) else None,
        }
    elif found.control == "choice":
        shown["choices"] = list(found.choices)
    elif found.control == "text":
        shown |= {"maxLength": found.max_length, "multiline": found.multiline, "dynamic": item.get("dynamic") is True}
    elif found.control == "toggle":
        shown |= {"on": _words(item, "on"), "off": _words(item, "off")}
    return shown


def judge(found: Input, value: Any) -> Scalar:
    """The value where this input takes it. Raises Refusal (400), whose sentence is for the guest."""
    label = found.label
    if found.control == "toggle":
        if not isinstance(value, bool):
            raise _unfit(found, f"{label} must be on or off.")
        return value
    if found.control == "choice":
        for choice in found.choices:
            if type(choice) is type(value) and choice == value:
                return choice
        raise _unfit(found, f"{label}: that is none of the choices.")
    if found.control == "number":
        return _judge_number(found, value)
    if not isinstance(value, str):
        raise _unfit(found, f"{label} must be a text.")
    if found.control == "colour":
        if not _COLOUR.match(value):
            raise _unfit(found, f"{label} must be a colour such as #3366ff.")
        return value
    if len(value) > found.max_length:
        raise _unfit(found, f"{label} is longer than {found.max_length} letters.")
    if _CONTROL_LETTERS.search(value.replace("\r\n", "\n")):
        raise _unfit(found, f"{label} holds letters that cannot be shown.")
    return value


def _judge_number(found: Input, value: Any) -> int | float:
    label = found.label
    if not _is_number(value):
        raise _unfit(found, f"{label} must be a number.")
    if found.integer:
        if isinstance(value, float) and not value.is_integer():
            raise _unfit(found, f"{label} must be a whole number.")
        value = int(value)
    if not found.min <= value <= found.max:
        raise _unfit(found, f"{label} must be from {_plain(found.min)} to {_plain(found.max)}.")
    if found.step and value != found.value:
        start = found.min if found.min > -LARGEST else 0.0
        steps = (value - start) / found.step
        if abs(steps) < 2**40 and abs(steps - round(steps)) > 1e-4 and abs(value - found.max) > 1e-9:
            raise _unfit(found, f"{label} goes in steps of {_plain(found.step)}.")
    return value


def fill(form: Form, prompt: JsonObject, values: dict[str, Scalar]) -> JsonObject:
    """The prompt with these values, which `judge` gave, in their places."""
    filled = copy.deepcopy(prompt)
    for id, value in values.items():
        for node, name in form.inputs[id].targets:
            filled[node]["inputs"][name] = value
    return filled


def _inputs(prompt: JsonObject, node: str) -> JsonObject:
    found: Any = prompt.get(node)
    inputs: Any = cast(JsonObject, found).get("inputs") if isinstance(found, dict) else None
    return cast(JsonObject, inputs) if isinstance(inputs, dict) else {}


def _object(raw: Any, what: str) -> JsonObject:
    if not isinstance(raw, dict):
        raise _wrong(f"{what} must be an object.")
    return cast(JsonObject, raw)


def _list(found: JsonObject, name: str, most: int) -> list[Any]:
    value = found.get(name, [])
    if not isinstance(value, list):
        raise _wrong(f"`{name}` must be a list.")
    if len(cast("list[Any]", value)) > most:
        raise _wrong(f"`{name}` has more than {most} entries.")
    return cast("list[Any]", value)


def _words(found: JsonObject, name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"`{name}` must be a text.")
    if len(value) > LONGEST_WORDS:
        raise _wrong(f"`{name}` is longer than {LONGEST_WORDS} letters.")
    return _CONTROL_LETTERS.sub("", value)


def _number(found: JsonObject, name: str, otherwise: float) -> float:
    value = found.get(name)
    if value is None:
        return otherwise
    if not _is_number(value):
        raise _wrong(f"`{name}` must be a number.")
    return value


def _is_number(value: Any) -> bool:
    """Whether it is one, and no larger than any that is meant: whole numbers may have thousands of digits."""
    return not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) <= LARGEST


def _plain(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"


def _wrong(sentence: str) -> Refusal:
    return Refusal(400, "invalid_form", sentence)


def _unfit(found: Input, sentence: str) -> Refusal:
    return Refusal(400, "invalid_value", sentence, extra_info={"input": found.id})
