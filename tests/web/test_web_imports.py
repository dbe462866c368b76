"""Graphs that the page makes of other programs' texts are graphs that the server runs: nodes, sockets and values."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from graph.folders import FolderKind, Folders
from graph.parse import parse
from graph.registry import Catalogue
from graph.validate import validate

HERE = Path(__file__).parent
FILES = {
    "checkpoints": ["sd15/painter.safetensors", "fine.safetensors"],
    "loras": ["ink.safetensors"],
    "vae": ["soft.safetensors", "ae.safetensors"],
    "upscale_models": ["RealESRGAN_x4plus.pth"],
    "diffusion_models": ["flux1-dev.safetensors"],
    "text_encoders": ["clip_l.safetensors", "t5xxl_fp16.safetensors"],
    "hypernetworks": ["old.pt"],
}
SETTINGS = "Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 42, Size: 512x768, Model: painter"
TEXTS: list[tuple[str, Any, set[str]]] = [
    ("a1111", f"a fox\nNegative prompt: fog\nSteps: 21, {SETTINGS}", {"KSampler", "SaveImage"}),
    (
        "a1111",
        f"a <lora:ink:0.5> [fox] BREAK snow <hypernet:old:0.3>\nSteps: 21, {SETTINGS}, VAE: soft, Clip skip: 2",
        {"LoraLoader", "HypernetworkLoader", "VAELoader", "CLIPSetLastLayer", "ConditioningConcat"},
    ),
    (
        "a1111",
        f"a AND hill :0.4 AND fox\nSteps: 21, {SETTINGS}",
        {"ConditioningCombine", "ConditioningSetAreaStrength"},
    ),
    (
        "a1111",
        f"a\nSteps: 20, {SETTINGS}, Denoising strength: 0.4, Hires upscale: 1.5, Hires upscaler: R-ESRGAN 4x+, "
        "Hires prompt: b",
        {"UpscaleModelLoader", "ImageUpscaleWithModel", "VAEEncode"},
    ),
    ("a1111", f"a\nSteps: 20, {SETTINGS}, Hires upscale: 2, Hires upscaler: Latent (bicubic)", {"LatentUpscale"}),
    ("a1111", f"a\nSteps: 20, {SETTINGS}, Refiner: fine [0123abcd], Refiner switch at: 0.7", {"KSamplerAdvanced"}),
    (
        "a1111",
        "a\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 1, "
        "Size: 896x1152, Model: flux1-dev, Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp16",
        {"UNETLoader", "DualCLIPLoader", "FluxGuidance"},
    ),
    (
        "invokeai",
        {"positive_prompt": "a fox++", "steps": 12, "scheduler": "euler_k", "model": {"name": "painter"}, "width": 512,
         "height": 512, "loras": [{"model": {"name": "ink"}, "weight": 0.3}], "cfg_rescale_multiplier": 0.5},
        {"RescaleCFG", "LoraLoader"},
    ),
    ("novelai", {"prompt": "{fox}", "uc": "fog", "sampler": "k_euler", "steps": 28, "width": 832}, {"KSampler"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def core() -> Catalogue:
    from nodes.library import core_registry

    return core_registry().catalogue()


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_graphs_of_other_programs_texts_are_valid(tmp_path: Path, core: Catalogue) -> None:
    for kind, names in FILES.items():
        for name in names:
            path = tmp_path / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    folders = Folders({kind: FolderKind((tmp_path / kind,)) for kind in FILES})
    question = {
        "types": {name: core[name].object_info(folders) for name in core},
        "texts": [{"reader": reader, "text": text} for reader, text, _ in TEXTS],
    }
    answer = subprocess.run(
        ["node", HERE / "import_texts.js"], input=json.dumps(question), capture_output=True, text=True, check=True
    )
    found_all = json.loads(answer.stdout)
    drawn = values(found_all[0]["prompt"], "KSampler")
    told = {"steps": 21, "cfg": 6.5, "seed": 42, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1}
    assert {name: drawn[name] for name in told} == told
    assert values(found_all[0]["prompt"], "CheckpointLoaderSimple")["ckpt_name"] == "sd15/painter.safetensors"
    for (_, text, wanted), found in zip(TEXTS, found_all, strict=True):
        prompt = found["prompt"]
        classes = {node["class_type"] for node in prompt.values()}
        assert wanted <= classes, text
        report = validate(parse(prompt), core, folders)
        assert report.targets, text
        assert not report.problems, (text, [problem.sentence for problem in report.problems])


def values(prompt: dict[str, Any], class_type: str) -> dict[str, Any]:
    return next(node["inputs"] for node in prompt.values() if node["class_type"] == class_type)
