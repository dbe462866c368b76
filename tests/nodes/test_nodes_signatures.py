"""Our node types against the facts of ComfyUI's (`signatures.json`): graphs and clients rely on every one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from graph.spec import NodeSpec
from nodes.later import LATER
from nodes.library import core_registry

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "signatures.json").read_text())
REGISTRY = core_registry()
OURS = REGISTRY.catalogue()
INFO = OURS.object_info(None)
OPTIONS = (
    *("default", "min", "max", "round", "control_after_generate", "multiline", "dynamicPrompts", "forceInput"),
    *("image_upload", "audio_upload", "video_upload", "file_upload", "advanced"),
)


def test_every_fact_is_about_a_node_we_have_and_the_reverse() -> None:
    assert sorted(FACTS) == sorted(OURS)


def test_no_name_is_declared_twice() -> None:
    names = [spec.class_type for spec in LATER]
    assert len(names) == len(set(names))
    assert not set(names) & set(REGISTRY), "what runs leaves the tables of nodes/later"


@pytest.mark.parametrize("spec", LATER, ids=lambda spec: spec.class_type)
def test_what_comes_later_says_what_it_waits_for_and_what_it_is(spec: NodeSpec) -> None:
    assert NodeSpec.from_json(spec.to_json()) == spec
    assert OURS[spec.class_type].later == ("" if spec.class_type in REGISTRY else spec.later)
    assert re.fullmatch(r"(the )?[A-Za-z0-9][\w .-]*[a-z0-9A-Z]", spec.later), "reads after 'needs support for'"
    assert re.fullmatch(r"[A-Z0-9].*\.", spec.description)


@pytest.mark.parametrize("name", FACTS)
def test_entry_agrees_with_the_facts(name: str) -> None:
    facts, entry = FACTS[name], INFO[name]
    assert entry["display_name"] == facts["title"]
    assert entry["category"] == facts["category"]
    assert entry["output_node"] == facts["output_node"]
    assert entry.get("experimental", False) == facts["experimental"]
    assert entry.get("deprecated", False) == facts.get("deprecated", False)
    assert entry["output_is_list"] == [output.get("list", False) for output in facts["outputs"]]
    assert entry["output"] == [output["type"] for output in facts["outputs"]]
    assert entry["output_name"] == [output["name"] for output in facts["outputs"]]


@pytest.mark.parametrize("name", FACTS)
def test_inputs_agree_with_the_facts_in_order(name: str) -> None:
    groups, order = INFO[name]["input"], INFO[name]["input_order"]
    wanted = FACTS[name]["inputs"]
    assert order["required"] == [i["name"] for i in wanted if not i["optional"]]
    assert order.get("optional", []) == [i["name"] for i in wanted if i["optional"]]
    for facts in wanted:
        kind, options = _split(groups["optional" if facts["optional"] else "required"][facts["name"]])
        assert ("COMBO" if isinstance(kind, list) else kind) == facts["type"]
        if "choices" in facts:
            assert kind == facts["choices"]
        for option in OPTIONS:
            assert option not in facts or options[option] == facts[option], (facts["name"], option)
        assert options.get("step", 1) == facts.get("step", options.get("step", 1))


@pytest.mark.parametrize("name", FACTS)
def test_every_widget_says_more_than_its_name(name: str) -> None:
    assert INFO[name]["description"], "a node without a docstring shows an empty card"


def test_samplers_and_schedulers_stand_in_comfyui_s_order() -> None:
    sampler, scheduler = (_split(INFO["KSampler"]["input"]["required"][n])[0] for n in ("sampler_name", "scheduler"))
    known = ["euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "lcm"]
    assert [name for name in sampler if name in known] == known
    assert scheduler[:6] == ["simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta"]
    assert len(scheduler) == 9


@pytest.mark.parametrize("name", ["EmptyLatentImage", "EmptySD3LatentImage", "EmptyImage", "SolidMask"])
def test_what_makes_big_things_says_how_big(name: str) -> None:
    memory = OURS[name].memory
    assert memory is not None
    sizes = {"width": 16384, "height": 16384, "batch_size": 4096}
    assert memory.need({k: sizes[k] for k in memory.inputs}) >= 1 << 30


def _split(config: list[Any]) -> tuple[Any, dict[str, Any]]:
    return config[0], config[1] if len(config) > 1 else {}
