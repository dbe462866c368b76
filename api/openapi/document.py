"""The OpenAPI document, made from the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from api.openapi import clients, own
from api.openapi.operation import Operation, is_media, parameters, schema, template
from api.openapi.shapes import SHAPES
from graph.types import JsonObject

DESCRIPTION = (
    "Every route of this server. Those of the first tags are the ones that clients of ComfyUI know: each is there under"
    " `/api` as well. Where the server asks for its token, send it as `Authorization: Bearer TOKEN`. Refusals have the"
    " shape `Error`: `type` is for programs, `message` is a sentence for people."
)
TABLES: tuple[Mapping[str, tuple[Operation, ...]], ...] = (clients.ROUTES, clients.INTERNAL, own.ROUTES)


def operations() -> Iterator[tuple[str, Operation]]:
    """Every line of the table with the heading under which it stands."""
    for table in TABLES:
        for tag, lines in table.items():
            for line in lines:
                yield tag, line


@cache
def document(version: str) -> JsonObject:
    paths: dict[str, JsonObject] = {}
    tags: dict[str, None] = {}
    for tag, operation in operations():
        tags[tag] = None
        paths.setdefault(template(operation.path), {})[operation.method.lower()] = _operation(tag, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Easel", "version": version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": {name: schema(shape) for name, shape in SHAPES.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(tag: str, operation: Operation) -> JsonObject:
    found: JsonObject = {
        "tags": [tag],
        "operationId": _id(operation),
        "summary": operation.summary,
        "responses": {
            str(operation.status): _answer(operation),
            "default": {"description": "A refusal.", **_json("#Error")},
        },
    }
    if given := parameters(operation):
        found["parameters"] = given
    if operation.takes is not None:
        found["requestBody"] = _content(operation.takes)
    return found


def _answer(operation: Operation) -> JsonObject:
    said = "Switched to a websocket." if operation.status == 101 else "Done."
    gives = None if operation.status in (101, 204) else operation.gives
    return {"description": said, **({} if gives is None else _content(gives))}


def _content(shape: object) -> JsonObject:
    return {"content": {str(shape): {}}} if is_media(shape) else _json(shape)


def _json(shape: object) -> JsonObject:
    return {"content": {"application/json": {"schema": schema(shape)}}}


def _id(operation: Operation) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", template(operation.path)).strip("_")
    ending = "_" if operation.path.endswith("/") and len(operation.path) > 1 else ""
    return f"{operation.method.lower()}_{words}{ending}".rstrip("_") + ending
