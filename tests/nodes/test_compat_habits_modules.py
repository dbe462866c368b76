"""Habits of packs that reach into ComfyUI's modules: its queue, its mappings, and what it merely imports."""

from __future__ import annotations

import importlib
import logging
from textwrap import dedent
from typing import Any

import pytest

from graph.job import Job
from graph.parse import parse
from nodes.compat import host
from tests.nodes.habits import Place, place

__all__ = ["place"]


def test_a_pack_tells_runs_apart_by_their_numbers(place: Place) -> None:
    server: Any = importlib.import_module("server")  # ComfyUI's, as packs get it
    queue, seen = server.PromptServer.instance.prompt_queue, list[tuple[int, str]]()
    for name in ("a", "a", "b"):
        host.host().job = Job(prompt_id=name, graph=parse({}), targets=())
        [(number, prompt_id, *_)] = queue.currently_running.values()
        seen.append((number, prompt_id))
    assert seen[0] == seen[1] != seen[2]
    assert [prompt_id for _, prompt_id in seen] == ["a", "a", "b"]


def test_nodes_that_a_pack_puts_into_comfyuis_own_mappings(place: Place) -> None:
    text = """
        import nodes
        class Put:
            CATEGORY, FUNCTION, RETURN_TYPES = "t", "go", ("STRING",)
            @classmethod
            def INPUT_TYPES(cls): return {"required": {}}
            def go(self): return ("put",)
        nodes.NODE_CLASS_MAPPINGS["PutThere"] = Put
        nodes.NODE_DISPLAY_NAME_MAPPINGS.update({"PutThere": "Put There"})
    """
    report = place.load(dedent(text), "puts")
    assert (report.node_types, report.problems) == (["PutThere"], [])
    spec = place.registry["PutThere"].spec
    assert (spec.title, spec.module) == ("Put There", "custom_nodes.puts")
    assert place.load("", "after").node_types == []


LEAKS = """
from comfy.samplers import math, model_management
import comfy.model_management, comfy.sd, nodes
assert math.gcd(4, 6) == 2
assert model_management is comfy.model_management
assert comfy.sd.comfy is comfy
assert nodes.np.int64
assert not hasattr(comfy.sd, "nothing_of_the_kind")

from server import PromptServer

async def guard(request, handler):
    return await handler(request)

PromptServer.instance.app.middlewares.append(guard)
PromptServer.instance.on_prompt_handlers.append(lambda asked: {**asked, "seen": True})
NODE_CLASS_MAPPINGS = {}
"""


def test_what_packs_take_from_where_comfyui_merely_imports_it(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, Any]] = []
    host.host().tell = told.append
    assert not place.load(LEAKS).problems
    server: Any = importlib.import_module("server")
    assert server.PromptServer.instance.trigger_on_prompt({"prompt": {}}) == {"prompt": {}, "seen": True}
    assert told == [{"type": "prompt_handlers", "count": 1}], "the server has to know that it is to ask"
    with caplog.at_level(logging.WARNING):
        importlib.import_module("nodes.compat.routes").ROUTES._collect()
    assert "pack habit adds what is to see every request to the server (guard)" in caplog.text
