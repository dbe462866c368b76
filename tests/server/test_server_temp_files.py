"""Temporary files are let go while the server runs: the old ones, and the oldest where there are too many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.temp_files import OLDEST, YOUNG, trim

NOW = 1.8e9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people" / "anna").mkdir(parents=True)
    ages = {"new": 10, "hours": 2 * YOUNG, "people/anna/days": 2 * 86400, "older": 3 * 86400}
    for name, age in ages.items():
        (tmp_path / name).write_bytes(bytes(1000))
        os.utime(tmp_path / name, (NOW - age, NOW - age))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_nothing_goes_while_there_is_room(folder: Path) -> None:
    assert trim(folder, 4000, NOW) == 0
    assert len(names(folder)) == 4


def test_the_oldest_go_first(folder: Path) -> None:
    assert trim(folder, 3000, NOW) == 2
    assert names(folder) == ["hours", "new"]


def test_what_is_young_stays(folder: Path) -> None:
    assert trim(folder, 0, NOW) == 3
    assert names(folder) == ["new"]


def test_what_is_too_old_goes_anyway(folder: Path) -> None:
    assert trim(folder, 10**9, NOW + OLDEST - 2.5 * 86400) == 1
    assert names(folder) == ["days", "hours", "new"]
