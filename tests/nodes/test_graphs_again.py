"""The same prompt gives the same bytes on the CPU, in one process and in another, with nothing cached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from tests.nodes.graphs import Graph, Made, Runner

ROOT = Path(__file__).resolve().parents[2]

OTHER_PROCESS = """
import json, sys
from pathlib import Path
import torch
from models.engine import Engine
from tests.nodes.graphs import Graph, Runner
from tests.nodes.test_graphs_again import digests
torch.set_num_threads(1)
models, base, order = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
run, nodes, found = Runner(models, base, Engine("cpu", "fp32")), json.load(sys.stdin), {}
for name in order:
    graph = Graph()
    graph.nodes = nodes[name]
    found[name] = digests(run(graph))
print(json.dumps(found))
"""


def digests(made: Made) -> dict[str, str]:
    """Of all files that a run saved, by name."""
    return {name: sha256(path.read_bytes()).hexdigest() for name, path in made.files.items()}


def controlled(sampler: str) -> Graph:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    model, clip = graph("LoraLoader", model=model, clip=clip, lora_name="both.safetensors", strength_model=0.6)
    positive, negative = graph.prompts(clip, "a (red:1.3) cat embedding:shade")
    positive, negative = graph(
        "ControlNetApplyAdvanced",
        positive=positive,
        negative=negative,
        control_net=graph("ControlNetLoader", control_net_name="control.safetensors"),
        image=graph("LoadImage", image="hint.png")[0],
    )
    graph.show(graph.sampled(model, positive, negative, graph.empty(count=2), sampler_name=sampler, steps=3), vae)
    return graph


def inpainted() -> Graph:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    photo, mask = graph("LoadImage", image="photo.png")
    latent = graph("VAEEncodeForInpaint", pixels=photo, vae=vae, mask=mask)
    model = graph("PerturbedAttentionGuidance", model=graph("RescaleCFG", model=model))
    graph.show(graph.sampled(model, *graph.prompts(clip), latent, sampler_name="ddim"), vae)
    return graph


def sdxl() -> Graph:
    graph = Graph()
    model, clip, vae = graph.checkpoint("sdxl")
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty(), sampler_name="euler_ancestral"), vae)
    return graph


def flux() -> Graph:
    graph = Graph()
    clip = graph("DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="t5xxl.safetensors", type="flux")
    model, latent = graph("UNETLoader", unet_name="flux.safetensors"), graph("EmptySD3LatentImage", width=64, height=64)
    graph.show(
        graph.sampled(model, *graph.prompts(clip), latent, cfg=1.0), graph("VAELoader", vae_name="sd3.safetensors")
    )
    return graph


GRAPHS = {
    "sde": controlled("dpmpp_2m_sde"),
    "multistep": controlled("uni_pc"),
    "inpainted": inpainted(),
    "sdxl": sdxl(),
    "flux": flux(),
}


def test_in_one_process_and_in_another(run: Runner, tmp_path: Path) -> None:
    assert torch.get_num_threads() == 1
    first = {name: digests(run(graph)) for name, graph in GRAPHS.items()}
    # The other way round, so that what each leaves in memory is another.
    again = {name: digests(run(GRAPHS[name])) for name in reversed(GRAPHS)}
    assert again == first
    (tmp_path / "input").symlink_to(run.base / "input")
    prompts = json.dumps({name: graph.nodes for name, graph in GRAPHS.items()})
    command: list[Any] = [sys.executable, "-c", OTHER_PROCESS, run.models, tmp_path, json.dumps(list(GRAPHS)[::-1])]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    other = subprocess.run(command, input=prompts, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert other.returncode == 0, other.stderr
    assert json.loads(other.stdout.splitlines()[-1]) == first
    assert len({digest for files in first.values() for digest in files.values()}) == 2 * len(GRAPHS) + 2


def test_another_seed_gives_other_bytes(run: Runner) -> None:
    one, other = controlled("dpmpp_2m_sde"), controlled("dpmpp_2m_sde")
    sampler = next(node for node in other.nodes.values() if node["class_type"] == "KSampler")
    sampler["inputs"]["seed"] += 1
    first, second = digests(run(one)), digests(run(other))
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)


def test_latents_taken_from_a_batch_keep_their_noise(run: Runner) -> None:
    """By LatentFromBatch, within 1 of 255; every sampler so in tests/models/test_determinism.py."""

    def graph(place: int | None) -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint()
        latent = graph.empty(count=4)
        if place is not None:
            latent = graph("LatentFromBatch", samples=latent, batch_index=place, length=1)
        graph.show(graph.sampled(model, *graph.prompts(clip), latent, sampler_name="dpmpp_2m", steps=4), vae)
        return graph

    whole = run(graph(None)).pictures
    assert len(whole) == 4
    for place in range(4):
        [single] = run(graph(place)).pictures
        assert abs(single.astype(int) - whole[place].astype(int)).max() <= 1
        assert abs(single.astype(int) - whole[place - 1].astype(int)).max() > 8
