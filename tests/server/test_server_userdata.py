"""Saved files and settings of the user."""

from __future__ import annotations

import http.client
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from api.userdata import _make_later  # pyright: ignore[reportPrivateUsage]
from tests.server.disks import mounted, writable
from tests.server.harness import PATIENCE, Server, running


def place(name: str) -> str:
    return "/userdata/" + quote(name, safe="")


def test_a_file_is_written_listed_read_moved_and_deleted(server: Server) -> None:
    assert server.request("POST", place("life/a.json"), raw=b'{"a": 1}').json() == "life/a.json"
    full = server.request("POST", place("life/b.json") + "?full_info=true", raw=b"{}").json()
    assert full["path"] == "life/b.json"
    assert full["size"] == 2
    assert set(full) == {"path", "size", "modified", "created"}
    assert server.get("/userdata", dir="life").json() == ["a.json", "b.json"]
    assert server.get("/userdata", dir="life", split="true").json()[0] == ["a.json", "a.json"]
    assert server.get("/api/userdata", dir="life", full_info="true").json()[0]["size"] == 8
    assert server.get(place("life/a.json")).json() == {"a": 1}

    kept = server.request("POST", place("life/a.json") + "?overwrite=false", raw=b"new")
    assert (kept.status, kept.body) == (409, b"File already exists")
    moved = server.post(place("life/a.json") + "/move/" + quote("life/sub/c.json", safe=""))
    assert moved.json() == "life/sub/c.json"
    assert server.get("/userdata", dir="life", recurse="true").json() == ["b.json", "sub/c.json"]
    taken = server.post(place("life/b.json") + "/move/" + quote("life/sub/c.json", safe="") + "?overwrite=false")
    assert taken.status == 409

    assert server.request("DELETE", place("life/b.json")).status == 204
    assert server.request("DELETE", place("life/b.json")).status == 404
    assert server.get(place("life/b.json")).status == 404


def test_listing_says_what_is_wrong(server: Server) -> None:
    assert server.get("/userdata").status == 400
    assert server.get("/userdata", dir="..").status == 403
    assert server.get("/userdata", dir="absent").status == 404
    assert server.get("/userdata", dir="absent", absent="empty").json() == []
    assert server.get("/userdata", dir="..", absent="empty").status == 403


def test_the_tree_lists_folders_first(server: Server) -> None:
    server.request("POST", place("tree/z/deep.json"), raw=b"1")
    server.request("POST", place("tree/A.json"), raw=b"12")
    listed = server.get("/v2/userdata", path="tree").json()
    assert [(item["path"], item["type"]) for item in listed] == [
        ("tree/z", "directory"),
        ("tree/A.json", "file"),
        ("tree/z/deep.json", "file"),
    ]
    assert listed[1]["size"] == 2
    assert server.get("/v2/userdata", path="absent").status == 404
    assert server.get("/v2/userdata", path="tree/A.json").status == 400
    assert server.get("/v2/userdata", path="../..").status == 400


@pytest.mark.parametrize("name", ["../out.json", "a/../../out.json", "..\\out.json", "/etc/out", "C:out", "x\0y"])
def test_names_that_leave_the_folder_are_refused(server: Server, name: str) -> None:
    assert server.request("POST", place(name), raw=b"x").status == 403
    assert server.get(place(name)).status == 403
    server.request("POST", place("here.json"), raw=b"x")
    assert server.post(place("here.json") + "/move/" + quote(name, safe="")).status == 403
    assert not (server.base / "user" / "out.json").exists()


def test_a_name_that_is_too_long_is_refused(server: Server) -> None:
    assert server.request("POST", place("n" * 300), raw=b"x").status == 400


def test_a_saved_page_cannot_run(server: Server) -> None:
    server.request("POST", place("evil.html"), raw=b"<script>1</script>")
    reply = server.get(place("evil.html"))
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.headers["content-security-policy"].startswith("sandbox")


def test_settings(server: Server) -> None:
    assert server.get("/settings/Comfy.Absent").json() is None
    assert server.post("/settings", {"a": 1, "b": {"c": [2]}}).status == 200
    assert server.request("POST", "/settings/a", raw=b'"other"').status == 200
    settings = server.get("/api/settings").json()
    assert settings["a"] == "other"
    assert settings["b"] == {"c": [2]}
    assert server.post("/settings", [1]).status == 400
    assert server.request("POST", "/settings/a", raw=b"{").status == 400


def test_settings_changed_at_once_are_all_there(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: server.post(f"/settings/at.once.{n}", n), range(32)))
    settings = server.get("/settings").json()
    assert [settings[f"at.once.{n}"] for n in range(32)] == list(range(32))


def test_damaged_settings_are_set_aside(base: Path) -> None:
    folder = base / "user" / "default"
    folder.mkdir(parents=True)
    (folder / "comfy.settings.json").write_text('{"half": ')
    with running(base) as server:
        assert server.get("/settings").json() == {}
        assert server.post("/settings", {"new": 1}).status == 200
        assert server.get("/settings").json() == {"new": 1}
    assert (folder / "comfy.settings.damaged.json").read_text() == '{"half": '


def test_users(server: Server) -> None:
    assert server.get("/users").json()["storage"] == "server"
    assert server.post("/users", {"username": "x"}).status == 400


