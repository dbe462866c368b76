"""Pixels and latents: cropping, tiles and their seams, falling back when memory runs out, previews."""

import io
from fractions import Fraction

import pytest
import torch
from PIL import Image

from models import latents
from models.engine import Loaded
from models.preview import Previewer
from models.tiles import thrice, tiled


def enlarge(x: torch.Tensor) -> torch.Tensor:
    return x.repeat_interleave(8, 2).repeat_interleave(8, 3)[:, :3]


@pytest.mark.parametrize("size", [(3, 5), (16, 16), (17, 40), (64, 31)])
@pytest.mark.parametrize("overlap", [0, 2, 4])
def test_tiles_of_work_without_borders_are_the_whole(size: tuple[int, int], overlap: int):
    x = torch.randn(2, 4, *size)
    for join in (tiled(x, enlarge, (16, 12), overlap, Fraction(8), 3), thrice(x, enlarge, 16, overlap, Fraction(8), 3)):
        assert torch.allclose(join, enlarge(x), atol=1e-5)


def test_shrinking_work_in_tiles():
    x = torch.randn(1, 3, 128, 200)
    shrink = torch.nn.AvgPool2d(8)
    assert torch.allclose(tiled(x, shrink, (64, 64), 16, Fraction(1, 8), 3), shrink(x), atol=1e-5)


def test_tiles_are_no_larger_than_asked():
    seen = []
    tiled(torch.zeros(1, 4, 50, 70), lambda t: seen.append(t.shape[-2:]) or enlarge(t), (16, 20), 4, Fraction(8), 3)
    assert max(h for h, _ in seen) == 16
    assert max(w for _, w in seen) == 20


def test_where_two_tiles_meet_the_weights_are_ramps():
    """Two tiles, one dark and one bright: the seam runs straight from one to the other."""
    values = iter([0.0, 1.0])
    found = tiled(torch.zeros(1, 1, 1, 12), lambda t: torch.full_like(t, next(values)), (1, 8), 4, Fraction(1), 1)
    ramp = torch.tensor([1, 2, 3, 4]) / 4
    expected = torch.cat([torch.zeros(4), ramp / (ramp + ramp.flip(0)), torch.ones(4)])
    assert torch.allclose(found.flatten(), expected)


def test_a_picture_within_one_tile_is_decoded_whole(loaded: Loaded):
    latent = torch.randn(2, 4, 6, 5)
    assert torch.allclose(loaded.vae.decode_tiled(latent, 512, 64), loaded.vae.decode(latent), atol=1e-5)


def test_tiled_coding_has_the_right_sizes(loaded: Loaded):
    latent = loaded.vae.encode_tiled(torch.rand(1, 200, 136, 3), tile_size=64, overlap=32)
    assert latent.shape == (1, 4, 25, 17)
    pixels = loaded.vae.decode_tiled(latent, tile_size=64, overlap=32)
    assert pixels.shape == (1, 200, 136, 3)
    assert float(pixels.min()) >= 0
    assert float(pixels.max()) <= 1


def test_alpha_is_ignored_and_inputs_are_left_alone(loaded: Loaded):
    pixels = torch.rand(1, 16, 16, 4)
    before = pixels.clone()
    assert torch.equal(loaded.vae.encode(pixels), loaded.vae.encode(pixels[..., :3]))
    assert torch.equal(pixels, before)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("out of memory")])
def test_tiles_when_memory_runs_out(error: BaseException, loaded: Loaded, monkeypatch: pytest.MonkeyPatch):
    vae, latent = loaded.vae, torch.randn(1, 4, 80, 8)
    whole = type(vae)._decode

    def scarce(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] * x.shape[3] > 64 * 8:
            raise error
        return whole(self, x)

    monkeypatch.setattr(type(vae), "_decode", scarce)
    # 64 x 64 latents are the fallback's tiles; tall ones of 128 x 32 would be refused here, so make them fit
    monkeypatch.setattr("models.vae._FALLBACK_TILE", 256)
    monkeypatch.setattr("models.vae._FALLBACK_OVERLAP", 64)
    assert vae.decode(latent).shape == (1, 640, 64, 3)


def test_tiles_when_memory_runs_out_while_encoding(loaded: Loaded, monkeypatch: pytest.MonkeyPatch):
    vae, pixels = loaded.vae, torch.rand(2, 640, 64, 3)
    whole, sizes = type(vae)._encode, []

    def scarce(self, x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x) * x.shape[2] * x.shape[3])
        if sizes[-1] > 512 * 64:
            raise MemoryError
        return whole(self, x)

    monkeypatch.setattr(type(vae), "_encode", scarce)
    monkeypatch.setattr("models.vae._FALLBACK_TILE", 256)
    monkeypatch.setattr("models.vae._FALLBACK_OVERLAP", 64)
    latent = vae.encode(pixels)
    assert latent.shape == (2, 4, 80, 8)
    assert sizes[0] == 640 * 64
    assert max(sizes[1:]) <= 512 * 64


def test_other_errors_are_not_hidden_by_tiles(loaded: Loaded, monkeypatch: pytest.MonkeyPatch):
    def broken(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("something else")

    monkeypatch.setattr(type(loaded.vae), "_decode", broken)
    with pytest.raises(RuntimeError, match="something else"):
        loaded.vae.decode(torch.randn(1, 4, 8, 8))


def test_latents_scale_back_and_forth():
    x = torch.randn(1, 4, 3, 3)
    assert torch.allclose(latents.SD1.from_model(latents.SD1.to_model(x)), x)
    assert torch.equal(latents.SD1.to_model(x), x * 0.18215)


def test_preview_colours_are_fitted_to_an_unusual_vae():
    """A decoder whose colours are linear in the latent is found exactly."""
    torch.manual_seed(0)
    colours, bias = torch.randn(4, 3) * 0.1, torch.tensor([0.1, 0.0, -0.2])

    def decode(latent: torch.Tensor) -> torch.Tensor:
        pixels = torch.einsum("bchw,cr->brhw", latents.SD1.to_model(latent), colours) + bias[:, None, None]
        return (pixels.repeat_interleave(4, 2).repeat_interleave(4, 3).movedim(1, -1) + 1) / 2

    found = latents.fit_rgb(latents.SD1, decode)
    assert torch.allclose(torch.tensor(found.rgb), colours, atol=1e-4)
    assert torch.allclose(torch.tensor(found.rgb_bias), bias, atol=1e-4)
    assert found.factor == 4


def test_previews_are_small_jpegs_not_too_often(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr("models.preview.time.monotonic", lambda: now[0])
    preview = Previewer(latents.SD1, interval=0.5)
    first = preview(torch.randn(2, 4, 16, 24))
    assert Image.open(io.BytesIO(first)).format == "JPEG"
    assert Image.open(io.BytesIO(first)).size == (192, 128)
    now[0] += 0.4
    assert preview(torch.randn(1, 4, 16, 24)) is None
    assert preview(torch.randn(1, 4, 16, 24), last=True) is not None
    now[0] += 0.6
    assert Image.open(io.BytesIO(preview(torch.randn(1, 4, 200, 100)))).size == (256, 512)
