"""Autoencoders in the layouts of the published files, against diffusers' own, and what is no VAE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.detect import detect_vae
from models.engine import Engine
from models.errors import CheckpointError
from models.files import open_weights
from models.latents import SD1, SD3, SDXL, TINY
from models.networks.taesd import DECODER, ENCODER, Half, Taesd
from models.networks.vae import VaeNetwork
from tests.models.conftest import VAE, filled, in_layout

torch.set_num_threads(1)

KINDS = {
    "sd1, sd2, sdxl": VAE,
    "sd3, flux": replace(VAE, latent_channels=16, quantised=False),
    "two res-blocks a level": VaeNetwork((32, 64), 2, 4, True),
    "without attention": replace(VAE, attends=False),
}


def theirs(sizes: VaeNetwork) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=list(sizes.channels),
        layers_per_block=sizes.resnets,
        down_block_types=["DownEncoderBlock2D"] * len(sizes.channels),
        up_block_types=["UpDecoderBlock2D"] * len(sizes.channels),
        latent_channels=sizes.latent_channels,
        use_quant_conv=sizes.quantised,
        use_post_quant_conv=sizes.quantised,
        mid_block_add_attention=sizes.attends,
    ).eval()


def to_diffusers(native: dict[str, Tensor], sizes: VaeNetwork) -> AutoencoderKL:
    """By diffusers' own converter."""
    module = theirs(sizes)
    converted = convert_ldm_vae_checkpoint(dict(native), dict(module.config))
    expected = module.state_dict()
    module.load_state_dict({name: converted[name].reshape(value.shape) for name, value in expected.items()})
    assert converted.keys() == expected.keys()
    return module


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["first_stage_model.", "vae.", ""])
def test_single_files_agree_with_diffusers(kind: str, prefix: str, write: Callable[..., Path], engine: Engine) -> None:
    sizes = KINDS[kind]
    native = in_layout(sizes, filled(sizes, 3), "")
    vae = engine.load_vae(write({prefix + name: value for name, value in native.items()}))
    assert vae.network == sizes
    check(vae, to_diffusers(native, sizes), sizes)


