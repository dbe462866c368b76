"""EasyCache and LazyCache: which steps are skipped, and what stands in for their answers."""

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.conditions import Ready
from models.engine import Loaded
from models.guidance import caches
from models.model import Model
from models.networks.hooks import Pass
from models.options import Options, Start
from models.sampling import ksample

torch.set_num_threads(1)

SIGMAS = [10.0, 8.0, 6.0, 5.0, 4.0, 3.5, 3.0, 2.0, 1.0, 0.5, 0.25, 0.125]
FROM, UNTIL = 6.0, 0.25
"""Levels between which steps may be skipped, the last not among them."""


def inputs(seed: int = 0) -> list[Tensor]:
    """Latents that come to rest: ever smaller changes, but for a jump in between."""
    generator = torch.Generator().manual_seed(seed)
    x, found = torch.randn(1, 4, 16, 16, generator=generator), []
    for step in range(len(SIGMAS)):
        size = 2.0 if step == 8 else 1.0 / (step + 1) ** 2
        x = x + size * torch.randn(x.shape, generator=generator)
        found.append(x)
    return found


def network(x: Tensor) -> Tensor:
    return 1.5 * x + 0.3 * x.abs()


def begun(loaded: Loaded, model: Model, monkeypatch: pytest.MonkeyPatch) -> Options:
    x = torch.zeros(1, 4, 16, 16)
    ready = Ready(loaded.model, x, x, None, 1, torch.tensor(SIGMAS))
    monkeypatch.setattr(caches, "level_at", lambda prediction, percent: percent)  # levels in the percents' place
    return model.options.started(Start(model, ready.sigmas, tuple(x.shape), ready))


def expected_steps(xs: list[Tensor], answers: list[Tensor], threshold: float) -> list[bool]:
    """Which steps are computed, by the rule: changes, relative to the last answer, add up to less than a threshold."""
    computed: list[bool] = []
    last: dict[str, Any] = {}
    total, rate = 0.0, None
    for sigma, x, y in zip(SIGMAS, xs, answers, strict=True):
        if not FROM >= sigma > UNTIL:
            computed.append(True)
            continue
        change = float((x - last["x"])[..., ::8, ::8].abs().mean()) if last else None
        if rate is not None and change is not None:
            total += rate * change / last["size"]
            if total < threshold:
                computed.append(False)
                continue
            total = 0.0
        if last and change is not None:
            rate = float((y - last["y"])[..., ::8, ::8].abs().mean()) / change
        last = {"x": x, "y": y, "size": float(y.abs().mean())}
        computed.append(True)
    return computed


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.4, 3.0])
def test_easy_cache_skips_the_network_while_changes_are_small(loaded: Loaded, monkeypatch, threshold: float):
    model = caches.easy_cache(loaded.model, threshold, FROM, UNTIL)
    (cache,) = begun(loaded, model, monkeypatch).around_forward
    xs = inputs()
    asked: list[bool] = []

    def forward(x: Tensor) -> Tensor:
        asked[-1] = True
        return network(x)

    difference = None
    expected = expected_steps(xs, [network(x) for x in xs], threshold)
    for number, (sigma, x) in enumerate(zip(SIGMAS, xs, strict=True)):
        asked.append(False)
        found = cache(forward, x, Pass(sigma, (0,), parts=(7,), question=number + 1), nn.Identity())
        if asked[-1]:
            difference = network(x) - x
        assert torch.allclose(found, x + difference, atol=1e-6)
    assert asked == expected
    assert all(expected) == (threshold == 0)


def test_one_condition_decides_and_each_has_a_difference_of_its_own(loaded: Loaded, monkeypatch):
    """In one batch; then the same in two passes of one question."""
    for batched in (True, False):
        (cache,) = begun(loaded, caches.easy_cache(loaded.model, 3.0, FROM, UNTIL), monkeypatch).around_forward
        xs = inputs()
        factors = {7: 2.0, 8: -3.0}
        skipped = 0
        differences: dict[int, Tensor] = {}
        for number, (sigma, x) in enumerate(zip(SIGMAS, xs, strict=True)):
            for parts in [(7, 8)] if batched else [(7,), (8,)]:
                asked = []

                def forward(batch: Tensor, parts=parts, asked=asked, factors=factors) -> Tensor:
                    asked.append(True)
                    pieces = batch.chunk(len(parts))
                    return torch.cat([piece * factors[part] for part, piece in zip(parts, pieces, strict=True)])

                run = Pass(sigma, (0, 1)[: len(parts)], parts=parts, question=number + 1)
                found = cache(forward, torch.cat([x] * len(parts)), run, nn.Identity())
                skipped += not asked
                for part, piece in zip(parts, found.chunk(len(parts)), strict=True):
                    if asked:
                        differences[part] = x * factors[part] - x
                    assert torch.allclose(piece, x + differences[part], atol=1e-5)
        assert skipped >= (3 if batched else 6)


