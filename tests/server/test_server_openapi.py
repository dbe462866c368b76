"""The OpenAPI document is one, and says of every route that there is, and of no other."""

from __future__ import annotations

import re

import pytest

from api import app
from api.openapi.document import document, operations
from api.openapi.operation import schema, template
from tests.server.harness import Server


def routes() -> set[tuple[str, str]]:
    """Method and path of every route, those under /api as the ones that they are twins of."""
    found = {("GET", "/")}
    for theme in app.THEMES:
        found |= {(route.method, route.path) for route in theme.ROUTES}
    own = {(route.method, route.path) for theme in app.OWN_THEMES for route in theme.OWN_ROUTES}
    return found | {
        (method, path) for method, path in own if (method, path.removeprefix("/api")) not in own - {(method, path)}
    }


def test_every_route_is_in_the_table_and_every_line_is_a_route() -> None:
    told = [(operation.method, operation.path) for _, operation in operations()]
    assert len(told) == len(set(told)), "a route is told twice"
    assert set(told) - routes() == set(), "these are told and are no routes"
    assert routes() - set(told) == set(), "these are routes and not told: add them to api/openapi/"


def test_the_document_is_valid(server: Server) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    reply = server.get("/easel/openapi.json")
    assert reply.status == 200
    found = reply.json()
    validator.validate(found)
    assert found == document(found["info"]["version"])
    ids = [each["operationId"] for path in found["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'"#/components/schemas/(\w+)"', reply.body.decode()))
    assert used - {"PromptRequest"} <= set(found["components"]["schemas"])


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ("integer?", {"type": ["integer", "null"]}),
        (["#Job"], {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}),
        ({"*": "any"}, {"type": "object", "additionalProperties": {}}),
        (
            {"a": "string", "b?": "number"},
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "required": ["a"]},
        ),
    ],
)
def test_shapes_are_read(shape: object, found: object) -> None:
    assert schema(shape) == found


def test_a_misspelt_shape_is_told() -> None:
    with pytest.raises(ValueError, match="strnig"):
        schema({"a": "strnig"})


def test_paths_lose_their_patterns() -> None:
    assert template("/easel/share/{token:[A-Za-z0-9_-]{1,100}}/runs/{index:[0-9]{1,4}}") == (
        "/easel/share/{token}/runs/{index}"
    )


def test_the_page_that_shows_it_needs_nothing_from_elsewhere(server: Server) -> None:
    reply = server.get("/easel/api")
    assert reply.status == 200
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    for name in re.findall(r'(?:href|src)="([^"]+)"', reply.body.decode()):
        assert server.get(name).status == 200, name
