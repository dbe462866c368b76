"""Every route that clients of the incumbent's protocol know, walked in one table: method, path, status and shape."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api import app
from tests.server.harness import Server, running, say

LOCALES = {
    "en/main.json": {"greeting": "hello"},
    "en/nodeDefs.json": {"Say": {"display_name": "Say it"}},
    "zh/commands.json": {"c": {"label": "l"}},
    "zh/main.json": ["no object"],
}
PACK = """
WEB_DIRECTORY = "js"


class Say:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": ""})}}

    def run(self, text):
        return (text,)


class Show:
    RETURN_TYPES = ()
    FUNCTION = "run"
    CATEGORY = "tests"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"forceInput": True})}}

    def run(self, text):
        return {"ui": {"text": [text]}}


NODE_CLASS_MAPPINGS = {"Say": Say, "Show": Show}
"""


def picture(format: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 30)).save(data, format)
    return data.getvalue()


def safetensors(metadata: dict[str, str]) -> bytes:
    header = json.dumps({"__metadata__": metadata}).encode()
    return struct.pack("<Q", len(header)) + header


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with a pack, models with pictures, and a job that has ended."""
    base = tmp_path_factory.mktemp("table")
    pack = base / "custom_nodes" / "my pack"
    files: dict[str, bytes] = {
        "__init__.py": PACK.encode(),
        "js/index.js": b"export {}",
        "js/sub/more.js": b"export {}",
        "js/style.css": b"p {}",
        "js/docs/Say/en.md": b"# Say",
        "example_workflows/first.json": b"{}",
        "example_workflows/first.jpg": picture("JPEG"),
        "subgraphs/twice.json": b'{"nodes": []}',
        "secret.txt": b"no",
        **{f"locales/{name}": json.dumps(words).encode() for name, words in LOCALES.items()},
    }
    for name, data in files.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_bytes(data)
    loras = base / "models" / "loras" / "people"
    loras.mkdir(parents=True)
    (loras / "beside.safetensors").write_bytes(safetensors({"a": "b"}))
    (loras / "beside.preview.png").write_bytes(picture())
    covers = json.dumps([base64.b64encode(picture("JPEG")).decode()])
    (loras / "within.safetensors").write_bytes(safetensors({"ssmd_cover_images": covers}))
    (loras / "plain.safetensors").write_bytes(safetensors({}))
    (base / "models" / "embeddings").mkdir()
    (base / "models" / "embeddings" / "bright.pt").write_bytes(b"")
    (base / "outside.png").write_bytes(picture())
    (base / "output").mkdir()
    (base / "output" / "out.png").write_bytes(picture())
    with running(base, "--trust-packs", registry=None) as found:
        found.wait_until_ready()
        found.run(say("table"), prompt_id="the-job")
        yield found


Check = Callable[[Any], bool] | None


def empty(body: bytes) -> bool:
    return body == b""


def webp(body: bytes) -> bool:
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def has(*names: str) -> Callable[[Any], bool]:
    return lambda found: isinstance(found, dict) and set(names) <= set(found)


