# pyright: basic
# ComfyUI's names are untyped, as packs use them.
"""The engine as packs see it: MODEL and its functions of guidance, samplers, guiders, runs. On tiny models of noise."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from graph.context import RUNNING, Context
from models import guiders
from models.guidance import mixing
from models.sampler_table import SAMPLERS, choose
from models.sampling import NoNoise, SeededNoise, ksample, sample
from models.schedules import SCHEDULES
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.stand_in import NotSupported
from tests.nodes.compat_host import hosting
from tests.nodes.zoo import Zoo


@pytest.fixture(scope="module")
def names(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with hosting(zoo, tmp_path_factory.mktemp("host")) as context:
        token = RUNNING.set(context)
        yield context
        RUNNING.reset(token)


@pytest.fixture
def comfy(names: Context) -> Any:
    for name in ("samplers", "sample", "k_diffusion.sampling", "model_sampling", "latent_formats", "model_patcher"):
        importlib.import_module(f"comfy.{name}")
    return importlib.import_module("comfy")


@pytest.fixture
def nodes(names: Context) -> Any:
    return importlib.import_module("nodes.compat.node_classes")


SETTINGS = {"seed": 5, "steps": 3, "cfg": 4.0, "scheduler": "normal"}


def latent(masked: bool = False, size: int = 8) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(3)
    made: dict[str, Any] = {"samples": torch.randn(2, 4, size, size, generator=generator)}
    if masked:
        made["noise_mask"] = (torch.rand(1, 1, size, size, generator=generator) > 0.5).float()
    return made


def ours(zoo: Zoo, model: Any = None, sampler: str = "euler", **more: Any) -> Tensor:
    prompts = zoo.conditioning()
    given = {**SETTINGS, **more}
    inputs = given.pop("latent", None) or latent()
    return ksample(model or zoo.model(), prompts[:1], prompts[1:], inputs, sampler=sampler, **given)["samples"]


def theirs(zoo: Zoo, nodes: Any, view: Any, sampler: str = "euler", **more: Any) -> Tensor:
    prompts = zoo.conditioning()
    given = {**SETTINGS, **more}
    inputs = given.pop("latent", None) or latent()
    settings = (given.pop("seed"), given.pop("steps"), given.pop("cfg"), sampler, given.pop("scheduler"))
    return nodes.common_ksampler(view, *settings, prompts[:1], prompts[1:], inputs, **given)[0]["samples"]


class TestRuns:
    @pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m_sde", "euler_ancestral_cfg_pp", "ddim", "uni_pc"])
    def test_common_ksampler_is_our_ksampler(self, zoo: Zoo, nodes: Any, sampler: str) -> None:
        view = for_pack(zoo.model())
        masked = {"latent": latent(masked=True)}
        assert torch.equal(theirs(zoo, nodes, view, sampler, **masked), ours(zoo, sampler=sampler, **masked))

    def test_a_part_of_a_run(self, zoo: Zoo, nodes: Any) -> None:
        part: dict[str, Any] = {"start_step": 1, "last_step": 2, "steps": 4}
        found = theirs(zoo, nodes, for_pack(zoo.model()), disable_noise=True, force_full_denoise=True, **part)
        assert torch.equal(found, ours(zoo, add_noise=False, force_full_denoise=True, **part))

    def test_the_sampler_class_and_sample(self, zoo: Zoo, comfy: Any) -> None:
        prompts, given = zoo.conditioning(), latent(masked=True)
        view = for_pack(zoo.model())
        noise = comfy.sample.prepare_noise(given["samples"], 5)
        steps: list[tuple[int, int]] = []
        sampler = comfy.samplers.KSampler(view, 3, "cpu", "euler", "normal", 0.6, view.model_options)
        found = sampler.sample(
            noise,
            prompts[:1],
            prompts[1:],
            4.0,
            latent_image=given["samples"],
            denoise_mask=given["noise_mask"],
            callback=lambda step, denoised, x, total: steps.append((step, total)),
            seed=5,
        )
        expected = ours(zoo, latent=given, denoise=0.6)
        assert torch.equal(found, expected)
        assert steps == [(0, 3), (1, 3), (2, 3)]
        settings = (3, 4.0, "euler", "normal", prompts[:1], prompts[1:], given["samples"])
        again = comfy.sample.sample(view, noise, *settings, denoise=0.6, noise_mask=given["noise_mask"], seed=5)
        assert torch.equal(again, expected)

    def test_sample_custom(self, zoo: Zoo, comfy: Any) -> None:
        prompts, given, view = zoo.conditioning(), latent(), for_pack(zoo.model())
        sigmas = comfy.samplers.calculate_sigmas(view.get_model_object("model_sampling"), "karras", 4)
        noise = comfy.sample.prepare_noise(given["samples"], 9)
        sampler = comfy.samplers.sampler_object("dpmpp_2s_ancestral")
        run = (view, noise, 3.0, sampler, sigmas, prompts[:1], prompts[1:], given["samples"])
        found = comfy.sample.sample_custom(*run, seed=9)
        guider = guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 3.0)
        expected = sample(guider, given, SeededNoise(9), sigmas, choose("dpmpp_2s_ancestral")).latent["samples"]
        assert torch.equal(found, expected)

    @pytest.mark.parametrize("scheduler", ["simple", "beta", "kl_optimal", "ddim_uniform"])
    def test_levels(self, zoo: Zoo, comfy: Any, scheduler: str) -> None:
        from models.schedules import schedule

        for family in ("sd1", "sd3", "flux"):
            sampling = for_pack(zoo.model(family)).get_model_object("model_sampling")
            expected = schedule(zoo.model(family).prediction, scheduler, 5)
            assert torch.equal(comfy.samplers.calculate_sigmas(sampling, scheduler, 5), expected)

    def test_names_of_packs(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        """A pack puts its sampler beside the others, and its scheduler."""

        def sample_halved(
            model: Any,
            x: Tensor,
            sigmas: Tensor,
            extra_args: Any = None,
            callback: Any = None,
            disable: Any = None,
            factor: float = 1.0,
        ) -> Tensor:
            for i in range(len(sigmas) - 1):
                denoised = model(x, sigmas[i] * x.new_ones([x.shape[0]]), **extra_args)
                callback({"x": x, "i": i, "sigma": sigmas[i], "sigma_hat": sigmas[i], "denoised": denoised})
                x = x + (x - denoised) / sigmas[i] * (sigmas[i + 1] - sigmas[i])
            return x * factor

        comfy.k_diffusion.sampling.sample_halved = sample_halved
        comfy.samplers.SAMPLER_NAMES.append("halved")
        comfy.samplers.SCHEDULER_NAMES.append("two")
        comfy.samplers.SCHEDULER_HANDLERS["two"] = comfy.samplers.SchedulerHandler(
            lambda n, sigma_min, sigma_max: torch.tensor([sigma_max, sigma_min, 0.0]), False
        )
        try:
            assert "halved" in comfy.samplers.KSampler.SAMPLERS
            view = for_pack(zoo.model())
            assert torch.allclose(theirs(zoo, nodes, view, "halved"), ours(zoo), atol=1e-5)
            two = theirs(zoo, nodes, view, "halved", scheduler="two")
            assert torch.allclose(two, theirs(zoo, nodes, view, "euler", scheduler="two"), atol=1e-5)
            # The core nodes offer both, and run them.
            required = nodes.KSampler.INPUT_TYPES()["required"]
            assert required["sampler_name"][0][-1] == "halved"
            assert required["scheduler"][0][-1] == "two"
            assert torch.allclose(ours(zoo, sampler="halved", scheduler="two"), two, atol=1e-5)
        finally:
            del SAMPLERS["halved"], SCHEDULES["two"]


def rescaled(args: dict[str, Any]) -> Tensor:
    """What a pack's node for rescaled guidance does, in the form that packs have it."""
    cond, uncond, scale, x, sigma = (args[name] for name in ("cond", "uncond", "cond_scale", "input", "sigma"))
    sigma = sigma.view(sigma.shape[:1] + (1,) * (cond.ndim - 1))
    x_orig = x
    x = x / (sigma * sigma + 1.0)
    cond, uncond = (((x - (x_orig - side)) * (sigma**2 + 1.0) ** 0.5) / sigma for side in (cond, uncond))
    mixed = uncond + scale * (cond - uncond)
    dims = (1, 2, 3)
    spread = mixed * (cond.std(dims, keepdim=True) / mixed.std(dims, keepdim=True))
    final = 0.7 * spread + 0.3 * mixed
    return x_orig - (x - final * sigma / (sigma * sigma + 1.0) ** 0.5)


