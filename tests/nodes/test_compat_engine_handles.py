# pyright: basic
# ComfyUI's names are untyped, as packs use them.
"""VAE, ControlNets, weights, hooks and loaders, as packs call them. On tiny models of noise."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from graph.context import RUNNING, Context
from models.control import apply
from models.merging import merge_models
from models.patches import Shares
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.stand_in import NotSupported
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
def nodes(names: Context) -> Any:
    return importlib.import_module("nodes.compat.node_classes")


def comfy(name: str) -> Any:
    return importlib.import_module(f"comfy.{name}")


def picture(size: int = 32) -> Tensor:
    return torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(1))


class TestPictures:
    def test_a_vae(self, zoo: Zoo, names: Context) -> None:
        vae, ours_ = for_pack(zoo.vae()), zoo.vae()
        encoded = vae.encode(picture(64))
        assert torch.equal(encoded, ours_.encode(picture(64)))
        assert torch.equal(vae.decode(encoded), ours_.decode(encoded))
        assert torch.equal(vae.decode_tiled(encoded, tile_x=4, tile_y=4, overlap=1), ours_.decode_tiled(encoded, 32, 8))
        tiled = vae.encode_tiled(picture(64), tile_x=32, tile_y=32, overlap=8)
        assert torch.equal(tiled, ours_.encode_tiled(picture(64), 32, 8))
        assert (vae.downscale_ratio, vae.latent_channels, vae.vae_dtype) == (8, 4, torch.float32)
        assert vae.vae_encode_crop_pixels(picture(35)).shape == (1, 32, 32, 3)
        with pytest.raises(NotSupported, match="first_stage_model"):
            vae.first_stage_model.decode(encoded)

    def test_a_vae_of_a_packs_own_tensors(self, zoo: Zoo, names: Context) -> None:
        vae = comfy("sd").VAE(sd=load_file(zoo.path("vae/sd1")))
        expected = zoo.engine.load_vae(zoo.path("vae/sd1"))
        assert torch.equal(vae.encode(picture()), expected.encode(picture()))
        again = comfy("sd").VAE(sd=vae.get_sd())
        assert torch.equal(again.encode(picture()), expected.encode(picture()))

    def test_an_image_encoder(self, zoo: Zoo, names: Context) -> None:
        vision = comfy("clip_vision").load(str(zoo.path("clip_vision/vit")))
        assert isinstance(vision, comfy("clip_vision").ClipVisionModel)
        found = vision.encode_image(picture())
        assert torch.equal(found["image_embeds"], zoo.clip_vision().encode(picture()).image_embeds)
        made = comfy("clip_vision").Output()
        made["image_embeds"] = found.image_embeds
        assert made.image_embeds is found.image_embeds
        style = for_pack(zoo.style_model())
        assert torch.equal(style.get_cond(found), zoo.style_model().tokens(found))


class TestControl:
    def test_applied_by_a_pack(self, zoo: Zoo, nodes: Any) -> None:
        net = comfy("controlnet").load_controlnet(str(zoo.path("controlnet/control")))
        assert isinstance(net, comfy("controlnet").ControlBase)
        hint, prompts = picture(64), zoo.conditioning()
        applied = net.copy().set_cond_hint(hint.movedim(-1, 1), 0.8, (0.0, 0.6))
        applied.set_previous_controlnet(None)
        positive = [[prompts[0][0], {**prompts[0][1], "control": applied, "control_apply_to_uncond": True}]]
        settings = (5, 3, 4.0, "euler", "normal")
        found = nodes.common_ksampler(for_pack(zoo.model()), *settings, positive, prompts[1:], latent())[0]["samples"]
        handle = zoo.engine.load_controlnet(zoo.path("controlnet/control"))
        (expected,) = apply(handle, [prompts[:1]], hint, 0.8, 0.0, 0.6, to_uncond=True)
        made = nodes.common_ksampler(for_pack(zoo.model()), *settings, expected, prompts[1:], latent())[0]["samples"]
        assert torch.equal(found, made)
        assert not torch.equal(found, ours(zoo))
        chained = net.copy().set_cond_hint(hint.movedim(-1, 1), 0.2).set_previous_controlnet(applied)
        assert from_pack([[prompts[0][0], {"control": chained}]])[0][1]["control"].previous is applied.frozen()

    def test_the_node(self, zoo: Zoo, nodes: Any) -> None:
        (net,) = nodes.ControlNetLoader().load_controlnet("control.safetensors")
        prompts = zoo.conditioning()
        positive, negative = nodes.ControlNetApplyAdvanced().apply_controlnet(
            prompts[:1], prompts[1:], net, picture(64), 0.8, 0.0, 0.6
        )
        assert positive[0][1]["control"].strength == 0.8
        assert positive[0][1]["control"].timestep_percent_range == (0.0, 0.6)
        assert from_pack(positive)[0][1]["control"] is from_pack(negative)[0][1]["control"]

    def test_a_packs_own_kind(self, zoo: Zoo, nodes: Any) -> None:
        class Mine(comfy("controlnet").ControlBase):
            pass

        prompts = zoo.conditioning()
        positive = [[prompts[0][0], {**prompts[0][1], "control": Mine()}]]
        with pytest.raises(NotSupported, match="Mine"):
            nodes.common_ksampler(for_pack(zoo.model()), 5, 1, 4.0, "euler", "normal", positive, prompts[1:], latent())


class TestWeights:
    def test_a_lora_that_a_pack_read(self, zoo: Zoo, nodes: Any) -> None:
        tensors = load_file(zoo.path("loras/both"))
        model, clip = for_pack(zoo.model()), for_pack(zoo.clip())
        patched, words = comfy("sd").load_lora_for_models(model, clip, tensors, 0.7, 0.4)
        lora = zoo.engine.load_lora(zoo.path("loras/both"))
        expected = ours(zoo, zoo.model().with_lora(lora, 0.7))
        assert torch.equal(theirs(zoo, nodes, patched), expected)
        assert not torch.equal(expected, ours(zoo))
        assert torch.equal(words.encode("a cat"), zoo.clip().with_lora(lora, 0.4).encode("a cat")[0][0])

    def test_by_keys(self, zoo: Zoo, nodes: Any) -> None:
        lora_module, tensors = comfy("lora"), load_file(zoo.path("loras/both"))
        model = for_pack(zoo.model()).clone()
        keys = lora_module.model_lora_keys_unet(model.model, {})
        keys = lora_module.model_lora_keys_clip(for_pack(zoo.clip()).cond_stage_model, keys)
        loaded = lora_module.load_lora(tensors, keys)
        taken = model.add_patches(loaded, 0.7)
        assert taken
        assert all(key.startswith("diffusion_model.") for key in taken)
        lora = zoo.engine.load_lora(zoo.path("loras/both"))
        assert torch.equal(theirs(zoo, nodes, model), ours(zoo, zoo.model().with_lora(lora, 0.7)))
        words = for_pack(zoo.clip()).clone()
        assert words.add_patches(loaded, 0.4)
        assert torch.equal(words.encode("a cat"), zoo.clip().with_lora(lora, 0.4).encode("a cat")[0][0])

    def test_merging_as_packs_do(self, zoo: Zoo, nodes: Any) -> None:
        first, second = (
            for_pack(zoo.model()).clone(),
            for_pack(zoo.engine.load_model(zoo.path("checkpoints/sd1-other"))),
        )
        for key, value in second.get_key_patches("diffusion_model.").items():
            first.add_patches({key: value}, 0.7, 0.3)
        other = from_pack(second)
        expected = ours(zoo, merge_models(zoo.model(), other, Shares.blend(0.3)))
        assert torch.allclose(theirs(zoo, nodes, first), expected, atol=1e-4)

    def test_differences(self, zoo: Zoo, nodes: Any) -> None:
        model = for_pack(zoo.model()).clone()
        key = "diffusion_model.time_embed.0.weight"
        weight = model.model_state_dict(key)[key]
        assert model.add_patches({key: ("diff", (torch.ones_like(weight),)), "diffusion_model.no": ()}, 0.5) == [key]
        state = comfy("lora").calculate_weight([(0.5, (torch.ones_like(weight),), 1.0, None, None)], weight, key)
        assert torch.equal(state, weight + 0.5)
        handle = from_pack(model)
        with zoo.engine.residency.use(handle.component, torch.float32, handle.patches) as network:
            assert torch.equal(network.get_parameter("time_embed.0.weight"), weight + 0.5)
        model.add_patches({key: ("unheard of", (weight,))})
        with pytest.raises(NotSupported, match="unheard of"):
            theirs(zoo, nodes, model)

    def test_loaders(self, zoo: Zoo, names: Context, tmp_path: Path) -> None:
        sd = comfy("sd")
        path = str(zoo.path("checkpoints/sd1"))
        model, clip, vae, vision = sd.load_checkpoint_guess_config(path, output_vae=True, output_clip=True)
        assert from_pack(model) == zoo.model()
        assert vision is None
        assert sd.load_checkpoint_guess_config(path, output_vae=False, output_clip=False)[1:] == (None, None, None)
        sd.save_checkpoint(str(tmp_path / "saved.safetensors"), model, clip, vae, metadata={"a": "b"})
        again = sd.load_checkpoint(ckpt_path=str(tmp_path / "saved.safetensors"))
        assert torch.equal(again[1].encode("a cat"), clip.encode("a cat"))
        unet = sd.load_diffusion_model_state_dict(load_file(zoo.path("diffusion_models/sd1")))
        assert from_pack(unet).family.name == "sd1"
        words = sd.load_clip([str(zoo.path("text_encoders/clip_l"))], clip_type=sd.CLIPType.STABLE_DIFFUSION)
        expected = zoo.engine.load_clip([zoo.path("text_encoders/clip_l")], "stable_diffusion")
        assert torch.equal(words.encode("a cat"), expected.encode("a cat")[0][0])


class TestPatchers:
    def test_what_a_patcher_is_asked_of_its_weights(self, zoo: Zoo, names: Context) -> None:
        model = for_pack(zoo.model())
        changed = model.clone()
        assert model.clone_has_same_weights(changed)
        key, weight = next((key, value) for key, value in model.model_state_dict().items() if value.ndim == 4)
        assert changed.add_patches({key: ("diff", (torch.ones_like(weight),))}) == [key]
        assert not model.clone_has_same_weights(changed)
        assert changed.clone_has_same_weights(changed.clone())
        assert model.partially_load(torch.device("cpu")) == 0, "the engine loads it when it runs"
        own = comfy("model_patcher").ModelPatcher(torch.nn.Linear(2, 2, bias=False))
        assert own.partially_load(torch.device("cpu")) == 16
        assert own.clone_has_same_weights(own.clone())
        with pytest.raises(NotSupported, match="round the weight"):
            model.add_weight_wrapper(key, lambda weight: weight)
        with pytest.raises(NotSupported, match="come and go with a hook"):
            model.add_hook_patches(object(), {})


class TestHooks:
    def test_attention_of_packs(self, zoo: Zoo, nodes: Any) -> None:
        """Functions at the places of attention are told where they are, and what they give counts."""
        from models.networks.attention import attend

        told: list[dict[str, Any]] = []
        view = for_pack(zoo.model()).clone()
        view.model_options["transformer_options"]["mine"] = "kept"

        def in_place(q: Tensor, k: Tensor, v: Tensor, extra: dict[str, Any]) -> Tensor:
            told.append(extra)
            return attend(q, k, v, extra["n_heads"])

        view.set_model_attn1_replace(in_place, "middle", 0)
        assert torch.allclose(theirs(zoo, nodes, view), ours(zoo), atol=1e-4)
        assert told[0]["mine"] == "kept"
        assert told[0]["block"] == ("middle", 0)
        assert told[0]["cond_or_uncond"] == [0, 1]
        assert told[0]["sigmas"].shape == (4,)
        view.set_model_attn2_patch(lambda q, k, v, extra: (q, k, v * 0))
        view.set_model_output_block_patch(lambda h, skip, options: (h, skip))
        expected = zoo.model().with_hooks(attn2_in=lambda q, k, v, where: (q, k, v * 0))
        assert torch.allclose(theirs(zoo, nodes, view), ours(zoo, expected), atol=1e-4)

    def test_a_way_to_compute_attention_changes_nothing_and_is_told(
        self, zoo: Zoo, names: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As nodes do that put in a faster library's: told where it is set, and not at every node after that."""
        told: list[str] = []
        monkeypatch.setattr(names, "_warn", told.append)
        view = for_pack(zoo.model()).clone()
        view.model_options["transformer_options"]["optimized_attention_override"] = lambda inner, *args, **more: None
        handle = from_pack(view)
        assert [sentence[:56] for sentence in told] == ["This node gives the model another way to compute attenti"]
        again = for_pack(handle).clone()
        again.model_options["transformer_options"]["mine"] = 1
        from_pack(again)
        assert len(told) == 1

    def test_blocks_of_transformers(self, zoo: Zoo, names: Context) -> None:
        view = for_pack(zoo.model("flux")).clone()
        seen: list[str] = []

        def block(args: dict[str, Any], extra: dict[str, Any]) -> Any:
            seen.append(sorted(args)[0])
            return extra["original_block"](args)

        view.set_model_patch_replace(block, "dit", "double_block", 0)
        x = latent()["samples"].repeat(1, 4, 1, 1)
        context = zoo.conditioning("flux")[0][0].expand(2, -1, -1)
        sigma = torch.tensor(0.5)
        plain = zoo.model("flux").denoise(x, sigma, {"context": context})
        assert torch.equal(from_pack(view).denoise(x, sigma, {"context": context}), plain)
        assert seen

    def test_attention_by_itself(self, names: Context) -> None:
        attention = comfy("ldm.modules.attention")
        q = torch.randn(2, 5, 16)
        from models.networks.attention import attend

        assert torch.equal(attention.optimized_attention(q, q, q, 4), attend(q, q, q, 4))
        split = q.unflatten(-1, (4, 4)).transpose(1, 2)
        assert torch.equal(attention.optimized_attention(split, split, split, 4, skip_reshape=True), attend(q, q, q, 4))
        util = comfy("ldm.modules.diffusionmodules.util")
        assert util.timestep_embedding(torch.tensor([1.0, 2.0]), 8).shape == (2, 8)