SUBGRAPH = hashlib.sha256(b"my pack/twice.json").hexdigest()
PREVIEW = "/experiment/models/preview/loras/0/"
TABLE: list[tuple[str, str, Any, int, Check]] = [
    # method, path, body, status, what the answer must be (bytes where it is no JSON)
    ("GET", "/prompt", None, 200, lambda b: set(b["exec_info"]) == {"queue_remaining"}),
    ("POST", "/prompt", {"prompt": say("again")}, 200, has("prompt_id", "number", "node_errors")),
    ("POST", "/prompt", {}, 400, lambda b: b["error"]["type"] == "no_prompt" and b["node_errors"] == {}),
    ("GET", "/queue", None, 200, lambda b: set(b) == {"queue_running", "queue_pending"}),
    ("POST", "/queue", {"delete": ["nobody"]}, 200, empty),
    ("POST", "/queue", {"clear": True}, 200, empty),
    ("GET", "/history", None, 200, has("the-job")),
    ("GET", "/history?max_items=1", None, 200, lambda b: len(b) == 1),
    ("GET", "/history/the-job", None, 200, lambda b: set(b["the-job"]) == {"prompt", "outputs", "status", "meta"}),
    ("GET", "/history/nobody", None, 200, lambda b: b == {}),
    ("POST", "/history", {"delete": ["nobody"]}, 200, empty),
    ("POST", "/interrupt", None, 200, empty),
    ("POST", "/interrupt", {"prompt_id": "nobody"}, 200, empty),
    ("POST", "/free", {"unload_models": True, "free_memory": False}, 200, empty),
    ("GET", "/object_info", None, 200, has("Say", "Show")),
    ("GET", "/object_info/Say", None, 200, lambda b: {"input", "output", "python_module"} <= set(b["Say"])),
    ("GET", "/object_info/Nothing", None, 200, lambda b: b == {}),
    ("GET", "/system_stats", None, 200, lambda b: "comfyui_version" in b["system"] and "devices" in b),
    ("GET", "/features", None, 200, has("supports_preview_metadata", "max_upload_size")),
    ("GET", "/embeddings", None, 200, lambda b: b == ["bright"]),
    ("GET", "/models", None, 200, lambda b: b[0] == "checkpoints" and "custom_nodes" in b),
    ("GET", "/models/loras", None, 200, lambda b: "people/beside.safetensors" in b),
    ("GET", "/models/nothing", None, 404, empty),
    ("GET", "/view_metadata/loras?filename=people/beside.safetensors", None, 200, lambda b: b == {"a": "b"}),
    ("GET", "/view_metadata/loras?filename=people/nothing.safetensors", None, 404, empty),
    ("GET", "/experiment/models", None, 200, lambda b: "loras" in {each["name"] for each in b}),
    ("GET", "/experiment/models", None, 200, lambda b: not {"configs", "custom_nodes"} & {each["name"] for each in b}),
    (
        "GET",
        "/experiment/models/loras",
        None,
        200,
        lambda b: (
            b[0]["name"] == "people/beside.safetensors"
            and set(b[0]) == {"name", "pathIndex", "modified", "created", "size"}
        ),
    ),
    ("GET", "/experiment/models/nothing", None, 404, empty),
    ("GET", PREVIEW + "people%2Fbeside.safetensors", None, 200, webp),
    ("GET", PREVIEW + "people/within.safetensors", None, 200, webp),
    ("GET", PREVIEW + "people/plain.safetensors", None, 404, None),
    ("GET", PREVIEW + "nothing.safetensors", None, 404, None),
    ("GET", "/experiment/models/preview/loras/99/people/beside.safetensors", None, 404, None),
    ("GET", "/experiment/models/preview/input/0/x.png", None, 404, None),
    ("GET", PREVIEW + "..%2F..%2Foutside.png", None, 400, None),
    ("GET", PREVIEW + "%2Fetc%2Fpasswd", None, 400, None),
    (
        "GET",
        "/extensions",
        None,
        200,
        lambda b: b == ["/extensions/my%20pack/index.js", "/extensions/my%20pack/sub/more.js"],
    ),
    ("GET", "/extensions/my%20pack/index.js", None, 200, lambda b: b == b"export {}"),
    ("GET", "/extensions/my%20pack/style.css", None, 200, lambda b: b == b"p {}"),
    ("GET", "/extensions/my%20pack/docs/Say/en.md", None, 200, lambda b: b == b"# Say"),
    ("GET", "/extensions/my%20pack/..%2Fsecret.txt", None, 404, None),
    ("GET", "/extensions/nothing/index.js", None, 404, None),
    (
        "GET",
        "/i18n",
        None,
        200,
        lambda b: (
            b
            == {
                "en": {"greeting": "hello", "nodeDefs": {"Say": {"display_name": "Say it"}}},
                "zh": {"commands": {"c": {"label": "l"}}},
            }
        ),
    ),
    ("GET", "/workflow_templates", None, 200, lambda b: b == {"my pack": ["first"]}),
    ("GET", "/workflow_templates/my%20pack/first.json", None, 200, lambda b: b == {}),
    ("GET", "/workflow_templates/my%20pack/first.jpg", None, 200, lambda b: b[:2] == b"\xff\xd8"),
    ("GET", "/workflow_templates/my%20pack/..%2F__init__.py", None, 404, None),
    ("GET", "/templates/index.json", None, 200, lambda b: b[0]["moduleName"] == "default" and b[0]["templates"]),
    ("GET", "/templates/index.zh.json", None, 200, lambda b: b[0]["title"] == "Easel"),
    ("GET", "/templates/default.json", None, 200, has("nodes")),
    ("GET", "/templates/default-1.webp", None, 200, webp),
    ("GET", "/templates/..%2FREADME.md", None, 404, None),
    ("GET", "/docs/Say/en.md", None, 200, lambda b: b.startswith(b"# Say") and b"`text`" in b),
    ("GET", "/docs/Nothing/en.md", None, 404, None),
    ("GET", "/global_subgraphs", None, 200, lambda b: [each["name"] for each in b.values()] == ["twice"]),
    ("GET", f"/global_subgraphs/{SUBGRAPH}", None, 200, lambda b: json.loads(b["data"]) == {"nodes": []}),
    ("GET", "/global_subgraphs/nothing", None, 404, None),
    ("GET", "/node_replacements", None, 200, lambda b: isinstance(b, dict)),
    ("GET", "/users", None, 200, lambda b: b["storage"] == "server"),
    ("POST", "/users", {"username": "x"}, 400, None),
    ("GET", "/settings", None, 200, lambda b: isinstance(b, dict)),
    ("POST", "/settings", {"a.b": 1}, 200, empty),
    ("GET", "/settings/a.b", None, 200, lambda b: b == 1),
    ("POST", "/settings/a.b", [2], 200, empty),
    ("GET", "/settings/nothing", None, 200, lambda b: b is None),
    ("POST", "/userdata/workflows%2Fa.json", {"n": 1}, 200, lambda b: b == "workflows/a.json"),
    ("POST", "/userdata/workflows%2Fa.json?overwrite=false", {"n": 1}, 409, lambda b: b == b"File already exists"),
    (
        "POST",
        "/userdata/workflows%2Fa.json?full_info=true",
        {"n": 2},
        200,
        lambda b: set(b) == {"path", "size", "modified", "created"},
    ),
    ("GET", "/userdata/workflows%2Fa.json", None, 200, lambda b: b == {"n": 2}),
    ("GET", "/userdata?dir=workflows", None, 200, lambda b: b == ["a.json"]),
    ("GET", "/userdata?dir=workflows&split=true&recurse=true", None, 200, lambda b: b == [["a.json", "a.json"]]),
    ("GET", "/userdata?dir=workflows&full_info=true", None, 200, lambda b: b[0]["path"] == "a.json"),
    ("GET", "/userdata", None, 400, lambda b: b == b"Directory not provided"),
    ("GET", "/userdata?dir=../..", None, 403, lambda b: b == b"Invalid directory"),
    ("GET", "/userdata?dir=nothing", None, 404, lambda b: b == b"Directory not found"),
    ("GET", "/v2/userdata?path=workflows", None, 200, lambda b: b[0]["type"] == "file" and "size" in b[0]),
    ("POST", "/userdata/workflows%2Fa.json/move/workflows%2Fb.json", None, 200, lambda b: b == "workflows/b.json"),
    ("POST", "/userdata/workflows%2Fb.json/move/..%2F..%2Fx.json", None, 403, None),
    ("DELETE", "/userdata/workflows%2Fb.json", None, 204, empty),
    ("DELETE", "/userdata/workflows%2Fb.json", None, 404, None),
    ("GET", "/view?filename=out.png", None, 200, lambda b: b[:4] == b"\x89PNG"),
    ("GET", "/view?filename=nothing.png", None, 404, None),
    ("GET", "/jobs", None, 200, lambda b: set(b["pagination"]) == {"offset", "limit", "total", "has_more"}),
    ("GET", "/jobs?status=completed&limit=1", None, 200, lambda b: b["jobs"][0]["status"] == "completed"),
    ("GET", "/jobs?status=pending,in_progress", None, 200, lambda b: isinstance(b["jobs"], list)),
    ("GET", "/jobs?status=wrong", None, 400, has("error")),
    ("GET", "/jobs?limit=0", None, 400, has("error")),
    ("GET", "/jobs/the-job", None, 200, has("id", "status", "priority", "create_time", "outputs", "workflow")),
    ("GET", "/jobs/nobody", None, 404, has("error")),
    ("POST", "/jobs/the-job/cancel", None, 200, lambda b: b == {"cancelled": False}),
    ("POST", "/jobs/cancel", {"job_ids": ["the-job", "nobody"]}, 200, lambda b: b == {"cancelled": False}),
]
INTERNAL: list[tuple[str, str, Any, int, Check]] = [
    ("GET", "/internal/logs", None, 200, lambda b: isinstance(b, str)),
    ("GET", "/internal/logs/raw", None, 200, has("entries", "size")),
    ("PATCH", "/internal/logs/subscribe", {"clientId": "x", "enabled": False}, 200, empty),
    ("GET", "/internal/folder_paths", None, 200, lambda b: Path(b["loras"][0]).name == "loras"),
    ("GET", "/internal/files/output", None, 200, lambda b: b == ["out.png"]),
    ("GET", "/internal/files/other", None, 400, lambda b: b == {"error": "Invalid directory type"}),
]


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_every_route_of_the_table(server: Server, prefix: str) -> None:
    wrong: list[str] = []
    for method, path, body, status, check in [*TABLE, *([] if prefix else INTERNAL)]:
        reply = server.request(method, prefix + path, body)
        said: Any = reply.body
        if check is not None and check is not empty and "json" in reply.headers.get("content-type", ""):
            said = reply.json()
        if reply.status != status or (check is not None and not check(said)):
            wrong.append(f"{method} {prefix}{path}: {reply.status} {reply.body[:200]!r}")
    assert wrong == []


