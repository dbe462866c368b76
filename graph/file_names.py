"""Which names may come from outside at all: rules for texts. `graph.folders.inside` asks here.

They are the same on every system: what is saved on one machine is opened on the next, and what one of them reads as a
device or as another file's name is refused on all.
"""

from __future__ import annotations

import os
import re
import unicodedata

from graph.errors import FileNameError

LONGEST_PART = 255
"""Bytes of one part, as nearly all file systems have it."""
LONGEST = 3500
"""Bytes of a whole name; the folder before it has room up to the 4096 that systems take."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(
    r"^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *([.:]|$)",
    re.IGNORECASE,
)
_UNSEEN = re.compile("[\0-\x1f\x7f]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of what follows: with them `gnp.exe` is read as `exe.png`."""


def parts_of(name: str, *, new: bool = False) -> list[str]:
    """The folders and the file that a name stands for. Raises FileNameError for one that is not allowed.

    new: the name is given to something that is not there yet. Then it is also refused for signs that only some systems
    allow, and its letters are composed (NFC), so that no two files have names that look the same.
    """
    if _UNSEEN.search(name):
        raise FileNameError(f"The name {shown(name)} holds a sign that cannot be seen.")
    if new:
        name = unicodedata.normalize("NFC", name)
    parts = re.split(r"[/\\]", name)
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts:
        raise FileNameError(f"The name {shown(name)} would leave its folder. Give a name relative to the folder.")
    parts = [part for part in parts if part not in ("", ".")]
    if any(part != part.rstrip(" .") or _RESERVED.match(part) for part in parts):
        raise FileNameError(f"The name {shown(name)} is not allowed: some systems read it as another file's.")
    if (new or os.name == "nt") and any(":" in part for part in parts):
        raise FileNameError(f"The name {shown(name)} is not allowed: some systems read what follows `:` as a stream.")
    if new and _TURNING.search(name):
        raise FileNameError(f"The name {shown(name)} holds signs that make it look like another name.")
    try:
        lengths = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        raise FileNameError(f"The name {shown(name)} holds what is no letter.") from None
    if max(lengths, default=0) > LONGEST_PART or sum(lengths) + len(lengths) > LONGEST:
        raise FileNameError(f"The name {shown(name)} is too long: {LONGEST_PART} bytes are the most for a file's name.")
    return parts


def shown(name: str) -> str:
    """A name in a sentence: quoted, with signs that cannot be seen written out, and not endless."""
    name = name if len(name) <= 80 else name[:77] + "..."
    return ascii(name) if _TURNING.search(name) else repr(name)
