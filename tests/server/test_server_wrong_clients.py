"""Clients that speak the protocol wrongly: each is told so, or passed over, and nobody else notices."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection

from tests.server.harness import Server, read_until, say


@pytest.fixture(autouse=True)
def lives_on(server: Server) -> Any:
    """Whatever a client did: the next ordinary prompt runs, and its events reach its client."""
    yield
    with server.socket("after") as after:
        prompt_id = server.prompt(say("ordinary"), client_id="after")
        messages = read_until(after, "done")
    assert server.result(prompt_id)["outputs"] == {"2": {"text": ["ordinary"]}}
    assert {"execution_start", "executed", "execution_success"} <= {message["type"] for message in messages}


# Fields of POST /prompt

GOOD = say("x")
NOT_TEXT: list[Any] = [[], {}, [1], {"a": 1}]


def post(server: Server, **fields: Any) -> Any:
    return server.post("/prompt", {"prompt": GOOD, **fields})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("prompt", value) for value in (7, "text", [], [GOOD], True)),
        *(("number", value) for value in ("soon", [], {}, [1], "NaN", 1e300)),
        *(("extra_data", value) for value in (7, "text", [1])),
        *(("partial_execution_targets", value) for value in (7, "2", {"2": 1}, True)),
        ("client_id", "x" * 1001),
        ("prompt_id", "x" * 1001),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(server: Server, field: str, value: Any) -> None:
    reply = post(server, **{field: value})
    assert reply.status == 400, reply.body
    error = reply.json()["error"]
    assert error["message"]
    if field != "prompt":
        assert field in error["message"], "the sentence names the field"


@pytest.mark.parametrize("value", [7, 1.5, True, *NOT_TEXT])
@pytest.mark.parametrize("field", ["client_id", "prompt_id", "front"])
def test_a_field_that_may_be_anything_harms_nothing(server: Server, field: str, value: Any) -> None:
    reply = post(server, **{field: value})
    assert reply.status in (200, 400), reply.body
    if reply.status == 200:
        assert isinstance(reply.json()["prompt_id"], str)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (7, "Node #1 is a number"),
        ("text", "Node #1 is a text"),
        (None, "Node #1 is null"),
        ([], "Node #1 is a list"),
        ({}, "missing the class_type"),
        ({"class_type": 7, "inputs": {}}, "missing the class_type"),
        ({"class_type": "", "inputs": {}}, "missing the class_type"),
        ({"class_type": ["Say"], "inputs": {}}, "missing the class_type"),
        ({"class_type": "Say", "inputs": []}, "inputs of node #1 are a list"),
        ({"class_type": "Say", "inputs": "text"}, "inputs of node #1 are a text"),
        ({"class_type": "Say", "inputs": None}, "inputs of node #1 are null"),
    ],
)
def test_a_node_of_the_wrong_shape_is_refused(server: Server, node: Any, says: str) -> None:
    reply = server.post("/prompt", {"prompt": {**GOOD, "1": node}})
    assert reply.status == 400
    assert says in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "link",
    [
        ["1"],
        ["1", 0, 0],
        [],
        ["1", "0"],
        ["1", None],
        [None, 0],
        [["1", 0], 0],
        ["1", 1.5],
        ["1", -1],
        ["1", 99],
        ["9", 0],
    ],
)
def test_a_link_of_the_wrong_shape_is_an_error_of_its_node(server: Server, link: Any) -> None:
    reply = server.post("/prompt", {"prompt": {**GOOD, "2": {"class_type": "Show", "inputs": {"text": link}}}})
    assert reply.status == 400
    (error,) = reply.json()["node_errors"]["2"]["errors"]
    assert error["extra_info"]["input_name"] == "text"


def test_nodes_of_packs_that_are_not_there(server: Server) -> None:
    prompt = {
        **GOOD,
        "7": {"class_type": "SomePack.Sampler", "inputs": {"a": ["1", 0]}, "_meta": {"title": "Mine"}},
        "8": {"class_type": "Another Pack Node", "inputs": {"b": ["7", 3]}},
    }
    reply = server.post("/prompt", {"prompt": prompt})
    assert reply.status == 400
    body = reply.json()
    assert body["error"]["type"] == "invalid_prompt"
    assert "SomePack.Sampler" in body["error"]["message"]
    assert body["error"]["details"] == "Node ID '#7', Node ID '#8'"
    assert [entry["class_type"] for entry in body["node_errors"].values()] == ["SomePack.Sampler", "Another Pack Node"]
    sentences = body["error"]["extra_info"]["sentences"]
    assert "#7" in sentences[0]
    assert '"Mine"' in sentences[0]


# Bodies

WHOLE = json.dumps({"prompt": GOOD}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        WHOLE[:-1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE + WHOLE,
        WHOLE.replace(b'"x"', b'"\xff\xfe"'),
        b"\x00" * 100,
        gzip.compress(WHOLE),
        json.dumps({"prompt": GOOD}).encode("utf-16"),
        b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"prompt": ' + b'{"a":' * 100_000,
        b'"prompt"',
        b"[]",
        b"null",
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("path", ["/prompt", "/queue", "/history", "/api/prompt"])
def test_a_body_that_is_no_json_object(server: Server, path: str, body: bytes) -> None:
    reply = server.request("POST", path, raw=body)
    assert reply.status == 400, reply.body
    assert reply.json()["error"]["message"]


def raw(server: Server, data: bytes) -> bytes:
    """Send these bytes over a connection of their own, and read what comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