class TestHookGroups:
    def test_a_lora_on_a_schedule(self, zoo: Zoo, nodes: Any) -> None:
        """As packs make it that read LoRAs out of prompts."""
        from models.hook_groups import Hook, Keyframe, Keyframes, LoraSource
        from models.hook_groups import HookGroup as Ours

        hooks, prompts = comfy("hooks"), zoo.conditioning()
        group = hooks.create_hook_lora(load_file(zoo.path("loras/both")), 0.8, 0.0)
        frames = hooks.HookKeyframeGroup()
        frames.add(hooks.HookKeyframe(strength=0.2, start_percent=0.5))
        frames.add(hooks.HookKeyframe(strength=1.0))
        group.set_keyframes_on_hooks(frames)
        positive = hooks.set_hooks_for_conditioning(prompts[:1], group)
        assert positive[0][1]["hooks"].hooks[0].strength_model == 0.8
        lora = LoraSource(zoo.engine.load_lora(zoo.path("loras/both")))
        keyframes = Keyframes((Keyframe(1.0), Keyframe(0.2, 0.5)))
        expected = [[prompts[0][0], {**prompts[0][1], "hooks": Ours((Hook(lora, 0.8, 0.0, keyframes),))}]]
        settings = (5, 3, 4.0, "euler", "normal")
        found, again = (
            nodes.common_ksampler(for_pack(zoo.model()), *settings, given, prompts[1:], latent())[0]["samples"]
            for given in (positive, expected)
        )
        assert torch.equal(found, again)
        assert not torch.equal(found, ours(zoo))

    def test_groups(self, zoo: Zoo, names: Context) -> None:
        hooks, tensors = comfy("hooks"), load_file(zoo.path("loras/both"))
        first, second = (hooks.create_hook_lora(tensors, strength, 0.0) for strength in (0.5, 0.7))
        both = first.clone_and_combine(second)
        assert len(both) == 2
        assert len(both.clone_and_combine(first)) == 2
        assert len(hooks.HookGroup.combine_all_hooks([None, first, second])) == 2
        frozen = from_pack(both)
        assert from_pack(both) is frozen
        assert from_pack(for_pack(frozen)) is frozen
        both.hooks[0].hook_keyframe.add(hooks.HookKeyframe(0.5))
        assert from_pack(both) is not frozen
        entries = [[torch.zeros(1, 1, 1), {"hooks": both}], [torch.zeros(1, 1, 1), {"hooks": both}]]
        a, b = from_pack(entries)
        assert a[1]["hooks"] is b[1]["hooks"]
        prompts = zoo.conditioning()
        (combined,) = hooks.set_conds_props_and_combine([prompts[:1]], [prompts[1:]], 0.5, "mask bounds", hooks=both)
        assert [("hooks" in options) for _, options in combined] == [False, True]
