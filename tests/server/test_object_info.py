"""`/object_info` while a server still reads its folders: the last answer of the one before, and then the new one."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

from api.object_info import ObjectInfo, info_for
from graph.folders import FolderKind, Folders, FoldersOnce, standard_folders
from graph.registry import Catalogue
from graph.spec import FileChoice, InputSpec, NodeSpec

LOADER = NodeSpec(
    class_type="Loader",
    inputs=(InputSpec(name="name", type="COMBO", files=FileChoice(kind="loras")),),
)


def made(base: Path) -> ObjectInfo:
    folders = Folders({"loras": FolderKind((base / "loras",), frozenset({".safetensors"}))})
    return ObjectInfo(folders, base / "cache" / "object_info.json.gz")


def names(plain: bytes) -> list[str]:
    return json.loads(plain)["Loader"]["input"]["required"]["name"][0]


def test_the_last_answer_is_given_until_the_folders_are_read(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "loras").mkdir()
        (tmp_path / "loras" / "one.safetensors").touch()
        before = made(tmp_path)
        await before.answer(Catalogue([LOADER]))
        before.keep()
        (tmp_path / "loras" / "two.safetensors").touch()
        after = made(tmp_path)
        stale = await after.early()
        assert stale is not None
        assert names(stale.plain) == ["one.safetensors"]
        fresh = await after.answer(Catalogue([LOADER]))
        assert names(fresh.plain) == ["one.safetensors", "two.safetensors"]
        assert fresh.tag != stale.tag

    asyncio.run(run())


def test_it_is_made_once_for_all_who_ask_and_anew_for_another_catalogue(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "loras").mkdir()
        info, catalogue = made(tmp_path), Catalogue([LOADER])
        answers = await asyncio.gather(*(info.answer(catalogue) for _ in range(5)))
        assert len({id(answer) for answer in answers}) == 1
        assert await info.answer(catalogue) is answers[0]
        assert await info.answer(Catalogue([LOADER])) is not answers[0]

    asyncio.run(run())


def test_a_damaged_answer_on_the_disk_is_passed_over(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "loras").mkdir()
        (tmp_path / "cache").mkdir()
        for damaged in (b"no gzip", gzip.compress(b"whole")[:-9], gzip.compress(b"x" * 99)[:12] + b"?" * 20):
            (tmp_path / "cache" / "object_info.json.gz").write_bytes(damaged)
            assert await made(tmp_path).early() is None

    asyncio.run(run())


def test_a_list_that_a_pack_made_of_the_first_persons_files_is_each_persons_own(tmp_path: Path) -> None:
    folders = standard_folders([], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t")
    for name in ("in/secret.wav", "in/secret.txt", "in/people/anna_1/mine.wav", "in/people/anna_1/mine.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    spec = NodeSpec(
        class_type="X",
        inputs=(InputSpec(name="sound", type="COMBO", choices=("none", "secret.wav")),),
        changing=True,
    )
    firsts = frozenset(folders.list("input"))

    info = info_for(spec, FoldersOnce(folders.for_person("anna_1")), firsts)

    assert info["input"]["required"]["sound"][0] == ["none", "mine.wav"]
