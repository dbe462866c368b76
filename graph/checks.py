"""The checks of one node: each its own function, each saying node, input, what was found and what would be right."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, cast

from graph.accepts import accepts
from graph.coerce import Fault, convert, range_fault, shown
from graph.errors import FileNameError, Problem
from graph.folders import KIND_SYNONYMS, OWN_KINDS, Folders
from graph.grown import grown, grows
from graph.needs import bytes_in_words, lacking
from graph.spec import InputSpec, NodeSpec
from graph.types import BadLink, Graph, Link, Node

MAX_OPTIONS_SHOWN = 20
"""Longer lists of choices are not repeated in a reply."""
MAX_GUESSES = 50
"""Nearest names are looked for in the first problems only, since each search reads every name."""
MAX_RECEIVED = 1000
"""Characters of a faulty text that a reply repeats."""

LINK_ONLY = frozenset(
    {
        *("MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "CONTROL_NET", "CLIP_VISION"),
        *("CLIP_VISION_OUTPUT", "STYLE_MODEL", "GLIGEN", "UPSCALE_MODEL", "SAMPLER", "SIGMAS", "NOISE", "GUIDER"),
    }
)
"""Types whose values only a node can make. Packs have types of their own whose widgets give constants."""


class Checks:
    """What all checks of one validation share: the graph, and each class's choices, listed once."""

    def __init__(
        self,
        graph: Graph,
        catalogue: Mapping[str, NodeSpec],
        folders: Folders | None,
        budget: int | None,
        device: str | None = None,
        loading: bool = False,
    ) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.folders = folders
        self.budget = budget
        self.device = device
        self.loading = loading
        self._choices: dict[tuple[str, str], tuple[list[Any], set[Any]] | None] = {}
        self._declared: dict[str, dict[str, InputSpec]] = {}
        self._guesses = 0

    def node(self, node: Node, spec: NodeSpec) -> tuple[Node, list[Problem]]:
        """The node with its constants coerced, and its problems."""
        problems: list[Problem] = []
        changed: dict[str, Any] = {}
        declared_inputs = self._inputs(spec, node)
        for name, declared in declared_inputs.items():
            if name not in node.inputs:
                if not declared.optional:
                    problems.append(self._missing_input(node, declared))
                continue
            value = node.inputs[name]
            if isinstance(value, Link):
                problem = self._link(node, name, value, declared, spec)
            elif isinstance(value, BadLink):
                problem = self._bad_link(node, declared, value.value)
            else:
                coerced, problem = self._constant(node, declared, value, spec)
                if coerced is not value:
                    changed[name] = coerced
            if problem is not None:
                problems.append(problem)
        for name, value in node.inputs.items():
            if isinstance(value, Link) and name not in declared_inputs:
                problem = self._link(node, name, value, None, spec)
                if problem is not None:
                    problems.append(problem)
        if changed:
            node = replace(node, inputs={**node.inputs, **changed})
        if not problems:
            problem = self._memory(node, spec) or lacking(node, spec.needs, self.device, self.budget)
            if problem is not None:
                problems.append(problem)
        return node, problems

    def missing_type(self, node: Node) -> Problem:
        near = self._nearest(node.class_type, list(self.catalogue))
        pack = "If it belongs to a node pack, put that in custom_nodes and approve it."
        guess = f"Did you mean {near}?" if near else pack
        if self.loading:
            guess = "Packs are still being loaded: if it belongs to one of them, try again in a moment."
        title = f' "{node.title}"' if node.title else ""
        return Problem(
            node=node.id,
            type="missing_node_type",
            message=f"Cannot execute because node {node.class_type} does not exist.",
            details=f"Node ID '#{node.id}'",
            sentence=f"Node #{node.id}{title} has the type {shown(node.class_type)}, which is not installed. {guess}",
            extra_info={"class_type": node.class_type, "node_title": node.title, "nearest": near},
        )

    def not_yet(self, node: Node, spec: NodeSpec) -> Problem:
        """A node whose type is declared and cannot run: its inputs are nobody's concern until it can."""
        return Problem(
            node=node.id,
            type="node_not_in_this_version",
            message="This version cannot run the node",
            details=f"{node.class_type} needs support for {spec.later}",
            sentence=f"{node.label} needs support for {spec.later}, which this version of Easel does not have yet. "
            "The graph can be opened, edited and saved; to run the rest of it, bypass or remove this node.",
            extra_info={"class_type": node.class_type, "needs": spec.later},
        )

    def _inputs(self, spec: NodeSpec, node: Node) -> dict[str, InputSpec]:
        found = self._declared.get(spec.class_type)
        if found is None:
            if grows(spec):
                return {item.name: item for item in grown(spec, node.inputs).inputs}
            found = self._declared[spec.class_type] = {item.name: item for item in spec.inputs}
        return found

    def _missing_input(self, node: Node, declared: InputSpec) -> Problem:
        want = "Give it a value." if declared.has_widget else f"Connect an output of the type {declared.type} to it."
        return Problem(
            node=node.id,
            type="required_input_missing",
            message="Required input is missing",
            details=declared.name,
            sentence=f"{node.label} has nothing at its input {declared.name}. {want}",
            input=declared.name,
            extra_info={"input_name": declared.name},
        )

    def _bad_link(self, node: Node, declared: InputSpec, received: Any) -> Problem:
        right = (
            f"Connect an output of the type {declared.type}."
            if declared.type in LINK_ONLY
            else 'A link is written ["node id", output number], and a list that is a value {"__value__": [...]}.'
        )
        return Problem(
            node=node.id,
            type="bad_linked_input",
            message="Bad linked input, must be a length-2 list of [node_id, slot_index]",
            details=declared.name,
            sentence=f"{node.label}: the input {declared.name} is {shown(received)}, which is no link. {right}",
            input=declared.name,
            extra_info=self._extra(declared, received),
        )

    def _link(self, node: Node, name: str, link: Link, declared: InputSpec | None, spec: NodeSpec) -> Problem | None:
        """A link into a declared input, or (`declared` None) one that the type does not know but would be handed."""
        source = self.graph.nodes.get(link.node)
        if source is None:
            found = f"node #{shown_id(link.node)}, which is not in the graph"
            return self._lost_link(node, name, link, "KeyError", repr(link.node), found)
        source_spec = self.catalogue.get(source.class_type)
        if source_spec is None:
            return None
        count = len(source_spec.outputs)
        if link.slot >= count and source_spec.open_outputs:
            return None
        if not 0 <= link.slot < count:
            has = ", ".join(f"{i} {output.name}" for i, output in enumerate(source_spec.outputs)) or "none"
            found = f"output {shown(link.slot)} of {source.label}, whose outputs are: {has}"
            return self._lost_link(node, name, link, "IndexError", "tuple index out of range", found)
        if declared is None or (spec.validates is not None and "input_types" in spec.validates):
            return None
        received = source_spec.outputs[link.slot].wire_type
        wanted = self._allowed_type(spec, declared)
        if accepts(received, wanted):
            return None
        given, want = _type_name(received), _type_name(wanted)
        return Problem(
            node=node.id,
            type="return_type_mismatch",
            message="Return type mismatch between linked nodes",
            details=f"{name}, received_type({given}) mismatch input_type({want})",
            sentence=f"{node.label}: the input {name} takes {want}, and output {link.slot} of {source.label} "
            f"gives {given}. Connect an output of the type {want}.",
            input=name,
            extra_info={
                "input_name": name,
                "input_config": self._config(declared),
                "received_type": received,
                "linked_node": link.to_json(),
            },
        )

    def _lost_link(self, node: Node, name: str, link: Link, kind: str, details: str, found: str) -> Problem:
        return Problem(
            node=node.id,
            type="exception_during_validation",
            message="Exception when validating node",
            details=details,
            sentence=f"{node.label}: the input {name} is linked to {found}. Connect it anew.",
            input=name,
            extra_info={
                "exception_type": kind,
                "traceback": [],
                "input_name": name,
                "linked_node": link.to_json(),
            },
        )

    def _constant(self, node: Node, declared: InputSpec, value: Any, spec: NodeSpec) -> tuple[Any, Problem | None]:
        if declared.type in LINK_ONLY:
            fine = value is None and declared.optional
            return value, None if fine else self._bad_link(node, declared, value)
        value, fault = convert(declared, value)
        if fault is None and not (spec.validates and ("*" in spec.validates or declared.name in spec.validates)):
            if declared.is_combo:
                return self._choice(node, declared, value, spec)
            fault = range_fault(declared, value)
        if fault is None:
            return value, None
        memory = ""
        if fault.type == "value_bigger_than_max" and spec.memory and declared.name in spec.memory.inputs:
            need = self._need(node, spec)
            memory = f" It would take {bytes_in_words(need)}; nothing was allocated." if need else ""
        return value, self._faulty(node, declared, value, fault, memory)

    def _faulty(self, node: Node, declared: InputSpec, value: Any, fault: Fault, more: str = "") -> Problem:
        extra = self._extra(declared, value)
        if fault.exception is not None:
            extra["exception_message"] = fault.exception
        return Problem(
            node=node.id,
            type=fault.type,
            message=fault.message,
            details=fault.details,
            sentence=f"{node.label}: {declared.name} {fault.sentence}.{more}",
            input=declared.name,
            extra_info=extra,
        )

    def _choice(self, node: Node, declared: InputSpec, value: Any, spec: NodeSpec) -> tuple[Any, Problem | None]:
        """One of a combo's values, or several where it takes several. A file's name may be written with `\\`."""
        if declared.files is not None and declared.files.kind in OWN_KINDS:
            return value, self._own_file(node, declared, value)
        known = self._allowed(spec, declared)
        if known is None:
            return value, None
        allowed, as_set = known
        several = declared.options.get("multiselect") or declared.options.get("multi_select")
        wrong = [item for item in (_items(value) if several else [value]) if not _among(item, allowed, as_set)]
        if not wrong:
            return value, None
        if isinstance(value, str) and declared.files is not None:
            name = value.replace("\\", "/")
            if name in as_set:
                return name, None
        if spec.changing and all(map(self._is_own_file, wrong)):
            return value, None  # a pack lists the first person's files; others' are as good
        return value, self._not_in_list(node, declared, wrong[0], allowed)

    def _is_own_file(self, value: Any) -> bool:
        """Whether it names a file that the person whose job it is has sent or made."""
        try:
            folders = self.folders if isinstance(value, str) and value else None
            return folders is not None and any(folders.find(kind, value) for kind in ("input", "output"))
        except (FileNameError, OSError):
            return False

    def _not_in_list(self, node: Node, declared: InputSpec, value: Any, allowed: list[Any]) -> Problem:
        shorter = len(allowed) <= MAX_OPTIONS_SHOWN
        listing = f"not in {shown(allowed, 1000)}" if shorter else f"not in (list of length {len(allowed)})"
        near = self._nearest(value, [item for item in allowed if isinstance(item, str)])
        guess = f" Did you mean {shown(near)}?" if near else ""
        if declared.files is not None:
            kind = KIND_SYNONYMS.get(declared.files.kind, declared.files.kind)
            what = f"is {shown(value)}, and there is no such file in the {kind} folder"
            guess = guess or " Put the file there, or choose one that is."
            guess = guess if allowed else " That folder is empty: put a file there."
        else:
            what = f"is {shown(value)}, which is none of its {len(allowed)} values"
            guess = guess or (f" They are: {', '.join(map(str, allowed))}." if shorter and allowed else "")
        fault = Fault("value_not_in_list", "Value not in list", f"{declared.name}: {shown(value)} {listing}", what)
        return self._faulty(node, declared, value, fault, guess)

    def _own_file(self, node: Node, declared: InputSpec, value: Any) -> Problem | None:
        """A file of the input, output or temp folder must exist; it may be in none of the lists."""
        assert declared.files is not None
        kind = declared.files.kind
        if not declared.files.is_file(value):
            return None
        why = ""
        try:
            if isinstance(value, str) and (self.folders is None or self.folders.find(kind, value)):
                return None
        except (FileNameError, OSError) as error:
            why = f" {error}" if isinstance(error, FileNameError) else ""
        names = self.folders.list(kind, declared.files.media) if self.folders else []
        near = self._nearest(value, names)
        guess = f" Did you mean {shown(near)}?" if near else " Upload it again, or choose another."
        what = declared.files.media or "file"
        fault = Fault(
            "custom_validation_failed",
            "Custom validation failed for node",
            f"{declared.name} - Invalid {what} file: {value if isinstance(value, str) else shown(value)}"[
                :MAX_RECEIVED
            ],
            f"is {shown(value)}, and there is no such {what} in the {kind} folder",
        )
        return self._faulty(node, declared, value, fault, why or guess)

    def _memory(self, node: Node, spec: NodeSpec) -> Problem | None:
        """Refuse what cannot fit before anything is allocated."""
        if spec.memory is None or self.budget is None:
            return None
        need = self._need(node, spec)
        if need is None or need <= self.budget:
            return None
        sizes = " × ".join(f"{name} {node.inputs[name]}" for name in spec.memory.inputs)
        have = bytes_in_words(self.budget)
        sentence = (
            f"{node.label} would take {bytes_in_words(need)} ({sizes}), and a run has {have} here; "
            f"nothing was allocated. Lower {' or '.join(spec.memory.inputs)}."
        )
        return Problem(
            node=node.id,
            type="custom_validation_failed",
            message="Custom validation failed for node",
            details=f"{spec.memory.inputs[-1]} - needs {bytes_in_words(need)} of memory, {have} available",
            sentence=sentence,
            input=spec.memory.inputs[-1],
            extra_info={"input_name": spec.memory.inputs[-1], "need_bytes": need, "have_bytes": self.budget},
        )

    def _need(self, node: Node, spec: NodeSpec) -> int | None:
        """Bytes by the node's declaration; None where an input is linked or no number."""
        assert spec.memory is not None
        inputs = self._inputs(spec, node)
        return spec.memory.need({name: convert(inputs[name], node.inputs.get(name))[0] for name in spec.memory.inputs})

    def _extra(self, declared: InputSpec, received: Any) -> dict[str, Any]:
        return {
            "input_name": declared.name,
            "input_config": self._config(declared),
            "received_value": _repeated(received),
        }

    def _config(self, declared: InputSpec) -> list[Any] | None:
        config = declared.config(self.folders)
        choices = cast("list[Any]", config[0]) if isinstance(config[0], list) else declared.choices or ()
        return None if len(choices) > MAX_OPTIONS_SHOWN else config

    def _allowed(self, spec: NodeSpec, declared: InputSpec) -> tuple[list[Any], set[Any]] | None:
        slot = (spec.class_type, declared.name)
        if slot not in self._choices or grows(spec):  # which may give other values for another choice
            allowed = declared.allowed(self.folders)
            hashable = {item for item in allowed or () if isinstance(item, str | int | float)}
            self._choices[slot] = None if allowed is None else (allowed, hashable)
        return self._choices[slot]

    def _allowed_type(self, spec: NodeSpec, declared: InputSpec) -> Any:
        """An input's type as `accepts` takes it."""
        if not declared.is_combo:
            return declared.type
        known = self._allowed(spec, declared)
        return "COMBO" if known is None else known[0]

    def _nearest(self, value: Any, names: list[str]) -> str | None:
        """The name that `value` was probably meant to be."""
        if not isinstance(value, str) or len(value) > 200 or self._guesses >= MAX_GUESSES:
            return None
        self._guesses += 1
        folded = {name.casefold(): name for name in reversed(names)}
        stems = {PurePosixPath(name).stem.casefold(): name for name in reversed(names)}
        wanted = value.casefold().replace("\\", "/")
        if wanted in folded or wanted in stems:
            return folded.get(wanted) or stems[wanted]
        near = difflib.get_close_matches(wanted, folded, n=3, cutoff=0.6)
        # Long endings that all files have make any two names alike.
        stem = PurePosixPath(wanted).stem
        alike = (name for name in near if _likeness(stem, PurePosixPath(name).stem) >= 0.6)
        return folded.get(next(alike, ""))


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, b, a).ratio()


def shown_id(id: str) -> str:
    return id if len(id) <= 40 else f"{id[:37]}…"


def _type_name(wire_type: Any) -> str:
    return "COMBO" if isinstance(wire_type, list) else str(wire_type)


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _among(value: Any, allowed: list[Any], as_set: set[Any]) -> bool:
    if isinstance(value, str | int | float):
        return value in as_set
    return value in allowed


def _repeated(value: Any) -> Any:
    """A faulty value as the reply repeats it: long ones cut short."""
    if isinstance(value, str):
        return value[:MAX_RECEIVED]
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 512 else shown(value)
    return shown(value, MAX_RECEIVED)
