# pyright: basic
"""ComfyUI's `comfy_execution.validation`."""

from __future__ import annotations

from typing import Any


def validate_node_input(received_type: Any, input_type: Any, strict: bool = False) -> bool:
    """Whether an output of one type may be linked to an input of another; each may be a union `A,B` or anything `*`.

    strict: whether all that the output may be must be accepted, and not just some of it.
    """
    if not received_type != input_type:  # packs' texts for "anything" differ from nothing  # noqa: SIM202
        return True
    if not isinstance(received_type, str) or not isinstance(input_type, str):
        return False
    received, accepted = ({part.strip() for part in kind.split(",")} for kind in (received_type, input_type))
    if "*" in received | accepted:
        return True
    return received <= accepted if strict else bool(received & accepted)
