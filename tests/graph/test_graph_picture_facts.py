"""What pictures say of how they were made, and what they say when they lie."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

import pytest

from graph.picture_facts import facts_of
from graph.picture_text import MOST_TEXT, exif_texts, png_texts
from tests.pngs import chunk, head


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def prompt(**more: Any) -> dict[str, Any]:
    return {
        "4": node("CheckpointLoaderSimple", ckpt_name="xl/painter.safetensors"),
        "10": node("LoraLoader", lora_name="ink.safetensors", model=["4", 0], clip=["4", 1]),
        "6": node("CLIPTextEncode", text=["20", 0], clip=["10", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["10", 1]),
        "20": node("PrimitiveString", value="a fox in snow"),
        "9": node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], image=["30", 0]),
        "30": node("LoadImage", image="pose.png"),
        "3": node(
            "KSampler",
            seed=["21", 0],
            steps=20,
            cfg=7.5,
            sampler_name="euler",
            scheduler="karras",
            model=["10", 0],
            positive=["9", 0],
            negative=["9", 1],
            latent_image=["5", 0],
        ),
        "21": node("PrimitiveInt", value=2**64 - 1),
        **more,
    }


def test_a_graph_tells_its_prompts_through_links_and_what_stands_between():
    facts = facts_of({"prompt": json.dumps(prompt()), "workflow": '{"nodes": []}'})
    assert (facts.positive, facts.negative) == ("a fox in snow", "blurry")
    assert (facts.seed, facts.steps, facts.cfg) == (str(2**64 - 1), 20, 7.5)
    assert (facts.sampler, facts.scheduler, facts.graph) == ("euler", "karras", "workflow")
    assert (facts.models, facts.loras) == (["xl/painter.safetensors"], ["ink.safetensors"])
    assert "KSampler" in facts.nodes
    assert "pose.png" in facts.other


def test_a_custom_sampler_has_its_values_in_four_nodes():
    graph = {
        "1": node("SamplerCustomAdvanced", noise=["2", 0], guider=["3", 0], sampler=["4", 0], sigmas=["8", 0]),
        "2": node("RandomNoise", noise_seed=42),
        "3": node("CFGGuider", positive=["6", 0], negative=["7", 0], cfg=3.5),
        "4": node("KSamplerSelect", sampler_name="heun"),
        "5": node("BasicScheduler", scheduler="beta", steps=12),
        "6": node("CLIPTextEncodeFlux", clip_l="hills", t5xxl="hills at dawn"),
        "7": node("ConditioningZeroOut", conditioning=["6", 0]),
        "8": node("SplitSigmas", sigmas=["5", 0], step=3),
    }
    facts = facts_of({"prompt": json.dumps(graph)})
    assert (facts.positive, facts.negative, facts.seed) == ("hills\nhills at dawn", "", "42")
    assert (facts.sampler, facts.scheduler, facts.steps, facts.cfg) == ("heun", "beta", 12, 3.5)


def test_the_sampler_that_began_the_picture_gives_the_seed():
    graph = prompt(**{"1": node("KSampler", seed=1, steps=5, denoise=0.4, positive=["6", 0], negative=["7", 0])})
    assert facts_of({"prompt": json.dumps(graph)}).seed == str(2**64 - 1)


def test_parameters_of_other_tools():
    text = (
        "cat, <lora:ink:0.8>\nNegative prompt: dog\nbird\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 12, Model: m"
    )
    facts = facts_of({"parameters": text})
    assert (facts.positive, facts.negative) == ("cat, <lora:ink:0.8>", "dog\nbird")
    assert (facts.seed, facts.sampler, facts.models, facts.loras) == ("12", "Euler a", ["m"], ["ink"])
    invoke = {"positive_prompt": "owl", "negative_prompt": "", "seed": 5, "steps": 9, "model": {"name": "sd"}}
    assert facts_of({"invokeai_metadata": json.dumps(invoke)}).models == ["sd"]
    novel = {"Software": "NovelAI", "Description": "x", "Comment": json.dumps({"prompt": "y", "uc": "z", "seed": 3})}
    assert facts_of(novel).negative == "z"


LIES: list[dict[str, str]] = [
    {"prompt": "no JSON"},
    {"prompt": "[" * 200_000},
    {"prompt": '{"a":' * 50_000},
    {"prompt": "[1, 2]", "workflow": "3"},
    {"prompt": '{"1": {"class_type": "KSampler", "inputs": {"seed": NaN, "steps": Infinity, "cfg": 1e999}}}'},
    {"prompt": '{"1": {"class_type": 3, "inputs": []}, "2": {"class_type": "X"}, "3": null, "4": 5}'},
    {"prompt": json.dumps({"1": node("KSampler", seed="x" * 9, steps=[], positive=["1", 0], negative=["1", "a"])})},
    {"prompt": json.dumps({"1": node("KSampler", seed=10**400, steps=-1, positive=["2", 0]), "2": node("A")})},
    {"prompt": '{"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "\\ud800\\u0000"}}}'},
    {"workflow": '{"nodes": [{"type": 4, "widgets_values": {"a": 1}}, 7, {"type": "N", "widgets_values": [null]}]}'},
    {"workflow": '{"nodes": {"0": 1}}'},
    {"parameters": "Steps: x, Seed: " + "9" * 9000},
    {"invokeai_metadata": '{"loras": [1, {"model": {"name": 5}}], "model": [], "seed": true}'},
    {"Software": "NovelAI", "Comment": "[]"},
]  # fmt: skip


@pytest.mark.parametrize("texts", LIES)
def test_metadata_that_lies_gives_what_is_true_of_it(texts: dict[str, str]):
    facts = facts_of(texts)
    json.dumps(facts.to_json(), allow_nan=False).encode()
    assert "\0" not in facts.positive + facts.other


def test_a_graph_of_many_links_is_walked_once():
    wide: dict[str, Any] = {str(n): node("Mix", **{f"c{m}": [str(n + 1), 0] for m in range(30)}) for n in range(50)}
    wide["50"] = node("CLIPTextEncode", text="end")
    wide["s"] = node("KSampler", seed=1, steps=1, positive=["0", 0], negative=["0", 0])
    assert facts_of({"prompt": json.dumps(wide)}).positive == "end"


def read(*chunks: bytes, end: bytes = b"") -> Any:
    return png_texts(io.BytesIO(head(64, 32) + b"".join(chunks) + end))


def test_texts_of_every_kind_of_chunk():
    found = read(
        chunk(b"tEXt", b"prompt\0{}"),
        chunk(b"zTXt", b"b\0\0" + zlib.compress(b"folded")),
        chunk(b"iTXt", b"c\0\1\0\0\0" + zlib.compress("狐".encode())),
        chunk(b"IDAT", b"x" * 999),
        chunk(b"comf", b"workflow\0{1}"),
        chunk(b"tEXt", b"prompt\0second"),
    )
    assert found.texts == {"prompt": "{}", "b": "folded", "c": "狐", "workflow": "{1}"}
    assert (found.width, found.height) == (64, 32)


def test_bombs_and_broken_chunks_are_passed_over():
    bomb = zlib.compress(b"\0" * (MOST_TEXT + 1))
    found = read(chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"zTXt", b"b\0\0not zlib"), chunk(b"tEXt", b"c\0d"))
    assert found.texts == {"c": "d"}
    assert found.too_large == ["a", "b"]
    assert read(chunk(b"tEXt", b"big\0" + b"x" * MOST_TEXT), chunk(b"tEXt", b"c\0d")).texts == {"c": "d"}
    assert read(chunk(b"iTXt", b"a\0\1"), chunk(b"tEXt", b"")).texts == {}
    assert read(chunk(b"tEXt", b"c\0d"), end=b"\xff\xff\xff\xfftEXtcut").texts == {"c": "d"}
    assert read(chunk(b"tEXt", b"c\0d"), end=b"\0\0\0\x99tEXtcut").texts == {"c": "d"}
    assert png_texts(io.BytesIO(b"GIF89a")) is None


def test_comments_in_either_order_of_bytes():
    for code in ("utf-16-be", "utf-16-le"):
        assert exif_texts({}, {0x9286: b"UNICODE\0" + "cat".encode(code)}) == {"parameters": "cat"}
    assert exif_texts({0x10F: "workflow:{}", 0x110: "Prompt:[]", 1: 5}, {}) == {"workflow": "{}", "prompt": "[]"}
