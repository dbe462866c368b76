"""Each person has files of their own: nobody else sees, changes or runs with them, except that admins see all."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.server.harness import Reply, Server, running, until
from tests.server.people import People, Someone, with_people


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def people(base: Path) -> People:
    (base / "models/checkpoints").mkdir(parents=True)
    (base / "models/checkpoints/shared.safetensors").write_bytes(b"")
    return with_people(base)


@pytest.fixture(scope="module")
def server(base: Path, people: People) -> Iterator[Server]:
    with running(base) as found:
        until(lambda: people.ada.get(found, "/easel/status").json()["worker"]["state"] == "ready", server=found)
        yield found


def png(colour: tuple[int, int, int] = (1, 2, 3)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(out, "PNG")
    return out.getvalue()


def send(server: Server, person: Someone, name: str, data: bytes, path: str = "/upload/image", **fields: str) -> Reply:
    mark = uuid.uuid4().hex
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    body = "".join([*parts, head]).encode() + data + f"\r\n--{mark}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}", **person.program}
    return server.request("POST", path, raw=body, headers=kind)


def run(server: Server, person: Someone, prompt: dict[str, Any]) -> dict[str, Any]:
    reply = person.post(server, "/prompt", {"prompt": prompt})
    assert reply.status == 200, reply.body
    id = reply.json()["prompt_id"]
    return until(lambda: person.get(server, f"/history/{id}").json().get(id), server=server)


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def shown(person: Someone, server: Server, name: str, **query: str) -> Reply:
    return person.get(server, "/view", filename=name, **{"type": "input", **query})


def test_what_one_sends_is_ones_own(server: Server, people: People, base: Path) -> None:
    reply = send(server, people.vera, "cat.png", png())
    assert reply.json() == {"name": "cat.png", "subfolder": "", "type": "input"}
    assert (base / "input/people" / people.vera.id / "cat.png").read_bytes() == png()

    assert shown(people.vera, server, "cat.png").status == 200
    assert shown(people.max, server, "cat.png").status == 404
    assert shown(people.otto, server, "cat.png").status == 404
    assert shown(people.ada, server, "cat.png").status == 404  # hers is another folder, and she sees all
    assert shown(people.ada, server, "cat.png", subfolder=f"people/{people.vera.id}").body == png()
    assert people.vera.get(server, "/internal/files/input").json() == ["cat.png"]
    assert people.max.get(server, "/internal/files/input").json() == []


def test_anothers_file_cannot_be_named(server: Server, people: People, base: Path) -> None:
    send(server, people.vera, "secret.png", png((9, 9, 9)))
    send(server, people.ada, "first.png", png((8, 8, 8)))
    there = f"people/{people.vera.id}"

    for subfolder in (there, f"./{there}", there.replace("/", "\\"), f"{there}/../{people.vera.id}"):
        assert shown(people.max, server, "secret.png", subfolder=subfolder).status in (403, 404)
    assert shown(people.max, server, "first.png", subfolder="people/default").status == 403
    assert shown(people.max, server, "first.png", subfolder="..").status == 403
    assert send(server, people.max, "x.png", png(), subfolder=there).status == 400
    mask = {"original_ref": json.dumps({"filename": "secret.png", "subfolder": there, "type": "input"})}
    assert send(server, people.max, "x.png", png(), "/upload/mask", **mask).status == 400
    body = {"prompt": {"1": node("Read", name=f"{there}/secret.png"), "2": node("Show", text=["1", 0])}}
    assert people.max.post(server, "/prompt", body).status == 400
    assert sorted(path.name for path in (base / "input" / there).iterdir()) == ["cat.png", "secret.png"]


def test_lists_of_files_are_ones_own(server: Server, people: People) -> None:
    def listed(person: Someone) -> list[str]:
        whole = person.get(server, "/object_info").json()
        assert whole["Read"] == person.get(server, "/object_info/Read").json()["Read"]
        assert "shared.safetensors" in whole["Model"]["input"]["required"]["name"][0]
        assert list(whole) == list(people.ada.get(server, "/object_info").json())
        return whole["Read"]["input"]["required"]["name"][0]

    send(server, people.max, "maxs.png", png())
    assert "maxs.png" in listed(people.max)
    assert "maxs.png" not in listed(people.vera)
    assert f"people/{people.max.id}/maxs.png" in listed(people.ada)
    tag = people.max.get(server, "/object_info").headers["etag"]
    assert server.request("GET", "/object_info", headers={**people.max.program, "If-None-Match": tag}).status == 304
    send(server, people.max, "later.png", png())
    assert "later.png" in listed(people.max)


def test_jobs_read_and_write_their_persons_folders(server: Server, people: People, base: Path) -> None:
    """Equal names, sizes and times: only whose file it is tells them apart."""
    for person, text in ((people.vera, b"hers"), (people.max, b"his.")):
        send(server, person, "note.txt", text)
        os.utime(base / "input/people" / person.id / "note.txt", ns=(0, 10**18))
    graph = {
        "1": node("Read", name="note.txt"),
        "2": node("Show", text=["1", 0]),
        "3": node("Save", letter="w", kilobytes=1),
    }

    for person, text in ((people.vera, "hers"), (people.max, "his."), (people.vera, "hers")):
        ended = run(server, person, graph)
        assert ended["status"]["status_str"] == "success", ended
        assert ended["outputs"]["2"]["text"] == [text]
        [file] = ended["outputs"]["3"]["files"]
        assert (base / "output/people" / person.id / file["filename"]).is_file()
        assert shown(person, server, file["filename"], type="output").status == 200
        theirs = {"type": "output", "owner": person.id}
        assert shown(people.ada, server, file["filename"], **theirs).status == 200
        assert shown(people.otto, server, file["filename"], **theirs).status == 403
    assert not [path for path in (base / "output").iterdir() if path.is_file()]
    ended = run(server, people.max, {"1": node("Save", letter=f"../{people.vera.id}/w", kilobytes=1)})
    assert "would leave its folder" in json.dumps(ended["status"])


def test_the_gallery_is_ones_own_and_admins_see_all(server: Server, people: People, base: Path) -> None:
    for person, colour in ((people.ada, 10), (people.vera, 20), (people.max, 30)):
        send(server, person, f"{person.name}.png", png((colour, colour, colour)), subfolder="walls", type="output")

    def items(person: Someone, **query: Any) -> dict[str, dict[str, Any]]:
        ids = person.get(server, "/easel/gallery/search", kind="output", **query).body.decode().split("\n")[0]
        if not ids:
            return {}
        found = person.get(server, "/easel/gallery/items", ids=ids).json()["items"]
        return {item["filename"]: item for item in found}

    until(lambda: len(items(people.ada)) == 3, server=server)
    vera, all = items(people.vera), items(people.ada)
    assert list(vera) == ["Vera.png"]
    assert vera["Vera.png"]["subfolder"] == "walls"
    assert all["Vera.png"]["subfolder"] == f"people/{people.vera.id}/walls"
    assert all["Vera.png"]["owner"] == people.vera.id
    assert shown(people.ada, server, "Vera.png", type="output", subfolder=all["Vera.png"]["subfolder"]).status == 200
    assert list(items(people.max, folder="walls")) == ["Max.png"]
    assert items(people.max, folder="") == {}
    assert people.vera.get(server, "/easel/gallery/overview").json()["folders"][-1][1:] == ["walls", 1]

    id = all["Max.png"]["id"]
    changes = [
        ("rate", {"ids": [id], "rating": 1}, {"before": []}),
        ("tag", {"ids": [id], "tag": "x", "on": True}, {"changed": []}),
        ("trash", {"ids": [id]}, {"done": [], "failed": [], "renamed": []}),
    ]
    for what, body, nothing in changes:
        assert people.vera.post(server, f"/easel/gallery/{what}", body).json() == nothing
    assert people.vera.get(server, f"/easel/gallery/item/{id}").json() == {"item": None}
    assert people.vera.get(server, "/easel/gallery/items", ids=id).json() == {"items": []}
    assert people.vera.get(server, "/easel/gallery/thumb", id=id).status == 204

    assert people.max.post(server, "/easel/gallery/trash", {"ids": [id]}).json()["done"] == [id]
    assert people.vera.get(server, f"/easel/gallery/trashed/{id}").status == 204
    assert people.vera.post(server, "/easel/gallery/restore", {"ids": [id]}).json()["done"] == []
    assert people.vera.post(server, "/easel/gallery/empty", {"all": True}).json()["done"] == []
    assert people.max.get(server, f"/easel/gallery/trashed/{id}").headers["x-content-type-options"] == "nosniff"
    assert people.ada.post(server, "/easel/gallery/restore", {"ids": [id]}).json()["done"] == [id]
    assert (base / "output/people" / people.max.id / "walls/Max.png").is_file()


def test_saved_things_are_ones_own(server: Server, people: People) -> None:
    graph = {"nodes": [], "links": [], "version": 0.4}
    people.vera.post(server, "/userdata/workflows%2Fmine.json", graph)
    people.vera.post(server, "/settings", {"Easel.A": 1})
    people.vera.post(server, "/easel/documents/document1/versions", {"workflow": graph, "base": None})
    server.request("PUT", "/api/etn/image/abc", raw=png(), headers=people.vera.program)

    def sees(person: Someone) -> list[bool]:
        return [
            person.get(server, "/userdata/workflows%2Fmine.json").status == 200,
            bool(person.get(server, "/userdata", dir="workflows", absent="empty").json()),
            person.get(server, "/settings").json() == {"Easel.A": 1},
            person.get(server, "/easel/documents/document1").status == 200,
            any(found["name"] == "mine" for found in person.get(server, "/easel/library").json()["graphs"]),
            person.get(server, "/api/etn/image/abc").status == 200,
        ]

    assert sees(people.vera) == [True] * 6
    assert sees(people.max) == [False] * 6


def test_another_admin_names_the_first_ones_files(server: Server, people: People) -> None:
    made = people.ada.post(
        server, "/easel/accounts", {"name": "Zoe", "password": "correct horse battery", "role": "admin"}
    )
    assert made.status in (200, 201), made.body
    login = server.post(
        "/easel/login",
        {"name": "Zoe", "password": "correct horse battery"},
        headers={"Content-Type": "application/json"},
    )
    cookie = {"Cookie": login.headers["set-cookie"].partition(";")[0]}

    def view(**query: str) -> int:
        address = "&".join(f"{name}={value}" for name, value in query.items())
        return server.request("GET", f"/view?{address}", headers=cookie).status

    send(server, people.ada, "first.png", png((8, 8, 8)))
    assert view(filename="first.png", type="input", subfolder="people/default") == 200
    assert view(filename="cat.png", type="input", subfolder=f"people/{people.vera.id}") == 200
    assert view(filename="first.png", type="input") == 404


def test_files_may_take_no_more_than_their_quota(server: Server, people: People, base: Path) -> None:
    own = [base / kind / "people" / people.max.id for kind in ("input", "output")]
    used = sum(path.stat().st_size for root in own for path in root.rglob("*") if path.is_file())

    def allow(more: int | None) -> None:
        quotas = {"disk_bytes": None if more is None else used + more}
        assert people.ada.post(server, f"/easel/accounts/{people.max.id}", {"quotas": quotas}, "PATCH").status == 200

    allow(3000)
    refused = send(server, people.max, "large.bin", b"x" * 4000)
    assert refused.status == 507
    said = refused.json()["error"]
    assert said["type"] == "quota"
    assert said["extra_info"]["quota"] == used + 3000
    assert "kB" in said["message"]
    assert send(server, people.max, "small.bin", b"x" * 1000).status == 200
    assert send(server, people.vera, "large.bin", b"x" * 4000).status == 200

    ended = run(server, people.max, {"1": node("Save", letter="q", kilobytes=4)})
    assert "your files may take" in json.dumps(ended["status"])
    assert not list(own[1].glob("q_*"))
    allow(0)
    ended = run(server, people.max, {"1": node("Show", text="hello")})
    assert "Your files take all the room" in json.dumps(ended["status"])
    allow(None)
    assert run(server, people.max, {"1": node("Save", letter="q", kilobytes=1)})["status"]["status_str"] == "success"


def test_what_a_deleted_file_took_is_free_again(server: Server, people: People, base: Path) -> None:
    roots = [base / "user" / people.max.id, *(base / kind / "people" / people.max.id for kind in ("input", "output"))]
    used = sum(path.stat().st_size for root in roots for path in root.rglob("*") if path.is_file())
    quotas = {"disk_bytes": used + 3000}
    assert people.ada.post(server, f"/easel/accounts/{people.max.id}", {"quotas": quotas}, "PATCH").status == 200
    try:
        first, second = "/userdata/first.json", "/userdata/second.json"
        assert people.max.post(server, first, raw=b"x" * 2000).status == 200
        assert people.max.post(server, second, raw=b"x" * 2000).status == 507
        assert people.max.post(server, first, method="DELETE").status == 204
        assert people.max.post(server, second, raw=b"x" * 2000).status == 200
    finally:
        people.ada.post(server, f"/easel/accounts/{people.max.id}", {"quotas": {"disk_bytes": None}}, "PATCH")