def check(vae, expected: AutoencoderKL, sizes: VaeNetwork) -> None:
    factor = 2 ** (len(sizes.channels) - 1)
    latent = torch.randn(2, sizes.latent_channels, 6, 5)
    pixels = torch.rand(2, 5 * factor + 3, 4 * factor, 3)
    rows = pixels.shape[1] // factor * factor
    top = (pixels.shape[1] - rows) // 2
    with torch.no_grad():
        decoded = (expected.decode(latent).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
        encoded = expected.encode(pixels[:, top : top + rows].movedim(-1, 1) * 2 - 1).latent_dist.mean
    assert vae.decode(latent).shape == (2, 6 * factor, 5 * factor, 3)
    assert torch.allclose(vae.decode(latent), decoded, atol=1e-4)
    assert torch.allclose(vae.encode(pixels), encoded, atol=1e-4)
    assert float(decoded.std()) > 0.05, "a flat picture would agree with anything"
    assert float(encoded.std()) > 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("old", [False, True])
def test_diffusers_files_agree_with_diffusers(kind: str, old: bool, write: Callable[..., Path], engine: Engine) -> None:
    """old: the names that attention had before diffusers 0.18."""
    expected = theirs(KINDS[kind])
    expected.load_state_dict(noisy(expected))
    tensors = expected.state_dict()
    if old:
        for new, was in {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}.items():
            tensors = {name.replace(f"attentions.0.{new}.", f"attentions.0.{was}."): v for name, v in tensors.items()}
    vae = engine.load_vae(write(tensors, "diffusion_pytorch_model.safetensors"))
    assert vae.component.layout == "diffusers"
    check(vae, expected, KINDS[kind])


def noisy(module: nn.Module) -> dict[str, Tensor]:
    """Weights of the usual size for each of its parameters, none at zero."""
    generator = torch.Generator().manual_seed(5)
    found: dict[str, Tensor] = {}
    for name, value in module.state_dict().items():
        noise = torch.randn(value.shape, generator=generator)
        if value.dim() > 1:
            found[name] = noise / value[0].numel() ** 0.5
        else:
            found[name] = noise * 0.1 + (1 if "norm" in name and name.endswith("weight") else 0)
    return found


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_pickles_of_any_precision(dtype: torch.dtype, tmp_path: Path, engine: Engine) -> None:
    native = {name: value.to(dtype) for name, value in in_layout(VAE, filled(VAE, 4), "").items()}
    path = tmp_path / "kl-f8.vae.pt"
    torch.save({"state_dict": native | {"loss.logvar": torch.zeros(1)}, "global_step": 3}, path)
    check(engine.load_vae(path), to_diffusers({name: value.float() for name, value in native.items()}, VAE), VAE)


def test_a_checkpoint_in_the_place_of_a_vae_gives_its_own(sd1: Path, engine: Engine) -> None:
    latent = torch.randn(1, 4, 4, 4)
    assert torch.equal(engine.load_vae(sd1).decode(latent), engine.load_checkpoint(sd1).vae.decode(latent))


@pytest.mark.parametrize("layout", ["native", "diffusers"])
def test_a_vae_in_the_place_of_a_checkpoint_is_told(layout: str, write: Callable[..., Path], engine: Engine) -> None:
    tensors = in_layout(VAE, filled(VAE), "") if layout == "native" else noisy(theirs(VAE))
    with pytest.raises(CheckpointError, match="this is a VAE; use Load VAE"):
        engine.load_checkpoint(write(tensors))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda t: [t.pop(n) for n in sorted(t) if n.startswith("encoder.mid.b")], "lacks 16 tensors: .* and 11 more"),
        (lambda t: [t.pop(f"decoder.conv_in.{kind}") for kind in ("weight", "bias")], "lacks decoder.conv_in.weight"),
        (lambda t: t.update({f"extra.{n}": torch.zeros(1) for n in range(6)}), "6 tensors: extra.0, .* and 1 more"),
        (lambda t: t.update({"encoder.conv_in.bias": torch.zeros(7)}), r"another shape 1 tensors: .*\[7\] for \[32\]"),
        (lambda t: [t.pop(name) for name in list(t) if name.startswith("encoder.")], "lacks [0-9]+ tensors: encoder."),
        (lambda t: t["decoder.norm_out.weight"].fill_(float("inf")), "values that are no numbers"),
        (lambda t: t.update({"decoder.conv_in.weight": torch.zeros(64, 4, 3, 3, 3)}), "not one for pictures"),
    ],
)
def test_damaged_files(harm: Callable[[dict[str, Tensor]], object], sentence: str, write, engine: Engine) -> None:
    tensors = in_layout(VAE, filled(VAE), "")
    harm(tensors)
    with pytest.raises(CheckpointError, match=sentence):
        engine.load_vae(write(tensors, "damaged.safetensors"))


# TAESD


def tiny(latent_channels: int = 4, width: int = 16) -> AutoencoderTiny:
    module = AutoencoderTiny(
        encoder_block_out_channels=[width] * 4, decoder_block_out_channels=[width] * 4, latent_channels=latent_channels
    )
    module.load_state_dict(noisy(module))
    return module.eval()