HEAD = b"POST /prompt HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 1000\r\n\r\n" + WHOLE,
        HEAD + b"Content-Length: nine\r\n\r\n" + WHOLE,
        HEAD + b"Content-Length: -1\r\n\r\n" + WHOLE,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + WHOLE,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
        b"POST\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, at a port that has none
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"G" * 20_000,
    ],
    ids=lambda data: repr(data[-24:]),
)
def test_requests_that_are_none(server: Server, data: bytes) -> None:
    answer = raw(server, data)
    assert not answer or answer.split(b" ", 2)[1][:1] == b"4", answer[:200]


# Websockets


def garbage(*messages: str | bytes) -> Callable[[ClientConnection], None]:
    def speak(client: ClientConnection) -> None:
        for message in messages:
            client.send(message)

    return speak


FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
ODD: dict[str, Callable[[ClientConnection], Any]] = {
    "half JSON": garbage('{"type": "feature_fl'),
    "no JSON": garbage("hello", "", "\x00"),
    "deep JSON": garbage("[" * 50_000),
    "lists and numbers": garbage("[]", "7", "null", '"feature_flags"'),
    "unknown kinds": garbage('{"type": "shutdown"}', '{"type": 7}', '{"data": {}}', '{"type": "execution_success"}'),
    "flags of wrong types": garbage(
        '{"type": "feature_flags", "data": [1]}',
        '{"type": "feature_flags", "data": {"supports_preview_metadata": "yes"}}',
    ),
    "flags twice": garbage(FLAGS, FLAGS),
    "binary where text is meant": garbage(b"\x00\x00\x00\x01", FLAGS.encode(), b""),
    "a thousand messages": garbage(*["x"] * 1000),
    "many fragments": lambda client: client.send(["a", "b"] * 200),
    "pings": lambda client: [client.ping(bytes([i])) for i in range(100)],
}


@pytest.mark.parametrize("path", ["/ws", "/api/ws", "/easel/events"])
@pytest.mark.parametrize("how", ODD)
def test_odd_messages_are_passed_over(server: Server, how: str, path: str) -> None:
    # Nobody reads what /easel/events says meanwhile, so that its goodbye is not waited for.
    with server.socket("odd" if path != "/easel/events" else None, path=path, close_timeout=0.1) as client:
        client.recv(timeout=10)  # the greeting
        ODD[how](client)
        prompt_id = server.prompt(say("heard all the same"), client_id="odd")
        if path != "/easel/events":
            assert any(message["type"] == "execution_success" for message in read_until(client, "done"))
        server.result(prompt_id)


@pytest.mark.parametrize("path", ["/ws", "/easel/events"])
@pytest.mark.parametrize("message", ["x" * (2 * 1024 * 1024), b"x" * (2 * 1024 * 1024)], ids=["text", "binary"])
def test_a_message_that_is_too_large_ends_its_socket_alone(server: Server, path: str, message: Any) -> None:
    with server.socket("large", path=path) as client, server.socket("beside") as beside:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  (it may end while the message is on its way)
            client.send(message)
            while True:
                client.recv(timeout=10)
        assert closed.value.rcvd is None or closed.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG
        server.prompt(say("beside"), client_id="beside")
        read_until(beside, "done")


def test_frames_that_no_client_may_send(server: Server) -> None:
    """Unmasked, of an unknown kind, and text that is no UTF-8."""
    handshake = (
        b"GET /ws?clientId=raw HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    masked = bytes([0x80 | 2, 0, 0, 0, 0, 0xFF, 0xFE])
    for frame in (b"\x81\x05hello", b"\x8b\x80\x00\x00\x00\x00", b"\x81" + masked, b"\xff\xff\xff\xff"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(handshake)
            assert connection.recv(4096).startswith(b"HTTP/1.1 101")
            connection.sendall(frame)


def test_many_sockets_of_one_client(server: Server) -> None:
    """The newest takes over; the older ones are forgotten, and do no harm when they end."""
    sockets = [server.socket("again") for _ in range(20)]
    try:
        prompt_id = server.prompt(say("again"), client_id="again")
        assert any(message["type"] == "execution_success" for message in read_until(sockets[-1], "done"))
        server.result(prompt_id)
        for old in sockets[:-1]:
            old.close()
        server.prompt(say("still"), client_id="again")
        read_until(sockets[-1], "done")
    finally:
        for one in sockets:
            one.close()


@pytest.mark.parametrize("client_id", ["", "x" * 5000, "a b/ü?&=", "%00", "../../etc/passwd"])
def test_odd_client_ids(server: Server, client_id: str) -> None:
    with server.socket(quote(client_id, safe="")) as client:
        told = json.loads(client.recv(timeout=10))
        assert told["type"] == "status"
        assert isinstance(told["data"]["sid"], str)
