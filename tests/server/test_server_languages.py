"""Languages of the page: which there are, which is chosen, what a file of one's own changes, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.languages import choose
from tests.server.harness import Server, running


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("languages")
    folder = base / "user" / "languages"
    folder.mkdir(parents=True)
    files: dict[str, Any] = {
        "de.json": {"name": "Deutsch", "words": {"Run": "Los", "Stop": 7}},
        "de.nodes.json": {"names": {"seed": "Startwert"}, "nodes": {"Say": {"title": "Sagen"}}},
        "zh-CN.json": {"words": {"Run": "跑"}},
        "notes.txt": "no language",
        "not a code.json": {},
    }
    for name, content in files.items():
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    (folder / "fr.json").write_text('{"name": "français",\n "words": {"Run": "Lancer",}}', "utf-8")
    with running(base) as server:
        yield server


def ask(server: Server, *wanted: str) -> dict[str, Any]:
    query = "&".join(f"want={code}" for code in wanted)
    return server.get(f"/easel/language?{query}").json()


def test_languages_are_listed_with_their_own_names_and_what_is_wrong(here: Server) -> None:
    listed = {each["code"]: each for each in here.get("/easel/languages").json()["languages"]}
    assert next(iter(listed)) == "en"
    assert listed["de"] == {"code": "de", "name": "Deutsch", "yours": True, "error": ""}
    assert listed["zh-CN"]["name"] == "简体中文"
    assert listed["zh-CN"]["yours"]
    assert listed["fr"]["name"] == "fr"
    assert "line 2, column 2" in listed["fr"]["error"]
    assert set(listed) == {"en", "de", "fr", "zh-CN"}


def test_the_first_language_that_there_is_comes_with_its_nodes(here: Server) -> None:
    found = ask(here, "ja", "de-AT", "zh-CN")
    assert (found["code"], found["words"]["Run"]) == ("de", "Los")
    assert found["nodes"]["nodes"]["Say"]["title"] == "Sagen"
    assert found["troubles"] == []
    assert ask(here, "ja")["code"] is None
    assert ask(here, "en-GB", "de")["code"] is None
    assert ask(here)["code"] is None
    assert ask(here, "../../secret", "<script>")["code"] is None


def test_a_file_of_ones_own_replaces_sentences_of_ours(here: Server) -> None:
    words = ask(here, "zh-CN")["words"]
    assert words["Run"] == "跑"
    assert len(words) > 500


def test_a_broken_file_is_told_with_its_place_and_the_page_stays_english(here: Server) -> None:
    found = ask(here, "fr-CA")
    assert (found["code"], found["words"]) == (None, {})
    (trouble,) = found["troubles"]
    assert trouble["file"] == "fr.json"
    assert "line 2, column 2" in trouble["message"]


@pytest.mark.parametrize("text", ["[1]", '{"words": []}', "\ufffe", '{"a": ' * 300, ""])
def test_a_file_that_holds_no_words_hurts_nobody(here: Server, text: str) -> None:
    path = here.base / "user" / "languages" / "sv.json"
    path.write_text(text, "utf-8")
    found = ask(here, "sv")
    assert (found["code"], len(found["troubles"])) == (None, 1)
    path.write_text('{"words": {"Run": "Kör"}}', "utf-8")  # the next page has the mended one
    assert ask(here, "sv")["words"] == {"Run": "Kör"}
    path.unlink()
    assert ask(here, "sv") == {"code": None, "words": {}, "server": {}, "nodes": {}, "troubles": []}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["zh-Hans-CN"], "zh-CN"),
        (["zh-SG"], "zh-CN"),
        (["zh"], "zh-CN"),
        (["zh-TW"], None),
        (["zh-Hant"], None),
        (["ZH-cn"], "zh-CN"),
        (["pt-PT"], "pt-BR"),
        (["pt"], "pt-BR"),
        (["de-CH", "en"], "de"),
        (["en-US", "de"], None),
        ([], None),
    ],
)
def test_another_countrys_form_of_a_language_is_better_than_none(wanted: list[str], chosen: str | None) -> None:
    assert choose(wanted, ["de", "pt-BR", "zh-CN"]) == chosen


def test_the_files_that_come_with_easel_can_be_read() -> None:
    folder = Path(__file__).resolve().parent.parent.parent / "web" / "languages"
    for path in folder.glob("*.json"):
        json.loads(path.read_text("utf-8"))
