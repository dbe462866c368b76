"""Names for results. A key says all that a node's outputs depend on, built from the *keys* of its inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from graph.folders import OWN_KINDS, Folders
from graph.spec import UPLOAD_FLAGS, FileChoice, NodeSpec
from graph.types import BadLink, Key, Link, Node, NodeId

KEY_VERSION = 1
"""Raise it when keys are made differently, so that results kept on disk under old keys are not taken for new ones."""


def key(node: Node, spec: NodeSpec, upstream: Mapping[NodeId, Key], fingerprint: str) -> Key:
    """Equal keys, equal outputs, in whichever graph. Raises ValueError or TypeError for NaN and what is no JSON.

    upstream: the keys of all nodes that it reads.
    fingerprint: all that it depends on besides: its files, its code, the device (`fingerprint_of`).
    """
    declared = {item.name: item for item in spec.inputs}
    sees_prompt = not {"PROMPT", "DYNPROMPT"}.isdisjoint(spec.hidden.values())  # and so what is written there for it
    inputs: dict[str, Any] = {}
    for name, value in node.inputs.items():
        if name in spec.unkeyed:
            continue
        if isinstance(value, Link):
            raw = name in declared and declared[name].options.get("rawLink")
            inputs[name] = [upstream[value.node], value.slot, value.node] if raw else [upstream[value.node], value.slot]
        elif name in declared or spec.open_inputs or name in spec.hidden or sees_prompt:
            inputs[name] = {"value": value.value if isinstance(value, BadLink) else value}
    recipe = json.dumps([KEY_VERSION, node.class_type, fingerprint, inputs], sort_keys=True, allow_nan=False)
    return Key(sha256(recipe.encode()).hexdigest())


def stable_text(value: Any) -> str:
    """A value as text, equal for equal values. Raises ValueError for NaN, TypeError for what has no stable form."""
    return json.dumps(value, sort_keys=True, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": sha256(value).hexdigest()}
    if isinstance(value, set | frozenset):
        return {"set": sorted(stable_text(item) for item in value)}  # pyright: ignore[reportUnknownVariableType]
    raise TypeError(f"{type(value).__name__} has no stable form")


def fingerprint_of(
    node: Node, spec: NodeSpec, *, services: str, user: str, folders: Folders | None, changed: str | None
) -> str:
    """What a node depends on besides its inputs.

    services: precision and device kind. changed: what its IS_CHANGED gave, as `stable_text`. user: whose run it is; on
    that depend results for the page, files in people's own folders, and what packs' code may find there unseen.
    """
    parts: list[Any] = [spec.version, services]
    if changed is not None:
        parts.append({"changed": changed})
    if spec.not_idempotent or "UNIQUE_ID" in spec.hidden.values():
        parts.append({"node": node.id})
    if spec.is_output or _may_read_own_files(node, spec):
        parts.append({"user": user})
    for item in spec.inputs:
        if item.files is not None and folders is not None:
            name = node.inputs.get(item.name)
            if isinstance(name, str) and item.files.is_file(name):
                parts.append({"file": item.name, "stamp": _stamps(item.files, name, folders)})
                if item.files.kind in OWN_KINDS:  # two people's files of one name are two files
                    parts.append({"root": [str(root) for root in folders.roots(item.files.kind)]})
    return json.dumps(parts, sort_keys=True)


def _may_read_own_files(node: Node, spec: NodeSpec) -> bool:
    """Whether a pack's node may look into its person's folders by a way that its declaration does not show.

    Not where all that it is given are links, numbers, fixed choices and files of a kind that everybody shares.
    """
    if not spec.module.startswith("custom_nodes"):
        return False
    if spec.changing:  # its choices are read from folders
        return True
    given = False
    for name, value in node.inputs.items():
        declared = spec.input(name)
        if isinstance(value, Link):
            given = True
        elif declared is not None and declared.files is not None:
            given = given or declared.files.kind not in OWN_KINDS
        elif declared is not None and declared.choices is not None:
            if any(declared.options.get(flag) for flag in UPLOAD_FLAGS):
                return True
        elif value is not None and not isinstance(value, bool | int | float):
            return True
    return not given


def _stamps(files: FileChoice, value: str, folders: Folders) -> str:
    """Of the file that a value names, or of all that it stands for."""
    group = files.group(value)
    if group is None:
        return str(folders.stamp(files.kind, value))
    names = group.files(folders) or ()
    return " ".join(f"{name}:{folders.stamp(group.kind, name)}" for name in names)
