"""What the texts of a picture say about how it was made: prompts, seed, sampler, models.

From a graph in the API format, from the page's format, and from the parameters of AUTOMATIC1111, InvokeAI and NovelAI
as they write them. The texts come from anywhere and may lie: whatever is of another type than it should be is left out,
and nothing here raises for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from graph.picture_prompt import from_prompt, from_workflow, is_api
from graph.picture_values import (
    MOST_NAMES,
    MOST_OTHER,
    MOST_PARSED,
    Facts,
    loras_in,
    number_text,
    read_json,
    real,
    tidied,
    whole,
    word,
)

_PAIR = re.compile(r'\s*([A-Za-z][\w \-/]{0,60}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')


def facts_of(texts: Mapping[str, str]) -> Facts:
    """What is known from these texts, by their keywords."""
    facts = Facts()
    workflow, prompt = _graph(texts, "workflow", facts), _graph(texts, "prompt", facts)
    if prompt is not None and is_api(prompt):
        from_prompt(facts, prompt)
    elif workflow is not None and is_api(workflow):
        from_prompt(facts, workflow)
    elif workflow is not None:
        from_workflow(facts, workflow)
    if workflow is not None or prompt is not None:
        facts.graph = "workflow" if workflow is not None else "prompt"
    elif "invokeai_metadata" in texts:
        _from_invokeai(facts, texts)
    elif texts.get("Software") == "NovelAI" or ("Comment" in texts and "Description" in texts):
        _from_novelai(facts, texts)
    elif "Steps: " in (parameters := texts.get("parameters", "")) or "Negative prompt: " in parameters:
        _from_parameters(facts, parameters[:MOST_PARSED])
    else:
        facts.other = "\n".join(text for key, text in texts.items() if len(text) < MOST_OTHER and key != "exif 274")
    return tidied(facts)


def _graph(texts: Mapping[str, str], keyword: str, facts: Facts) -> dict[str, Any] | None:
    text = texts.get(keyword) or texts.get(keyword.capitalize()) or ""
    if not text:
        return None
    value = read_json(text)
    if isinstance(value, dict) and value:
        return cast("dict[str, Any]", value)
    facts.problem = (
        f"Its {keyword} is no graph." if value is not None else f"Its {keyword} is no JSON that can be read."
    )
    return None


def _from_parameters(facts: Facts, text: str) -> None:
    """AUTOMATIC1111 and its kin: the prompt, `Negative prompt:` and a line of settings."""
    facts.graph = "parameters"
    body, last = text.strip(), ""
    at = body.rfind("\nSteps: ")
    if at >= 0:
        body, last = body[:at], body[at + 1 :]
    elif body.startswith("Steps: "):
        body, last = "", body
    positive, _, negative = ("\n" + body).partition("\nNegative prompt:")
    facts.positive, facts.negative = positive.strip(), negative.strip()
    said = {key.strip(): value.strip().strip('"') for key, value in _PAIR.findall(last[:MOST_OTHER])}
    facts.seed, facts.sampler = number_text(said.get("Seed")), said.get("Sampler", "")
    facts.scheduler = said.get("Schedule type", "")
    facts.steps, facts.cfg = whole(said.get("Steps")), real(said.get("CFG scale"))
    if said.get("Model"):
        facts.models = [said["Model"]]
    facts.loras = loras_in(facts.positive)
    facts.other = last


def _from_invokeai(facts: Facts, texts: Mapping[str, str]) -> None:
    said = read_json(texts["invokeai_metadata"])
    if not isinstance(said, dict):
        facts.problem = "Its metadata is no JSON that can be read."
        return
    data = cast("dict[str, Any]", said)
    facts.graph = "invokeai"
    facts.positive, facts.negative = word(data.get("positive_prompt")), word(data.get("negative_prompt"))
    facts.seed, facts.steps = number_text(data.get("seed")), whole(data.get("steps"))
    facts.cfg, facts.sampler = real(data.get("cfg_scale")), word(data.get("scheduler"))
    facts.models = [name for name in [_model_name(data.get("model"))] if name]
    loras = data.get("loras")
    for lora in cast("list[Any]", loras)[:MOST_NAMES] if isinstance(loras, list) else []:
        if isinstance(lora, dict):
            inner = cast("dict[str, Any]", lora)
            facts.loras.append(_model_name(inner.get("model") or inner.get("lora")))


def _model_name(value: Any) -> str:
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        return word(inner.get("name") or inner.get("model_name"))
    return word(value)


def _from_novelai(facts: Facts, texts: Mapping[str, str]) -> None:
    said = read_json(texts.get("Comment", ""))
    data = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    facts.graph = "novelai" if data else ""
    facts.positive = word(data.get("prompt")) or texts.get("Description", "")
    facts.negative, facts.seed = word(data.get("uc")), number_text(data.get("seed"))
    facts.steps, facts.cfg = whole(data.get("steps")), real(data.get("scale"))
    facts.sampler, facts.scheduler = word(data.get("sampler")), word(data.get("noise_schedule"))
    if texts.get("Source"):
        facts.models = [texts["Source"]]