def test_files_come_back_byte_for_byte(server: Server) -> None:
    odd = json.dumps({"emoji": "🖼", "rtl": "שלום", "seed": 2**64 - 1}).encode() + bytes(range(256))
    server.request("POST", place("workflows/ünïcode 🖼.json"), raw=odd)
    assert server.get(place("workflows/ünïcode 🖼.json")).body == odd


def test_a_file_that_is_not_as_the_writer_knows_it_stays(server: Server) -> None:
    at = place("known/a.json")
    written = server.request("POST", at + "?full_info=true", raw=b"1").json()
    known = server.get("/easel/userdata_time", file="known/a.json").json()["modified"]
    assert known == written["modified"]
    assert server.request("POST", f"{at}?modified={known}", raw=b"2").status == 200
    (server.base / "user" / "default" / "known" / "a.json").write_bytes(b"theirs")
    changed = server.request("POST", f"{at}?modified={known}", raw=b"3")
    assert (changed.status, changed.json()["error"]["type"]) == (412, "file_changed")
    assert server.get(at).body == b"theirs"
    server.request("DELETE", at)
    gone = server.request("POST", f"{at}?modified={known}", raw=b"3")
    assert (gone.status, gone.json()["error"]["type"]) == (412, "file_gone")
    assert server.get("/easel/userdata_time", file="known/a.json").json() == {"modified": None}
    assert server.get("/easel/userdata_time", file="../../secret").status == 403
    assert server.request("POST", f"{at}?modified=soon", raw=b"3").status == 412
    server.request("POST", at, raw=b"1")
    assert server.request("POST", f"{at}?modified=soon", raw=b"3").status == 400


def begun(server: Server, path: str, data: bytes) -> http.client.HTTPConnection:
    """A request that the server has begun to answer: only the last byte of its body is still to come."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[:-1])
    return connection


def ended(connection: http.client.HTTPConnection, data: bytes) -> tuple[int, bytes]:
    connection.send(data[-1:])
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("way", ["modified", "overwrite"])
def test_of_two_that_save_at_once_only_one_does(server: Server, way: str) -> None:
    """Both have been let in before either had sent all."""
    at = place(f"at once/{way}.json")
    if way == "modified":
        known = server.request("POST", at + "?full_info=true", raw=b"old").json()["modified"]
        both, refused = [f"{at}?modified={known}"] * 2, 412
    else:
        both, refused = [f"{at}?overwrite=false"] * 2, 409
    first, second = begun(server, both[0], b"first"), begun(server, both[1], b"second")
    assert server.get("/userdata", dir="at once", absent="empty").status == 200  # so both have been looked at
    assert ended(first, b"first")[0] == 200
    assert ended(second, b"second")[0] == refused
    assert server.get(at).body == b"first"


@pytest.mark.parametrize(("query", "refused"), [("overwrite=false", 409), ("modified={}", 412)])
def test_of_many_that_save_at_once_only_one_does(server: Server, query: str, refused: int) -> None:
    at = place(f"many {refused}.json")
    if refused == 412:
        query = query.format(server.request("POST", at + "?full_info=true", raw=b"old").json()["modified"])
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: server.request("POST", f"{at}?{query}", raw=b"%d" % n), range(8)))
    status = [reply.status for reply in replies]
    assert sorted(status) == [200] + [refused] * 7
    assert server.get(at).body == b"%d" % status.index(200)


def test_of_many_files_that_are_moved_to_one_name_none_is_lost(server: Server) -> None:
    for n in range(8):
        server.request("POST", place(f"from {n}.json"), raw=b"%d" % n)
    to = quote("all to.json", safe="")
    with ThreadPoolExecutor(8) as pool:
        moved = pool.map(lambda n: server.post(f"{place(f'from {n}.json')}/move/{to}?overwrite=false").status, range(8))
        status = list(moved)
    assert sorted(status) == [200] + [409] * 7
    assert server.get(place("all to.json")).body == b"%d" % status.index(200)
    kept = {f"from {n}.json" for n in range(8) if status[n] == 409}
    assert kept <= set(server.get("/userdata", dir=".").json())


@pytest.mark.skipif(os.name == "nt", reason="mounts a file system")
def test_a_file_that_cannot_be_deleted_is_named(server: Server) -> None:
    with mounted(server.base / "user" / "default" / "fixed") as disk:
        server.request("POST", place("fixed/a.json"), raw=b"1")
        writable(disk, yes=False)
        reply = server.request("DELETE", place("fixed/a.json"))
        assert (reply.status, reply.json()["error"]["type"]) == (503, "read_only")
        assert "a.json" in reply.json()["error"]["message"]
        assert server.get(place("fixed/a.json")).body == b"1"


def test_no_version_has_the_time_of_an_earlier_one(tmp_path: Path) -> None:
    """Also where the clock was set back by an hour, and on a disk that keeps whole seconds."""
    path = tmp_path / "a.json"
    path.write_bytes(b"1")
    hour = 3600 * 10**9
    before = path.stat().st_mtime_ns + hour
    _make_later(path, before)
    assert path.stat().st_mtime_ns > before

    coarse = path.stat().st_mtime_ns // 10**9 * 10**9
    os.utime(path, ns=(coarse, coarse))
    real = os.utime

    def whole_seconds(path: Path, ns: tuple[int, int]) -> None:
        real(path, ns=(ns[0], ns[1] // 10**9 * 10**9))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "utime", whole_seconds)
        _make_later(path, coarse)
    assert path.stat().st_mtime_ns == coarse + 10**9