class TestGuidance:
    def test_a_function_in_place_of_guidance(self, zoo: Zoo, nodes: Any) -> None:
        view = for_pack(zoo.model()).clone()
        view.set_model_sampler_cfg_function(rescaled)
        expected = ours(zoo, mixing.rescale_cfg(zoo.model(), 0.7))
        assert torch.allclose(theirs(zoo, nodes, view), expected, atol=1e-4)

    def test_the_old_form_with_three_arguments(self, zoo: Zoo, nodes: Any) -> None:
        view = for_pack(zoo.model()).clone()
        view.set_model_sampler_cfg_function(lambda cond, uncond, scale: uncond + (cond - uncond) * scale)
        assert torch.allclose(theirs(zoo, nodes, view), ours(zoo), atol=1e-5)

    def test_functions_before_and_after(self, zoo: Zoo, nodes: Any) -> None:
        seen: list[str] = []
        view = for_pack(zoo.model()).clone()

        def before(args: dict[str, Any]) -> list[Tensor]:
            seen.append("before")
            assert args["sigma"].shape == (2,)
            assert len(args["conds"]) == 2
            return [args["conds_out"][0], args["conds_out"][1] * 0.5]

        def after(args: dict[str, Any]) -> Tensor:
            seen.append("after")
            assert args["uncond"][0]["model_conds"]["c_crossattn"].cond.shape[-1] == 64
            return args["denoised"] + 0.1 * args["cond_denoised"]

        view.set_model_sampler_pre_cfg_function(before)
        view.set_model_sampler_post_cfg_function(after)
        expected = zoo.model().with_options(
            pre_cfg=(lambda g: (g.cond, g.uncond * 0.5),), post_cfg=(lambda g, found: found + 0.1 * g.cond,)
        )
        assert torch.equal(theirs(zoo, nodes, view), ours(zoo, expected))
        assert seen == ["before", "after"] * 3

    def test_the_negative_prompt_at_cfg_one(self, zoo: Zoo, nodes: Any) -> None:
        sides: list[Any] = []
        view = for_pack(zoo.model()).clone()

        def after(args: dict[str, Any]) -> Tensor:
            sides.append(args["uncond_denoised"].abs().sum() > 0)
            return args["denoised"]

        view.set_model_sampler_post_cfg_function(after)
        theirs(zoo, nodes, view, cfg=1.0)
        view.set_model_sampler_post_cfg_function(after, disable_cfg1_optimization=True)
        theirs(zoo, nodes, view, cfg=1.0, steps=1)
        assert [bool(side) for side in sides] == [False] * 3 + [True] * 2

    def test_packs_and_core_nodes_one_after_another(self, zoo: Zoo, nodes: Any) -> None:
        """A core node's function stays in its place among a pack's, and a pack sees both."""
        first = for_pack(zoo.model()).clone()
        first.set_model_sampler_post_cfg_function(lambda args: args["denoised"] * 0.9)
        between = mixing.epsilon_scaling(from_pack(first), 1.5)
        last = for_pack(between).clone()
        assert len(last.model_options["sampler_post_cfg_function"]) == 2
        last.set_model_sampler_post_cfg_function(lambda args: args["denoised"] + 1.0)
        expected = zoo.model().with_options(post_cfg=(lambda g, found: found * 0.9,))
        expected = mixing.epsilon_scaling(expected, 1.5).with_options(post_cfg=(lambda g, found: found + 1.0,))
        assert torch.equal(theirs(zoo, nodes, last), ours(zoo, expected))

    def test_a_pack_calls_the_functions_before_its_own(self, zoo: Zoo, nodes: Any) -> None:
        view = for_pack(mixing.rescale_cfg(zoo.model(), 0.7)).clone()
        inner = view.model_options["sampler_cfg_function"]
        view.set_model_sampler_cfg_function(lambda args: inner(args))
        assert torch.allclose(theirs(zoo, nodes, view), ours(zoo, mixing.rescale_cfg(zoo.model(), 0.7)), atol=1e-5)

    def test_both_sides_asked_by_a_pack(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        view = for_pack(zoo.model()).clone()

        def ask(args: dict[str, Any]) -> list[Tensor]:
            options = dict(args["model_options"])
            options.pop("sampler_calc_cond_batch_function")
            given = (args["model"], args["conds"], args["input"], args["sigma"], options)
            return comfy.samplers.calc_cond_batch(*given)

        view.set_model_sampler_calc_cond_batch_function(ask)
        assert torch.equal(theirs(zoo, nodes, view), ours(zoo))

    def test_a_wrapper_round_the_network(self, zoo: Zoo, nodes: Any) -> None:
        view, called = for_pack(zoo.model()).clone(), []

        def same(apply: Any, args: dict[str, Any]) -> Tensor:
            called.append(args["cond_or_uncond"])
            assert args["timestep"].shape == (len(args["input"]),)
            return apply(args["input"], args["timestep"], **args["c"])

        view.set_model_unet_function_wrapper(same)
        assert torch.equal(theirs(zoo, nodes, view), ours(zoo))
        assert called == [[0, 1]] * 3
        twice = view.clone()
        twice.set_model_unet_function_wrapper(lambda apply, args: 2 * same(apply, args))
        doubled = zoo.model().with_options(around_network=(lambda f, x, sigma, i, run: 2 * f(x, sigma, i, run),))
        assert torch.equal(theirs(zoo, nodes, twice), ours(zoo, doubled))

    def test_what_a_wrapper_tells_patches(self, zoo: Zoo, nodes: Any) -> None:
        view, seen = for_pack(zoo.model()).clone(), []

        def wrapper(apply: Any, args: dict[str, Any]) -> Tensor:
            args["c"]["transformer_options"]["mine"] = 7
            return apply(args["input"], args["timestep"], **args["c"])

        def patch(q: Tensor, k: Tensor, v: Tensor, extra: dict[str, Any]) -> Any:
            seen.append(extra["mine"])
            return q, k, v

        view.set_model_unet_function_wrapper(wrapper)
        view.set_model_attn1_patch(patch)
        assert torch.equal(theirs(zoo, nodes, view), ours(zoo))
        assert set(seen) == {7}

        def hanging(apply: Any, args: dict[str, Any]) -> Tensor:
            args["c"]["transformer_options"]["patches"] = {"attn1_patch": [patch]}
            return apply(args["input"], args["timestep"], **args["c"])

        view.set_model_unet_function_wrapper(hanging)
        with pytest.raises(NotSupported, match="single pass"):
            theirs(zoo, nodes, view)

    def test_a_mask_that_changes(self, zoo: Zoo, nodes: Any) -> None:
        view, told = for_pack(zoo.model()).clone(), []

        def whole(sigma: Tensor, denoise_mask: Tensor, extra_options: dict[str, Any]) -> Tensor:
            told.append((float(sigma[0]), extra_options["model"].model_sampling.sigma_min))
            return torch.ones_like(denoise_mask)

        view.set_model_denoise_mask_function(whole)
        found = theirs(zoo, nodes, view, latent=latent(masked=True))
        assert torch.allclose(found, ours(zoo), atol=1e-5)
        assert len(told) == 3


class TestViews:
    def test_what_is_not_changed_stays_the_same_object(self, zoo: Zoo) -> None:
        for value in (zoo.model(), zoo.clip(), zoo.vae(), zoo.model("sdxl"), [zoo.model()], zoo.clip_vision()):
            back = from_pack(for_pack(value))
            assert (back[0] is value[0]) if isinstance(value, list) else (back is value)
        prompts = zoo.conditioning()
        assert for_pack(prompts) is prompts
        assert from_pack(choose("euler")) == choose("euler")
        assert from_pack(for_pack(mixing.rescale_cfg(zoo.model(), 0.5))).options.cfg is not None

    def test_a_clone_leaves_the_first_alone(self, zoo: Zoo, comfy: Any) -> None:
        view = for_pack(zoo.model())
        assert isinstance(view, comfy.model_patcher.ModelPatcher)
        clone = view.clone()
        clone.set_model_sampler_post_cfg_function(lambda args: args["denoised"])
        clone.model_options["transformer_options"]["mine"] = 1
        assert from_pack(view) is zoo.model()
        assert from_pack(clone) is not zoo.model()
        assert view.is_clone(clone)
        assert for_pack(from_pack(clone)).model_options["transformer_options"]["mine"] == 1

    def test_deep_copies(self, zoo: Zoo, names: Context) -> None:
        """Packs copy pipes and prompts whole; weights and the device stay what they are."""
        view = for_pack(zoo.model()).clone()
        view.set_model_sampler_post_cfg_function(print)
        pipe = deepcopy({"model": view, "clip": for_pack(zoo.clip()), "vae": for_pack(zoo.vae()), "inner": view.model})
        assert pipe["model"] is not view
        assert from_pack(pipe["model"]).component is zoo.model().component
        assert from_pack(pipe["model"]).options.post_cfg == from_pack(view).options.post_cfg
        assert from_pack(pipe["clip"]) is zoo.clip()
        assert from_pack(pipe["vae"]) is zoo.vae()

    def test_facts(self, zoo: Zoo, comfy: Any) -> None:
        view = for_pack(zoo.model("sdxl"))
        base = importlib.import_module("comfy.model_base")
        assert isinstance(view.model, base.SDXL)
        assert view.model.model_config.unet_config["adm_in_channels"] == 2816
        assert isinstance(view.model.latent_format, comfy.latent_formats.SDXL)
        samples = latent()["samples"]
        scaled = view.model.process_latent_in(samples)
        assert torch.equal(scaled, zoo.model("sdxl").latent_format.to_model(samples))
        assert torch.allclose(view.model.process_latent_out(scaled), samples, atol=1e-6)
        assert view.model_dtype() == torch.float32
        assert view.load_device == torch.device("cpu")
        assert view.memory_required([2, 4, 64, 64]) > 0
        assert view.model_size() > 0

    def test_what_lies_inside_comfyui(self, zoo: Zoo) -> None:
        view = for_pack(zoo.model())
        assert not hasattr(view.model.diffusion_model, "input_blocks")
        with pytest.raises(NotSupported, match="diffusion_model"):
            view.model.diffusion_model(1)
        with pytest.raises(NotSupported, match="diffusion_model"):
            view.model.diffusion_model.forward = None
        with pytest.raises(NotSupported, match="emb_patch"):
            view.set_model_emb_patch(lambda *args: None)
        with pytest.raises(NotSupported, match=r"diffusion_model\.middle_block"):
            view.add_object_patch("diffusion_model.middle_block", None)
        view.model_options["transformer_options"]["patches"] = {"somewhere": [print]}
        with pytest.raises(NotSupported, match="somewhere"):
            from_pack(view)

    def test_a_pass_by_itself(self, zoo: Zoo) -> None:
        model, x = zoo.model(), latent()["samples"]
        context = zoo.conditioning()[0][0].expand(2, -1, -1)
        sigma = torch.tensor(3.0)
        found = for_pack(model).model.apply_model(x, sigma.expand(2), c_crossattn=context)
        assert torch.equal(found, model.denoise(x, sigma, {"context": context}))


def test_no_noise_is_none(zoo: Zoo, names: Context, tmp_path: Path) -> None:
    extras = importlib.import_module("comfy_extras.nodes_custom_sampler")
    assert torch.equal(extras.Noise_EmptyNoise().generate_noise(latent()), NoNoise().generate_noise(latent()))
    assert torch.equal(extras.Noise_RandomNoise(4).generate_noise(latent()), SeededNoise(4).generate_noise(latent()))
