"""Where folders of the machine lie is told to admins; others hear what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.folder_names import FolderNames
from tests.server.harness import Server, running, say, until
from tests.server.people import People, Someone, with_people

GONE = "The output folder is not there any more. Jobs wait until it is back."
ASKED = (
    *("/easel/status", "/easel/queue", "/easel/devices", "/easel/packs"),
    *("/system_stats", "/experiment/models", "/internal/folder_paths"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secret_place")


@pytest.fixture(scope="module")
def people(place: Path) -> People:
    (place / "base").mkdir()
    return with_people(place / "base")


@pytest.fixture(scope="module")
def server(place: Path, people: People) -> Iterator[Server]:
    for name in ("output", "input"):
        (place / "drive" / name).mkdir(parents=True)
    pack = place / "base" / "custom_nodes" / "waits"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    drive = place / "drive"
    flags = ("--output-directory", str(drive / "output"), "--input-directory", str(drive / "input"))
    with running(place / "base", *flags) as found:
        yield found


@pytest.fixture(scope="module")
def gone(server: Server, people: People, place: Path) -> Iterator[list[tuple[str, str]]]:
    """The folders are taken away, and a job waits; what an artist's and an admin's page heard of it."""
    asked: list[tuple[Someone, Any]] = []
    with (
        server.socket(path="/easel/events", additional_headers=people.vera.browser) as hers,
        server.socket(path="/easel/events", additional_headers=people.ada.browser) as admins,
    ):
        asked = [(people.vera, hers), (people.ada, admins)]
        (place / "drive").rename(place / "away")
        reply = people.vera.post(server, "/prompt", {"prompt": say("later")})
        assert reply.status == 200
        until(lambda: people.vera.get(server, "/easel/queue").json()["problem"])
        until(lambda: people.ada.get(server, "/easel/status").json()["problems"])
        heard = [(someone.name, _until_status(socket)) for someone, socket in asked]
    yield heard
    (place / "away").rename(place / "drive")


def _until_status(socket: Any) -> str:
    """All that is heard up to the status that tells of a problem, and the event that does."""
    lines: list[str] = []
    wanted = {"trouble", "status"}
    while wanted:
        line = socket.recv(timeout=30)
        if isinstance(line, str):
            lines.append(line)
            event = json.loads(line)
            if event["data"].get("problem") or event["data"].get("problems"):
                wanted.discard(event["type"])
    return "\n".join(lines)


def test_an_artist_is_told_which_folder_and_an_admin_where_it_is(
    server: Server, people: People, place: Path, gone: list[tuple[str, str]]
) -> None:
    where = str(place / "drive" / "output")
    for someone in (people.vera, people.otto):
        status = someone.get(server, "/easel/status").json()
        found = {problem["where"]: problem["sentence"] for problem in status["problems"]}
        assert found["output"] == GONE
        assert {"output", "input", "user", "temp"} <= {room["path"] for room in status["room"]}
    status = people.ada.get(server, "/easel/status").json()
    found = {problem["where"]: problem["sentence"] for problem in status["problems"]}
    assert found[where] == GONE.replace("folder", f"folder {where}")
    assert where in [room["path"] for room in status["room"]]
    assert people.vera.get(server, "/easel/queue").json()["problem"] == GONE
    assert where in people.ada.get(server, "/easel/queue").json()["problem"]


def test_no_path_is_told_to_an_artist(server: Server, people: People, place: Path, gone: list[tuple[str, str]]) -> None:
    for path in ASKED:
        assert str(place) not in people.vera.get(server, path).body.decode(), path
        assert str(place) in people.ada.get(server, path).body.decode(), path
    (artist, hers), (admin, others) = gone
    assert (artist, admin) == ("Vera", "Ada")
    assert str(place) not in hers
    assert GONE in hers
    assert str(place) in others
    assert people.vera.get(server, "/easel/packs").json()["packs"][0]["path"] == "custom_nodes/waits"
    report = people.vera.post(server, "/easel/report", {}).body.decode()
    assert str(place) not in report


def test_a_page_that_comes_later_hears_it_in_the_same_words(
    server: Server, people: People, place: Path, gone: list[tuple[str, str]]
) -> None:
    for someone, told in ((people.vera, False), (people.ada, True)):
        with server.socket(path="/easel/events", additional_headers=someone.browser) as socket:
            hello = json.loads(socket.recv(timeout=30))
        path = f"/easel/events?epoch={hello['data']['epoch']}&since=0"
        with server.socket(path=path, additional_headers=someone.browser) as socket:
            heard = _until_status(socket)
        assert (str(place) in heard) == told


def test_an_upload_that_is_refused_names_the_folder(
    server: Server, people: People, place: Path, gone: list[tuple[str, str]]
) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'
    said: list[str] = []
    for someone in (people.vera, people.ada):
        headers = {"Content-Type": "multipart/form-data; boundary=b", **someone.program}
        reply = server.request("POST", "/upload/image", raw=form, headers=headers)
        assert reply.status == 503
        said.append(reply.json()["error"]["message"])
    assert said[0] == GONE.replace("output", "input")
    assert str(place / "drive" / "input") in said[1]


def test_names_stand_in_place_of_paths_and_of_nothing_else() -> None:
    names = FolderNames([("output", Path("/data/out")), ("user", Path("/data/user")), ("drive", Path("/data"))])
    assert names.instead("The output folder /data/out is full.") == "The output folder is full."
    assert names.instead("the journal /data/user/journal.db is held") == "the journal user/journal.db is held"
    assert names.instead("[Errno 5]: '/data/out'") == "[Errno 5]: 'output'"
    assert names.instead("The drive /data that holds the output folder") == "The drive that holds the output folder"
    for other in ("/data2/out", "/more/data/out", "", "nothing of it"):
        assert names.instead(other) == other
    assert names.instead("/data/output") == "drive/output"
    assert names.within({"a": ["/data/out/b", 1, None, {"c": "/data/user"}]}) == {
        "a": ["output/b", 1, None, {"c": "user"}]
    }
    assert FolderNames([("all", Path("/"))]).instead("/data/a") == "/data/a"
