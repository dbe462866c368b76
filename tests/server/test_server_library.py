"""The library of saved graphs: folders, tags, favourites, search, the trash; and the templates."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.harness import Server, running

ODD = ["🎨 Käse", "שלום עולם", "a" * 190, "50% & more", "dots.in.names"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("library")
    examples = base / "custom_nodes" / "some_pack" / "example_workflows"
    examples.mkdir(parents=True)
    (examples / "theirs.json").write_text(json.dumps({"nodes": [{"type": "Say"}]}))
    (examples / "theirs.jpg").write_bytes(b"\xff\xd8\xff")
    (examples / "broken.json").write_text("{")
    (base / "custom_nodes" / "some_pack" / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}")
    unknown = base / "custom_nodes" / "unapproved" / "example_workflows"
    unknown.mkdir(parents=True)
    (unknown / "hidden.json").write_text("{}")
    (unknown.parent / "__init__.py").write_text("")
    with running(base, "--dev-pack", "some_pack") as found:
        yield found


def graph(*texts: str, type: str = "CLIPTextEncode") -> dict[str, Any]:
    return {"nodes": [{"id": n, "type": type, "widgets_values": [text]} for n, text in enumerate(texts)], "links": []}


def save(server: Server, name: str, content: Any = None) -> None:
    place = "/userdata/" + quote(f"workflows/{name}.json", safe="")
    assert server.request("POST", place, graph("x") if content is None else content).status == 200


def listed(server: Server, **query: str) -> dict[str, Any]:
    return {found["name"]: found for found in server.get("/easel/library", **query).json()["graphs"]}


def names(server: Server, q: str) -> list[str]:
    return sorted(listed(server, q=q))


def folder(server: Server) -> Path:
    return server.base / "user" / "default" / "workflows"


def test_a_name_tags_types_and_words_are_found(server: Server) -> None:
    save(server, "search/One", graph("an astronaut in a garden"))
    save(server, "search/two", graph("a cat", type="UncommonNode"))
    assert names(server, "ASTRONAUT garden") == ["search/One"]
    assert names(server, "uncommonnode") == ["search/two"]
    assert names(server, "search/t") == ["search/two"]
    assert server.post("/easel/library/marks", {"names": ["search/two"], "tags": [" Portraits ", "b"]}).status == 204
    assert names(server, "portraits cat") == ["search/two"]
    assert names(server, "portraits garden") == []
    save(server, "search/two", graph("a dog"))
    assert names(server, "search dog") == ["search/two"], "what changed is read again"
    assert listed(server)["search/two"]["nodes"] == 1


def test_marks_go_along_and_stay_in_the_file(server: Server) -> None:
    save(server, "marks/a")
    server.post("/easel/library/marks", {"names": ["marks/a"], "favourite": True, "add": ["x", "y", "X "]})
    server.post("/easel/library/marks", {"names": ["marks/a"], "remove": ["Y"], "opened": True})
    mark = listed(server)["marks/a"]
    assert (mark["favourite"], mark["tags"]) in ((True, ["x", "X"]), (True, ["X", "x"]))
    assert abs(mark["opened"] - time.time()) < 60
    assert server.post("/easel/library/move", {"from": "marks/a", "to": "marks/sub/b"}).status == 200
    assert listed(server)["marks/sub/b"]["favourite"] is True
    assert server.post("/easel/library/move", {"from": "marks", "to": "other place", "folder": True}).status == 200
    assert listed(server)["other place/sub/b"]["favourite"] is True
    kept = json.loads((server.base / "user" / "default" / "easel.library.json").read_text("utf-8"))
    assert kept["graphs"]["other place/sub/b"]["favourite"] is True


def test_damaged_marks_are_set_aside(server: Server) -> None:
    save(server, "damaged")
    place = server.base / "user" / "default" / "easel.library.json"
    place.write_text('{"graphs": {"damaged": {"tags": 7, "favourite": "yes"}, "x": [1]}, "of later": 1}')
    assert "tags" not in listed(server)["damaged"]
    server.post("/easel/library/marks", {"names": ["damaged"], "favourite": True})
    assert json.loads(place.read_text())["of later"] == 1, "what is not known stays"
    place.write_text("{")
    assert "favourite" not in listed(server)["damaged"]
    assert list(place.parent.glob("easel.library.json.*.damaged"))
    assert server.post("/easel/library/marks", {"names": ["damaged"], "favourite": True}).status == 204


@pytest.mark.parametrize("name", ODD)
def test_odd_names(server: Server, name: str) -> None:
    save(server, f"odd/{name}")
    assert f"odd/{name}" in listed(server)
    copy = server.post("/easel/library/duplicate", {"name": f"odd/{name}"}).json()["name"]
    assert copy == f"odd/{name} 2"
    assert server.post("/easel/library/move", {"from": copy, "to": f"odd2/{name}"}).status == 200
    token = server.post("/easel/library/delete", {"graphs": [f"odd2/{name}"]}).json()["token"]
    assert server.post("/easel/library/restore", {"token": token}).json() == {"names": [f"odd2/{name}"]}


def test_what_is_thrown_away_comes_back(server: Server) -> None:
    save(server, "bin/a", graph("kept words"))
    assert server.post("/easel/library/folders", {"name": "bin/empty"}).status == 200
    assert server.post("/easel/library/folders", {"name": "bin/empty"}).status == 409
    token = server.post("/easel/library/delete", {"folders": ["bin"]}).json()["token"]
    assert not [name for name in listed(server) if name.startswith("bin/")]
    assert server.get("/userdata", dir="workflows", recurse="true").json().count("bin/a.json") == 0
    save(server, "bin/a", graph("in its place"))
    assert server.post("/easel/library/restore", {"token": token}).json() == {"names": ["bin/a 2"]}
    assert "bin/empty" in server.get("/easel/library").json()["folders"]
    assert names(server, "kept words") == ["bin/a 2"]
    assert server.post("/easel/library/restore", {"token": token}).status == 404
    assert server.post("/easel/library/restore", {"token": "../.."}).status in (403, 404)


def test_what_is_gone_or_taken_is_told(server: Server) -> None:
    save(server, "told/a")
    save(server, "told/b")
    (folder(server) / "told" / "b.json").unlink()  # by another program
    for route, body in (
        ("move", {"from": "told/b", "to": "told/c"}),
        ("duplicate", {"name": "told/b"}),
        ("delete", {"graphs": ["told/b"]}),
    ):
        reply = server.post(f"/easel/library/{route}", body)
        assert reply.status == 404
        assert "told/b" in reply.json()["error"]["message"]
    save(server, "told/d")
    assert server.post("/easel/library/move", {"from": "told/a", "to": "told/d"}).status == 409
    assert server.post("/easel/library/move", {"from": "told", "to": "told/in/itself", "folder": True}).status == 400
    assert server.post("/easel/library/move", {"from": "told/a", "to": "told/A"}).status == 200


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a//b", ".hidden", "a/.b", "x" * 300, 7, None])
def test_no_name_leads_elsewhere(server: Server, name: Any) -> None:
    save(server, "safe")
    assert server.post("/easel/library/move", {"from": "safe", "to": name}).status in (400, 403)
    assert server.post("/easel/library/move", {"from": name, "to": "y"}).status in (400, 403)
    assert server.post("/easel/library/duplicate", {"name": name}).status in (400, 403)
    assert server.post("/easel/library/folders", {"name": name}).status in (400, 403)
    assert server.post("/easel/library/delete", {"graphs": [name]}).status in (400, 403)
    assert server.post("/easel/library/marks", {"names": [name], "favourite": True}).status in (400, 403)
    assert "safe" in listed(server)


def test_a_graph_that_moves_takes_its_document_and_picture_along(server: Server) -> None:
    save(server, "pictured/a")
    picture = "data:image/png;base64,iVBORw0KGgo="
    sent = {"workflow": {"nodes": []}, "name": "a", "stored": "pictured/a", "thumbnail": picture}
    assert server.post("/easel/documents/document1/versions", sent).status == 200
    address = listed(server)["pictured/a"]["picture"]
    assert server.get(address).status == 200
    server.post("/easel/library/move", {"from": "pictured", "to": "framed", "folder": True})
    assert server.get("/easel/documents/document1").json()["stored"] == "framed/a"
    assert listed(server)["framed/a"]["picture"] == address


def test_files_that_are_no_graphs_are_listed_and_harm_nobody(server: Server) -> None:
    root = folder(server) / "strange"
    root.mkdir()
    for name, text in {"empty": "", "list": "[1]", "deep": "[" * 100_000, "odd": '{"nodes": {"a": [null]}}'}.items():
        (root / f"{name}.json").write_text(text)
    (root / "odd2.json").write_text('{"nodes": [null, 3, {"type": 5, "widgets_values": {"a": "unusual"}}], "extra": 4}')
    (folder(server) / "ends in a space ").mkdir()
    (folder(server) / "ends in a space " / "x.json").write_text(json.dumps(graph("reachable words")))
    (folder(server) / "link.json").symlink_to("/etc/passwd")
    assert names(server, "reachable words") == ["ends in a space /x"]
    assert "link" not in listed(server)
    assert names(server, "strange") == [f"strange/{name}" for name in ("deep", "empty", "list", "odd", "odd2")]
    assert names(server, "unusual") == ["strange/odd2"]


def test_thousands_of_graphs_are_listed_and_searched(server: Server) -> None:
    root = folder(server) / "many"
    root.mkdir()
    text = json.dumps(graph("words of a prompt"))
    for number in range(3000):
        (root / f"graph {number}.json").write_text(text)
    assert sum(name.startswith("many/") for name in listed(server)) == 3000
    assert len(names(server, "prompt many/")) == 3000
    assert names(server, "many/graph 2999") == ["many/graph 2999"]


def test_templates_say_what_they_are(server: Server) -> None:
    found = server.get("/easel/workflows").json()
    ours = [each for each in found if not each["pack"]]
    assert "default" in [each["name"] for each in ours]
    for each in ours:
        assert each["title"]
        assert each["description"]
        assert each["nodes"] > 0
        assert isinstance(server.get(f"/easel/workflows/{each['name']}").json()["nodes"], list)
    assert {each["pack"] for each in found} == {"", "some_pack"}
    theirs = {each["name"]: each for each in found if each["pack"] == "some_pack"}
    assert theirs["theirs"]["title"] == "Theirs"
    assert server.get(theirs["theirs"]["picture"]).headers["content-type"] == "image/jpeg"
    assert server.get("/easel/workflows/theirs", pack="some_pack").json()["nodes"] == [{"type": "Say"}]
    assert theirs["broken"]["broken"] is True
    assert server.get("/easel/workflows/broken", pack="some_pack").status == 422
    assert server.get("/easel/workflows/theirs").status == 404
    assert server.get("/easel/workflows/..%2fpyproject").status == 404
