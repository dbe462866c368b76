"""HTTP as no client should speak it: bodies, forms, numbers and encodings; each is answered, and nothing is a 500."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.openapi.document import operations
from api.openapi.operation import template
from tests.fuzz.soon import soon
from tests.fuzz.test_fuzz_parsers import BITS, edited
from tests.fuzz.thrown_at import PATIENCE, Target

TAKES_JSON = sorted(
    {
        (operation.method, template(operation.path))
        for _, operation in operations()
        if operation.takes is not None and "multipart" not in str(operation.takes)
    }
)
FORMS = [("POST", path) for path in ("/upload/image", "/upload/mask")]

BODIES: dict[str, bytes] = {
    "deep lists": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep tables": b'{"prompt":' * 50_000,
    "deep inside": b'{"ids": ' + b"[" * 150 + b"]" * 150 + b', "name": ' + b"[" * 150 + b"]" * 150 + b"}",
    "a huge number": b'{"priority": ' + b"9" * 5000 + b', "position": 1}',
    "huge numbers": b'{"number": 1e308, "position": 99999999999999999999999, "ids": [9223372036854775808, -9e99]}',
    "no numbers": b'{"number": NaN, "position": Infinity}',
    "beyond numbers": b'{"priority": 1e999}',
    "twice": b'{"ids": ["a"], "ids": {"b": 1}, "prompt": {}, "prompt": []}',
    "half a letter": b'{"name": "\\ud800", "ids": ["\\udfff"], "code": "\\ud800\\ud800"}',
    "nothing inside": b'{"name": "a\\u0000b", "ids": ["\\u0000"], "client_id": "\\u0000", "text": "\\u0000"}',
    "an endless name": b'{"name": "' + b"x" * 1_000_000 + b'", "ids": ["' + b"y" * 1_000_000 + b'"]}',
    "many names": json.dumps({"ids": [str(n) for n in range(50_000)], "names": ["n"] * 50_000}).encode(),
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a mark before": b'\xef\xbb\xbf{"name": "a", "ids": []}',
    "spaces": b" " * 1_000_000,
    "empty": b"",
    "wrong kinds": b'{"ids": 7, "name": [], "prompt": "x", "client_id": {}, "paused": "no", "graphs": [[]], "to": 1}',
    "kinds inside": b'{"ids": [1, null, {}], "names": [null], "packs": [7], "changes": [], "nodes": [[]], "all": 3}',
}


def filled(target: Target, path: str) -> str:
    for name, value in {"prompt_id": target.job, "id": "1", "version": "1"}.items():
        path = path.replace("{" + name + "}", value)
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + "x" + path[end + 1 :]
    return path


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_for_every_route_that_takes_one(target: Target, kind: str) -> None:
    for method, path in TAKES_JSON:
        target.throw(method, filled(target, path), BODIES[kind], {"Content-Type": "application/json"})


def test_a_file_under_the_name_of_a_folder(target: Target) -> None:
    """It was a 500: the system's words about the name were taken for a broken disk."""
    for path in ("/userdata/workflows", "/userdata/workflows%2Fgraph.json%2Fx"):
        assert target.throw("POST", path, b"{}").status == 400


NUMBERS = [
    "9" * 5000,
    "-" + "9" * 5000,
    "1e400",
    "NaN",
    "-1",
    "0",
    "",
    " 1",
    "1_0",
    "0x10",
    "٣",
    "²",
    "1.5",
    "\x00",
    "a" * 5000,
]


def test_numbers_in_queries(target: Target) -> None:
    for _, operation in operations():
        if operation.method != "GET" or operation.status == 101:
            continue
        for name in (word.partition(":")[0] for word in operation.query.split()):
            for value in NUMBERS:
                target.throw("GET", f"{filled(target, template(operation.path))}?{name}={quote(value)}")


