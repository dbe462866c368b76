"""Whole graphs of the kinds that artists use, on tiny real models: each runs, and each part of it shows in the result.

A part that is set to nothing gives what the graph without it gives, to the last bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.nodes.graphs import Graph, Made, Runner, differ, plain, seen


def test_text_to_image_with_a_lora_and_a_controlnet(run: Runner) -> None:
    def graph(lora: float, control: float, net: str = "control") -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint()
        strengths = {"strength_model": lora, "strength_clip": lora}
        model, clip = graph("LoraLoader", model=model, clip=clip, lora_name="both.safetensors", **strengths)
        hint = graph("LoadImage", image="hint.png")[0]
        net = graph("ControlNetLoader", control_net_name=f"{net}.safetensors")
        positive, negative = graph.prompts(clip)
        positive, negative = graph(
            "ControlNetApplyAdvanced",
            positive=positive,
            negative=negative,
            control_net=net,
            image=hint,
            strength=control,
        )
        graph.show(graph.sampled(model, positive, negative, graph.empty()), vae)
        return graph

    nothing, with_lora, with_control = run(graph(0, 0)), run(graph(0.7, 0)), run(graph(0, 0.7))
    assert torch.equal(nothing.latent, run(plain()).latent)
    both, adapter = run(graph(0.7, 0.7)), run(graph(0, 0.7, "adapter"))
    made = [nothing, with_lora, with_control, both, adapter]
    assert all(seen(a, b) for i, a in enumerate(made) for b in made[:i])
    assert both.pictures[0].shape == (64, 64, 3)
    assert both.pictures[0].std() > 1
    assert torch.equal(run(graph(0, 0)).latent, nothing.latent), "a patch stayed behind"


def test_a_textual_inversion_in_a_prompt(run: Runner) -> None:
    def graph(text: str) -> Graph:
        graph = Graph()
        model, clip, _ = graph.checkpoint()
        graph.show(graph.sampled(model, *graph.prompts(clip, text), graph.empty()))
        return graph

    assert seen(run(graph("a cat embedding:shade")), run(graph("a cat")))
    assert seen(run(graph("a cat embedding:shade")), run(graph("a cat (embedding:shade:1.5)")))


def test_a_second_pass_at_a_higher_resolution(run: Runner) -> None:
    def graph(denoise: float) -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint()
        prompts = graph.prompts(clip)
        first = graph.sampled(model, *prompts, graph.empty())
        larger = graph("LatentUpscale", samples=first, upscale_method="bislerp", width=96, height=128)
        second = graph.sampled(model, *prompts, larger, denoise=denoise, sampler_name="dpmpp_2m", scheduler="karras")
        graph.show(second, vae)
        return graph

    weak, strong = run(graph(0.3)), run(graph(0.8))
    assert weak.latent.shape == (1, 4, 16, 12)
    assert weak.pictures[0].shape == (128, 96, 3)
    assert seen(weak, strong)


def test_image_to_image_by_an_upscaler(run: Runner) -> None:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    photo, _ = graph("LoadImage", image="photo.png")
    upscaler = graph("UpscaleModelLoader", model_name="easel-realesr-x4.safetensors")
    large = graph("ImageUpscaleWithModel", upscale_model=upscaler, image=photo)
    small = graph("ImageScale", image=large, upscale_method="area", width=64, height=64, crop="center")
    latent = graph("VAEEncode", pixels=small, vae=vae)
    graph.show(graph.sampled(model, *graph.prompts(clip), latent, denoise=0.5), vae)
    assert seen(run(graph), run(plain()))


def test_inpainting_keeps_what_the_mask_leaves_out(run: Runner) -> None:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    photo, mask = graph("LoadImage", image="photo.png")
    latent = graph("VAEEncode", pixels=photo, vae=vae)
    graph("SaveLatent", samples=latent, filename_prefix="a_before")
    masked = graph("SetLatentNoiseMask", samples=latent, mask=mask)
    graph("SaveLatent", samples=graph.sampled(model, *graph.prompts(clip), masked, denoise=0.7), filename_prefix="b")
    run_once = run(graph)
    before, after = (_latent(run_once, name) for name in ("a_before_00001_.latent", "b_00001_.latent"))
    # The left half of the photo is transparent, so it is what the mask selects.
    assert torch.allclose(before[..., 4:], after[..., 4:], atol=1e-4)
    assert seen(before[..., :4], after[..., :4])


def _latent(made: Made, name: str) -> Tensor:
    return load_file(made.files[name])["latent_tensor"]


def test_an_inpainting_model_sees_the_photo_and_the_mask(run: Runner) -> None:
    def graph(grown: int, image: str = "photo.png") -> Graph:
        graph = Graph()
        _, clip, vae = graph.checkpoint()
        model = graph("UNETLoader", unet_name="sd1-inpainting.safetensors")
        photo, _ = graph("LoadImage", image=image)
        _, mask = graph("LoadImage", image="photo.png")
        mask = graph("GrowMask", mask=mask, expand=grown)
        positive, negative = graph.prompts(clip)
        positive, negative, latent = graph(
            "InpaintModelConditioning",
            positive=positive,
            negative=negative,
            vae=vae,
            pixels=photo,
            mask=mask,
            noise_mask=False,
        )
        graph.show(graph.sampled(model, positive, negative, latent), vae)
        return graph

    small, large, other = run(graph(0)), run(graph(16)), run(graph(0, "hint.png"))
    assert seen(small, large)
    assert seen(small, other)


def test_regional_prompts_by_areas_and_masks(run: Runner) -> None:
    def graph(left: str, right: str, by_mask: bool) -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint()
        (a, negative), (b, _) = graph.prompts(clip, left), graph.prompts(clip, right)
        if by_mask:
            _, mask = graph("LoadImage", image="photo.png")
            a = graph("ConditioningSetMask", conditioning=a, mask=mask, set_cond_area="mask bounds")
            b = graph("ConditioningSetMask", conditioning=b, mask=graph("InvertMask", mask=mask), strength=0.8)
        else:
            a = graph("ConditioningSetArea", conditioning=a, width=64, height=64)
            b = graph("ConditioningSetAreaPercentage", conditioning=b, width=0.5, height=1.0, x=0.5)
        both = graph("ConditioningCombine", conditioning_1=a, conditioning_2=b)
        # One step, after which what one side says has not reached the other yet.
        graph.show(graph.sampled(model, both, negative, graph.empty(128, 64), steps=1), vae)
        return graph

    for by_mask in (False, True):
        one, other = run(graph("a red cat", "rain", by_mask)), run(graph("a red cat", "a boat", by_mask))
        assert torch.allclose(one.latent[..., :8], other.latent[..., :8], atol=1e-4)
        assert seen(one.latent[..., 8:], other.latent[..., 8:])


def test_prompts_that_take_turns(run: Runner) -> None:
    def graph(late: str, average: float = 1.0) -> Graph:
        graph = Graph()
        model, clip, _ = graph.checkpoint()
        (first, negative), (second, _) = graph.prompts(clip), graph.prompts(clip, late)
        first = graph("ConditioningAverage", conditioning_to=first, conditioning_from=second,
                      conditioning_to_strength=average)  # fmt: skip
        first = graph("ConditioningSetTimestepRange", conditioning=first, start=0.0, end=0.5)
        second = graph("ConditioningSetTimestepRange", conditioning=second, start=0.5, end=1.0)
        both = graph("ConditioningCombine", conditioning_1=first, conditioning_2=second)
        graph.show(graph.sampled(model, both, negative, graph.empty(), steps=4))
        return graph

    assert seen(run(graph("a boat")), run(graph("rain")))
    assert seen(run(graph("a boat")), run(graph("a boat", 0.5)))


def custom(guider: str, sampler: str = "euler", **settings: Any) -> Graph:
    """SamplerCustomAdvanced, with the noise, prompts and levels of `plain`."""
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    positive, negative = graph.prompts(clip)
    other = graph.prompts(clip, "a red boat")[0]
    prompts = {
        "BasicGuider": {"conditioning": positive},
        "CFGGuider": {"positive": positive, "negative": negative},
        "DualCFGGuider": {"cond1": positive, "cond2": other, "negative": negative},
        "PerpNegGuider": {"positive": positive, "negative": other, "empty_conditioning": negative},
    }[guider]
    output, _ = graph(
        "SamplerCustomAdvanced",
        noise=graph("RandomNoise", noise_seed=5),
        guider=graph(guider, model=model, **prompts, **settings),
        sampler=graph("KSamplerSelect", sampler_name=sampler),
        sigmas=graph("BasicScheduler", model=model, scheduler="simple", steps=2),
        latent_image=graph.empty(),
    )
    graph.show(output, vae)
    return graph


def test_samplers_put_together_with_each_guider(run: Runner) -> None:
    by_cfg = run(custom("CFGGuider", cfg=4.0))
    assert torch.equal(by_cfg.latent, run(plain(cfg=4.0, scheduler="simple")).latent)
    basic = run(custom("BasicGuider"))
    assert torch.equal(basic.latent, run(custom("CFGGuider", cfg=1.0)).latent)
    dual = run(custom("DualCFGGuider", cfg_conds=3.0, cfg_cond2_negative=4.0))
    nested = run(custom("DualCFGGuider", cfg_conds=3.0, cfg_cond2_negative=4.0, style="nested"))
    perp = run(custom("PerpNegGuider", cfg=4.0, neg_scale=0.5))
    assert all(seen(by_cfg, made) for made in (basic, dual, nested, perp))
    assert seen(dual, nested)
    # Perp-Neg that minds nothing negative is guidance from the empty prompt.
    neutral = run(custom("PerpNegGuider", cfg=4.0, neg_scale=0.0))
    assert differ(by_cfg.latent, neutral.latent) < 1e-4


def test_two_samplers_that_share_one_run(run: Runner) -> None:
    def graph(cut: int) -> Graph:
        graph = Graph()
        model, clip, _ = graph.checkpoint()
        positive, negative = graph.prompts(clip)
        common = {"model": model, "positive": positive, "negative": negative, "noise_seed": 5, "steps": 4, "cfg": 4.0}
        first = graph("KSamplerAdvanced", **common, latent_image=graph.empty(), end_at_step=cut,
                      return_with_leftover_noise="enable")  # fmt: skip
        graph.show(graph("KSamplerAdvanced", **common, latent_image=first, add_noise="disable", start_at_step=cut))
        return graph

    once = run(plain(steps=4))
    assert differ(once.latent, run(graph(2)).latent) < 1e-4
    assert differ(once.latent, run(graph(1)).latent) < 1e-4


def test_a_batch_sampled_one_by_one(run: Runner) -> None:
    def graph(size: int) -> Graph:
        graph = Graph()
        model, clip, vae = graph.checkpoint()
        batch = graph.empty(count=4)
        batch = batch if size == 0 else graph("RebatchLatents", latents=batch, batch_size=size)
        sampled = graph.sampled(model, *graph.prompts(clip), batch)
        pictures = graph("RebatchImages", images=graph("VAEDecode", samples=sampled, vae=vae), batch_size=4)
        graph("SaveImage", images=pictures)
        return graph

    whole = np.stack(run(graph(0)).pictures)
    assert whole.shape == (4, 64, 64, 3)
    assert len({picture.tobytes() for picture in whole}) == 4
    for size in (1, 3):
        parts = np.stack(run(graph(size)).pictures)
        assert np.abs(parts.astype(int) - whole.astype(int)).max() <= 1


def test_pictures_as_a_video(run: Runner) -> None:
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    pictures = graph("VAEDecode", samples=graph.sampled(model, *graph.prompts(clip), graph.empty(count=3)), vae=vae)
    graph("SaveVideo", video=graph("CreateVideo", images=pictures, fps=8.0))
    graph("SaveAnimatedWEBP", images=pictures, fps=4.0)
    graph("SaveWEBM", images=pictures, fps=8.0)
    files = run(graph).files
    assert sorted(Path(name).suffix for name in files) == [".mp4", ".webm", ".webp"]
    assert all(path.stat().st_size > 500 for path in files.values())
