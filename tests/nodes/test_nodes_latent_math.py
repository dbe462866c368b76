"""Arithmetic on latents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from models.compose import feathered_paste
from nodes import latent_math


def latent(count: int = 2, rows: int = 8, columns: int = 12, seed: int = 0, **more: Any) -> Any:
    samples = torch.randn(count, 4, rows, columns, generator=torch.Generator().manual_seed(seed))
    return {"samples": samples, **more}


def test_sums_keep_what_the_first_brings() -> None:
    a, b = latent(seed=1, noise_mask="kept"), latent(seed=2)
    assert torch.equal(latent_math.add(a, b)["samples"], a["samples"] + b["samples"])
    assert torch.equal(latent_math.subtract(a, b)["samples"], a["samples"] - b["samples"])
    assert torch.equal(latent_math.multiply(a, -2.5)["samples"], a["samples"] * -2.5)
    for made in (latent_math.add(a, b), latent_math.subtract(a, b), latent_math.multiply(a, 0.0)):
        assert made["noise_mask"] == "kept"


def test_the_second_is_scaled_and_repeated_to_the_first() -> None:
    three, one = latent(3), {"samples": torch.full((1, 4, 4, 6), 2.0)}
    assert torch.equal(latent_math.add(three, one)["samples"], three["samples"] + 2)
    assert latent_math.add(one, three)["samples"].shape == (1, 4, 4, 6)
    film = {"samples": torch.zeros(1, 4, 5, 8, 12)}
    smaller = {"samples": torch.ones(2, 4, 5, 4, 6)}
    assert torch.equal(latent_math.add(film, smaller)["samples"], torch.ones(1, 4, 5, 8, 12))


@pytest.mark.parametrize("other", [torch.zeros(1, 16, 8, 12), torch.zeros(1, 4, 3, 8, 12)])
def test_latents_of_another_model_are_refused(other: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="does not go together with one of 4 x 8 x 12"):
        latent_math.add(latent(), {"samples": other})


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
def test_interpolating_mixes_directions_and_lengths_apart(ratio: float) -> None:
    a, b = latent(seed=1), latent(seed=2)
    a["samples"][0, :, 0, 0] = 0
    made = latent_math.interpolate(a, b, ratio)["samples"]
    x, y = a["samples"][1, :, 3, 4].double().numpy(), b["samples"][1, :, 3, 4].double().numpy()
    direction = x / np.linalg.norm(x) * ratio + y / np.linalg.norm(y) * (1 - ratio)
    length = np.linalg.norm(x) * ratio + np.linalg.norm(y) * (1 - ratio)
    assert np.allclose(made[1, :, 3, 4], direction / np.linalg.norm(direction) * length, atol=1e-5)
    assert made.isfinite().all(), "a zero vector has no direction"


@pytest.mark.parametrize(("dim", "axis"), [("x", 3), ("-x", 3), ("y", 2), ("-y", 2), ("t", 1), ("-t", 1)])
def test_joining(dim: str, axis: int) -> None:
    a, b = latent(3, seed=1), latent(1, seed=2)
    second = b["samples"].repeat(3, 1, 1, 1)
    order = (second, a["samples"]) if dim[0] == "-" else (a["samples"], second)
    assert torch.equal(latent_math.concat(a, b, dim)["samples"], torch.cat(order, axis))


def test_joining_what_does_not_meet_is_explained() -> None:
    with pytest.raises(ValueError, match=r"4 x 8 x 12 and 4 x 9 x 12 .* cannot be joined along x"):
        latent_math.concat(latent(), latent(rows=9), "x")
    assert latent_math.concat(latent(), latent(rows=9), "y")["samples"].shape == (2, 4, 17, 12)


@pytest.mark.parametrize(
    ("dim", "index", "amount", "taken"),
    [
        ("x", 2, 3, (..., slice(2, 5))),
        ("x", 99, 3, (..., slice(11, 12))),
        ("x", 10, 9999, (..., slice(10, 12))),
        ("y", -3, 2, (..., slice(5, 7), slice(None))),
        ("y", -3, 9, (..., slice(5, 8), slice(None))),
        ("y", -9999, 2, (..., slice(0, 2), slice(None))),
        ("t", 1, 2, (slice(None), slice(1, 3))),
    ],
)
def test_cutting(dim: str, index: int, amount: int, taken: tuple) -> None:
    whole = latent()
    assert torch.equal(latent_math.cut(whole, dim, index, amount)["samples"], whole["samples"][taken])


def test_noise_of_a_batch_is_shared_or_not() -> None:
    assert latent_math.seed_behavior(latent(3), "fixed")["batch_index"] == [0, 0, 0]
    given = latent(2, batch_index=[4, 7])
    assert latent_math.seed_behavior(given, "fixed")["batch_index"] == [4, 4]
    assert "batch_index" not in latent_math.seed_behavior(given, "random")
    assert given["batch_index"] == [4, 7]


def test_regrouping_keeps_noise_and_masks() -> None:
    mask = torch.rand(1, 1, 64, 96)
    a, b = latent(3, seed=1, noise_mask=mask), latent(2, seed=2, batch_index=[8, 9])
    groups = latent_math.rebatch([a, b], [2])
    assert [group["batch_index"] for group in groups] == [[0, 1], [2, 8], [9]]
    assert torch.equal(torch.cat([g["samples"] for g in groups]), torch.cat((a["samples"], b["samples"])))
    assert torch.equal(groups[0]["noise_mask"], mask.repeat(2, 1, 1, 1))
    assert torch.equal(groups[1]["noise_mask"], torch.cat((mask, torch.ones(1, 1, 64, 96))))
    assert "noise_mask" not in groups[2], "a mask of ones says nothing"


def test_regrouping_numbers_on_and_begins_anew_at_another_size() -> None:
    groups = latent_math.rebatch([latent(2), latent(1, 4, 4), latent(3)], [4])
    assert [group["samples"].shape for group in groups] == [(2, 4, 8, 12), (1, 4, 4, 4), (3, 4, 8, 12)]
    assert [group["batch_index"] for group in groups] == [[0, 1], [2], [3, 4, 5]]


def test_regrouping_scales_masks_that_differ() -> None:
    a = latent(1, noise_mask=torch.zeros(1, 1, 8, 12))
    [group] = latent_math.rebatch([a, latent(1)], [2])
    assert group["noise_mask"].shape == (2, 1, 64, 96)
    assert group["noise_mask"].mean((1, 2, 3)).tolist() == [0, 1]


@pytest.mark.parametrize("multiplier", [0.3, 1.0, 100.0])
def test_tonemapping_is_reinhard_s_curve(multiplier: float) -> None:
    given = latent(2)
    made = latent_math.apply_operation(given, latent_math.tonemap_reinhard(multiplier))["samples"]
    x = given["samples"].double().numpy()
    length = np.sqrt((x**2).sum(1, keepdims=True))
    spread = np.stack([one.std(ddof=1) * 5 + one.mean() for one in length]).reshape(2, 1, 1, 1)
    relative = length / (spread * multiplier)
    assert np.allclose(made, x / length * (relative / (1 + relative)) * spread * multiplier, atol=1e-5)


def test_tonemapping_to_nothing_is_nothing() -> None:
    made = latent_math.apply_operation(latent(), latent_math.tonemap_reinhard(0.0))["samples"]
    assert not made.any()


def test_sharpening_keeps_the_lengths_for_the_directions() -> None:
    given = latent(1, 20, 22)
    made = latent_math.apply_operation(given, latent_math.sharpen(3, 0.8, 0.2))["samples"]
    x = given["samples"][0].double().numpy()
    length = np.sqrt((x**2).sum(0)) + 1e-6
    at = np.linspace(-1, 1, 7)
    kernel = np.exp(-(at[:, None] ** 2 + at**2) / (2 * 0.8**2))
    kernel /= kernel.sum()
    for channel in range(4):
        unit = x[channel] / length
        expected = length * (unit + 2 * (unit - ndimage.convolve(unit, kernel, mode="mirror")))
        assert np.allclose(made[0, channel], expected, atol=1e-4)
    with pytest.raises(ValueError, match="a radius of 9 needs more than 9 rows"):
        latent_math.apply_operation(latent(), latent_math.sharpen())


def test_an_operation_takes_more_keywords() -> None:
    given = latent()["samples"]
    assert latent_math.tonemap_reinhard(1.0)(latent=given, sigma=3).shape == given.shape


@pytest.mark.parametrize("feather", [3, 4, 6, 9])
def test_pasting_a_piece_smaller_than_its_feather_goes_by_the_incumbent_s_count(feather: int) -> None:
    under, over = torch.zeros(1, 1, 20, 20), torch.ones(1, 1, 4, 4)
    weights = torch.ones(4)
    for step in range(feather):
        weights[step : step + 1] *= (step + 1) / feather
        weights[3 - step : 4 - step] *= (step + 1) / feather  # which wraps round once step is over 4
    made = feathered_paste(under, over, 10, 10, feather)[0, 0]
    assert torch.allclose(made[10:14, 10:14], weights[:, None] * weights)
    assert not made[:10].any()
