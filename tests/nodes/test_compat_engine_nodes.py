# pyright: basic
# ComfyUI's names are untyped, as packs use them.
"""Core nodes as classes, and CLIP, as packs call them. On tiny models of noise."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from graph.context import RUNNING, Context
from graph.errors import Cancelled
from graph.events import Progress
from graph.node import Results
from nodes.adapter import adapt
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


class TestClasses:
    def test_all_of_them(self, nodes: Any) -> None:
        """Each has what a class of ComfyUI's has, and makes a node type again."""
        from nodes.library import core_registry

        for class_type, node_type in core_registry().items():
            cls = nodes.NODE_CLASS_MAPPINGS[class_type]
            assert callable(getattr(cls(), cls.FUNCTION))
            again = adapt(class_type, cls).spec
            assert [(i.name, i.type) for i in again.inputs] == [(i.name, i.type) for i in node_type.spec.inputs]
            assert [o.type for o in again.outputs] == [o.type for o in node_type.spec.outputs]

    def test_the_table_of_methods_knows_the_inputs(self, nodes: Any) -> None:
        from nodes.compat.node_methods import METHODS
        from nodes.library import core_registry

        registry = core_registry()
        for class_type, (_, order) in METHODS.items():
            spec = registry[class_type].spec
            known = {i.name for i in spec.inputs} | set(spec.hidden) | {"denoise"}
            assert set(order) <= known, class_type
            if order:
                missing = {i.name for i in spec.inputs if not i.optional} - set(order)
                assert not missing, (class_type, missing)

    def test_positional_and_named_arguments(self, zoo: Zoo, nodes: Any) -> None:
        vae, clip = for_pack(zoo.vae()), for_pack(zoo.clip())
        encoded = nodes.VAEEncode().encode(vae, picture())[0]
        assert torch.equal(encoded["samples"], zoo.vae().encode(picture()))
        assert torch.equal(nodes.VAEDecode().decode(samples=encoded, vae=vae)[0], zoo.vae().decode(encoded["samples"]))
        cond = nodes.CLIPTextEncode().encode(clip, "a photo of a cat")[0]
        assert torch.equal(cond[0][0], zoo.clip().encode("a photo of a cat")[0][0])
        prompts = zoo.conditioning()
        settings = (for_pack(zoo.model()), 5, 3, 4.0, "euler", "normal", prompts[:1], prompts[1:], latent(), 0.5)
        assert torch.equal(nodes.KSampler().sample(*settings)[0]["samples"], ours(zoo, denoise=0.5))
        scaled = nodes.ImageScale().upscale(picture(), "bilinear", 16, 16, "disabled")[0]
        assert scaled.shape == (1, 16, 16, 3)
        assert "lanczos" in nodes.ImageScale.upscale_methods
        with pytest.raises(TypeError, match="VAEDecode"):
            nodes.VAEDecode().decode(vae, encoded, vae=vae)

    def test_what_callers_leave_out(self, zoo: Zoo, nodes: Any) -> None:
        vae, pixels, mask = for_pack(zoo.vae()), picture(64), torch.zeros(1, 64, 64)
        assert nodes.EmptyLatentImage().generate(64, 32)[0]["samples"].shape == (1, 4, 4, 8)
        tiled = nodes.VAEEncodeTiled().encode(vae, pixels, 512)[0]
        assert nodes.VAEDecodeTiled().decode(vae, tiled, 512)[0].shape == (1, 64, 64, 3)
        assert "noise_mask" in nodes.VAEEncodeForInpaint().encode(vae, pixels, mask)[0]
        prompts = zoo.conditioning()
        assert len(nodes.InpaintModelConditioning().encode(prompts[:1], prompts[1:], pixels, vae, mask)) == 3
        assert nodes.CLIPLoader().load_clip("clip_l.safetensors")[0].tokenize("a cat")
        with pytest.raises(TypeError, match="no input nonsense"):
            nodes.EmptyLatentImage().generate(64, 32, nonsense=1)
        with pytest.raises(NotSupported, match="blend_mode"):
            nodes.LatentBlend().blend(latent(), latent(), 0.5, blend_mode="screen")

    def test_of_the_newer_form(self, nodes: Any) -> None:
        extras = importlib.import_module("comfy_extras.nodes_mask")
        mask = torch.zeros(1, 8, 8)
        mask[:, 4, 4] = 1
        old = extras.GrowMask().expand_mask(mask, 1, True)
        new = extras.GrowMask.execute(mask, 1, True)
        assert torch.equal(old[0], new[0])
        assert new.result == new.args == tuple(new)
        assert hasattr(extras, "FeatherMask")
        assert not hasattr(extras, "NoSuchClass")
        from_elsewhere = importlib.import_module("comfy_extras.nodes_compositing").JoinImageWithAlpha
        assert from_elsewhere is nodes.JoinImageWithAlpha
        under, over = torch.zeros(1, 4, 8, 8), torch.ones(1, 4, 4, 4)
        assert float(extras.composite(under, over, 16, 16)[0, 0, 2, 2]) == 1.0

    def test_calls_by_function_name(self, nodes: Any) -> None:
        cls = nodes.NODE_CLASS_MAPPINGS["ImageInvert"]
        assert torch.equal(getattr(cls(), cls.FUNCTION)(image=picture())[0], 1.0 - picture())
        assert "KSampler" in nodes.NODE_CLASS_MAPPINGS
        assert nodes.NODE_CLASS_MAPPINGS.get("no such node") is None
        assert dict(nodes.NODE_CLASS_MAPPINGS)["KSampler"] is nodes.KSampler
        assert nodes.NODE_DISPLAY_NAME_MAPPINGS["CLIPTextEncode"] == "CLIP Text Encode (Prompt)"

    def test_saving_as_derived_classes_do(self, nodes: Any, names: Context) -> None:
        class Mine(nodes.SaveImage):
            def __init__(self) -> None:
                self.output_dir = str(names.folders.root("temp"))
                self.type = "temp"
                self.prefix_append = "_mine"
                self.compress_level = 0

        shown = Mine().save_images(picture(8), "sub/a", {"1": {}}, {"workflow": {"n": 1}})["ui"]["images"]
        assert shown == [{"filename": "a_mine_00001_.png", "subfolder": "sub", "type": "temp"}]
        with Image.open(Path(names.folders.root("temp"), "sub", "a_mine_00001_.png")) as saved:
            assert saved.info["workflow"] == '{"n": 1}'
        preview = nodes.PreviewImage().save_images(picture(8))["ui"]["images"][0]
        assert preview["type"] == "temp"
        saver = nodes.SaveImage()
        assert (saver.type, saver.compress_level) == ("output", 4)
        assert saver.save_images(images=picture(8))["ui"]["images"][0]["type"] == "output"

    def test_derived_loaders(self, nodes: Any) -> None:
        class Mine(nodes.CheckpointLoaderSimple):
            pass

        model, clip, vae = Mine().load_checkpoint(ckpt_name="sd1.safetensors")
        assert (from_pack(model).family.name, clip.frozen().recipe.name) == ("sd1", "sd1")
        assert vae.downscale_ratio == 8
        names_ = nodes.LoraLoader.INPUT_TYPES()["required"]["lora_name"][0]
        assert "both.safetensors" in names_
        patched, _ = nodes.LoraLoader().load_lora(model, clip, "both.safetensors", 0.7, 0.5)
        assert from_pack(patched).patches

    def test_progress_is_the_running_nodes(self, zoo: Zoo, nodes: Any, names: Context) -> None:
        events: list[Any] = []
        stop: list[bool] = []
        context = Context(
            node_id="7", folders=names.folders, services=zoo.engine, emit=events.append, cancelled=lambda: bool(stop)
        )
        token = RUNNING.set(context)
        try:
            theirs(zoo, nodes, for_pack(zoo.model()))
            told = [event for event in events if isinstance(event, Progress)]
            assert [(event.node, event.value) for event in told] == [("7", 1), ("7", 2), ("7", 3)]
            stop.append(True)
            with pytest.raises(Cancelled):
                theirs(zoo, nodes, for_pack(zoo.model()))
            with pytest.raises(Cancelled):
                nodes.before_node_execution()
        finally:
            RUNNING.reset(token)

    def test_a_packs_node(self, zoo: Zoo, names: Context) -> None:
        """Handles become views on the way in, and handles again on the way out."""

        class Mine:
            RETURN_TYPES = ("MODEL", "CLIP", "VAE", "CONDITIONING")
            FUNCTION = "run"

            @classmethod
            def INPUT_TYPES(cls) -> Any:  # noqa: N802
                kinds = {"model": ("MODEL",), "clip": ("CLIP",), "vae": ("VAE",)}
                return {"required": kinds}

            def run(self, model: Any, clip: Any, vae: Any) -> Any:
                changed = model.clone()
                changed.set_model_sampler_post_cfg_function(lambda args: args["denoised"] * 0.5)
                return changed, clip, vae, clip.encode_from_tokens_scheduled(clip.tokenize("a cat"))

        given = {"model": zoo.model(), "clip": zoo.clip(), "vae": zoo.vae()}
        outcome = adapt("Mine", Mine).call(names, given)
        assert isinstance(outcome, Results)
        found = outcome.values
        assert len(found[0].options.post_cfg) == 1
        assert found[1] is zoo.clip()
        assert found[2] is zoo.vae()
        assert torch.equal(found[3][0][0], zoo.clip().encode("a cat")[0][0])

    def test_a_packs_newer_node(self, zoo: Zoo, nodes: Any, names: Context) -> None:
        io = importlib.import_module("comfy_api.latest").io

        class Mine(io.ComfyNode):
            @classmethod
            def define_schema(cls) -> Any:
                kinds = [io.Model.Input("model"), io.Clip.Input("clip")]
                return io.Schema("Mine3", inputs=kinds, outputs=[io.Model.Output(), io.Conditioning.Output()])

            @classmethod
            def execute(cls, model: Any, clip: Any) -> Any:
                changed = model.clone()
                changed.set_model_unet_function_wrapper(lambda apply, args: args["input"])
                return io.NodeOutput(changed, nodes.CLIPTextEncode.execute(clip, "a cat")[0])

        adapt_v3 = importlib.import_module("nodes.compat.comfy_api.adapt").adapt_v3
        outcome = adapt_v3(Mine).call(names, {"model": zoo.model(), "clip": zoo.clip()})
        assert isinstance(outcome, Results)
        assert len(outcome.values[0].options.around_network) == 1
        assert torch.equal(outcome.values[1][0][0], zoo.clip().encode("a cat")[0][0])


