"""The tables of the gallery's index. A file is one row of `files`; what it says of itself lies beside it, so that the
rows that a search walks over stay small.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from graph.folders import FIRST_PERSON, MEDIA_EXTENSIONS, PEOPLE

HERE, TRASHED, GONE = 0, 1, 2
"""`files.state`: in its folder; in the trash; not found where it was, but kept for what a person said of it."""

MEDIA = {extension: media for media in ("image", "video", "audio") for extension in MEDIA_EXTENSIONS[media]}

_FILES = (
    """
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state INTEGER NOT NULL DEFAULT 0,
    time INTEGER NOT NULL,           -- seconds since 1970: when the file was last written
    kind TEXT NOT NULL,              -- output, input
    media TEXT NOT NULL,             -- image, video, audio
    rating INTEGER NOT NULL DEFAULT 0,
    favourite INTEGER NOT NULL DEFAULT 0,
    graph TEXT NOT NULL DEFAULT '',  -- what a graph can be made of: workflow, prompt, parameters, ...
    folder TEXT NOT NULL,            -- '' for the folder itself, else names joined by /
    name TEXT NOT NULL,
    mtime INTEGER NOT NULL,          -- nanoseconds
    size INTEGER NOT NULL,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0, -- 0: what it says of itself is not known yet
    since INTEGER                    -- seconds: in the trash, or gone, since then
)
""",
    "CREATE UNIQUE INDEX files_here ON files (kind, folder, name) WHERE state = 0",
    "CREATE INDEX files_time ON files (state, time, kind, media, rating, favourite, graph)",
    "CREATE INDEX files_name ON files (state, name COLLATE NOCASE, kind, media, rating, favourite, graph)",
    "CREATE INDEX files_rating ON files (state, rating, time, kind, media, favourite, graph)",
    "CREATE INDEX files_size ON files (state, size, kind, media, rating, favourite, graph)",
    "CREATE INDEX files_unread ON files (time) WHERE read = 0 AND state = 0",
    "CREATE INDEX files_same ON files (size, mtime)",
    "CREATE INDEX files_folder ON files (kind, folder, state)",
    """
CREATE TABLE facts (
    file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    positive TEXT NOT NULL,
    negative TEXT NOT NULL,
    seed TEXT NOT NULL,
    sampler TEXT NOT NULL,
    scheduler TEXT NOT NULL,
    steps INTEGER,
    cfg REAL,
    nodes TEXT NOT NULL,             -- JSON list of node types
    problem TEXT NOT NULL
)
""",
    "CREATE INDEX facts_seed ON facts (seed) WHERE seed <> ''",
    """
CREATE TABLE names (
    file INTEGER NOT NULL,
    role TEXT NOT NULL,              -- model, lora, tag
    name TEXT NOT NULL,
    PRIMARY KEY (role, name, file)
) WITHOUT ROWID
""",
    "CREATE INDEX names_file ON names (file)",
    # Chinese, Japanese and Korean letters stand apart in it: see `spaced`.
    "CREATE VIRTUAL TABLE words USING fts5 (positive, negative, name, models, other,"
    " tokenize = 'unicode61 remove_diacritics 2')",
)
_OWNERS = (
    # Whose a file is, by its folder: see `owner_of`.
    "ALTER TABLE files ADD COLUMN owner TEXT NOT NULL DEFAULT 'default'",
    "CREATE INDEX files_owner ON files (owner, state, time, kind, media, rating, favourite, graph)",
)
_SAME = (
    # Thousands of files may have the same size and time, as links do; those that are gone are found among them at once.
    "DROP INDEX files_same",
    "CREATE INDEX files_same ON files (state, size, mtime, owner)",
)
SCHEMA = (_FILES, _OWNERS, _SAME)

_LETTERS_ALONE = re.compile("([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])")


def spaced(text: str) -> str:
    """Text with a space round each letter of the scripts that write words without spaces, so that each is a word.

    A search for two such letters is then one for a phrase, however long the sentence that they stand in.
    """
    return _LETTERS_ALONE.sub(r" \1 ", text)


def owner_of(folder: str) -> str:
    """Whose a file in this folder is (`graph.folders.for_person`)."""
    first, _, rest = folder.partition("/")
    id = rest.partition("/")[0]
    return id if first == PEOPLE and id else FIRST_PERSON


def media_of(name: str) -> str | None:
    """`image`, `video` or `audio` by the ending; None for what the gallery does not show, or a file in the making."""
    return None if name.startswith(".") else MEDIA.get(PurePosixPath(name).suffix.lower())
