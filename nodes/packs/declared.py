"""The node types that a pack's module declares: by `@node`, NODE_CLASS_MAPPINGS or `comfy_entrypoint()`."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

from graph.errors import DeclarationError
from graph.node import Function, NodeType
from graph.spec import NodeSpec
from nodes.adapter import adapt
from nodes.compat.looked import looks

ENTRY = "comfy_entrypoint"


def declared(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """(class type, class or function, title) of all node types, each once.

    Raises whatever the pack's own `comfy_entrypoint` does, and DeclarationError for what is no declaration.
    """
    mappings: Any = getattr(module, "NODE_CLASS_MAPPINGS", None) or {}
    titles: Any = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None) or {}
    if not isinstance(mappings, Mapping):
        raise DeclarationError(
            f"NODE_CLASS_MAPPINGS must be a dict of names and classes, not {type(mappings).__name__}"
        )
    if not isinstance(titles, Mapping):
        titles = {}
    for class_type, cls in mappings.items():  # pyright: ignore[reportUnknownVariableType]
        yield str(class_type), cls, str(titles.get(class_type) or "")  # pyright: ignore
    mapped = {id(item) for item in mappings.values()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    for item in list(vars(module).values()):
        if isinstance(item, Function) and id(item) not in mapped:
            yield item.type.spec.class_type, item, ""
    entry = getattr(module, ENTRY, None)
    if callable(entry) and not mappings:
        for cls in asyncio.run(_classes(entry)):
            yield _name_of(cls), cls, ""


def put_into_nodes() -> dict[str, tuple[Any, str]]:
    """What packs have put into the mappings of ComfyUI's `nodes` so far: the class and the title, by name."""
    nodes: Any = sys.modules.get("nodes.compat.node_classes")  # not imported for its own sake: it loads every core node
    if nodes is None:
        return {}
    titles = nodes.NODE_DISPLAY_NAME_MAPPINGS.added()
    return {name: (cls, str(titles.get(name) or "")) for name, cls in nodes.NODE_CLASS_MAPPINGS.added().items()}


async def _classes(entry: Any) -> list[Any]:
    """The classes of the extension that an entry point gives."""
    extension = await _awaited(entry())
    if not hasattr(extension, "get_node_list"):
        raise DeclarationError(
            f"{ENTRY}() must give an object that has get_node_list(), not a {type(extension).__name__}"
        )
    if hasattr(extension, "on_load"):
        await _awaited(extension.on_load())
    found = await _awaited(extension.get_node_list())
    if not isinstance(found, list | tuple):
        raise DeclarationError(f"get_node_list() must give a list of classes, not a {type(found).__name__}")
    return list(found)  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def is_v3(cls: Any) -> bool:
    """Whether a class declares itself by a schema."""
    return callable(getattr(cls, "define_schema", None)) or callable(getattr(cls, "GET_SCHEMA", None))


def _name_of(cls: Any) -> str:
    """What a class that is declared by a schema is called; its Python name where the schema itself fails."""
    with suppress(Exception):
        schema = cls.GET_SCHEMA() if hasattr(cls, "GET_SCHEMA") else cls.define_schema()
        return str(schema.node_id)
    return str(getattr(cls, "__name__", cls))


def node_type(class_type: str, item: Any, title: str, origin: str, version: str) -> NodeType:
    """One declaration as a node type. Raises what its own code raises, and DeclarationError.

    Choices that follow files, as the class looks them up by itself, are read anew whenever somebody wants to know.
    """
    if isinstance(item, Function):
        spec = replace(item.type.spec, class_type=class_type, module=origin, version=version)
        return replace(item.type, spec=spec)
    with suppress(AttributeError, TypeError):  # some classes cannot be written to, and nobody needs it then
        item.RELATIVE_PYTHON_MODULE = origin
    before = looks()
    found = _adapted(class_type, item, title, origin, version)
    if looks() == before or all(declared.choices is None for declared in found.spec.inputs):
        return found

    def describe() -> NodeSpec:
        return replace(_adapted(class_type, item, title, origin, version).spec, changing=True)

    return replace(found, spec=replace(found.spec, changing=True), describe=describe)


def _adapted(class_type: str, item: Any, title: str, origin: str, version: str) -> NodeType:
    try:
        if not is_v3(item):
            return adapt(class_type, item, title, module=origin, version=version)
        from nodes.compat.comfy_api.adapt import adapt_v3

        return adapt_v3(item, module=origin, version=version, class_type=class_type, title=title)
    except DeclarationError as error:
        if error.file is None:
            with suppress(OSError, TypeError):  # a class that no file holds has no place
                error.file, error.line = inspect.getsourcefile(item), inspect.getsourcelines(item)[1]
        raise
