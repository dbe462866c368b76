"""Each person's files are in folders of their own; model files are everybody's."""

from pathlib import Path

from graph.folders import standard_folders


def test_the_first_person_has_the_folders_themselves(tmp_path: Path) -> None:
    folders = standard_folders(
        [tmp_path / "models"], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t"
    )

    assert folders.for_person("default") is folders


def test_others_have_their_own_and_share_the_models(tmp_path: Path) -> None:
    folders = standard_folders(
        [tmp_path / "models"], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t"
    )
    (tmp_path / "in/people/anna_1f").mkdir(parents=True)
    (tmp_path / "in/secret.png").write_bytes(b"x")
    (tmp_path / "in/people/anna_1f/mine.png").write_bytes(b"x")

    anna = folders.for_person("anna_1f")

    assert anna.root("output") == tmp_path / "out/people/anna_1f"
    assert anna.list("input") == ["mine.png"]
    assert anna.find("input", "secret.png") is None
    assert anna.roots("checkpoints") == folders.roots("checkpoints")
    assert folders.for_person("anna_1f") is anna
