"""What the server tells of itself, its nodes, its models and its page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import struct
from pathlib import Path

import pytest

from api.app import THEMES
from api.page import Page
from tests.server.harness import Server, running, until


def test_object_info(server: Server) -> None:
    info = server.get("/object_info").json()
    assert server.get("/api/object_info").json() == info
    assert info["Say"]["input"]["required"]["text"] == ["STRING", {"default": "hello"}]
    assert server.get("/object_info/Say").json() == {"Say": info["Say"]}
    assert server.get("/object_info/Unknown").json() == {}


def test_object_info_lists_files_of_the_moment(server: Server) -> None:
    def names() -> list[str]:
        return server.get("/object_info/Model").json()["Model"]["input"]["required"]["name"][0]

    path = server.base / "models" / "checkpoints" / "sub" / "new.safetensors"
    assert "sub/new.safetensors" not in names()
    path.parent.mkdir(parents=True)
    path.touch()
    assert "sub/new.safetensors" in names()
    path.unlink()
    assert "sub/new.safetensors" not in names()


def test_json_answers_are_compressed_where_asked(server: Server) -> None:
    reply = server.request("GET", "/object_info", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert "Say" in json.loads(gzip.decompress(reply.body))
    assert "content-encoding" not in server.get("/object_info").headers


def test_system_stats_and_features(server: Server) -> None:
    system = server.get("/system_stats").json()["system"]
    assert system["ram_total"] > system["ram_free"] > 0
    assert {"os", "python_version", "pytorch_version", "comfyui_version", "embedded_python", "argv"} <= set(system)
    features = server.get("/features").json()
    assert features == {"supports_preview_metadata": True, "max_upload_size": 104857600}


def test_models(server: Server) -> None:
    kinds = server.get("/models").json()
    assert kinds[:3] == ["checkpoints", "configs", "loras"]
    assert "input" not in kinds
    (server.base / "models" / "loras" / "a.safetensors").touch()
    (server.base / "models" / "embeddings" / "style.pt").touch()
    assert server.get("/models/loras").json() == ["a.safetensors"]
    assert server.get("/embeddings").json() == ["style"]
    for unknown in ("nothing", "output", "..%2f"):
        assert server.get(f"/models/{unknown}").status == 404


def test_view_metadata(server: Server) -> None:
    header = json.dumps({"__metadata__": {"ss_tag": "x"}, "w": {}}).encode()
    loras = server.base / "models" / "loras"
    (loras / "meta.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert server.get("/view_metadata/loras", filename="meta.safetensors").json() == {"ss_tag": "x"}
    for name, data in {
        "none": struct.pack("<Q", 2) + b"{}",
        "huge": struct.pack("<Q", 2**40),
        "short": b"\1",
        "text": struct.pack("<Q", 4) + b"text",
        "deep": struct.pack("<Q", 90_000) + b"[" * 90_000,
    }.items():
        (loras / f"{name}.safetensors").write_bytes(data)
        assert server.get("/view_metadata/loras", filename=f"{name}.safetensors").status == 404, name
    assert server.get("/view_metadata/loras", filename="absent.safetensors").status == 404
    assert server.get("/view_metadata/loras", filename="../x.safetensors").status == 400


def test_small_answers(server: Server) -> None:
    assert server.get("/extensions").json() == []
    assert server.get("/no/such/route").status == 404
    assert server.request("PUT", "/prompt", raw=b"x").status == 405
    names = server.get("/easel/workflows").json()
    for name in names:
        assert isinstance(server.get(f"/easel/workflows/{name}").json(), dict)
    assert server.get("/easel/workflows/..%2fpyproject").status == 404


def test_every_route_of_clients_stands_under_api_too() -> None:
    ours = {(route.method, route.path) for theme in THEMES for route in theme.ROUTES}
    assert ("POST", "/prompt") in ours
    assert len(ours) > 30
    assert not [path for _, path in ours if path.startswith(("/api", "/easel"))]


@pytest.mark.parametrize(
    "path", ["/prompt", "/queue", "/history", "/object_info/Say", "/features", "/models", "/users"]
)
def test_both_addresses_answer_alike(server: Server, path: str) -> None:
    assert server.get(f"/api{path}").body == server.get(path).body


def test_the_catalogue_answers_before_a_worker_is_up(base: Path) -> None:
    with running(base) as first:
        first.wait_until_ready()
        info = first.get("/object_info").json()
        assert first.stop() == 0
    # A registry that cannot be imported: no worker comes up, and the page still knows the nodes.
    with running(base, registry="tests.server.absent:registry") as second:
        assert second.get("/object_info").json() == info
        assert second.status()["catalogue"] == "stale"
        until(lambda: second.status()["worker"]["deaths"], server=second)
        assert "tests.server.absent" in second.status()["worker"]["last_words"]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    root = tmp_path / "web"
    (root / "model").mkdir(parents=True)
    index = '<head><!--easel:importmap--><!--easel:modulepreload--><link href="{{web}}/style.css"></head>'
    (root / "index.html").write_text(index)
    (root / "main.js").write_text(
        "/* import './not.js' */\nimport { a } from './model/a.js'\nimport fuse from 'fuse'\nimport './style_only.js'\n"
        "export { b } from './model/b.js'\nconst lazy = () => import('./later.js')\n"
    )
    (root / "model" / "a.js").write_text("import { b } from './b.js'\nimport {\n  c,\n} from '../c.js'\n")
    (root / "model" / "b.js").write_text("import './a.js' // a circle\n")
    for name in ("c.js", "later.js", "style_only.js", "fuse.js"):
        (root / name).write_text("// " + "x" * 600)
    (root / "importmap.json").write_text('{"imports": {"fuse": "./fuse.js"}}')
    return root


def test_the_page_is_written_for_its_tree(web: Path) -> None:
    page = Page(web)
    body, policy = page.index()
    text = body.decode()
    base = f"/w/{page.version}"
    assert f'href="{base}/style.css"' in text
    links = re.findall(r'modulepreload" href="([^"]+)"', text)
    names = ["main.js", "model/a.js", "fuse.js", "style_only.js", "model/b.js", "c.js"]
    assert sorted(links) == sorted(f"{base}/{name}" for name in names)
    script = re.search(r'<script type="importmap">(.*?)</script>', text)
    assert script is not None
    assert json.loads(script[1]) == {"imports": {"fuse": f"{base}/fuse.js"}}
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_a_changed_file_changes_the_address_and_nothing_else_does(web: Path) -> None:
    page = Page(web)
    page.index()
    before = page.version
    page.index()
    assert page.version == before
    (web / "c.js").write_text("// changed")
    page.index()
    assert page.version != before
    asset = page.asset("c.js")
    assert asset is not None
    assert asset.plain == b"// changed"


def test_assets_stay_in_the_tree(web: Path) -> None:
    (web.parent / "secret.txt").write_text("x")
    page = Page(web)
    for name in ("../secret.txt", "model/../../secret.txt", "/etc/passwd", "absent.js", "model", "x\0"):
        assert page.asset(name) is None, name


def test_the_page_is_served_compressed_and_for_ever(server: Server) -> None:
    page = server.get("/")
    assert page.status == 200
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    found = re.search(r"/w/[0-9a-f]+/[\w./-]+\.js", page.body.decode())
    assert found is not None
    plain = server.get(found[0])
    zipped = server.request("GET", found[0], headers={"Accept-Encoding": "gzip, br"})
    assert plain.status == 200
    assert plain.headers["content-type"].startswith("text/javascript")
    assert "immutable" in plain.headers["cache-control"]
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    old = server.get(re.sub(r"/w/[0-9a-f]+/", "/w/0000/", found[0]))
    assert old.headers["cache-control"] == "no-store"
    assert server.get("/w/0000/..%2f..%2fpyproject.toml").status == 404
