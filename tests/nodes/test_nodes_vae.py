"""Between pixels and latents, in graphs: which VAEs are offered, what they take and refuse, previews of latents."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from graph.context import Context
from graph.folders import Folders
from graph.key import fingerprint_of
from graph.parse import parse
from graph.spec import NodeSpec
from graph.types import Node
from graph.validate import validate
from models import latents
from models.engine import Engine
from models.errors import ModelError
from models.preview import Previewer, Previews
from models.vae import PixelSpace, Vae
from nodes.library import core_registry
from nodes.previews import previewer
from tests.models.conftest import VAE, filled, in_layout

REGISTRY = core_registry()
LOADER = REGISTRY["VAELoader"].spec
SD3_VAE = replace(VAE, latent_channels=16, quantised=False)
QUARTER = replace(VAE, channels=(32, 32, 64))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu", "fp32")


@pytest.fixture(scope="module")
def vaes(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Vae]:
    folder = tmp_path_factory.mktemp("vae")
    found: dict[str, Vae] = {}
    for name, sizes in (("sd1", VAE), ("sd3", SD3_VAE), ("quarter", QUARTER)):
        save_file(in_layout(sizes, filled(sizes), ""), folder / f"{name}.safetensors")
        found[name] = engine.load_vae(folder / f"{name}.safetensors")
    return found


@pytest.fixture
def running(folders: Folders, engine: Engine) -> Context:
    return Context(node_id="1", folders=folders, services=engine)


def call(class_type: str, context: Context, **inputs: Any) -> Any:
    return REGISTRY[class_type].call(context, inputs).values[0]


def tiny() -> AutoencoderTiny:
    torch.manual_seed(1)
    return AutoencoderTiny(encoder_block_out_channels=[8] * 4, decoder_block_out_channels=[8] * 4).eval()


def write_pair(folders: Folders, name: str, halves: tuple[str, ...] = ("encoder", "decoder")) -> AutoencoderTiny:
    module, root = tiny(), folders.root("vae_approx")
    root.mkdir(parents=True, exist_ok=True)
    for half in halves:
        tensors = {f"{half}.{key}": value for key, value in getattr(module, half).state_dict().items()}
        save_file(tensors, root / f"{name}_{half}.safetensors")
    return module


# Loading


def test_what_is_offered(folders: Folders) -> None:
    def offered(spec: NodeSpec) -> list[str]:
        return spec.inputs[0].allowed(folders) or []

    assert offered(LOADER) == ["pixel_space"]
    write_pair(folders, "taesd")
    write_pair(folders, "taesdxl", ("decoder",))
    folders.root("vae").mkdir(parents=True)
    save_file({"x": torch.zeros(1)}, folders.root("vae") / "mine.safetensors")
    assert offered(LOADER) == ["mine.safetensors", "taesd", "pixel_space"]
    assert offered(NodeSpec.from_json(LOADER.to_json())) == ["mine.safetensors", "taesd", "pixel_space"]
    assert LOADER.object_info(folders)["input"]["required"]["vae_name"][0] == [
        "mine.safetensors",
        "taesd",
        "pixel_space",
    ]


@pytest.mark.parametrize(("name", "problems"), [("pixel_space", 0), ("taesd", 0), ("taesdxl", 1), ("taef1", 1)])
def test_a_graph_may_ask_for_what_is_there(name: str, problems: int, folders: Folders) -> None:
    write_pair(folders, "taesd")
    write_pair(folders, "taesdxl", ("decoder",))
    prompt = {
        "1": {"class_type": "VAELoader", "inputs": {"vae_name": name}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    assert len(validate(parse(prompt), REGISTRY.catalogue(), folders).problems) == problems


def test_a_pair_is_loaded_and_known_by_both_its_files(folders: Folders, running: Context) -> None:
    module = write_pair(folders, "taesd")
    vae, latent = call("VAELoader", running, vae_name="taesd"), torch.randn(1, 4, 3, 2)
    with torch.no_grad():
        expected = (module.decode(latent * 0.18215).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(call("VAEDecode", running, samples={"samples": latent}, vae=vae), expected, atol=1e-4)

    def fingerprint() -> str:
        return fingerprint_of(
            Node("1", "VAELoader", {"vae_name": "taesd"}),
            LOADER, services="", user="", folders=folders, changed=None,
        )  # fmt: skip

    first = fingerprint()
    for half in ("encoder", "decoder"):
        path = folders.root("vae_approx") / f"taesd_{half}.safetensors"
        path.write_bytes(path.read_bytes() + b" ")
        assert fingerprint() != first
        first = fingerprint()


def test_a_pair_that_went_missing(folders: Folders, running: Context) -> None:
    write_pair(folders, "taesd", ("encoder",))
    with pytest.raises(ValueError, match="taesd needs two files in the vae_approx folder, taesd_encoder"):
        call("VAELoader", running, vae_name="taesd")


def test_pixel_space(running: Context) -> None:
    vae = call("VAELoader", running, vae_name="pixel_space")
    pixels = torch.rand(2, 5, 7, 4)
    latent = call("VAEEncode", running, pixels=pixels, vae=vae)["samples"]
    assert torch.equal(latent, pixels[..., :3].movedim(-1, 1) * 2 - 1)
    for node in ("VAEDecode", "VAEDecodeTiled"):
        back = call(node, running, samples={"samples": latent}, vae=vae)
        assert torch.allclose(back, pixels[..., :3], atol=1e-6)
    beyond = call("VAEDecode", running, samples={"samples": latent * 3}, vae=vae)
    assert float(beyond.min()) == 0
    assert float(beyond.max()) == 1
    assert torch.equal(call("VAEEncodeTiled", running, pixels=pixels, vae=vae)["samples"], latent)


# Coding


@pytest.mark.parametrize(("name", "channels", "factor"), [("sd1", 4, 8), ("sd3", 16, 8), ("quarter", 4, 4)])
def test_any_factor_and_channels(name: str, channels: int, factor: int, vaes: dict[str, Vae], running: Context) -> None:
    vae, pixels = vaes[name], torch.rand(3, 43, 51, 4)
    latent = call("VAEEncode", running, pixels=pixels, vae=vae)
    assert latent["samples"].shape == (3, channels, 43 // factor, 51 // factor)
    top, left = 43 % factor // 2, 51 % factor // 2
    middle = pixels[1:2, top : top + 43 // factor * factor, left : left + 51 // factor * factor, :3]
    assert torch.allclose(latent["samples"][1:2], vae.encode(middle), atol=1e-5)
    back = call("VAEDecode", running, samples=latent, vae=vae)
    assert back.shape == (3, 43 // factor * factor, 51 // factor * factor, 3)
    tiled = call("VAEDecodeTiled", running, samples=latent, vae=vae)
    assert torch.allclose(tiled, back, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("sd1", (1, 16, 4, 4), r"16 channels \(as Stable Diffusion 3 and Flux\).*4 channels \(as Stable Diffusion 1"),
        ("sd3", (1, 4, 4, 4), r"4 channels \(as Stable Diffusion 1, 2 and XL\).*16 channels \(as Stable Diffusion 3"),
        ("sd1", (1, 4, 3, 4, 4), r"5 axes \[1, 4, 3, 4, 4\], which is a video's"),
        ("sd1", (4, 4, 4), r"3 axes \[4, 4, 4\], which is not a picture's"),
        ("sd1", (0, 4, 4, 4), "is empty"),
        ("pixel_space", (1, 4, 4, 4), r"pixel_space decodes 3 channels \(as pixels\)"),
    ],
)
@pytest.mark.parametrize("node", ["VAEDecode", "VAEDecodeTiled"])
def test_latents_that_a_vae_refuses(node: str, name: str, shape: tuple[int, ...], words: str, vaes, running) -> None:
    vae = PixelSpace() if name == "pixel_space" else vaes[name]
    with pytest.raises(ModelError, match=words):
        call(node, running, samples={"samples": torch.zeros(shape)}, vae=vae)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((1, 7, 30, 3), "30 x 7 pixels, and the smallest .* 8 x 8"), ((1, 16, 16, 1), r"shape \[1, 16, 16, 1\]")],
)
@pytest.mark.parametrize("node", ["VAEEncode", "VAEEncodeTiled"])
def test_pictures_that_a_vae_refuses(node: str, shape: tuple[int, ...], words: str, vaes, running) -> None:
    with pytest.raises(ModelError, match=words):
        call(node, running, pixels=torch.zeros(shape), vae=vaes["sd1"])


@pytest.mark.parametrize(("overlap", "used"), [(0, 0), (32, 32), (64, 64), (96, 96), (128, 64), (4096, 64)])
def test_overlaps_of_encoded_tiles(
    overlap: int, used: int, vaes: dict[str, Vae], running: Context, monkeypatch
) -> None:
    """Half a tile or more would never come to the end."""
    seen: list[Any] = []
    monkeypatch.setattr("models.vae.tiles.thrice", lambda *args: seen.append(args[2:4]) or torch.zeros(1))
    call("VAEEncodeTiled", running, pixels=torch.rand(1, 64, 64, 3), vae=vaes["sd1"], tile_size=256, overlap=overlap)
    assert seen == [(256, used)]


@pytest.mark.parametrize("name", ["sd1", "quarter"])
@pytest.mark.parametrize("grow", [0, 6])
def test_encoding_for_inpainting(name: str, grow: int, vaes: dict[str, Vae], running: Context) -> None:
    """What the mask selects is grey to the encoder; the mask that the sampler gets is a little larger."""
    vae, factor = vaes[name], vaes[name].factor
    pixels, mask = torch.rand(1, 45, 40, 4), torch.zeros(1, 90, 80)
    mask[:, 40:60, 20:50] = 1
    before = pixels.clone()
    found = call("VAEEncodeForInpaint", running, pixels=pixels, vae=vae, mask=mask, grow_mask_by=grow)
    assert torch.equal(pixels, before)
    top, height = 45 % factor // 2, 45 // factor * factor
    hole = functional.interpolate(mask[None], size=(45, 40), mode="bilinear")[..., top : top + height, :].round()
    cut = pixels[:, top : top + height, :, :3]
    greyed = torch.where(hole[0, :, :, :, None] > 0, torch.tensor(0.5), cut)
    assert torch.allclose(found["samples"], vae.encode(greyed), atol=1e-5)
    grown = functional.max_pool2d(functional.pad(hole, (3, 3, 3, 3)), 6, 1) if grow else hole
    assert torch.equal(found["noise_mask"], grown[..., :height, :40])


# Previews


def size_of(jpeg: bytes | None) -> tuple[int, int]:
    assert jpeg is not None
    return Image.open(io.BytesIO(jpeg)).size


def model(latent_format: latents.LatentFormat = latents.SD1) -> Any:
    return SimpleNamespace(latent_format=latent_format)


def sharp(preview: Previewer | None) -> bool:
    assert preview is not None
    return preview._decode is not None


@pytest.mark.parametrize(("method", "is_sharp"), [("auto", False), ("latent2rgb", False), ("taesd", True)])
def test_previews_as_asked_for(method: str, is_sharp: bool, folders: Folders) -> None:
    module = write_pair(folders, "taesd", ("decoder",))
    context = Context(folders=folders, services=Engine("cpu", "fp32", previews=Previews(method, 40)))
    preview, latent = previewer(context, model()), torch.randn(2, 4, 8, 6)
    assert sharp(preview) == is_sharp
    assert preview is not None
    assert size_of(preview(latent)) == (30, 40)
    with torch.no_grad():
        decoded = (module.decode(latent[:1]).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    expected = decoded if is_sharp else latents.SD1.to_rgb(latent[:1])
    assert torch.allclose(preview._pixels(latent[:1]), expected, atol=1e-4)


def test_no_previews(folders: Folders) -> None:
    assert (
        previewer(Context(folders=folders, services=Engine("cpu", "fp32", previews=Previews("none"))), model()) is None
    )


def lacks_it(folders: Folders) -> None:
    write_pair(folders, "taesdxl", ("decoder",))


def is_damaged(folders: Folders) -> None:
    write_pair(folders, "taesd", ("decoder",))
    (folders.root("vae_approx") / "taesd_decoder.safetensors").write_bytes(b"not a file of weights")


def is_anothers(folders: Folders) -> None:
    folders.root("vae_approx").mkdir(parents=True)
    save_file({"x": torch.zeros(2)}, folders.root("vae_approx") / "taesd_decoder.safetensors")


@pytest.mark.parametrize("harm", [lacks_it, is_damaged, is_anothers])
def test_without_the_tiny_decoder_colours_do(
    harm: Callable[[Folders], None], folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    harm(folders)
    context = Context(folders=folders, services=Engine("cpu", "fp32", previews=Previews("taesd")))
    with caplog.at_level(logging.WARNING):
        preview = previewer(context, model())
    assert not sharp(preview)
    assert "taesd_decoder" in caplog.text
    assert size_of(preview(torch.randn(1, 4, 8, 6))) == (48, 64)


def test_a_decoder_that_fails_while_it_runs_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def decode(latent: Tensor) -> Tensor:
        raise ModelError("no room")

    preview = Previewer(latents.SD1, interval=0, decode=decode)
    with caplog.at_level(logging.WARNING):
        assert size_of(preview(torch.randn(1, 4, 8, 8))) == (64, 64)
        assert size_of(preview(torch.randn(1, 4, 8, 8))) == (64, 64)
    assert caplog.text.count("no room") == 1


def test_no_weights_make_way_for_a_preview(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is idle between two steps, and would be read again for each of them."""
    write_pair(folders, "taesd", ("decoder",))
    engine = Engine("cpu", "fp32", previews=Previews("taesd"))
    preview = previewer(Context(folders=folders, services=engine), model())
    assert preview is not None
    monkeypatch.setattr(engine.residency, "reserve", lambda *_: pytest.fail("asked for room"))
    preview(torch.randn(1, 4, 8, 8), last=True)
    assert sharp(preview)
    monkeypatch.setattr("models.vae.memory.free", lambda device: 1000)
    assert size_of(preview(torch.randn(1, 4, 8, 8), last=True)) == (64, 64)
    assert not sharp(preview)


def test_each_familys_tiny_decoder() -> None:
    names = {known.taesd: known.channels for known in (latents.SD1, latents.SDXL, latents.SD3, latents.FLUX)}
    assert names == {"taesd": 4, "taesdxl": 4, "taesd3": 16, "taef1": 16}
    assert latents.PLAYGROUND.taesd == "taesdxl"


@pytest.mark.parametrize("wrong", [("sharp", 512), ("taesd", 0)])
def test_settings_that_are_none(wrong: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match="are none of auto"):
        Previews(*wrong)