class TestText:
    @pytest.mark.parametrize("family", ["sd1", "sdxl", "unclip", "flux"])
    def test_encoding(self, zoo: Zoo, names: Context, family: str) -> None:
        clip, text = for_pack(zoo.clip(family)), "a (red:1.3) cat, embedding:shade"
        tokens = clip.tokenize(text)
        assert set(tokens) == {rules.name for rules in zoo.clip(family).recipe.encoders}
        assert all(isinstance(pair, tuple) and len(pair) == 2 for chunks in tokens.values() for pair in chunks[0])
        ((states, options),) = nodes_text(zoo, names, family, text)
        found, pooled = clip.encode_from_tokens(tokens, return_pooled=True)
        assert torch.equal(found, states)
        if options.get("pooled_output") is not None:
            assert torch.equal(pooled, options["pooled_output"])
        assert torch.equal(clip.encode(text), states)
        assert torch.equal(clip.encode_from_tokens(tokens, return_dict=True)["cond"], states)
        ((again, more),) = clip.encode_from_tokens_scheduled(tokens, add_dict={"mine": 1})
        assert torch.equal(again, states)
        assert more["mine"] == 1

    def test_layers(self, zoo: Zoo, names: Context) -> None:
        clip = for_pack(zoo.clip()).clone()
        clip.clip_layer(-2)
        expected = zoo.clip().with_last_layer(-2).encode("a cat")[0][0]
        assert torch.equal(clip.encode("a cat"), expected)
        assert torch.equal(from_pack(clip).encode("a cat")[0][0], expected)

    def test_weights_of_words(self, names: Context) -> None:
        module = comfy("sd1_clip")
        text = module.escape_important(r"a (red:1.5) \(car\)")
        pieces = [(module.unescape_important(part), weight) for part, weight in module.token_weights(text, 1.0)]
        assert pieces == [("a ", 1.0), ("red", 1.5), (" (car)", 1.0)]

    def test_parts(self, zoo: Zoo, names: Context) -> None:
        clip = for_pack(zoo.clip("sdxl"))
        assert isinstance(clip.cond_stage_model, comfy("sdxl_clip").SDXLClipModel)
        assert not isinstance(for_pack(zoo.clip()).cond_stage_model, comfy("sdxl_clip").SDXLClipModel)
        assert hasattr(clip.cond_stage_model, "clip_l")
        assert hasattr(clip.cond_stage_model, "clip_g")
        assert clip.tokenizer.clip_l.end_token == 49407
        assert clip.patcher.model_size() > 0
        assert "clip_l.transformer.text_model.embeddings.token_embedding.weight" in clip.get_sd()
        with pytest.raises(NotSupported, match="cond_stage_model"):
            clip.cond_stage_model.clip_l.encode_token_weights([])


def nodes_text(zoo: Zoo, names: Context, family: str, text: str) -> Any:
    from nodes.text import files_for_prompts

    return zoo.clip(family).encode(text, **files_for_prompts(names))
