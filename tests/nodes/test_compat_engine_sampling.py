# pyright: basic
# ComfyUI's names are untyped, as packs use them.
"""Samplers, guiders and noise levels of packs' own, in the forms that packs have them in. On tiny models of noise."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from graph.context import RUNNING, Context
from models import guiders
from models.sampler_table import SAMPLERS, choose
from models.sampling import GivenNoise, NoNoise, SeededNoise, sample
from nodes.compat.boundary import for_pack, from_pack
from tests.nodes.compat_host import hosting
from tests.nodes.test_compat_engine import latent, ours, theirs
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


class TestSampling:
    def test_noise_levels_of_a_packs_own(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        """A pack puts together an object of its own and hangs it into the model."""
        from models.prediction import discrete

        class Mine(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.V_PREDICTION):
            pass

        view = for_pack(zoo.model()).clone()
        view.add_object_patch("model_sampling", Mine(view.model.model_config, zsnr=True))
        expected = ours(zoo, zoo.model().with_prediction(discrete("v", zero_terminal_snr=True)))
        assert torch.allclose(theirs(zoo, nodes, view), expected, atol=1e-4)

    def test_flow(self, zoo: Zoo, comfy: Any) -> None:
        from models.prediction import flow

        class Mine(comfy.model_sampling.ModelSamplingDiscreteFlow, comfy.model_sampling.CONST):
            pass

        made = Mine()
        made.set_parameters(shift=2.5, multiplier=1000)
        prediction = flow(2.5)
        assert torch.equal(made.sigmas, prediction.sigmas)
        assert made.percent_to_sigma(0.3) == prediction.at_percent(0.3)
        x, noise, sigma = latent()["samples"], torch.ones(2, 4, 8, 8), torch.tensor([0.4, 0.4])
        assert torch.allclose(made.noise_scaling(sigma, noise, x), prediction.noised(x, noise, torch.tensor(0.4)))

    def test_a_guider_of_a_packs_own(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        class Mine(comfy.samplers.CFGGuider):
            def set_conds(self, positive: Any, negative: Any) -> None:
                self.inner_set_conds({"positive": positive, "negative": negative})

            def predict_noise(self, x: Tensor, timestep: Tensor, model_options: Any = None, seed: Any = None) -> Tensor:
                sides = [self.conds.get("negative"), self.conds.get("positive")]
                given = (self.inner_model, sides, x, timestep, model_options)
                uncond, cond = comfy.samplers.calc_cond_batch(*given)
                scale = self.cfg * 0.5
                given = (self.inner_model, cond, uncond, scale, x, timestep, model_options)
                return comfy.samplers.cfg_function(*given)

        prompts, given = zoo.conditioning(), latent(masked=True)
        guider = Mine(for_pack(zoo.model()))
        guider.set_conds(prompts[:1], prompts[1:])
        guider.set_cfg(8.0)
        sigmas = torch.tensor([14.0, 6.0, 2.0, 0.0])
        expected = sample(
            guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 4.0), given, SeededNoise(2), sigmas, choose("euler")
        )
        found = nodes.SamplerCustomAdvanced().sample(SeededNoise(2), guider, for_pack(choose("euler")), sigmas, given)
        assert torch.allclose(found[0]["samples"], expected.latent["samples"], atol=1e-5)
        assert torch.allclose(found[1]["samples"], expected.denoised["samples"], atol=1e-5)
        noise = comfy.sample.prepare_noise(given["samples"], 2)
        run = (noise, given["samples"], comfy.samplers.sampler_object("euler"), sigmas, given["noise_mask"])
        assert torch.allclose(guider.sample(*run, seed=2), expected.latent["samples"], atol=1e-5)

    def test_the_guider_itself(self, zoo: Zoo, comfy: Any) -> None:
        prompts, given = zoo.conditioning(), latent()
        sigmas, noise = torch.tensor([14.0, 6.0, 0.0]), comfy.sample.prepare_noise(given["samples"], 2)
        for name in ("euler", "euler_cfg_pp"):
            guider = comfy.samplers.CFGGuider(for_pack(zoo.model()))
            guider.set_conds(prompts[:1], prompts[1:])
            guider.set_cfg(3.0)
            found = guider.sample(noise, given["samples"], comfy.samplers.ksampler(name), sigmas, seed=2)
            plain = guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 3.0)
            expected = sample(plain, given, SeededNoise(2), sigmas, choose(name))
            assert torch.equal(found, expected.latent["samples"])

    def test_a_guider_of_ours_in_a_packs_hands(self, zoo: Zoo, nodes: Any) -> None:
        prompts, given, sigmas = zoo.conditioning(), latent(), torch.tensor([14.0, 6.0, 0.0])
        (guider,) = nodes.CFGGuider().get_guider(for_pack(zoo.model()), prompts[:1], prompts[1:], 4.0)
        assert from_pack(guider) is from_pack(guider)
        run = (SeededNoise(2), guider, for_pack(choose("euler")), sigmas, given)
        plain = guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 4.0)
        expected = sample(plain, given, SeededNoise(2), sigmas, choose("euler")).latent["samples"]
        assert torch.equal(nodes.SamplerCustomAdvanced().sample(*run)[0]["samples"], expected)
        guider.set_conds(prompts[1:], prompts[:1])
        guider.set_cfg(2.0)
        turned = guiders.cfg(zoo.model(), prompts[1:], prompts[:1], 2.0)
        expected = sample(turned, given, SeededNoise(2), sigmas, choose("euler")).latent["samples"]
        assert torch.equal(nodes.SamplerCustomAdvanced.execute(*run)[0]["samples"], expected)
        (one,) = nodes.BasicGuider().get_guider(for_pack(zoo.model()), prompts[:1])
        one.set_conds(prompts[1:])
        noise = nodes.RandomNoise().get_noise(2)[0]
        found = nodes.SamplerCustomAdvanced().sample(noise, one, for_pack(choose("euler")), sigmas, given)
        basic = guiders.basic(zoo.model(), prompts[1:])
        expected = sample(basic, given, SeededNoise(2), sigmas, choose("euler")).latent["samples"]
        assert torch.equal(found[0]["samples"], expected)

    def test_a_sampler_of_a_packs_own(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        def walk(
            model: Any, x: Tensor, sigmas: Tensor, extra_args: Any, callback: Any, disable: Any, eta: float
        ) -> Any:
            assert eta == 0.5
            assert model.inner_model.model_patcher.get_model_object("model_sampling").sigma_max > 1
            assert model.inner_model.inner_model.latent_format.latent_channels == 4
            assert model.inner_model.conds["positive"]
            ones = x.new_ones([len(x)])
            for i in range(len(sigmas) - 1):
                denoised = model(x, sigmas[i] * ones, **extra_args)
                d = comfy.k_diffusion.sampling.to_d(x, sigmas[i] * ones, denoised)
                callback({"x": x, "i": i, "sigma": sigmas[i], "sigma_hat": sigmas[i], "denoised": denoised})
                x = x + d * (sigmas[i + 1] - sigmas[i])
            return x

        prompts, given, sigmas = zoo.conditioning(), latent(masked=True), torch.tensor([14.0, 6.0, 2.0, 0.0])
        settings = (for_pack(zoo.model()), True, 2, 4.0, prompts[:1], prompts[1:])
        mine = comfy.samplers.KSAMPLER(walk, {"eta": 0.5})
        found = nodes.SamplerCustom().sample(*settings, mine, sigmas, given)
        expected = nodes.SamplerCustom().sample(*settings, comfy.samplers.sampler_object("euler"), sigmas, given)
        assert torch.allclose(found[0]["samples"], expected[0]["samples"], atol=1e-5)
        assert torch.allclose(found[1]["samples"], expected[1]["samples"], atol=1e-5)

    def test_a_class_of_samplers(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        """It is given the guider, and sees to the mask itself."""

        class Mine(comfy.samplers.Sampler):
            def sample(
                self,
                model_wrap: Any,
                sigmas: Tensor,
                extra_args: Any,
                callback: Any,
                noise: Tensor,
                latent_image: Any = None,
                denoise_mask: Any = None,
                disable_pbar: bool = False,
            ) -> Tensor:
                model = comfy.samplers.KSamplerX0Inpaint(model_wrap, sigmas)
                model.latent_image, model.noise = latent_image, noise
                sampling = model_wrap.inner_model.model_sampling
                x = sampling.noise_scaling(sigmas[0], noise, latent_image, self.max_denoise(model_wrap, sigmas))
                assert model_wrap.conds["positive"][0]["model_conds"]
                args = {**extra_args, "denoise_mask": denoise_mask}
                denoised = model(x, sigmas[0] * x.new_ones([len(x)]), **args)
                callback(0, denoised, x, 1)
                return denoised

        prompts, given, sigmas = zoo.conditioning(), latent(masked=True), torch.tensor([14.0, 0.0])
        settings = (for_pack(zoo.model()), True, 2, 4.0, prompts[:1], prompts[1:])
        found = nodes.SamplerCustom().sample(*settings, Mine(), sigmas, given)[0]["samples"]
        expected = nodes.SamplerCustom().sample(*settings, comfy.samplers.sampler_object("euler"), sigmas, given)
        assert torch.allclose(found, expected[0]["samples"], atol=1e-5)

    def test_a_sampler_derived_from_ours(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        class Twice(comfy.samplers.KSAMPLER):
            def sample(self, model_wrap: Any, sigmas: Tensor, *args: Any, **kwargs: Any) -> Tensor:
                return super().sample(model_wrap, sigmas, *args, **kwargs) * 2

        prompts, given, sigmas = zoo.conditioning(), latent(masked=True), torch.tensor([14.0, 6.0, 0.0])
        settings = (for_pack(zoo.model()), True, 2, 4.0, prompts[:1], prompts[1:])
        plain = comfy.samplers.sampler_object("euler")
        twice = Twice(plain.sampler_function)
        found = nodes.SamplerCustom().sample(*settings, twice, sigmas, given)[0]["samples"]
        expected = nodes.SamplerCustom().sample(*settings, plain, sigmas, given)[0]["samples"]
        assert torch.allclose(found, expected * 2, atol=1e-4)

    def test_noise_by_a_wrapped_function(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        """As packs do that take parts of a run: noise along the path of the whole run."""
        k = comfy.k_diffusion.sampling
        sigmas = torch.tensor([14.0, 6.0, 2.0, 0.5, 0.0])

        def wrapped(model: Any, x: Tensor, part: Tensor, **kwargs: Any) -> Tensor:
            seed = kwargs["extra_args"]["seed"]
            noise = k.BrownianTreeNoiseSampler(x, sigmas[sigmas > 0].min(), sigmas.max(), seed=seed, cpu=True)
            return k.sample_dpmpp_2m_sde(model, x, part, noise_sampler=noise, **kwargs)

        prompts, given = zoo.conditioning(), latent()
        settings = (for_pack(zoo.model()), True, 2, 4.0, prompts[:1], prompts[1:])
        mine = comfy.samplers.KSAMPLER(wrapped)
        found = nodes.SamplerCustom().sample(*settings, mine, sigmas, given)[0]["samples"]
        plain = comfy.samplers.sampler_object("dpmpp_2m_sde")
        assert torch.equal(found, nodes.SamplerCustom().sample(*settings, plain, sigmas, given)[0]["samples"])

    def test_a_guider_with_a_run_of_its_own(self, zoo: Zoo, comfy: Any, nodes: Any) -> None:
        """Packs reach into a run at each of its levels."""
        called: list[str] = []

        class Mine(comfy.samplers.CFGGuider):
            def sample(self, noise: Tensor, *args: Any, **kwargs: Any) -> Tensor:
                called.append("sample")
                return super().sample(noise * 0.5, *args, **kwargs)

            def inner_sample(self, *args: Any, **kwargs: Any) -> Tensor:
                called.append("inner")
                assert self.conds["positive"]
                return super().inner_sample(*args, **kwargs)

            def predict_noise(self, x: Tensor, timestep: Tensor, model_options: Any = None, seed: Any = None) -> Tensor:
                called.append("step")
                sides = self.conds.get("negative"), self.conds.get("positive")
                given = (self.inner_model, x, timestep, *sides, self.cfg, model_options)
                return comfy.samplers.sampling_function(*given, seed=seed)

        prompts, given, sigmas = zoo.conditioning(), latent(), torch.tensor([14.0, 6.0, 0.0])
        guider = Mine(for_pack(zoo.model()))
        guider.set_conds(prompts[:1], prompts[1:])
        guider.set_cfg(4.0)
        found = nodes.SamplerCustomAdvanced().sample(SeededNoise(2), guider, for_pack(choose("euler")), sigmas, given)
        noise = GivenNoise(SeededNoise(2).generate_noise(given) * 0.5, 2)
        plain = guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 4.0)
        expected = sample(plain, given, noise, sigmas, choose("euler")).latent["samples"]
        assert torch.equal(found[0]["samples"], expected)
        assert called == ["sample", "inner", "step", "step"]

    def test_conditions_made_ready_by_a_pack(self, zoo: Zoo, comfy: Any) -> None:
        """A step outside of any run."""
        helpers = importlib.import_module("comfy.sampler_helpers")
        prompts, x, view = zoo.conditioning(), latent()["samples"], for_pack(zoo.model())
        sides = {"positive": helpers.convert_cond(prompts[:1]), "negative": helpers.convert_cond(prompts[1:])}
        ready = comfy.samplers.process_conds(view.model, x, sides, "cpu", x, None, 3)
        sigma = torch.tensor([3.0, 3.0])
        run = (view.model, x, sigma, ready["negative"], ready["positive"], 4.0, view.model_options)
        found = comfy.samplers.sampling_function(*run)
        model, context = zoo.model(), [entry[0].expand(2, -1, -1) for entry in prompts]
        cond, uncond = (model.denoise(x, torch.tensor(3.0), {"context": each}) for each in context)
        assert torch.allclose(found, uncond + (cond - uncond) * 4.0, atol=1e-4)

    def test_unsampling(self, zoo: Zoo, comfy: Any) -> None:
        """Levels that rise, on the model within, with prompts in the form that sampling has them in."""
        helpers = importlib.import_module("comfy.sampler_helpers")
        prompts, given, view = zoo.conditioning(), latent(), for_pack(zoo.model())
        sampler = comfy.samplers.KSampler(view.model, 4, "cpu", "euler", "normal", 1.0, view.model_options)
        sigmas = sampler.sigmas.flip(0) + 0.0001
        found = sampler.sample(
            torch.zeros_like(given["samples"]),
            helpers.convert_cond(prompts[:1]),
            helpers.convert_cond(prompts[1:]),
            cfg=1.0,
            latent_image=given["samples"],
            sigmas=sigmas,
            start_step=0,
            last_step=4,
        )
        guider = guiders.cfg(zoo.model(), prompts[:1], prompts[1:], 1.0)
        expected = sample(guider, given, NoNoise(), sigmas[:5], choose("euler")).latent["samples"]
        assert torch.equal(found, expected)

    @pytest.mark.parametrize("name", ["euler", "heun", "dpmpp_2m", "dpmpp_sde", "euler_ancestral", "lms", "lcm"])
    def test_samplers_by_their_functions(self, comfy: Any, name: str) -> None:
        """On any callable, outside of a run."""
        from models.prediction import discrete
        from models.samplers import Run, ignore_step

        x, sigmas = latent()["samples"] * 14, torch.tensor([14.0, 6.0, 2.0, 0.5, 0.0])
        function = getattr(comfy.k_diffusion.sampling, f"sample_{name}")
        told: list[int] = []
        found = function(
            lambda x, sigma, seed=None: x / (1 + sigma.view(-1, 1, 1, 1)),
            x,
            sigmas,
            extra_args={"seed": 4},
            callback=lambda state: told.append(state["i"]),
            disable=True,
        )
        expected = SAMPLERS[name](lambda x, sigma: x / (1 + sigma), x, sigmas, Run(4, ignore_step, discrete("eps")))
        assert torch.equal(found, expected)
        assert told == [0, 1, 2, 3]

    def test_noise_of_a_packs_own(self, comfy: Any) -> None:
        x, sigmas = latent()["samples"] * 14, torch.tensor([14.0, 6.0, 0.0])
        zero = comfy.k_diffusion.sampling.sample_euler_ancestral(
            lambda x, sigma: x * 0, x, sigmas, noise_sampler=lambda sigma, sigma_next: torch.zeros_like(x), eta=0.0
        )
        assert torch.equal(zero, torch.zeros_like(x))
        tree = comfy.k_diffusion.sampling.BrownianTreeNoiseSampler(x, 0.1, 14.0, seed=3)
        assert torch.equal(tree(torch.tensor(6.0), torch.tensor(2.0)), tree(torch.tensor(6.0), torch.tensor(2.0)))
        down, up = comfy.k_diffusion.sampling.get_ancestral_step(torch.tensor(6.0), torch.tensor(2.0))
        assert torch.isclose(down**2 + up**2, torch.tensor(4.0))
