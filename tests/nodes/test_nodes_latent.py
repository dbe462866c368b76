"""Latents."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nodes import latent


def batch(count: int = 2, rows: int = 8, columns: int = 12, **more: Any) -> Any:
    samples = torch.randn(count, 4, rows, columns, generator=torch.Generator().manual_seed(count))
    return {"samples": samples, **more}


def test_empty_latents_are_an_eighth_of_the_picture() -> None:
    assert latent.empty_latent(64, 40, 3)["samples"].shape == (3, 4, 5, 8)
    assert latent.empty_sd3_latent(64, 48, 1)["samples"].shape == (1, 16, 6, 8)


@pytest.mark.parametrize("method", latent.METHODS)
def test_scaling(method: str) -> None:
    bigger = latent.upscale_by(batch(noise_mask="kept"), upscale_method=method, scale_by=1.5)
    assert bigger["samples"].shape == (2, 4, 12, 18)
    assert bigger["noise_mask"] == "kept"
    sized = latent.upscale(batch(), upscale_method=method, width=64, height=80, crop="center")
    assert sized["samples"].shape == (2, 4, 10, 8)


def test_a_size_of_zero_keeps_the_proportions() -> None:
    arguments = {"upscale_method": "bilinear", "crop": "disabled"}
    assert latent.upscale(batch(), width=192, height=0, **arguments)["samples"].shape == (2, 4, 16, 24)
    assert latent.upscale(batch(), width=0, height=128, **arguments)["samples"].shape == (2, 4, 16, 24)
    same = batch()
    assert latent.upscale(same, width=0, height=0, **arguments) is same


def test_repeating_gives_each_its_own_noise_and_mask() -> None:
    masks = torch.rand(2, 1, 64, 96)
    repeated = latent.repeat(batch(noise_mask=masks, batch_index=[3, 5]), 2)
    assert repeated["samples"].shape[0] == 4
    assert torch.equal(repeated["noise_mask"], masks.repeat(2, 1, 1, 1))
    assert repeated["batch_index"] == [3, 5, 6, 8]
    assert "batch_index" not in latent.repeat(batch(), 2)
    one = torch.rand(1, 1, 8, 8)
    assert latent.repeat(batch(noise_mask=one), 3)["noise_mask"] is one
    three = torch.rand(3, 1, 8, 8)
    assert torch.equal(latent.repeat(batch(noise_mask=three), 2)["noise_mask"], torch.cat((three, three)))


def test_taking_out_keeps_the_noise_s_number() -> None:
    five = batch(5, noise_mask=torch.rand(5, 1, 4, 4))
    taken = latent.from_batch(five, 3, 9)
    assert torch.equal(taken["samples"], five["samples"][3:])
    assert torch.equal(taken["noise_mask"], five["noise_mask"][3:])
    assert taken["batch_index"] == [3, 4]
    assert latent.from_batch(taken, 1, 1)["batch_index"] == [4]
    assert latent.from_batch(five, 63, 1)["batch_index"] == [4]


def test_batches_together() -> None:
    both = latent.batch(batch(2), batch(3, 4, 4, batch_index=[7, 8, 9]))
    assert both["samples"].shape == (5, 4, 8, 12)
    assert both["batch_index"] == [0, 1, 7, 8, 9]


def test_pasting_fades_only_where_there_is_something_below() -> None:
    under, over = {"samples": torch.zeros(1, 1, 8, 8)}, {"samples": torch.ones(1, 1, 4, 4)}
    pasted = latent.paste(under, over, x=32, y=0, feather=16)["samples"][0, 0]
    assert pasted[0].tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1], "the left edge fades, the right one is the picture's own"
    assert pasted[:, 7].tolist() == [1, 1, 1, 0.5, 0, 0, 0, 0]
    assert not under["samples"].any()
    outside = latent.paste(under, over, x=640, y=640)["samples"]
    assert not outside.any()


def test_pasting_through_a_mask() -> None:
    under, over = {"samples": torch.zeros(2, 1, 8, 8)}, {"samples": torch.ones(1, 1, 4, 4)}
    mask = torch.zeros(1, 4, 4)
    mask[..., 2:] = 1
    pasted = latent.paste_masked(under, over, 48, 0, mask=mask)["samples"]
    assert pasted[:, 0, 0].tolist() == [[0] * 8] * 2, "the masked half lies beyond the edge"
    assert latent.paste_masked(under, over, 0, 0, True)["samples"].all()


def test_blending_cutting_mirroring_turning() -> None:
    a, b = batch(1), batch(1, 4, 6)
    assert torch.equal(latent.blend(a, b, 1.0)["samples"], a["samples"])
    assert latent.blend(a, b, 0.0)["samples"].shape == a["samples"].shape
    assert torch.equal(
        latent.crop(batch(1, 20, 20), 64, 64, 16, 8)["samples"], batch(1, 20, 20)["samples"][..., 1:9, 2:10]
    )
    assert latent.crop(batch(1, 20, 20), 64, 64, 9999, 9999)["samples"].shape == (1, 4, 8, 8)
    assert torch.equal(latent.flip(a, latent.FLIPS[1])["samples"], a["samples"].flip(3))
    turned = latent.rotate(a, "90 degrees")["samples"]
    assert torch.equal(turned[..., 0, -1], a["samples"][..., 0, 0])


def test_an_inpainting_mask_gets_a_channel() -> None:
    masked = latent.set_noise_mask(batch(), torch.rand(1, 64, 96))
    assert masked["noise_mask"].shape == (1, 1, 64, 96)


@pytest.mark.parametrize("put_together", [latent.batch, latent.paste, latent.paste_masked, latent.blend])
def test_latents_for_different_models_do_not_go_together(put_together: Any) -> None:
    with pytest.raises(ValueError, match="4 channels and the other 16: they were made for different kinds of model"):
        put_together(batch(), latent.empty_sd3_latent(64, 48, 1))
