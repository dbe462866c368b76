"""What a person asks the gallery for, as SQL: words, filters and an order."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.gallery.schema import HERE, TRASHED, spaced

ORDERS = {
    "newest": "time DESC, id DESC",
    "oldest": "time, id",
    "name": "name COLLATE NOCASE, id",
    "rating": "rating DESC, time DESC, id DESC",
    "size": "size DESC, id DESC",
}
BY_TIME = ("newest", "oldest")
MOST_WORDS = 32
_WORD = re.compile(r'(-?)(?:(negative|name|model|positive):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_QUOTES = str.maketrans("“”„«»「」", '"""""""')
_COLUMNS = {"negative": "negative", "name": "name", "model": "models", "positive": "positive"}


@dataclass(frozen=True)
class Question:
    """A search. Whatever is empty asks for nothing."""

    text: str = ""
    kind: str = ""
    media: str = ""
    folder: str | None = None
    """None for every folder; a folder means those inside of it too."""
    alone: bool = False
    """Whether it is that folder without those inside of it."""
    models: tuple[str, ...] = ()
    tag: str = ""
    seed: str = ""
    rating: int = 0
    """At least so many stars."""
    favourite: bool = False
    graph: bool = False
    since: int | None = None
    until: int | None = None
    trash: bool = False
    order: str = "newest"
    owner: str | None = None
    """Whose files alone; None for those of all."""


class BadQuestion(ValueError):
    """The sentence says what about it."""


def question(query: Mapping[str, str]) -> Question:
    """From an address. Raises BadQuestion."""
    order = query.get("sort") or "newest"
    if order not in ORDERS:
        raise BadQuestion(f"`sort` must be one of {', '.join(ORDERS)}.")
    names = tuple(name for name in query.get("models", "").split("\n") if name)[:MOST_WORDS]
    return Question(
        text=query.get("q", "")[:1000],
        kind=_one_of(query, "kind", ("output", "input")),
        media=_one_of(query, "media", ("image", "video", "audio")),
        folder=query.get("folder"),
        models=names,
        tag=query.get("tag", ""),
        seed=query.get("seed", ""),
        rating=_number(query, "rating") or 0,
        favourite=query.get("favourite") == "1",
        graph=query.get("graph") == "1",
        since=_number(query, "since"),
        until=_number(query, "until"),
        trash=query.get("trash") == "1",
        order=order,
    )


def _one_of(query: Mapping[str, str], name: str, values: tuple[str, ...]) -> str:
    value = query.get(name, "")
    if value and value not in values:
        raise BadQuestion(f"`{name}` must be one of {', '.join(values)}.")
    return value


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,12}", text):
        raise BadQuestion(f"`{name}` must be a whole number.")
    return int(text)


def match(text: str) -> tuple[str, str]:
    """The words as two FTS5 expressions: what must be there, and what must not; '' where there is none.

    All words must be there, as beginnings of words; "in quotes" as they stand, and -word not. `negative:word`,
    `name:word`, `model:word` and `positive:word` look there alone; what was not wanted in a picture only `negative:`.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, column, phrase, word in list(_WORD.findall(text.translate(_QUOTES)))[:MOST_WORDS]:
        words = spaced(phrase or word).replace('"', " ").replace("\0", " ").split()
        if not any(map(_has_letters, words)):
            continue
        last = words[-1]
        # A letter that is a word by itself ends the word: nothing can follow in it.
        star = "" if phrase or (len(last) == 1 and not last.isascii()) else " *"
        where = _COLUMNS.get(column.lower(), "- negative")
        (unwanted if minus else wanted).append(f'({where} : "{" ".join(words)}"{star})')
    return " AND ".join(wanted), " OR ".join(unwanted)


def _has_letters(word: str) -> bool:
    return any(letter.isalnum() for letter in word)


def search(db: sqlite3.Connection, asked: Question) -> str:
    """Every file that the question means, in its order: a line of ids and, for the orders by time, one of their times.

    The times are seconds since 1970. SQLite writes both lines itself: a hundred thousand rows as Python's objects would
    take longer than to find them.
    """
    source, where, values = _conditions(asked)
    by_time = asked.order in BY_TIME
    columns, times = ("files.id AS id, time", "group_concat(time)") if by_time else ("files.id AS id", "''")
    inner = f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {ORDERS[asked.order]}"
    ids, at = db.execute(f"SELECT group_concat(id), {times} FROM ({inner})", values).fetchone()
    return f"{ids or ''}\n{at or ''}"


def _conditions(asked: Question) -> tuple[str, str, list[Any]]:
    """Tables, conditions and their values."""
    terms, values = ["state = ?"], list[Any]([TRASHED if asked.trash else HERE])
    source = "files"

    def add(term: str, *more: Any) -> None:
        terms.append(term)
        values.extend(more)

    if asked.owner is not None:
        add("owner = ?", asked.owner)
    if asked.kind:
        add("kind = ?", asked.kind)
    if asked.media:
        add("media = ?", asked.media)
    if asked.rating:
        add("rating >= ?", asked.rating)
    if asked.favourite:
        add("favourite = 1")
    if asked.graph:
        add("graph <> ''")
    if asked.since is not None:
        add("time >= ?", asked.since)
    if asked.until is not None:
        add("time < ?", asked.until)
    if asked.folder is not None and asked.alone:
        add("folder = ?", asked.folder)
    elif asked.folder is not None:
        # Names under a folder are those between it and the sign that follows the slash.
        add("(folder = ? OR (folder > ? AND folder < ?))", asked.folder, f"{asked.folder}/", f"{asked.folder}0")
    if asked.seed:
        add("files.id IN (SELECT file FROM facts WHERE seed = ?)", asked.seed)
    if asked.tag:
        add("files.id IN (SELECT file FROM names WHERE role = 'tag' AND name = ?)", asked.tag)
    if asked.models:
        marks = ",".join("?" * len(asked.models))
        add(
            f"files.id IN (SELECT file FROM names WHERE role IN ('model', 'lora') AND name IN ({marks}))", *asked.models
        )
    if asked.text.strip():
        wanted, unwanted = match(asked.text)
        if wanted:
            # The words first: those that have them are looked up, never the other way round.
            source = "words CROSS JOIN files ON files.id = words.rowid"
            add("words MATCH ?", wanted)
        if unwanted:
            add("files.id NOT IN (SELECT rowid FROM words WHERE words MATCH ?)", unwanted)
        if not wanted and not unwanted:
            add("0")  # signs alone: nothing has them
    return source, " AND ".join(terms), values
