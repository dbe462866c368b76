"""What a graph says about how a picture was made: its links are followed up from the samplers to the texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from graph.picture_values import MOST_OTHER, Facts, loras_in, number_text, real, whole, word

MOST_NODES = 20_000
DEPTH = 60
"""Links that are followed one after another."""

_MODEL_FILE = re.compile(r"\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$", re.IGNORECASE)
_TEXT_INPUTS = (
    *("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt", "positive_prompt", "wildcard_text"),
    *(
        "string",
        "value",
        "tags",
        "lyrics",
        "text_positive",
        "text_a",
        "text_b",
        "text1",
        "text2",
        "string_a",
        "string_b",
    ),
)
_NOT_CONDITIONS = frozenset({
    *("model", "clip", "vae", "image", "images", "pixels", "latent", "latent_image", "samples", "mask", "control_net"),
    *("clip_vision", "clip_vision_output", "style_model", "gligen_textbox_model", "audio", "audio_encoder"),
    *("upscale_model", "bbox", "sam_model"),
})  # fmt: skip


def is_api(value: dict[str, Any]) -> bool:
    return any(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in value.values())  # pyright: ignore[reportUnknownMemberType]


class _Prompt:
    """An API graph, as much of it as is one."""

    def __init__(self, prompt: Mapping[str, Any]) -> None:
        self.types: dict[str, str] = {}
        self.inputs: dict[str, dict[str, Any]] = {}
        for id, node in list(prompt.items())[:MOST_NODES]:
            if not isinstance(node, dict):
                continue
            found = cast("dict[str, Any]", node)
            inputs = found.get("inputs")
            if isinstance(found.get("class_type"), str) and isinstance(inputs, dict):
                self.types[id] = found["class_type"]
                self.inputs[id] = cast("dict[str, Any]", inputs)

    def link(self, value: Any) -> tuple[str, int] | None:
        if not isinstance(value, list):
            return None
        parts = cast("list[Any]", value)
        if len(parts) != 2 or not isinstance(parts[1], int):
            return None
        source = str(parts[0])
        return (source, parts[1]) if source in self.inputs else None

    def literal(self, value: Any, names: tuple[str, ...], depth: int = 0) -> Any:
        """A value, or the one that stands in the node that it is linked to."""
        link = self.link(value)
        if link is None or depth > DEPTH:
            return None if isinstance(value, list) else value
        inputs = self.inputs[link[0]]
        for name in (*names, "value", "int", "float", "string", "number"):
            if name in inputs:
                return self.literal(inputs[name], names, depth + 1)
        return None

    def above(self, value: Any) -> str | None:
        link = self.link(value)
        return link[0] if link else None


def from_prompt(facts: Facts, prompt: dict[str, Any]) -> None:
    graph = _Prompt(prompt)
    facts.nodes = sorted(set(graph.types.values()))
    samplers = [id for id in graph.inputs if _is_sampler(graph, id)]
    positive: list[str] = []
    negative: list[str] = []
    for id in samplers:
        inputs = graph.inputs[id]
        guider = graph.above(inputs.get("guider"))
        sides = graph.inputs[guider] if guider else inputs
        for name in ("positive", "conditioning", "cond1", "conds"):
            _texts(graph, sides.get(name), positive, set(), 0)
        _texts(graph, sides.get("negative"), negative, set(), 0)
    if not samplers:
        for id, kind in graph.types.items():
            if "TextEncode" in kind:
                _own_texts(graph, id, positive)
    facts.positive, facts.negative = "\n".join(dict.fromkeys(positive)), "\n".join(dict.fromkeys(negative))
    if samplers:
        _settings(facts, graph, min(samplers, key=lambda id: _lateness(graph, id)))
    _files_and_words(facts, graph)


def _is_sampler(graph: _Prompt, id: str) -> bool:
    inputs, kind = graph.inputs[id], graph.types[id].lower()
    if graph.above(inputs.get("guider")) and ("sampler" in kind or "sigmas" in inputs):
        return True
    has_sides = isinstance(inputs.get("positive"), list)
    return has_sides and ("seed" in inputs or "noise_seed" in inputs or "steps" in inputs or "sampler" in kind)


def _lateness(graph: _Prompt, id: str) -> float:
    """The sampler that began the picture comes first: it starts from noise alone."""
    denoise = graph.literal(graph.inputs[id].get("denoise", 1), ("denoise",))
    start = graph.literal(graph.inputs[id].get("start_at_step", 0), ("start_at_step",))
    late = 1 - denoise if isinstance(denoise, int | float) else 0
    return late + (1 if isinstance(start, int | float) and start > 0 else 0)


def _settings(facts: Facts, graph: _Prompt, id: str) -> None:
    inputs = graph.inputs[id]
    places = [inputs]
    for name in ("noise", "sampler", "sigmas", "guider"):
        above = graph.above(inputs.get(name))
        for _ in range(6):  # sigmas may be split or turned on their way
            if above is None:
                break
            places.append(graph.inputs[above])
            above = graph.above(graph.inputs[above].get(name))

    def first(*names: str) -> Any:
        for place in places:
            for name in names:
                if name in place:
                    value = graph.literal(place[name], names)
                    if value is not None:
                        return value
        return None

    facts.seed = number_text(first("seed", "noise_seed"))
    facts.sampler, facts.scheduler = word(first("sampler_name", "sampler")), word(first("scheduler"))
    facts.steps, facts.cfg = whole(first("steps")), real(first("cfg", "cfg_scale", "guidance"))


def _texts(graph: _Prompt, value: Any, found: list[str], seen: set[tuple[str, int]], depth: int) -> None:
    """The texts that a condition is made of."""
    link = graph.link(value)
    if link is None or link in seen or depth > DEPTH:
        return
    seen.add(link)
    id, slot = link
    inputs, kind = graph.inputs[id], graph.types[id]
    if "ZeroOut" in kind:
        return
    if "positive" in inputs and "negative" in inputs and isinstance(inputs["positive"], list):
        _texts(graph, inputs["negative" if slot == 1 else "positive"], found, seen, depth + 1)
    elif not _own_texts(graph, id, found):
        for name, above in inputs.items():
            if name not in _NOT_CONDITIONS:
                _texts(graph, above, found, seen, depth + 1)


def _own_texts(graph: _Prompt, id: str, found: list[str]) -> bool:
    inputs = graph.inputs[id]
    before = len(found)
    for name in _TEXT_INPUTS:
        if name in inputs:
            found.extend(_strings(graph, inputs[name], set()))
    return len(found) > before


def _strings(graph: _Prompt, value: Any, seen: set[str]) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
        return
    link = graph.link(value)
    if link is None or link[0] in seen or len(seen) > DEPTH:
        return
    seen.add(link[0])
    for name, inner in graph.inputs[link[0]].items():
        if isinstance(inner, list) or name in _TEXT_INPUTS:
            yield from _strings(graph, inner, seen)


def _files_and_words(facts: Facts, graph: _Prompt) -> None:
    other: list[str] = []
    for id, inputs in graph.inputs.items():
        for name, value in inputs.items():
            if isinstance(value, dict):
                inner = cast("dict[str, Any]", value)
                lora = inner.get("lora")
                if isinstance(lora, str) and lora and inner.get("on") is not False:
                    facts.loras.append(lora)
            elif isinstance(value, str) and value and len(value) < MOST_OTHER:
                _sort_word(facts, other, graph.types[id], name, value)
    shown = {*facts.positive.split("\n"), *facts.negative.split("\n")}
    facts.other = "\n".join(word for word in dict.fromkeys(other) if word.strip() not in shown)
    facts.loras.extend(loras_in(facts.positive))


def _sort_word(facts: Facts, other: list[str], kind: str, name: str, value: str) -> None:
    if not _MODEL_FILE.search(value):
        if len(value) > 2:
            other.append(value)
    elif "lora" in name:
        facts.loras.append(value)
    elif name in ("ckpt_name", "unet_name", "model_name", "model", "ckpt") and "Upscale" not in kind:
        facts.models.append(value)
    else:
        other.append(value)


def from_workflow(facts: Facts, workflow: dict[str, Any]) -> None:
    """The page's format alone: its node types, and its words without knowing what they are for."""
    nodes = workflow.get("nodes")
    other: list[str] = []
    kinds: set[str] = set()
    for node in cast("list[Any]", nodes)[:MOST_NODES] if isinstance(nodes, list) else []:
        if not isinstance(node, dict):
            continue
        found = cast("dict[str, Any]", node)
        kind, values = found.get("type"), found.get("widgets_values")
        if isinstance(kind, str):
            kinds.add(kind)
        listed = cast("list[Any]", values) if isinstance(values, list) else []
        for value in listed[:200]:
            if isinstance(value, str) and 2 < len(value) < MOST_OTHER:
                name = "lora" if "Lora" in str(kind) else "ckpt_name" if "Checkpoint" in str(kind) else ""
                _sort_word(facts, other, str(kind), name, value)
    facts.nodes, facts.other = sorted(kinds), "\n".join(dict.fromkeys(other))
