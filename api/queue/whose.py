"""Whose jobs a person is shown and may change: as a part of what the journal is asked."""

from __future__ import annotations

from api.people import Person


def seen_by(person: Person) -> str | None:
    """The owner whose jobs a person sees; None where that is everybody's."""
    return None if person.alone or person.may("admin") else person.id


def own_of(person: Person) -> str | None:
    """The owner whose jobs are meant where somebody says "all": their own. None where nobody else is."""
    return None if person.alone else person.id


def of(owner: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition, with its value, that keeps others' jobs out of what is found by an id; nothing for None.

    The plus keeps SQLite from looking through all of the person's jobs for one of that id.
    """
    return ("", ()) if owner is None else (" AND +owner = ?", (owner,))


def all_of(owner: str | None) -> tuple[str, tuple[str, ...]]:
    """The same where all of a person's jobs are asked for, or a page of them."""
    return ("", ()) if owner is None else (" AND owner = ?", (owner,))
