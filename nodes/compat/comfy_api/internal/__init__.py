"""What all V3 nodes and their outputs are: packs ask `issubclass` and `isinstance`."""
# pyright: basic

from __future__ import annotations


class _ComfyNodeInternal:
    """A V3 node class."""

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict:  # noqa: N802
        """The entry of `/object_info`."""
        raise NotImplementedError


class _NodeOutputInternal:
    """What a V3 node returns."""


ComfyNodeInternal = _ComfyNodeInternal
NodeOutputInternal = _NodeOutputInternal


def prune_dict(values: dict) -> dict:
    """Without what is None."""
    return {name: value for name, value in values.items() if value is not None}


def is_class(value: object) -> bool:
    return isinstance(value, type)


def first_real_override(cls: type, name: str, *, base: type | None = None) -> object | None:
    """The method of this name, or None where only the base class has one."""
    method = getattr(cls, name, None)
    own = method is not None and not getattr(method, "is_default", False)
    inherited = base is not None and getattr(method, "__func__", method) is getattr(
        getattr(base, name, None), "__func__", getattr(base, name, None)
    )
    return method if own and not inherited else None
