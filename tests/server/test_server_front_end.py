"""--page: another front end at `/`, from a folder or a package, and what keeps its place."""

from __future__ import annotations

import gzip
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.front_end import NoFrontEnd, find_front_end
from tests.server.harness import ROOT, Server, running


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package that raises when it is imported."""
    folder = tmp_path_factory.mktemp("packages")
    static = folder / "some_front_end" / "static"
    files = {
        "../__init__.py": "raise RuntimeError('imported')",
        "index.html": "<!doctype html><script>1</script>",
        "user.css": "p {}",
        "assets/index-B2rHQ9Sn.js": "let a;" * 200,
        "scripts/app.js": "export {}",
        "extensions/core/first.js": "export {}",
        "queue": "a file where a route is",
        ".git/config": "nobody's business",
    }
    for name, text in files.items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(text)
    (folder / "outside.txt").write_text("no")
    (static / "link.txt").symlink_to(folder / "outside.txt")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, package: Path) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("front")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])]))
        with running(base, "--page", "some-front-end") as found:
            yield found


def test_its_files_are_served_and_ours_stays(server: Server) -> None:
    first = server.get("/")
    assert (first.status, b"<script>1" in first.body) == (200, True)
    assert "'unsafe-inline'" in first.headers["content-security-policy"]
    assert "connect-src 'self'" in first.headers["content-security-policy"]
    ours = server.get("/easel/page")
    assert b"Easel" in ours.body
    assert "unsafe-eval" not in ours.headers["content-security-policy"]
    script = server.request("GET", "/assets/index-B2rHQ9Sn.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(script.body).startswith(b"let a;")
    assert "immutable" in script.headers["cache-control"]
    assert server.get("/scripts/app.js").headers["cache-control"] == "no-cache"
    assert server.get("/scripts/app.js").headers["content-type"].startswith("text/javascript")


def test_its_own_extensions_are_listed_and_served(server: Server) -> None:
    assert server.get("/extensions").json() == ["/extensions/core/first.js"]
    assert server.get("/extensions/core/first.js").body == b"export {}"


def test_routes_come_first_and_nothing_lies_outside(server: Server) -> None:
    assert "queue_running" in server.get("/queue").json()
    assert server.get("/link.txt").status == 404
    assert server.get("/..%2F..%2Foutside.txt").status == 404
    assert server.get("/nothing.js").status == 404
    assert server.get("/.git/config").status == 404
    assert server.get("/api/scripts/app.js").status == 404


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("no-such-package-here", "Install it into Easel's environment"),
        ("json", "it is no built front end"),
        ("no/such/folder", "there is no such folder"),
    ],
)
def test_what_is_none_is_told(named: str, sentence: str) -> None:
    with pytest.raises(NoFrontEnd, match=sentence):
        find_front_end(named)


def test_a_folder_without_a_page_stops_the_start(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "server.py"), "--base-directory", str(tmp_path), "--page", str(tmp_path)]
    found = subprocess.run([*command, "--port", "0", "--no-browser"], capture_output=True, text=True, timeout=60)
    assert found.returncode == 1
    assert "there is no index.html in this folder" in found.stderr


@pytest.mark.skipif(importlib.util.find_spec("comfyui_frontend_package") is None, reason="It is not installed.")
def test_the_incumbents_package_is_served_whole(tmp_path: Path) -> None:
    """The test in the browser uses it; this one only asks for what its first page names."""
    with running(tmp_path, "--page", "comfyui-frontend-package") as server:
        first = server.get("/")
        named = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', first.body.decode())
        assert any(name.endswith(".js") for name in named)
        for name in named:
            answer = server.get(f"/{name}")
            assert (name, answer.status) == (name, 200)
            assert answer.body
        assert any(path.startswith("/extensions/core/") for path in server.get("/extensions").json())
        assert server.get("/scripts/app.js").status == 200
        version = importlib.metadata.version("comfyui-frontend-package")
        assert server.get("/system_stats").json()["system"]["required_frontend_version"] == version
