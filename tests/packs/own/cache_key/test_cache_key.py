"""A result is found again as long as its key is the same."""

from __future__ import annotations

import pytest

GRAPH = {
    "1": {"class_type": "OwnReadText", "inputs": {"name": "words", "note": ""}},
    "2": {"class_type": "OwnDice", "inputs": {}},
}


@pytest.fixture
def words(bench, tmp_path):
    file = tmp_path / "input" / "words.txt"
    file.write_text("one")
    return file


def test_it_runs_again_when_its_file_is_another(words, run_graph) -> None:
    assert run_graph(GRAPH).executed == ["1", "2"]
    assert run_graph(GRAPH).executed == ["2"], "the dice always do"
    words.write_text("two, three")
    again = run_graph(GRAPH)
    assert "1" in again.executed
    assert again.value("1") == "two, three"


def test_a_note_is_no_reason_to_run(words, run_graph) -> None:
    run_graph(GRAPH)
    assert "1" in run_graph(GRAPH, {"1.note": "something else"}).cached


def test_what_is_missing_is_said(run_node, bench) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is no nowhere\.txt in the input folder"):
        run_node("OwnReadText", name="nowhere")
