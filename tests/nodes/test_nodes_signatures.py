"""Our node types against the facts of ComfyUI's (`signatures.json`): graphs and clients rely on every one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nodes.library import core_registry

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "signatures.json").read_text())
OURS = core_registry().catalogue()
INFO = OURS.object_info(None)


def test_every_fact_is_about_a_node_we_have_and_the_reverse() -> None:
    assert sorted(FACTS) == sorted(OURS)


@pytest.mark.parametrize("name", FACTS)
def test_entry_agrees_with_the_facts(name: str) -> None:
    facts, entry = FACTS[name], INFO[name]
    assert entry["display_name"] == facts["title"]
    assert entry["category"] == facts["category"]
    assert entry["output_node"] == facts["output_node"]
    assert entry.get("experimental", False) == facts["experimental"]
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
        for option in ("default", "min", "max", "round", "control_after_generate", "multiline", "image_upload"):
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
