"""Every route of the OpenAPI document, with bodies and names that fit it and that do not: no 500, no hang."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from api.openapi.document import document, operations
from api.openapi.operation import is_media, template
from tests.fuzz.thrown_at import Target
from tests.server.harness import running

schemathesis = pytest.importorskip("schemathesis")

SOCKETS = {"/ws", "/easel/events"}
KNOWN = [
    "cat.png",
    "graph.json",
    "model.safetensors",
    "cut.safetensors",
    "checkpoints",
    "loras",
    "input",
    "pack",
    "Say",
]
KNOWN += ["workflows", "1", "0", "-1", "..", "%2e%2e%2f", "a\x00b", "con", "x" * 300, "\u202e.png", "default", "en"]
"""Names that are right somewhere, and some that are right nowhere."""


def all_operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(document("0"))
    return [found.ok() for found in schema.get_all_operations() if found.ok().path not in SOCKETS]


OPERATIONS = {operation.label: operation for operation in all_operations()}
CAN_BE_WRONG = {
    f"{operation.method} {template(operation.path)}"
    for _, operation in operations()
    if operation.takes not in (None, "any") and not is_media(operation.takes)
}
"""Whose body has a shape: where anything goes, a search for what does not takes long and finds nothing."""
ALONE = [label for label in OPERATIONS if label != "POST /easel/accounts"]
"""Whoever adds the first account has a server that asks everybody to log in."""
OF_ACCOUNTS = [
    label for label in OPERATIONS if "/easel/accounts" in label or "/easel/audit" in label or "login" in label
]


@pytest.fixture(scope="module")
def with_accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with accounts, and the first admin's session."""
    with running(tmp_path_factory.mktemp("accounts") / "base") as server:
        made = server.post("/easel/accounts", {"name": "first", "password": "a long pass phrase", "role": "admin"})
        assert made.status == 201, made.body
        target = Target(server, {"prompt": [0, "none"]}, {"Cookie": made.headers["set-cookie"].partition(";")[0]})
        assert target.throw("GET", "/easel/accounts").status == 200
        yield target
        assert "Traceback" not in (server.base / "server.log").read_text()


def sent(target: Target, case: Any, names: list[str]) -> None:
    """One case as bytes. names: what stands in the path, where it is not the case's own."""
    path = case.path
    for number, (name, value) in enumerate(case.path_parameters.items()):
        chosen = target.job if names[number] == "the job" else names[number]
        path = path.replace("{" + name + "}", quote(chosen, safe="") if chosen else value)
    query = {name: value if isinstance(value, (str, int)) else json.dumps(value) for name, value in case.query.items()}
    if query:
        path += "?" + urlencode({k: str(v) for k, v in query.items()}, errors="replace")
    body, headers = case.body, {"Content-Type": case.media_type or "application/json"}
    if case.media_type and case.media_type.startswith("multipart/"):
        headers["Content-Type"] = "multipart/form-data; boundary=x"
    if not isinstance(body, (bytes, bytearray)):
        body = b"" if type(body).__name__ == "NotSet" else json.dumps(body).encode()
    target.throw(case.method, path, bytes(body), headers)


def throw_at(target: Target, label: str, examples: int) -> None:
    operation = OPERATIONS[label]
    modes = [schemathesis.GenerationMode.POSITIVE]
    if operation.query or label in CAN_BE_WRONG:
        modes.append(schemathesis.GenerationMode.NEGATIVE)
    for mode in modes:
        names = st.lists(st.sampled_from(["", "", "the job", *KNOWN]), min_size=4, max_size=4)

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode), names)
        def thrown(case: Any, names: list[str]) -> None:
            sent(target, case, names)

        try:
            thrown()
        except Unsatisfiable:
            if mode is schemathesis.GenerationMode.POSITIVE:
                raise  # what fits there always is; what does not may be nothing


@pytest.mark.parametrize("label", ALONE)
def test_every_route(target: Target, label: str) -> None:
    throw_at(target, label, 2)


@pytest.mark.parametrize("label", OF_ACCOUNTS)
def test_every_route_of_accounts(with_accounts: Target, label: str) -> None:
    throw_at(with_accounts, label, 4)


@pytest.mark.long
@pytest.mark.parametrize("label", ALONE)
def test_every_route_for_long(target: Target, label: str) -> None:
    throw_at(target, label, 60)


@pytest.mark.long
@pytest.mark.parametrize("label", OF_ACCOUNTS)
def test_every_route_of_accounts_for_long(with_accounts: Target, label: str) -> None:
    throw_at(with_accounts, label, 100)
