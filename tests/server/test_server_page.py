"""The page's files: what `/` names, under which addresses they stand, and what joins them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import re
import shutil
import sys
from pathlib import Path

import pytest

from api.joined import KEPT_TREES, Joiner
from api.page import Page
from tests.server.harness import ROOT, Server, running

TOOL = next((ROOT / "web" / "node_modules" / "@esbuild").glob("*/bin/esbuild"), None)
needs_tool = pytest.mark.skipif(TOOL is None, reason="esbuild is not installed in web/node_modules")


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
    body, policy = asyncio.run(page.index())
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
    asyncio.run(page.index())
    before = page.version
    asyncio.run(page.index())
    assert page.version == before
    (web / "c.js").write_text("// changed")
    asyncio.run(page.index())
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


@pytest.fixture
def joiner(web: Path, tmp_path: Path) -> Joiner:
    """A joiner for a page with two stylesheets, something loaded later, a worker and a package."""
    assert TOOL is not None
    place = web / "node_modules" / "@esbuild" / "here" / "bin"
    place.mkdir(parents=True)
    (place / "esbuild").symlink_to(TOOL)
    package = web / "node_modules" / "fuse"
    package.mkdir()
    (package / "package.json").write_text('{"name": "fuse", "main": "fuse.js"}')
    (package / "fuse.js").write_text("export default 'the package'")
    index = "".join(f'  <link rel="stylesheet" href="{{{{web}}}}/{name}">\n' for name in ("one.css", "two.css"))
    (web / "index.html").write_text(f"{index}  <!--easel:importmap-->\n  <!--easel:modulepreload-->\n")
    (web / "one.css").write_text(".one { color: red; }")
    (web / "two.css").write_text(".two { color: blue; }")
    (web / "layout").mkdir()
    (web / "layout" / "worker.js").write_text("import { b } from '../model/b.js'\npostMessage(b)\n")
    (web / "model" / "a.js").write_text("import { b } from './b.js'\nexport const a = b + ' of a'\n")
    (web / "model" / "b.js").write_text("export const b = 'said by b'\n")
    (web / "later.js").write_text("export const later = 'only when asked for'\n")
    (web / "main.js").write_text(
        "import { a } from './model/a.js'\nimport fuse from 'fuse'\nconsole.log(a, fuse)\n"
        "export const lazy = () => import('./later.js')\n"
    )
    return Joiner(web, tmp_path / "kept")


def index_of(page: Page) -> str:
    return asyncio.run(page.index())[0].decode()


@needs_tool
def test_the_sources_are_joined(web: Path, joiner: Joiner) -> None:
    page = Page(web, joiner)
    text = index_of(page)
    base = f"/w/{page.version}"
    assert re.findall(r'stylesheet" href="([^"]+)"', text) == [f"{base}/page.css"]
    preloads = re.findall(r'modulepreload" href="([^"]+)"', text)
    assert preloads[0] == f"{base}/main.js"
    assert "importmap" not in text
    at_once = ""
    for address in preloads:
        found = page.served(page.version, address.removeprefix(f"{base}/"))
        assert found is not None
        assert found[1]
        at_once += found[0].plain.decode()
    assert "said by b" in at_once
    assert "the package" in at_once
    assert "only when asked for" not in at_once
    later = re.search(r'import\("\./(later-\w+\.js)"\)', at_once)
    assert later is not None
    for name, content in ((later[1], "only when asked for"), ("layout/worker.js", "said by b"), ("page.css", ".two{")):
        found = page.served(page.version, name)
        assert found is not None
        assert content in found[0].plain.decode()
    source = page.served(page.version, "model/a.js")
    assert source is not None
    assert source[0].plain == (web / "model" / "a.js").read_bytes()


@needs_tool
def test_a_change_is_joined_anew_and_an_open_page_keeps_what_it_had(web: Path, joiner: Joiner) -> None:
    page = Page(web, joiner)
    index_of(page)
    before = page.version
    (web / "model" / "b.js").write_text("export const b = 'said anew'\n")
    index_of(page)
    assert page.version != before
    for version, words in ((before, b"said by b"), (page.version, b"said anew")):
        found = page.served(version, "main.js")
        assert found is not None
        assert words in found[0].plain
        assert found[1], "it will never mean anything else"


@needs_tool
def test_joined_trees_are_kept_for_the_next_start_and_old_ones_go(
    web: Path, joiner: Joiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(Page(web, joiner))
    monkeypatch.setattr(Joiner, "_make", None)  # nothing has to be made
    again = Page(web, Joiner(web, joiner.kept))
    assert "page.css" in index_of(again)
    (joiner.kept / again.version / "main.js").write_text("cut")
    assert Joiner(web, joiner.kept).find(again.version) is None, "a damaged one is not taken"
    monkeypatch.undo()
    page = Page(web, Joiner(web, joiner.kept))
    for number in range(KEPT_TREES + 2):
        (web / "c.js").write_text(f"// {number}")
        index_of(page)
    assert len(list(joiner.kept.iterdir())) == KEPT_TREES
    assert page.served(page.version, "main.js") is not None
    shutil.rmtree(joiner.kept)
    assert "page.css" in index_of(page), "a cache that somebody emptied is filled again"
    assert page.served(page.version, "main.js") is not None


@needs_tool
@pytest.mark.parametrize("trouble", ["no tool", "a broken tool", "a slow tool", "no room", "an error in the sources"])
def test_where_nothing_can_be_joined_the_sources_are_served(
    web: Path, joiner: Joiner, trouble: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tool = web / "node_modules" / "@esbuild" / "here" / "bin" / "esbuild"
    if trouble == "no tool":
        tool.unlink()
    elif trouble == "a broken tool":
        tool.unlink()
        tool.write_text("not a program")
    elif trouble == "a slow tool":
        tool.unlink()
        tool.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
        tool.chmod(0o755)
        monkeypatch.setattr("api.joined.PATIENCE", 0.3)
    elif trouble == "no room":
        joiner.kept.write_text("a file stands where the folder should")
    else:
        (web / "model" / "b.js").write_text("export const b = = 1\n")
    page = Page(web, joiner)
    with caplog.at_level(logging.WARNING):
        text = index_of(page)
        index_of(page)
    assert f'href="/w/{page.version}/one.css"' in text
    assert f'modulepreload" href="/w/{page.version}/model/a.js"' in text
    found = page.served(page.version, "main.js")
    assert found is not None
    assert found[0].plain == (web / "main.js").read_bytes()
    assert len(caplog.records) == 1, "one line says why"
    if trouble == "an error in the sources":
        assert "model/b.js:1" in caplog.text
        (web / "model" / "b.js").write_text("export const b = 1\n")
        assert "page.css" in index_of(page), "mended: joined again"


def test_the_page_loads_in_few_requests_from_the_real_server(server: Server) -> None:
    text = server.get("/").body.decode()
    addresses = {a for a in re.findall(r'(?:href|src)="(/w/[^"]+)"', text) if not a.endswith(".svg")}
    if TOOL is None:
        pytest.skip("esbuild is not installed in web/node_modules")
    assert len(addresses) <= 20
    total = 0
    for address in addresses:
        reply = server.request("GET", address, headers={"Accept-Encoding": "gzip, br"})
        assert reply.status == 200
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        total += len(reply.body)
    assert total < 300_000


def test_sources_are_served_when_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, "--page-sources") as server:
        text = server.get("/").body.decode()
        main = re.search(r'src="(/w/[^"]+/main\.js)"', text)
        assert main is not None
        assert server.get(main[1]).body == (ROOT / "web" / "main.js").read_bytes()
        assert "model/store.js" in text