ELSEWHERE = {("GET", "/ws"), ("POST", "/upload/image"), ("POST", "/upload/mask")}
"""Routes that the tests of sockets and of files walk."""


def test_the_table_leaves_no_route_out() -> None:
    walked = {(method, path.partition("?")[0]) for method, path, *_ in TABLE}
    left = set(ELSEWHERE)
    for theme in app.THEMES:
        for route in theme.ROUTES:
            pattern = re.compile(
                re.sub(r"\{\w+(?::((?:[^{}]|\{[^{}]*\})*))?\}", lambda found: f"(?:{found[1] or '[^/]+'})", route.path)
            )
            known = any(method == route.method and pattern.fullmatch(path) for method, path in walked)
            if not known:
                left ^= {(route.method, route.path)}
    assert left == set()


def test_a_pack_that_nobody_approved_brings_nothing(tmp_path: Path) -> None:
    pack = tmp_path / "custom_nodes" / "stranger"
    (pack / "js").mkdir(parents=True)
    (pack / "js" / "index.js").write_text("export {}")
    (pack / "__init__.py").write_text(PACK)
    (pack / "locales" / "en").mkdir(parents=True)
    (pack / "locales" / "en" / "main.json").write_text('{"a": "b"}')
    (pack / "example_workflows").mkdir()
    (pack / "example_workflows" / "first.json").write_text("{}")
    header = b'{"__metadata__": {"a": "b"}}'
    (pack / "first.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (pack / "first.png").write_bytes(picture())
    with running(tmp_path, registry=None) as server:
        server.wait_until_ready()
        assert server.get("/extensions").json() == []
        assert server.get("/extensions/stranger/index.js").status == 404
        assert server.get("/i18n").json() == {}
        assert server.get("/workflow_templates").json() == {}
        assert server.get("/workflow_templates/stranger/first.json").status == 404
        # Nor does it by the routes that show model files, and pictures beside them.
        assert server.get("/models/custom_nodes").json() == []
        assert server.get("/experiment/models/custom_nodes").status == 404
        assert server.get("/experiment/models/preview/custom_nodes/0/stranger/first.safetensors").status == 404
        assert server.get("/view_metadata/custom_nodes?filename=stranger/first.safetensors").status == 404
        assert server.get("/easel/model_pictures").json().get("custom_nodes") is None
        assert server.get("/easel/model_picture/custom_nodes?name=stranger/first.safetensors").status == 404
        assert server.get("/api/etn/model_info/custom_nodes").status == 400
