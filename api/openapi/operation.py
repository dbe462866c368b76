"""One line of the table: what a route takes and gives, and the short way in which shapes are written there.

"string", "integer", "number", "boolean", "object", "any"    plain types; "string?" may be null
"#Job"                                                        a shape of `shapes.py`
["string"]                                                    a list
{"id": "string", "name?": "string"}                           an object; `?` after a name: may be left out
{"*": "integer"}                                              an object of such values by name
"image/webp"                                                  no JSON: bytes of that media type
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from graph.types import JsonObject

PLAIN = frozenset({"string", "integer", "number", "boolean", "object"})


@dataclass(frozen=True)
class Operation:
    """query: `name` or `name:type`, with spaces between; each may be left out."""

    method: str
    path: str
    summary: str
    takes: Any = None
    gives: Any = None
    query: str = ""
    status: int = 200


def get(path: str, summary: str, gives: Any = "any", *, query: str = "", status: int = 200) -> Operation:
    return Operation("GET", path, summary, None, gives, query, status)


def post(path: str, summary: str, takes: Any = None, gives: Any = None, **more: Any) -> Operation:
    return Operation("POST", path, summary, takes, gives, **more)


def put(path: str, summary: str, takes: Any = None, gives: Any = None, **more: Any) -> Operation:
    return Operation("PUT", path, summary, takes, gives, **more)


def patch(path: str, summary: str, takes: Any = None, gives: Any = None, **more: Any) -> Operation:
    return Operation("PATCH", path, summary, takes, gives, **more)


def delete(path: str, summary: str, gives: Any = None, **more: Any) -> Operation:
    return Operation("DELETE", path, summary, None, gives, **more)


def is_media(shape: Any) -> bool:
    return isinstance(shape, str) and "/" in shape


def schema(shape: Any) -> JsonObject:
    """A shape as JSON Schema. Raises ValueError for one that is misspelt."""
    if isinstance(shape, list):
        items = cast("list[Any]", shape)
        return {"type": "array", "items": schema(items[0])}
    if isinstance(shape, dict):
        return _object(cast(JsonObject, shape))
    text = str(shape)
    name, nullable = text.removesuffix("?"), text.endswith("?")
    if name == "any":
        return {}
    if name.startswith("#"):
        found: JsonObject = {"$ref": f"#/components/schemas/{name[1:]}"}
        return {"anyOf": [found, {"type": "null"}]} if nullable else found
    if name not in PLAIN:
        raise ValueError(f"There is no shape {text!r}.")
    return {"type": [name, "null"] if nullable else name}


def _object(shape: JsonObject) -> JsonObject:
    if set(shape) == {"*"}:
        return {"type": "object", "additionalProperties": schema(shape["*"])}
    found: JsonObject = {
        "type": "object",
        "properties": {name.removesuffix("?"): schema(one) for name, one in shape.items()},
    }
    required = [name for name in shape if not name.endswith("?")]
    return {**found, "required": required} if required else found


def template(path: str) -> str:
    """The path as OpenAPI writes it: `{file:.+}` is `{file}`."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path)


def parameters(operation: Operation) -> list[JsonObject]:
    found: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", template(operation.path))
    ]
    for word in operation.query.split():
        name, _, kind = word.partition(":")
        found.append({"name": name, "in": "query", "schema": schema(kind or "string")})
    return found
