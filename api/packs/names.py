"""Which pack a node type's bare name belongs to, where several packs have one of that name.

The first that is loaded has it, and keeps it while it is off: otherwise graphs would silently get another pack's node.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from api.files_on_disk import write_whole
from graph.spec import NodeSpec

log = logging.getLogger("easel")

ORIGIN = "custom_nodes."


class Names:
    """`user/pack_names.json`: the pack by the node type's name. One that cannot be read knows of none."""

    def __init__(self, user: Path) -> None:
        self._file = user / "pack_names.json"
        self._holders = self._read()

    def of_others(self, pack: str) -> dict[str, str]:
        """The names that this pack may not have, with the packs that have them."""
        return {name: holder for name, holder in self._holders.items() if holder != pack}

    def keep_only(self, packs: Iterable[str]) -> None:
        """Forget the names of packs that are gone from the disk."""
        there = frozenset(packs)
        self._hold({name: holder for name, holder in self._holders.items() if holder in there})

    def learn(self, catalogue: Mapping[str, NodeSpec]) -> None:
        """Remember who has the names of this catalogue that packs share."""
        holders = dict(self._holders)
        for spec in catalogue.values():
            _, slash, name = spec.class_type.partition("/")
            first = catalogue.get(name)
            if slash and first is not None and _is_anothers(spec) and first.module.startswith(ORIGIN):
                holders[name] = first.module.removeprefix(ORIGIN)
        self._hold(holders)

    def _hold(self, holders: dict[str, str]) -> None:
        if holders == self._holders:
            return
        self._holders = holders
        try:
            write_whole(self._file, json.dumps(holders, indent=1).encode())
        except OSError as error:
            log.warning("%s could not be written: %s", self._file, error)

    def _read(self) -> dict[str, str]:
        try:
            data: Any = json.loads(self._file.read_bytes())
            return {str(name): str(holder) for name, holder in data.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            log.warning("%s cannot be read: %s", self._file, error)
            return {}


def _is_anothers(spec: NodeSpec) -> bool:
    """Whether a type is called by its pack and its name, as `nodes.packs.load` does where the name is taken."""
    return spec.module == ORIGIN + spec.class_type.partition("/")[0]