@pytest.mark.parametrize("path", ["/ws", "/easel/events"])
def test_numbers_in_queries_of_sockets(target: Target, path: str) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for name in ("since", "epoch", "previews", "clientId", "alive"):
        for value in NUMBERS:
            asked = f"GET {path}?{name}={quote(value)} HTTP/1.1\r\nHost: 127.0.0.1:{target.server.port}\r\n"
            asked += "".join(f"{key}: {word}\r\n" for key, word in handshake.items()) + "\r\n"
            with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
                connection.sendall(asked.encode())
                status = int(connection.recv(64).split()[1])
                assert status in (101, 400, 414), (name, value[:20], status)


def form(*parts: bytes, mark: bytes = b"x") -> bytes:
    return b"".join(b"--" + mark + b"\r\n" + part for part in parts) + b"--" + mark + b"--\r\n"


FILE = b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n'
FIELD = b'Content-Disposition: form-data; name="type"\r\n\r\ninput\r\n'
GOOD_FORM = form(FILE + b"\r\nbytes\r\n", FIELD)
BAD_FORMS: dict[str, bytes] = {
    "nothing": b"",
    "no end": GOOD_FORM[:-6],
    "only a mark": b"--x\r\n",
    "no head": form(b"bytes\r\n"),
    "no disposition": form(b"Content-Type: image/png\r\n\r\nbytes\r\n"),
    "an encoding of old": form(FILE + b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64\r\n"),
    "an unknown encoding": form(FILE + b"Content-Transfer-Encoding: rot13\r\n\r\nabc\r\n"),
    "packed": form(FILE + b"Content-Encoding: gzip\r\n\r\nno gzip\r\n"),
    "packed in an unknown way": form(FILE + b"Content-Encoding: zip\r\n\r\nabc\r\n"),
    "a form inside": form(b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\na\r\n--y--\r\n"),
    "a length that lies": form(FILE + b"Content-Length: 99999999\r\n\r\nabc\r\n"),
    "a length that is none": form(FILE + b"Content-Length: many\r\n\r\nabc\r\n"),
    "a length below zero": form(FILE + b"Content-Length: -5\r\n\r\nabc\r\n"),
    "an endless head": form(FILE + b"X: " + b"y" * 200_000 + b"\r\n\r\nabc\r\n"),
    "many heads": form(FILE + b"X: y\r\n" * 5000 + b"\r\nabc\r\n"),
    "many parts": form(*[FIELD] * 3000),
    "no UTF-8": form(FILE.replace(b"a.png", b"\xff\xfe.png") + b"\r\nabc\r\n"),
    "a star": form(b"Content-Disposition: form-data; name=image; filename*=utf-16''%00%ff.png\r\n\r\nabc\r\n"),
    "a name of pieces": form(b"Content-Disposition: form-data; name=image; filename*0=a; filename*9=b\r\n\r\nabc\r\n"),
    "a name without end": form(FILE.replace(b"a.png", b"n" * 3000 + b".png") + b"\r\nabc\r\n"),
    "a charset that is none": form(FIELD.replace(b'"type"', b'"type"\r\nContent-Type: text/plain; charset=klingon')),
    "a charset of a field": form(b'Content-Disposition: form-data; name="_charset_"\r\n\r\nklingon\r\n', FIELD),
}
MARKS = ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 500]
MARKS += ['multipart/form-data; boundary="x', "multipart/form-data; boundary=\u00e9", "multipart/mixed; boundary=x"]


@pytest.mark.parametrize(("method", "path"), FORMS)
def test_forms_that_are_none(target: Target, method: str, path: str) -> None:
    for kind, body in BAD_FORMS.items():
        reply = target.throw(method, path, body, {"Content-Type": "multipart/form-data; boundary=x"})
        assert reply.status < 500, (kind, reply.body)
    for mark in MARKS:
        assert target.throw(method, path, GOOD_FORM, {"Content-Type": mark}).status < 500, mark
    left = [name for name in (target.server.base / "input").iterdir() if name.name.startswith(".upload")]
    assert left == [], "nothing half received stays"


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20), st.sampled_from([*BITS, b"\r\n", b"--x"])), max_size=4)
)
@settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_forms_with_some_of_it_changed(target: Target, edits: list[Any]) -> None:
    body = edited(GOOD_FORM, edits)
    reply = target.throw("POST", "/upload/image", body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert reply.status < 500, reply.body


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """110 MB of spaces, more than any route takes, as a body and as a form."""
    spaces = b" " * (110 << 20)
    return {"a body": gzip.compress(spaces, 1), "a form": gzip.compress(form(FILE + b"\r\n" + spaces), 1)}


@pytest.mark.parametrize(
    ("path", "bound"), [("/prompt", 48), ("/settings", 48), ("/userdata/bomb.json", 108), ("/upload/image", 48)]
)
def test_a_body_that_unpacks_without_end(target: Target, bombs: dict[str, bytes], path: str, bound: int) -> None:
    """Refused when it has become too large: the server's most memory grows by fewer MB than the bound.

    That is less than the bomb unpacks to, and a file of the user's may be 100 MB.
    """
    forget_most_memory(target)
    before = most_memory(target)
    kind = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
    bomb = bombs["a form" if "upload" in path else "a body"]
    reply = target.throw("POST", path, bomb, {"Content-Encoding": "gzip", "Content-Type": kind})
    assert reply.status in (400, 413), reply.body
    if before is not None:
        grown = (most_memory(target) or 0) - before
        assert grown < bound << 20, f"it took {grown >> 20} MB more than ever"


def forget_most_memory(target: Target) -> None:
    """What earlier tests took is no excuse: the most is counted from now on."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{target.server.process.pid}/clear_refs").write_text("5")


def most_memory(target: Target) -> int | None:
    """Bytes that the server has ever had at once; None where the system does not say."""
    try:
        status = Path(f"/proc/{target.server.process.pid}/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "\u00e9"])
def test_bodies_that_are_not_packed_as_they_say(target: Target, encoding: str) -> None:
    for body in (b"{}", gzip.compress(b"{}")[:-5], b"\x1f\x8b", bytes(random.Random(1).randbytes(300))):
        target.throw("POST", "/prompt", body, {"Content-Encoding": encoding})


CHUNKED = b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
RAW: dict[str, bytes] = {
    "no method": b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "letters": b"\xff\xfe\x00 / HTTP/1.1\r\n\r\n",
    "an endless line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "endless heads": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    "two lengths": b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length below zero": b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -2\r\n\r\n{}",
    "both lengths": b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks that are none": CHUNKED + b"zz\r\n{}\r\n",
    "a huge chunk": CHUNKED + b"ffffffffffffffffff\r\n",
    "no host": b"GET /queue HTTP/1.1\r\n\r\n",
    "another host": b"GET http://evil.example/queue HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a path that is none": b"GET http://[::1/queue HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "connect": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "escapes": b"GET /%00%ff%c0%ae%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "half an escape": b"GET /view?filename=%f&type=%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "expect": b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}",
    "upgrade to nothing": b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "a range": b"GET /view?filename=cat.png&type=input HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=-0,9-1,x\r\n\r\n",
    "a range beyond": b"GET /view?filename=cat.png&type=input HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=999-\r\n\r\n",
    "since when": b"GET /view?filename=cat.png&type=input HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-Modified-Since: 99\r\n\r\n",
    "a cookie": b"GET /queue HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: easel=\xff; =; a\r\n\r\n",
    "a language": b"GET /easel/language HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: "
    + b"a," * 3000
    + b";q=z\r\n\r\n",
}


@pytest.mark.parametrize("kind", RAW)
def test_requests_that_are_none(target: Target, kind: str) -> None:
    sent = RAW[kind].replace(
        b"Host: 127.0.0.1\r\n", b"Host: 127.0.0.1:%d\r\nConnection: close\r\n" % target.server.port
    )
    answer = soon(lambda: answered(target, sent))
    assert not answer.startswith((b"HTTP/1.1 500", b"HTTP/1.0 500", b"HTTP/1.1 502")), answer[:400]
    assert b"Traceback" not in answer


def answered(target: Target, sent: bytes) -> bytes:
    """All that comes back; nothing where the connection was shut while it was still being sent: an answer too."""
    with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            return b""
