"""Node types by name: with their code (`Registry`), and without (`Catalogue`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from graph.errors import DeclarationError
from graph.node import Function, NodeType
from graph.spec import FileNames, NodeSpec
from graph.types import JsonObject

CATALOGUE_VERSION = 1


class Catalogue(Mapping[str, NodeSpec]):
    """What is known of all node types, in the order of their registration."""

    def __init__(self, specs: Iterable[NodeSpec] = ()) -> None:
        self._specs = {spec.class_type: spec for spec in specs}

    def __getitem__(self, class_type: str) -> NodeSpec:
        return self._specs[class_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def object_info(self, folders: FileNames | None) -> JsonObject:
        """The answer of `/object_info`."""
        return {name: spec.object_info(folders) for name, spec in self._specs.items()}

    def to_json(self) -> JsonObject:
        return {"version": CATALOGUE_VERSION, "nodes": [spec.to_json() for spec in self._specs.values()]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Catalogue:
        """Raises ValueError for another version's data, KeyError or TypeError for damaged data."""
        if data.get("version") != CATALOGUE_VERSION:
            raise ValueError(f"a catalogue of version {data.get('version')!r}, not {CATALOGUE_VERSION}")
        return cls(NodeSpec.from_json(item) for item in data["nodes"])


class Registry(Mapping[str, NodeType]):
    """Node types with their code; and beside them, for the catalogue alone, those whose code is to come."""

    def __init__(self, *types: NodeType | Function[..., Any], later: Iterable[NodeSpec] = ()) -> None:
        """later: declarations without code, each with its `NodeSpec.later`; one gives way to a type of its name."""
        self._types: dict[str, NodeType] = {}
        self._later = {spec.class_type: spec for spec in later}
        nameless = [name for name, spec in self._later.items() if not spec.later]
        if nameless:
            raise DeclarationError(f"The node type {nameless[0]} has no code and does not say what it waits for.")
        self.add(*types)

    def add(self, *types: NodeType | Function[..., Any]) -> None:
        """Add all of them. If a name is taken, a DeclarationError is raised and the registry is left unchanged."""
        added: dict[str, NodeType] = {}
        for item in types:
            type = item.type if isinstance(item, Function) else item
            name = type.spec.class_type
            holder = added.get(name) or self._types.get(name)
            if holder is not None:
                raise DeclarationError(f"The node type {name} is there already, from {holder.spec.module}.")
            added[name] = type
        self._types = {**self._types, **added}

    def put(self, type: NodeType) -> None:
        """Put a type in the place of the one of its name."""
        self._types = {**self._types, type.spec.class_type: type}

    def describe_anew(self) -> list[tuple[str, BaseException]]:
        """Read the declarations anew whose choices follow files; gives those that failed, which stay as they were."""
        failed: list[tuple[str, BaseException]] = []
        changed: dict[str, NodeType] = {}
        for name, type in self._types.items():
            if type.describe is not None:
                try:
                    spec = replace(type.describe(), class_type=name, renamed=type.spec.renamed)
                except Exception as error:
                    failed.append((name, error))
                    continue
                if spec != type.spec:
                    changed[name] = replace(type, spec=spec)
        self._types = {**self._types, **changed}
        return failed

    def without(self, names: Iterable[str]) -> Registry:
        """Another registry, which lacks the types of these names."""
        gone = frozenset(names)
        found = Registry(*(type for name, type in self._types.items() if name not in gone))
        found._later = self._later
        return found

    def become(self, other: Registry) -> None:
        """Hold what another does, from one moment to the next; names that both have keep their places."""
        kept = {name: other._types[name] for name in self._types if name in other._types}
        self._types, self._later = {**kept, **other._types}, other._later

    def __getitem__(self, class_type: str) -> NodeType:
        return self._types[class_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def catalogue(self) -> Catalogue:
        missing = [spec for name, spec in self._later.items() if name not in self._types]
        return Catalogue([*(type.spec for type in self._types.values()), *missing])
