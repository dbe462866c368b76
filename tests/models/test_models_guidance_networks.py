"""What guidance and patches do inside networks, on tiny ones: against formulas, other libraries, and networks whose
weights were changed to the same effect.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from models.conditions import Ready
from models.engine import Engine, Loaded
from models.errors import ModelError
from models.guidance import deep_shrink, freeu, perturbed, tokens
from models.model import Model
from models.networks import unet_blocks
from models.networks.attention import attend
from models.networks.hooks import Pass, Place, Where
from models.networks.mmdit import Mmdit
from models.options import Start
from models.sampling import ksample
from tests.models.conftest import filled, in_layout

torch.set_num_threads(1)

SETTINGS: dict[str, Any] = {"seed": 4, "steps": 2, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
SD3 = Mmdit(64, 3, 16, 16, 2, 24, 16, 64, normalised=True)
STEP = {**SETTINGS, "steps": 1}


@pytest.fixture(scope="module")
def prompts(loaded: Loaded) -> tuple[list, list]:
    return loaded.clip.encode("a red house"), loaded.clip.encode("blue")


def empty(channels: int = 4, height: int = 16, width: int = 16, count: int = 1) -> dict[str, Tensor]:
    return {"samples": torch.zeros(count, channels, height, width)}


def drawn(model: Model, prompts: tuple[list, list], latent=None, **settings: Any) -> Tensor:
    samples = ksample(model, *prompts, latent or empty(), **{**SETTINGS, **settings})["samples"]
    return model.latent_format.to_model(samples)


def close(a: Tensor, b: Tensor, atol: float = 2e-3) -> bool:
    return torch.allclose(a, b, atol=atol, rtol=1e-3)


def first_latent(model: Model) -> tuple[Tensor, Tensor]:
    """What a run of these settings begins with, and its level."""
    sigma = torch.tensor(model.prediction.sigma_max)
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(4))
    return noise * (1 + sigma**2).sqrt(), sigma


# Guidance away from a spoiled answer


def in_the_middle(q: Tensor, k: Tensor) -> bool:
    """In a picture of 16 x 16, halved twice."""
    return q.shape[1] == k.shape[1] == 16


def test_perturbed_attention(loaded: Loaded, prompts, monkeypatch: pytest.MonkeyPatch):
    plain = drawn(loaded.model, prompts, **STEP)
    assert torch.equal(drawn(perturbed.perturbed_attention(loaded.model, 0.0), prompts, **STEP), plain)
    found = drawn(perturbed.perturbed_attention(loaded.model, 2.0), prompts, **STEP)
    x, sigma = first_latent(loaded.model)
    cond = loaded.model.denoise(x, sigma, {"context": prompts[0][0][0]})
    monkeypatch.setattr(unet_blocks, "attend", lambda q, k, v, *_: v if in_the_middle(q, k) else attend(q, k, v, *_))
    blind = loaded.model.denoise(x, sigma, {"context": prompts[0][0][0]})
    assert not close(cond, blind)
    assert close(found, plain + 2.0 * (cond - blind))


def test_perturbed_attention_works_without_a_negative_prompt(loaded: Loaded, prompts):
    once = {**STEP, "cfg": 1.0}
    plain, found = (drawn(m, prompts, **once) for m in (loaded.model, perturbed.perturbed_attention(loaded.model, 2.0)))
    assert found.isfinite().all()
    assert not close(plain, found)


def test_self_attention_guidance(loaded: Loaded, prompts, monkeypatch: pytest.MonkeyPatch):
    from kornia.filters import gaussian_blur2d

    plain = drawn(loaded.model, prompts, **STEP)
    assert close(drawn(perturbed.self_attention(loaded.model, 0.0, 2.0), prompts, **STEP), plain)
    found = drawn(perturbed.self_attention(loaded.model, 0.5, 2.0), prompts, **STEP)
    x, sigma = first_latent(loaded.model)
    received: list[Tensor] = []

    def watched(q: Tensor, k: Tensor, v: Tensor, heads: int, *rest: Any) -> Tensor:
        if in_the_middle(q, k):
            by_head = [(a @ b.T / a.shape[-1] ** 0.5).softmax(-1) for a, b in zip(
                q[0].chunk(heads, -1), k[0].chunk(heads, -1), strict=True)]  # fmt: skip
            received.append(torch.stack(by_head).mean(0).sum(0))
        return attend(q, k, v, heads, *rest)

    monkeypatch.setattr(unet_blocks, "attend", watched)
    negative = {"context": prompts[1][0][0]}
    uncond = loaded.model.denoise(x, sigma, negative)
    mask = (received[0] > 1).float().reshape(1, 1, 4, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert 0 < mask.mean() < 1
    blurred = gaussian_blur2d(uncond, (9, 9), (2.0, 2.0), border_type="reflect") * mask + uncond * (1 - mask)
    answer = loaded.model.denoise(blurred + x - uncond, sigma, negative)
    assert close(found, plain + 0.5 * (blurred - answer))


def test_tiny_latents_are_left_alone_by_self_attention_guidance(loaded: Loaded, prompts):
    latent = empty(height=4)
    model = perturbed.self_attention(loaded.model, 0.5, 2.0)
    assert torch.equal(drawn(model, prompts, latent), drawn(loaded.model, prompts, latent))


@pytest.fixture(scope="module")
def sd3(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Model]:
    """A transformer, and the same one with its second block made to do nothing: all it adds is times 0."""
    from safetensors.torch import save_file

    tensors = in_layout(SD3, filled(SD3), "")
    folder = tmp_path_factory.mktemp("sd3")
    save_file(tensors, folder / "whole.safetensors")
    for block in ("x_block", "context_block"):
        for part in ("weight", "bias"):
            name = f"joint_blocks.1.{block}.adaLN_modulation.1.{part}"
            changed = tensors[name].clone()
            for gate in (2, 5):
                changed[gate * 64 : (gate + 1) * 64] = 0
            tensors[name] = changed
    save_file(tensors, folder / "skipping.safetensors")
    return engine.load_model(folder / "whole.safetensors"), engine.load_model(folder / "skipping.safetensors")


@pytest.fixture(scope="module")
def sd3_prompts() -> tuple[list, list]:
    return tuple(
        [[torch.randn(1, 5, 24, generator=g), {"pooled_output": torch.randn(1, 16, generator=g)}]]
        for g in (torch.Generator().manual_seed(seed) for seed in (1, 2))
    )  # type: ignore[return-value]


def test_skipped_layers(sd3: tuple[Model, Model], sd3_prompts):
    model = sd3[0]
    latent = empty(16, 8, 8)
    at_one = {**STEP, "cfg": 1.0}
    plain, without = (drawn(m, sd3_prompts, latent, **at_one) for m in sd3)
    assert not close(plain, without)
    guided = perturbed.skip_layers(model, [1], [], 2.0, 0.0, 1.0)
    assert close(drawn(guided, sd3_prompts, latent, **at_one), plain + 2.0 * (plain - without))
    result = plain + 2.0 * (plain - without)
    rescaled = perturbed.skip_layers(model, [1], [], 2.0, 0.0, 1.0, rescale=0.6)
    factor = 0.6 * plain.std() / result.std() + 0.4
    assert close(drawn(rescaled, sd3_prompts, latent, **at_one), result * factor)
    late = perturbed.skip_layers(model, [1], [], 2.0, 0.9, 1.0)
    assert torch.equal(drawn(late, sd3_prompts, latent, **at_one), plain)
    assert perturbed.skip_layers(model, [], [], 2.0, 0.0, 1.0) is model


def test_skipped_layers_of_the_negative_prompt(sd3: tuple[Model, Model], sd3_prompts):
    model, skipping = sd3
    latent = empty(16, 8, 8)
    simple = perturbed.skip_layers_of_negative(model, [1], [], 0.0, 1.0)
    cond = drawn(model, sd3_prompts, latent, **{**STEP, "cfg": 1.0})
    uncond = drawn(skipping, sd3_prompts[::-1], latent, **{**STEP, "cfg": 1.0})
    assert close(drawn(simple, sd3_prompts, latent, **STEP), uncond + 3.0 * (cond - uncond))
    late = perturbed.skip_layers_of_negative(model, [1], [], 0.9, 1.0)
    assert torch.equal(drawn(late, sd3_prompts, latent, **STEP), drawn(model, sd3_prompts, latent, **STEP))


def test_numbers_are_found_in_any_text():
    assert perturbed.numbers("7, 8,9 and 10") == (7, 8, 9, 10)
    assert perturbed.numbers("none") == ()


# The way up


OUTPUT = Place("output", 0)


def where(place: Place = OUTPUT, shape: tuple[int, ...] = (1, 4, 8, 8), sigma: float = 1.0) -> Where:
    return Where(Pass(sigma, (0,), shape), place)


@pytest.mark.parametrize(("channels", "b", "s"), [(128, 1.3, 0.9), (64, 1.4, 0.2)])
def test_freeu_is_that_of_diffusers(loaded: Loaded, channels: int, b: float, s: float):
    from diffusers.utils.torch_utils import fourier_filter

    h, skip = torch.randn(2, channels, 8, 6), torch.randn(2, 48, 8, 6)
    first, second = (
        method(loaded.model, 1.3, 1.4, 0.9, 0.2).options.hooks.output_block[0](h, skip, where())
        for method in (freeu.freeu, freeu.freeu_v2)
    )
    half = channels // 2
    assert close(first[0], torch.cat([h[:, :half] * b, h[:, half:]], 1), 1e-5)
    for found in (first, second):
        assert close(found[1], fourier_filter(skip, threshold=1, scale=s), 1e-5)
    for picture in range(2):
        mean = h[picture].mean(0)
        share = (mean - mean.min()) / (mean.max() - mean.min())
        assert close(second[0][picture, :half], h[picture, :half] * (1 + (b - 1) * share), 1e-5)
        assert torch.equal(second[0][picture, half:], h[picture, half:])


def test_freeu_leaves_other_widths_alone_and_ones_change_nothing(loaded: Loaded, prompts):
    h, skip = torch.randn(1, 96, 4, 4), torch.randn(1, 32, 4, 4)
    (hook,) = freeu.freeu(loaded.model, 2.0, 2.0, 0.1, 0.1).options.hooks.output_block
    assert hook(h, skip, where()) == (h, skip)
    plain = drawn(loaded.model, prompts)
    for method in (freeu.freeu, freeu.freeu_v2):
        assert close(drawn(method(loaded.model, 1.0, 1.0, 1.0, 1.0), prompts), plain)
        assert not close(drawn(method(loaded.model, 1.3, 1.4, 0.9, 0.2), prompts), plain)


def test_freeu_on_a_transformer_is_refused(sd3: tuple[Model, Model]):
    with pytest.raises(ModelError, match="FreeU works on UNets"):
        freeu.freeu(sd3[0], 1.1, 1.2, 0.9, 0.2)


def test_deep_shrink(loaded: Loaded, prompts):
    def hooks(after_skip: bool, start: float = 0.0, end: float = 0.35):
        model = deep_shrink.deep_shrink(loaded.model, 3, 2.0, start, end, after_skip, "bilinear", "nearest-exact")
        return model.options.hooks

    high = float(loaded.model.prediction.sigma_max)
    shrink = hooks(True).input_block_after_skip[0]
    h = torch.randn(1, 8, 6, 10)
    small = shrink(h, where(Place("input", 3), sigma=high))
    assert close(small, torch.nn.functional.interpolate(h, size=(3, 5), mode="bilinear"), 1e-6)
    assert shrink(h, where(Place("input", 2), sigma=high)) is h
    assert shrink(h, where(Place("input", 3), sigma=0.1)) is h
    assert hooks(True).input_block == ()
    assert hooks(False).input_block_after_skip == ()
    grow = hooks(True).output_block[0]
    grown, skip = grow(small, h, where())
    assert skip is h
    assert close(grown, torch.nn.functional.interpolate(small, size=(6, 10), mode="nearest-exact"), 1e-6)
    for after_skip in (True, False):
        shrunk = deep_shrink.deep_shrink(loaded.model, 2, 2.0, 0.0, 0.5, after_skip, "bislerp", "bicubic")
        found = drawn(shrunk, prompts)
        assert found.isfinite().all()
        assert not close(found, drawn(loaded.model, prompts))


# Fewer tokens


def begun(loaded: Loaded, model: Model, shape: tuple[int, ...], seed: int = 9):
    noise = torch.zeros(shape)
    ready = Ready(loaded.model, noise, noise, None, seed, torch.tensor([9.0, 0.0]))
    return model.options.started(Start(model, ready.sigmas, shape, ready)).hooks


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 24)])
def test_hypertile_attends_in_tiles(loaded: Loaded, height: int, width: int):
    shape = (1, 4, height, width)
    hooks = begun(loaded, tokens.hypertile(loaded.model, 32, 3, 0, False), shape)
    torch.manual_seed(9)
    torch.randn(shape)
    counts = {16: [4, 2, 1], 24: [6, 4, 3]}  # tiles of 4, 8, 16, and of 4, 6, 8
    rows, columns = width, height  # in the incumbent's order
    down, across = (counts[side][int(torch.randint(0, 2, (1,)))] for side in (rows, columns))
    q, k, v = (torch.randn(1, height * width, 32) for _ in range(3))
    at = Where(Pass(1.0, (0,), shape), Place("input", 1))
    found = attend(*hooks.attn1_in[0](q, k, v, at), heads=2)
    found = hooks.attn1_out[0](found, at)
    expected = torch.empty_like(q)
    part = height * width // (down * across)
    numbers = torch.arange(height * width).reshape(rows, columns)
    tile = 0
    for i in range(down):
        for j in range(across):
            mine = numbers[
                i * rows // down : (i + 1) * rows // down, j * columns // across : (j + 1) * columns // across
            ]
            keys = slice(tile * part, (tile + 1) * part)
            expected[:, mine.flatten()] = attend(q[:, mine.flatten()], k[:, keys], v[:, keys], heads=2)
            tile += 1
    assert tile > 1
    assert close(found, expected, 1e-5)


def test_hypertile_leaves_small_pictures_and_deeper_levels_alone(loaded: Loaded, prompts):
    model = tokens.hypertile(loaded.model, 256, 2, 0, False)
    assert torch.equal(drawn(model, prompts), drawn(loaded.model, prompts))
    tiled = tokens.hypertile(loaded.model, 32, 2, 2, True)
    assert drawn(tiled, prompts).isfinite().all()
    assert not close(drawn(tiled, prompts), drawn(loaded.model, prompts))
    hooks = begun(loaded, tokens.hypertile(loaded.model, 32, 2, 1, True), (1, 4, 32, 32))
    q = torch.randn(1, 64, 32)
    assert hooks.attn1_in[0](q, q, q, Where(Pass(1.0, (0,), (1, 4, 32, 32)), Place("input", 1)))[0] is q


def merged_by_hand(x: Tensor, kept: list[int], away: int) -> tuple[Tensor, dict[int, int]]:
    """Tokens x (n, c) after merging, by the number of each, and into which token each of the others went."""
    others = [i for i in range(len(x)) if i not in kept]
    unit = x / x.norm(dim=-1, keepdim=True)
    best = {i: max(kept, key=lambda j: float(unit[i] @ unit[j])) for i in others}
    order = sorted(others, key=lambda i: -float(unit[i] @ unit[best[i]]))[:away]
    into = {i: best[i] for i in order}
    means = x.clone()
    for j in kept:
        means[j] = torch.stack([x[j], *(x[i] for i in order if into[i] == j)]).mean(0)
    return means, into


@pytest.mark.parametrize(("height", "width", "ratio"), [(4, 6, 0.3), (5, 7, 0.5), (4, 4, 1.0)])
def test_tokens_that_are_alike_are_merged(loaded: Loaded, height: int, width: int, ratio: float):
    shape = (2, 4, height, width)
    hooks = begun(loaded, tokens.merge_tokens(loaded.model, ratio), shape)
    torch.manual_seed(9)
    torch.randn(shape)
    chosen = torch.randint(4, (height // 2, width // 2, 1))[..., 0]
    kept = [
        (2 * i + int(chosen[i, j]) // 2) * width + 2 * j + int(chosen[i, j]) % 2
        for i in range(height // 2)
        for j in range(width // 2)
    ]
    q = torch.randn(2, height * width, 8)
    at = Where(Pass(1.0, (0,), shape), Place("input", 1))
    few, k, v = hooks.attn1_in[0](q, q, q, at)
    assert k is v is q
    away = min(int(height * width * ratio), height * width - len(kept))
    assert few.shape[1] == height * width - away
    back = hooks.attn1_out[0](few * 3 + 1, at)
    for picture in range(2):
        means, into = merged_by_hand(q[picture], kept, away)
        for token in range(height * width):
            assert close(back[picture, token], means[into.get(token, token)] * 3 + 1, 1e-5)


def test_merging_is_off_at_ratio_0_and_away_from_full_size(loaded: Loaded, prompts):
    assert torch.equal(drawn(tokens.merge_tokens(loaded.model, 0.0), prompts), drawn(loaded.model, prompts))
    found = drawn(tokens.merge_tokens(loaded.model, 0.5), prompts)
    assert not close(found, drawn(loaded.model, prompts))
    assert torch.equal(found, drawn(tokens.merge_tokens(loaded.model, 0.5), prompts)), "a seed is a picture"
    hooks = begun(loaded, tokens.merge_tokens(loaded.model, 0.5), (1, 4, 16, 16))
    q = torch.randn(1, 64, 32)
    assert hooks.attn1_in[0](q, q, q, Where(Pass(1.0, (0,), (1, 4, 16, 16)), Place("input", 4)))[0] is q
