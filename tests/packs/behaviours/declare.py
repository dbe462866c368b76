"""ComfyUI-style node classes from functions, so that fifty small ones stay readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CLASSES: dict[str, type] = {}
"""All classes of this pack, by the names under which it registers them."""


class Anything(str):
    """The type that packs pass for "anything": it claims to differ from nothing."""

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


ANY = Anything("*")


def v1(
    name: str,
    returns: tuple[Any, ...] = (),
    required: dict[str, Any] | None = None,
    optional: dict[str, Any] | None = None,
    hidden: dict[str, str] | None = None,
    **attributes: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the method of the class `name`. attributes: OUTPUT_NODE, IS_CHANGED and others."""

    def make(work: Callable[..., Any]) -> Callable[..., Any]:
        def input_types(cls: type) -> dict[str, Any]:
            groups = {"required": required or {}, "optional": optional or {}, "hidden": hidden or {}}
            return {group: dict(inputs) for group, inputs in groups.items() if inputs or group == "required"}

        known = {"INPUT_TYPES": classmethod(input_types), "RETURN_TYPES": returns, "FUNCTION": "work", "work": work}
        CLASSES[name] = type(name, (), {**known, "CATEGORY": "behaviours", **attributes})
        return work

    return make