def published(module: AutoencoderTiny) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The two halves in the published files' names: the decoder's numbers count its clamp."""
    encoder = {name.removeprefix("layers."): value for name, value in module.encoder.state_dict().items()}
    decoder: dict[str, Tensor] = {}
    for name, value in module.decoder.state_dict().items():
        number, _, rest = name.removeprefix("layers.").partition(".")
        decoder[f"{int(number) + 1}.{rest}"] = value
    return encoder, decoder


def check_tiny(vae, expected: AutoencoderTiny, scale: float, shift: float) -> None:
    """Latents at sockets are the family's VAE's; the tiny one works on those of its model."""
    latent = torch.randn(2, expected.config.latent_channels, 3, 4) / scale + shift
    pixels = torch.rand(2, 24, 32, 4)
    with torch.no_grad():
        decoded = (expected.decode((latent - shift) * scale).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
        encoded = expected.encode(pixels[..., :3].movedim(-1, 1) * 2 - 1).latents / scale + shift
    assert torch.allclose(vae.decode(latent), decoded, atol=1e-4)
    assert torch.allclose(vae.encode(pixels), encoded, atol=1e-4 / scale)
    assert float(decoded.std()) > 0.05
    assert vae.factor == 8


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("layout", ["published", "diffusers", "pickle"])
def test_a_pair_agrees_with_diffusers(name: str, layout: str, tmp_path: Path, engine: Engine) -> None:
    module = tiny(TINY[name].channels)
    halves = published(module)
    if layout == "diffusers":
        both = module.state_dict()
        halves = tuple({k: v for k, v in both.items() if k.startswith(part)} for part in ("encoder.", "decoder."))
    suffix = ".pth" if layout == "pickle" else ".safetensors"
    paths = [tmp_path / f"{name}_{half}{suffix}" for half in ("encoder", "decoder")]
    for tensors, path in zip(halves, paths, strict=True):
        torch.save(tensors, path) if layout == "pickle" else save_file(tensors, path)
    expected = {
        "taesd": (0.18215, 0.0),
        "taesdxl": (0.13025, 0.0),
        "taesd3": (1.5305, 0.0609),
        "taef1": (0.3611, 0.1159),
    }
    check_tiny(engine.load_tiny_vae(name, *paths), module, *expected[name])


def test_one_file_with_both_halves_says_how_it_scales(write: Callable[..., Path], engine: Engine) -> None:
    module = tiny(16)
    encoder, decoder = published(module)
    tensors = {ENCODER + name: value for name, value in encoder.items()}
    tensors |= {DECODER + name: value for name, value in decoder.items()}
    marks = {"vae_scale": torch.tensor(0.5), "vae_shift": torch.tensor(0.25)}
    check_tiny(engine.load_vae(write(tensors | marks)), module, 0.5, 0.25)


def test_diffusers_one_file_is_told_by_its_name(write: Callable[..., Path], engine: Engine) -> None:
    module = tiny(4)
    check_tiny(engine.load_vae(write(module.state_dict(), "taesdxl.safetensors")), module, SDXL.scale, 0)
    with pytest.raises(CheckpointError, match="Rename it so that its name begins with taesd, taesdxl, taesd3 or taef1"):
        engine.load_vae(write(module.state_dict(), "diffusion_pytorch_model.safetensors"))
    with pytest.raises(CheckpointError, match="for latents of 4 channels, and taesd3 has 16"):
        engine.load_vae(write(module.state_dict(), "taesd3.safetensors"))


def test_pairs_that_are_none(write: Callable[..., Path], engine: Engine) -> None:
    encoder, decoder = published(tiny())
    paths = write(encoder, "taesd_encoder.safetensors"), write(decoder, "taesd_decoder.safetensors")
    with pytest.raises(CheckpointError, match="holds no encoder of a tiny autoencoder"):
        engine.load_tiny_vae("taesd", write(in_layout(VAE, filled(VAE), ""), "e.safetensors"), paths[1])
    with pytest.raises(CheckpointError, match="taef1 has 16"):
        engine.load_tiny_vae("taef1", *paths)
    decoder.pop("3.conv.0.bias")
    with pytest.raises(CheckpointError, match=r"lacks 1 tensors: taesd_decoder\.3\.conv\.0\.bias"):
        engine.load_tiny_vae("taesd", paths[0], write(decoder, "taesd_decoder.safetensors"))


@pytest.mark.parametrize("layout", ["published", "diffusers"])
def test_a_preview_decoder_takes_the_models_latents(layout: str, write: Callable[..., Path], engine: Engine) -> None:
    module = tiny()
    tensors = published(module)[1] if layout == "published" else module.state_dict()
    decoder = engine.load_preview_decoder(write(tensors, "taesd_decoder.safetensors"), SD1)
    latent = torch.randn(1, 4, 3, 4)
    with torch.no_grad():
        expected = (module.decode(latent).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(decoder.decode(latent), expected, atol=1e-4)
    with pytest.raises(CheckpointError, match="the model's latents have 16"):
        engine.load_preview_decoder(write(tensors, "taesd_decoder.safetensors"), SD3)


def test_the_published_sizes_of_taesd() -> None:
    """taesd_encoder and taesd_decoder have 1.22 million numbers each."""
    sizes = Taesd(latent_channels=4, width=64, encoder=Half(ENCODER), decoder=Half(DECODER))
    with torch.device("meta"):
        module = sizes.build()
    assert sum(p.numel() for p in module.taesd_encoder.parameters()) == 1_222_532
    assert sum(p.numel() for p in module.taesd_decoder.parameters()) == 1_222_531
    assert {name: tuple(v.shape) for name, v in AutoencoderTiny().encoder.layers.state_dict().items()} == {
        name: tuple(v.shape) for name, v in module.taesd_encoder.state_dict().items()
    }


def test_detecting_reads_no_weights(write: Callable[..., Path]) -> None:
    path = write(in_layout(VAE, filled(VAE), "first_stage_model."))
    assert detect_vae(open_weights(path)).size(torch.float16) == 2 * sum(v.numel() for v in load_file(path).values())
