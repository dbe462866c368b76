"""Expressions in number widgets: `=[KSampler].steps * 2`. A small grammar of ours, no `eval`.

`web/model/expression.js` is its twin; both read `tests/conversion/expressions.json`. docs/expressions.md tells people.

    sum       = product (("+" | "-") product)*
    product   = sign (("*" | "/" | "%") sign)*
    sign      = ("-" | "+") sign | value
    value     = number | "(" sum ")" | function "(" sum ("," sum)* ")" | reference
    function  = "min" | "max" | "round"
    reference = "[" ("#" id | title) "]" "." (name | "[" name "]")
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 500
"""Letters of an expression, at most."""
DEEPEST = 50
"""Brackets, signs and functions within one another, at most."""

FUNCTIONS = {"min": 50, "max": 50, "round": 2}
"""How many values each takes."""
_SIGNS = {"×": "*", "÷": "/", "−": "-"}
_SPACE = " \t\r\n\u00a0"
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ExpressionError(ValueError):
    """What is wrong, as a sentence, and where: the count of letters before it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Reference:
    node: str
    """`#` and an id, or a title."""
    widget: str
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Takes the last `count` values: a program needs no recursion, however long."""

    op: str
    count: int
    at: int


Step = float | Reference | Operation
Read = Callable[[Reference], float]


def parse(source: str) -> list[Step]:
    """The steps that work it out. Raises ExpressionError."""
    if len(source) > LONGEST:
        raise ExpressionError(f"An expression has {LONGEST} letters at most.", LONGEST)
    parser = _Parser(source)
    parser.sum(0)
    parser.end()
    return parser.steps


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.steps: list[Step] = []

    def next(self) -> str:
        """The next letter that is no space, its sign in ASCII; empty at the end."""
        while self.at < len(self.source) and self.source[self.at] in _SPACE:
            self.at += 1
        letter = self.source[self.at : self.at + 1]
        return _SIGNS.get(letter, letter)

    def end(self) -> None:
        letter = self.next()
        if letter:
            raise ExpressionError(f"“{letter}” is not expected here.", self.at)

    def sum(self, depth: int) -> None:
        self.product(depth)
        while (sign := self.next()) in ("+", "-"):
            at = self._step()
            self.product(depth)
            self.steps.append(Operation(sign, 2, at))

    def product(self, depth: int) -> None:
        self.sign(depth)
        while (sign := self.next()) in ("*", "/", "%"):
            at = self._step()
            self.sign(depth)
            self.steps.append(Operation(sign, 2, at))

    def sign(self, depth: int) -> None:
        if depth > DEEPEST:
            raise ExpressionError("This is nested too deeply.", self.at)
        letter = self.next()
        if letter not in ("-", "+"):
            self.value(depth)
            return
        at = self._step()
        self.sign(depth + 1)
        if letter == "-":
            self.steps.append(Operation("negate", 1, at))

    def value(self, depth: int) -> None:
        letter = self.next()
        at = self.at
        if not letter:
            raise ExpressionError("A value is missing at the end.", at)
        if letter == "[":
            self.reference()
        elif letter == "(":
            self.at += 1
            self.sum(depth + 1)
            self.close(at)
        elif digits := _NUMBER.match(self.source, at):
            self.at = digits.end()
            value = float(digits[0])
            if not math.isfinite(value):
                raise ExpressionError("This number is too large.", at)
            self.steps.append(value)
        elif name := _NAME.match(self.source, at):
            self.call(name[0], depth)
        else:
            raise ExpressionError(f"“{letter}” is not expected here.", at)

    def call(self, name: str, depth: int) -> None:
        at = self.at
        most = FUNCTIONS.get(name)
        if most is None:
            raise ExpressionError(f"There is no “{name}”: write min, max, round, or a widget as [Node].name.", at)
        self.at += len(name)
        if self.next() != "(":
            raise ExpressionError(f"“(” is missing after {name}.", self.at)
        opened = self._step()
        self.sum(depth + 1)
        count = 1
        while self.next() == ",":
            self.at += 1
            self.sum(depth + 1)
            count += 1
        self.close(opened)
        if count > most:
            raise ExpressionError(f"{name} takes {most} values at most.", at)
        self.steps.append(Operation(name, count, at))

    def close(self, opened: int) -> None:
        if self.next() != ")":
            raise ExpressionError("The “(” here is not closed.", opened)
        self.at += 1

    def reference(self) -> None:
        at = self.at
        node = self.quoted()
        if not node:
            raise ExpressionError("Say which node: [#3].steps or [Title].steps.", at)
        if self.next() != ".":
            raise ExpressionError(f"“.” and the name of a widget are missing after [{node}].", self.at)
        self.at += 1
        if self.next() == "[":
            widget = self.quoted()
        else:
            name = _NAME.match(self.source, self.at)
            widget = name[0] if name else ""
            self.at += len(widget)
        if not widget:
            raise ExpressionError("The name of a widget is missing after the “.”.", self.at)
        self.steps.append(Reference(node, widget, at))

    def quoted(self) -> str:
        r"""What stands in [ ]; `\` makes the next letter a plain one."""
        opened = self._step()
        text = ""
        while self.at < len(self.source):
            letter = self.source[self.at]
            self.at += 1
            if letter == "]":
                return text.strip()
            if letter == "\\":
                letter = self.source[self.at : self.at + 1]
                self.at += 1
            text += letter
        raise ExpressionError("The “[” here is not closed.", opened)

    def _step(self) -> int:
        self.at += 1
        return self.at - 1


def evaluate(steps: list[Step], read: Read) -> float:
    """Raises ExpressionError, also what `read` raises."""
    stack: list[float] = []
    for step in steps:
        if isinstance(step, Reference):
            stack.append(read(step))
        elif isinstance(step, Operation):
            value = _compute(step, stack[-step.count :]) + 0.0  # no negative zero
            if not math.isfinite(value):
                raise ExpressionError("This becomes too large.", step.at)
            stack[-step.count :] = [value]
        else:
            stack.append(step)
    return stack[0]


def _compute(step: Operation, values: list[float]) -> float:
    first = values[0]
    second = values[1] if len(values) > 1 else 1.0
    match step.op:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/" | "%":
            if second == 0:
                raise ExpressionError("This divides by zero.", step.at)
            return first / second if step.op == "/" else math.fmod(first, second)
        case "negate":
            return -first
        case "round":
            if not second > 0:
                raise ExpressionError("round needs a step greater than zero.", step.at)
            quotient = first / second
            return half_away(quotient) * second if math.isfinite(quotient) else quotient
        case "min":
            return min(values)
        case _:
            return max(values)


def half_away(value: float) -> float:
    """Halves away from zero."""
    whole = float(math.trunc(value))
    return whole + math.copysign(1.0, value) if abs(value - whole) >= 0.5 else whole
