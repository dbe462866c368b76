"""What packs add to the page: who is listed, which files are served, and that nothing else is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.harness import Server, running

INIT = 'PAGE_DIRECTORY = "./page"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("extensions")
    packs = base / "custom_nodes"
    for name in ("shiny", "no_index", "ünï & co"):
        (packs / name / "page").mkdir(parents=True)
        (packs / name / "__init__.py").write_text(INIT)
    for name in ("shiny", "ünï & co"):
        (packs / name / "page" / "index.js").write_text("export const version = 1\n")
    (packs / "shiny" / "page" / "sub").mkdir()
    (packs / "shiny" / "page" / "sub" / "star.svg").write_text("<svg/>")
    (packs / "shiny" / "secret.txt").write_text("not for the page")
    (packs / "shiny" / "page" / "link.txt").symlink_to(packs / "shiny" / "secret.txt")
    (packs / "elsewhere").mkdir()
    (packs / "elsewhere" / "__init__.py").write_text('PAGE_DIRECTORY = "../shiny/page"\n')
    with running(base, "--trust-packs", registry=None) as found:
        found.wait_until_ready()
        yield found


def listed(server: Server) -> dict[str, str]:
    return {entry["pack"]: entry["script"] for entry in server.get("/easel/extensions").json()}


def test_packs_with_a_script_are_listed(server: Server) -> None:
    found = listed(server)
    assert set(found) == {"easel_example", "shiny", "ünï & co"}
    for script in found.values():
        answer = server.get(script)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_folder_without_a_script_and_one_outside_are_told(server: Server) -> None:
    packs = {pack["name"]: pack for pack in server.get("/easel/status").json()["worker"]["packs"]}
    for name in ("no_index", "elsewhere"):
        assert packs[name]["state"] == "failed"
        assert "must name a folder in the pack that has an index.js" in packs[name]["problems"][0]["sentence"]


def test_an_address_names_the_state_of_the_folder(server: Server) -> None:
    before = listed(server)["shiny"]
    script = Path(server.base) / "custom_nodes" / "shiny" / "page" / "index.js"
    status = script.stat()
    os.utime(script, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert listed(server)["shiny"] != before


@pytest.mark.parametrize(
    "path",
    [
        "shiny/v/../secret.txt",
        "shiny/v/%2e%2e/secret.txt",
        "shiny/v/..%2fsecret.txt",
        "shiny/v/link.txt",
        "shiny/v/nothing.js",
        "shiny/v/sub",
        "nobody/v/index.js",
        "../v/index.js",
    ],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    assert server.get(f"/easel/packs/{path}").status == 404


def test_files_in_folders_are_served(server: Server) -> None:
    base = listed(server)["shiny"].removesuffix("index.js")
    assert server.get(base + "sub/star.svg").headers["content-type"] == "image/svg+xml"
