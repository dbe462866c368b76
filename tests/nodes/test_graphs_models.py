"""Whole graphs on tiny real models: the families, merges saved and loaded again, hooks and patches of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.nodes.graphs import Graph, Runner, differ, plain, seen


def test_sdxl_with_sizes(run: Runner) -> None:
    def graph(width: int, refined: str = "a photo of a cat") -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint("sdxl")
        positive = graph("CLIPTextEncodeSDXL", clip=clip, text_g="a cat", text_l=refined, width=width, height=1024)
        graph.show(graph.sampled(model, positive, graph.prompts(clip)[1], graph.empty()), vae)
        return graph

    assert seen(run(graph(1024)), run(graph(256)))
    assert seen(run(graph(1024)), run(graph(1024, "a boat")))


def test_stable_diffusion_3_from_separate_files(run: Runner) -> None:
    def graph(t5: str = "rain", shift: float = 3.0) -> Graph:
        graph = Graph()
        names = {f"clip_name{i}": f"{name}.safetensors" for i, name in enumerate(("clip_l", "clip_g", "t5xxl"), 1)}
        clip = graph("TripleCLIPLoader", **names)
        model = graph("UNETLoader", unet_name="sd3.safetensors")
        model = graph("ModelSamplingSD3", model=model, shift=shift)
        vae = graph("VAELoader", vae_name="sd3.safetensors")
        positive = graph("CLIPTextEncodeSD3", clip=clip, clip_l="a cat", clip_g="a cat", t5xxl=t5)
        latent = graph("EmptySD3LatentImage", width=64, height=64)
        settings = {"sampler_name": "dpmpp_2m", "scheduler": "sgm_uniform"}
        graph.show(graph.sampled(model, positive, graph.prompts(clip)[1], latent, **settings), vae)
        return graph

    made = run(graph())
    assert made.latent.shape == (1, 16, 8, 8)
    assert made.pictures[0].shape == (64, 64, 3)
    assert seen(made, run(graph(t5="a boat")))
    assert seen(made, run(graph(shift=6.0)))


def test_flux_from_separate_files_with_a_picture_as_style(run: Runner) -> None:
    def graph(guidance: float, style: float = 0.0, strength_type: str = "multiply") -> Graph:
        graph = Graph()
        names = {"clip_name1": "t5xxl.safetensors", "clip_name2": "clip_l.safetensors"}
        clip = graph("DualCLIPLoader", **names, type="flux")
        model = graph("UNETLoader", unet_name="flux.safetensors")
        model = graph("ModelSamplingFlux", model=model, width=64, height=64)
        prompt = graph("FluxGuidance", conditioning=graph.prompts(clip)[0], guidance=guidance)
        if style:
            encoder = graph("CLIPVisionLoader", clip_name="vit.safetensors")
            hint, _ = graph("LoadImage", image="hint.png")
            prompt = graph(
                "StyleModelApply",
                conditioning=prompt,
                style_model=graph("StyleModelLoader", style_model_name="redux.safetensors"),
                clip_vision_output=graph("CLIPVisionEncode", clip_vision=encoder, image=hint),
                strength=style,
                strength_type=strength_type,
            )
        output, _ = graph(
            "SamplerCustomAdvanced",
            noise=graph("RandomNoise", noise_seed=5),
            guider=graph("BasicGuider", model=model, conditioning=prompt),
            sampler=graph("KSamplerSelect", sampler_name="euler"),
            sigmas=graph("BasicScheduler", model=model, scheduler="beta", steps=2),
            latent_image=graph("EmptySD3LatentImage", width=64, height=48),
        )
        graph.show(output, graph("VAELoader", vae_name="sd3.safetensors"))
        return graph

    made, styled = run(graph(3.5)), run(graph(3.5, style=1.0))
    assert made.latent.shape == (1, 16, 6, 8)
    assert made.pictures[0].shape == (48, 64, 3)
    assert seen(made, run(graph(1.0)))
    assert seen(made, styled)
    assert torch.equal(styled.latent, run(graph(3.5, style=1.0, strength_type="attn_bias")).latent)
    assert not torch.equal(styled.latent, run(graph(3.5, style=3.0, strength_type="attn_bias")).latent)


def merged(ratio: float, save: bool = False) -> Graph:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    other, other_clip, _ = graph.checkpoint("sd1-other")
    model = graph("ModelMergeSimple", model1=model, model2=other, ratio=ratio)
    clip = graph("CLIPMergeSimple", clip1=clip, clip2=other_clip, ratio=ratio)
    model, clip = graph("LoraLoader", model=model, clip=clip, lora_name="both.safetensors", strength_model=0.5)
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty()), vae)
    if save:
        graph("CheckpointSave", model=model, clip=clip, vae=vae, filename_prefix="merged/mine")
    return graph


def test_a_merge_that_is_saved_and_loaded_again(run: Runner) -> None:
    saved = run(merged(0.3, save=True))
    assert seen(saved, run(merged(0.7)))
    assert torch.equal(saved.latent, run(merged(0.3)).latent)
    path = run.models / "checkpoints" / "merged.safetensors"
    path.write_bytes(saved.files["mine_00001_.safetensors"].read_bytes())
    graph = Graph()
    model, clip, vae = graph.checkpoint("merged")
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty()), vae)
    again = run(graph)
    assert differ(saved.latent, again.latent) < 1e-5
    assert np.array_equal(saved.pictures[0], again.pictures[0])


def test_parts_of_a_merge_saved_one_by_one(run: Runner) -> None:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    other, _, _ = graph.checkpoint("sd1-other")
    model = graph("ModelMergeBlocks", model1=model, model2=other, input=0.2, middle=0.5, out=0.9)
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty()), vae)
    graph("ModelSave", model=model, filename_prefix="part/model")
    graph("CLIPSave", clip=clip, filename_prefix="part/clip")
    graph("VAESave", vae=vae, filename_prefix="part/vae")
    saved = run(graph)
    for name, kind in (("model", "diffusion_models"), ("clip", "text_encoders"), ("vae", "vae")):
        [file] = [path for stem, path in saved.files.items() if stem.startswith(name)]
        (run.models / kind / "saved.safetensors").write_bytes(file.read_bytes())
    graph = Graph()
    clip = graph("CLIPLoader", clip_name="saved.safetensors")
    model, vae = graph("UNETLoader", unet_name="saved.safetensors"), graph("VAELoader", vae_name="saved.safetensors")
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty()), vae)
    again = run(graph)
    assert differ(saved.latent, again.latent) < 1e-5
    assert np.array_equal(saved.pictures[0], again.pictures[0])


def hooked(*keyframes: tuple[float, float], region: bool = False, everywhere: bool = True) -> Graph:
    """keyframes: from which share of the run on, and how strong a LoRA then is."""
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    hooks = graph("CreateHookLora", lora_name="both.safetensors", strength_model=0.7, strength_clip=0.7)
    previous: dict[str, Any] = {}
    for start, strength in keyframes:
        frame = graph("CreateHookKeyframe", start_percent=start, strength_mult=strength, **previous)
        previous = {"prev_hook_kf": frame}
    if keyframes:
        hooks = graph("SetHookKeyframes", hooks=hooks, hook_kf=previous["prev_hook_kf"])
    negative = graph.prompts(clip)[1]
    if everywhere:
        positive = graph("CLIPTextEncode", clip=graph("SetClipHooks", clip=clip, hooks=hooks), text="a photo of a cat")
        hooked_negative = graph("CLIPTextEncode", clip=graph("SetClipHooks", clip=clip, hooks=hooks), text="")
        graph.show(graph.sampled(model, positive, hooked_negative, graph.empty(), steps=4), vae)
        return graph
    positive = graph.prompts(clip)[0]
    _, mask = graph("LoadImage", image="photo.png")
    positive = graph("ConditioningSetProperties", cond_NEW=positive, hooks=hooks, **({"mask": mask} if region else {}))
    positive = graph("ConditioningSetDefaultCombine", cond=positive, cond_DEFAULT=graph.prompts(clip)[0])
    graph.show(graph.sampled(model, positive, negative, graph.empty(), steps=4), vae)
    return graph


def with_lora(strength: float) -> Graph:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    strengths = {"strength_model": strength, "strength_clip": strength}
    model, clip = graph("LoraLoader", model=model, clip=clip, lora_name="both.safetensors", **strengths)
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty(), steps=4), vae)
    return graph


def test_a_lora_by_hooks_scheduled(run: Runner) -> None:
    constant, lora = run(hooked()), run(with_lora(0.7))
    assert differ(lora.latent, constant.latent) < 1e-4
    assert torch.equal(constant.latent, run(hooked((0.0, 1.0))).latent)
    late, early = run(hooked((0.0, 0.0), (0.5, 1.0))), run(hooked((0.0, 1.0), (0.5, 0.0)))
    assert seen(late, early)
    assert all(seen(made, constant) for made in (late, early))
    assert torch.equal(run(with_lora(0.7)).latent, lora.latent), "a hook stayed behind"


def test_a_lora_by_hooks_in_a_region(run: Runner) -> None:
    everywhere, left = run(hooked(everywhere=False)), run(hooked(everywhere=False, region=True))
    assert seen(everywhere, left)
    assert seen(left, run(plain(steps=4)))


def test_flux_with_a_picture_to_change(run: Runner) -> None:
    def graph(image: str | None, method: str = "offset") -> Graph:
        graph = Graph()
        clip = graph("DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="t5xxl.safetensors", type="flux")
        model = graph("UNETLoader", unet_name="flux.safetensors")
        vae = graph("VAELoader", vae_name="sd3.safetensors")
        positive, negative = graph.prompts(clip)
        for name in ["photo.png", image] if image else []:
            picture = graph("LoadImage", image=name)[0]
            latent = graph("VAEEncode", pixels=picture, vae=vae)
            positive = graph("ReferenceLatent", conditioning=positive, latent=latent)
        how = {"conditioning": positive, "reference_latents_method": method}
        positive = graph("FluxKontextMultiReferenceLatentMethod", **how)
        latent = graph("EmptySD3LatentImage", width=64, height=64)
        graph.show(graph.sampled(model, positive, negative, latent, cfg=1.0))
        return graph

    made = run(graph("hint.png"))
    assert seen(made, run(graph(None)))
    assert seen(made, run(graph("photo.png")))
    assert differ(made.latent, run(graph("hint.png", "index")).latent) > 1e-5


def test_a_diffusers_folder_and_a_tiny_vae(run: Runner) -> None:
    graph = Graph()
    model, clip, vae = graph("DiffusersLoader", model_path="whole")
    latent = graph.sampled(model, *graph.prompts(clip), graph.empty())
    graph.show(latent, vae)
    tiny = graph("VAELoader", vae_name="taesd")
    graph("SaveImage", images=graph("VAEDecode", samples=latent, vae=tiny), filename_prefix="tiny")
    graph("SaveLatent", samples=graph("VAEEncode", pixels=graph("LoadImage", image="photo.png")[0], vae=tiny),
          filename_prefix="tiny")  # fmt: skip
    large, small = run(graph).pictures
    assert large.shape == small.shape == (64, 64, 3)
    assert small.std() > 1
    assert not np.array_equal(large, small)


def test_variations_of_a_picture_by_unclip(run: Runner) -> None:
    def graph(image: str, strength: float = 1.0, augmentation: float = 0.1) -> Graph:
        graph = Graph()
        model, clip, vae, encoder = graph("unCLIPCheckpointLoader", ckpt_name="unclip.safetensors")
        picture, _ = graph("LoadImage", image=image)
        output = graph("CLIPVisionEncode", clip_vision=encoder, image=picture)
        positive, negative = graph.prompts(clip)
        positive = graph("unCLIPConditioning", conditioning=positive, clip_vision_output=output, strength=strength,
                         noise_augmentation=augmentation)  # fmt: skip
        graph.show(graph.sampled(model, positive, negative, graph.empty()), vae)
        return graph

    made = run(graph("hint.png"))
    assert all(seen(made, run(other)) for other in (graph("photo.png"), graph("hint.png", 0.5)))
    assert seen(made, run(graph("hint.png", augmentation=0.6)))


PATCHES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("sd1", "RescaleCFG", {}),
    ("sd1", "FreeU_V2", {}),
    ("sd1", "PerturbedAttentionGuidance", {}),
    ("sd1", "SelfAttentionGuidance", {}),
    ("sd1", "TomePatchModel", {"ratio": 0.5}),
    ("sd1", "HyperTile", {"tile_size": 32}),
    ("sd1", "PatchModelAddDownscale", {}),
    ("sd1", "ModelSamplingDiscrete", {"sampling": "v_prediction"}),
    ("sd1", "UNetCrossAttentionMultiply", {"k": 1.5}),
    ("sd1", "HypernetworkLoader", {"hypernetwork_name": "shift.pt"}),
    ("sd1", "EasyCache", {"reuse_threshold": 3.0, "start_percent": 0.0}),
    ("sd3", "SkipLayerGuidanceSD3", {"layers": "1", "start_percent": 0.0, "end_percent": 1.0}),
    ("flux", "SkipLayerGuidanceDiT", {"double_layers": "1", "single_layers": "0", "start_percent": 0.0,
                                      "end_percent": 1.0}),
)  # fmt: skip


@pytest.mark.parametrize(("family", "patch", "settings"), PATCHES, ids=lambda item: item if type(item) is str else "")
def test_a_patch_shows_and_leaves_the_model_as_it_was(family: str, patch: str, settings: Any, run: Runner) -> None:
    def graph(patched: bool) -> Graph:
        graph = Graph()
        if family == "sd1":
            model, clip, _ = graph.checkpoint()
            latent = graph.empty(128, 128)
        else:
            names = {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl.safetensors"}
            clip = graph("DualCLIPLoader", **names, type="flux")
            if family == "sd3":
                names["clip_name2"] = "clip_g.safetensors"
                clip = graph("TripleCLIPLoader", **names, clip_name3="t5xxl.safetensors")
            model = graph("UNETLoader", unet_name=f"{family}.safetensors")
            latent = graph("EmptySD3LatentImage", width=64, height=64)
        if patched:
            model = graph(patch, model=model, **settings)
        graph.show(graph.sampled(model, *graph.prompts(clip), latent, steps=4))
        return graph

    before = run(graph(False))
    assert seen(before, run(graph(True)))
    assert torch.equal(before.latent, run(graph(False)).latent)