def test_a_change_of_shape_forgets_all(loaded: Loaded, monkeypatch):
    (cache,) = begun(loaded, caches.easy_cache(loaded.model, 3.0, FROM, UNTIL), monkeypatch).around_forward
    for number, x in enumerate([torch.ones(1, 4, 16, 16)] * 4 + [torch.ones(1, 4, 24, 16)]):
        found = cache(network, x, Pass(4.0 - number / 10, (0,), parts=(7,), question=number + 1), nn.Identity())
        assert torch.allclose(found, network(x))


def test_only_the_latents_channels_are_looked_at(loaded: Loaded, monkeypatch):
    """What is concatenated to them, for inpainting, is not part of the answer."""
    (cache,) = begun(loaded, caches.easy_cache(loaded.model, 3.0, FROM, UNTIL), monkeypatch).around_forward
    for number, x in enumerate(inputs()):
        wide = torch.cat([x, torch.ones(1, 5, 16, 16)], 1)
        run = Pass(SIGMAS[number], (0,), parts=(7,), question=number + 1)
        assert cache(lambda x: network(x[:, :4]), wide, run, nn.Identity()).shape == x.shape


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.4])
def test_lazy_cache_skips_whole_steps(loaded: Loaded, monkeypatch, threshold: float):
    model = caches.lazy_cache(loaded.model, threshold, FROM, UNTIL)
    (cache,) = begun(loaded, model, monkeypatch).around_step
    xs = inputs()
    computed: list[bool] = []

    def predict(x: Tensor, sigma: Tensor) -> Tensor:
        computed[-1] = True
        return network(x)

    difference = None
    for sigma, x in zip(SIGMAS, xs, strict=True):
        computed.append(False)
        found = cache(predict, x, torch.tensor(sigma))
        difference = network(x) - x if computed[-1] else difference
        assert torch.allclose(found, x + difference, atol=1e-6)
    answers = [network(x) for x in xs]
    assert computed == lazily(xs, answers, threshold)
    assert all(computed) == (threshold == 0)


def lazily(xs: list[Tensor], answers: list[Tensor], threshold: float) -> list[bool]:
    """LazyCache remembers steps before its part of the run, too, and learns a rate in it only."""
    first = next(i for i, sigma in enumerate(SIGMAS) if sigma <= FROM)
    computed = [True] * first
    last, total, rate = first - 1, 0.0, None
    for i in range(first, len(xs)):
        if SIGMAS[i] <= UNTIL:
            computed.append(True)
            continue
        change = float((xs[i] - xs[last])[..., ::8, ::8].abs().mean())
        if rate is not None:
            total += rate * change / float(answers[last].abs().mean())
            if total < threshold:
                computed.append(False)
                continue
            total = 0.0
        rate = float((answers[i] - answers[last])[..., ::8, ::8].abs().mean()) / change
        last = i
        computed.append(True)
    return computed


def test_in_a_run_a_threshold_of_0_changes_nothing_and_a_high_one_does(loaded: Loaded, caplog):
    prompts = loaded.clip.encode("a red house"), loaded.clip.encode("blue")
    settings: dict[str, Any] = {"seed": 4, "steps": 8, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    latent = {"samples": torch.zeros(1, 4, 16, 16)}
    plain = ksample(loaded.model, *prompts, latent, **settings)["samples"]
    for method in (caches.easy_cache, caches.lazy_cache):
        for threshold, same in ((0.0, True), (3.0, False)):
            model = method(loaded.model, threshold, 0.1, 0.9, verbose=threshold > 0)
            with caplog.at_level(logging.INFO):
                first, second = (ksample(model, *prompts, latent, **settings)["samples"] for _ in range(2))
            assert torch.equal(first, plain) == same
            assert torch.equal(first, second), "no run sees what another one kept"
    assert {"EasyCache", "LazyCache"} <= {record.getMessage().split(":")[0] for record in caplog.records}
