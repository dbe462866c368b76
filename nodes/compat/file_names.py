"""A list of files that knows which kind it lists, so that a combo made of it is kept up to date without the pack.

`["None", *get_filename_list("loras")]` loses that; `["None"] + get_filename_list("loras")` does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graph.spec import FileChoice


class FileNames(list[Any]):
    """What `folder_paths.get_filename_list` gives. A plain list, as long as nobody asks."""

    def __init__(
        self, names: Iterable[Any] = (), *, kind: str = "", first: tuple[Any, ...] = (), last: tuple[Any, ...] = ()
    ) -> None:
        super().__init__((*first, *names, *last))
        self.kind = kind
        self._first = first
        self._last = last
        self._files = tuple(self[len(first) : len(self) - len(last)])

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, list):
            return NotImplemented
        if self.choice() is None or isinstance(other, FileNames):
            return [*self, *other]
        return FileNames(self._files, kind=self.kind, first=self._first, last=(*self._last, *other))

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, list):
            return NotImplemented
        if self.choice() is None:
            return [*other, *self]
        return FileNames(self._files, kind=self.kind, first=(*other, *self._first), last=self._last)

    def copy(self) -> FileNames:
        return (
            FileNames(self._files, kind=self.kind, first=self._first, last=self._last)
            if self.choice()
            else FileNames(self)
        )

    def choice(self) -> FileChoice | None:
        """The files of a kind, with values before and after them; None once the list has been changed otherwise."""
        if not self.kind or tuple(self) != (*self._first, *self._files, *self._last):
            return None
        if not all(isinstance(value, str) for value in (*self._first, *self._last)):
            return None
        return FileChoice(kind=self.kind, first=self._first, extra=self._last)
