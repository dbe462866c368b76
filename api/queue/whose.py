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
    """The condition, with its value, that keeps others' jobs out; nothing for None."""
    return ("", ()) if owner is None else (" AND owner = ?", (owner,))
