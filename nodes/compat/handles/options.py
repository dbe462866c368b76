# pyright: basic
# The shape of ComfyUI's data: functions and dicts of packs, called as they expect it.
"""A pack's `model_options` as `models.options.Options`, and back.

Both are the same list of functions, in one order. A pack's function is wrapped to be called as ComfyUI calls it, one of
the engine's own so that a pack may call it; each is told by its wrapper, so that nothing is wrapped twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from models.networks.hooks import Pass
from models.options import Apply, Guidance, Options
from nodes.compat.handles import conds, hooks
from nodes.compat.host import running
from nodes.compat.stand_in import NotSupported

KNOWN = frozenset(
    {
        "transformer_options",
        "sampler_cfg_function",
        "sampler_pre_cfg_function",
        "sampler_post_cfg_function",
        "sampler_calc_cond_batch_function",
        "model_function_wrapper",
        "denoise_mask_function",
        "disable_cfg1_optimization",
    }
)
ATTENTION = "optimized_attention_override"


def level(sigma: Any) -> Tensor:
    """The one noise level of a step, as the engine has it: a scalar on the CPU."""
    found = torch.as_tensor(sigma, dtype=torch.float32).reshape(-1)
    return found[0].cpu()


def each(sigma: Tensor, x: Tensor) -> Tensor:
    """A level for each picture, (b,), as ComfyUI's functions get it."""
    return sigma.to(x.device, torch.float32).reshape(-1)[:1].expand(len(x)).clone()


# A pack's functions, as the engine calls them


@dataclass(frozen=True)
class OfPack:
    function: Callable[..., Any]


def told(guidance: Guidance) -> dict[str, Any]:
    """What all functions of guidance are told."""
    from nodes.compat.handles.inner import running_model

    model = running_model(guidance)
    sigma = each(guidance.sigma, guidance.x)
    return {
        "input": guidance.x,
        "sigma": sigma,
        "timestep": sigma,
        "cond_scale": guidance.cfg,
        "model": model,
        "model_options": model.options_now(),
        "easel_guidance": guidance,
    }


class Cfg(OfPack):
    def __call__(self, guidance: Guidance) -> Tensor:
        x, cond, uncond = guidance.x, guidance.cond, guidance.uncond
        more = {"cond": x - cond, "uncond": x - uncond, "cond_denoised": cond, "uncond_denoised": uncond}
        return x - self.function({**told(guidance), **more})


class PreCfg(OfPack):
    def __call__(self, guidance: Guidance) -> Sequence[Tensor]:
        sides = [conds.entries_of(side) for side in guidance.sides]
        return self.function({**told(guidance), "conds": sides, "conds_out": list(guidance.answers)})


class PostCfg(OfPack):
    def __call__(self, guidance: Guidance, denoised: Tensor) -> Tensor:
        sides = [conds.entries_of(side) for side in guidance.sides]
        more = {
            "denoised": denoised,
            "cond": sides[0],
            "uncond": sides[1] if len(sides) > 1 else None,
            "cond_denoised": guidance.cond,
            "uncond_denoised": guidance.uncond,
        }
        return self.function({**told(guidance), **more})


class Ask(OfPack):
    def __call__(self, guidance: Guidance) -> Sequence[Tensor]:
        return self.function({**told(guidance), "conds": [conds.entries_of(side) for side in guidance.sides]})


class Around(OfPack):
    """`model_function_wrapper`: (the model's pass, {"input", "timestep", "c", "cond_or_uncond"}) -> denoised."""

    def __call__(self, inner: Apply, x: Tensor, sigma: Tensor, inputs: dict[str, Any], run: Pass) -> Tensor:
        c = {conds.input_name(name): value for name, value in inputs.items()}
        c["transformer_options"] = {
            "cond_or_uncond": list(run.sides),
            "sigmas": each(sigma, x),
            "sample_sigmas": run.sigmas,
            "uuids": list(run.parts),
        }

        def apply(x: Tensor, t: Tensor, **c: Any) -> Tensor:
            given = {conds.own_input_name(name): value for name, value in c.items() if name in known}
            more = {name: v for name, v in (c.get("transformer_options") or {}).items() if name not in told}
            if more.get("patches") or more.get("patches_replace"):
                raise NotSupported(
                    "A node hangs patches into the network for a single pass, which Easel cannot do: "
                    "it can for a whole run. This node cannot run here."
                )
            strange = [name for name, v in c.items() if v is not None and name not in (*known, "transformer_options")]
            if strange:
                raise NotSupported(
                    f"A node gives the network {', '.join(strange)}, which Easel's do not take from nodes."
                )
            token = hooks.MORE.set(more)
            try:
                return inner(x, level(t), given, replace(run, shape=tuple(x.shape)))
            finally:
                hooks.MORE.reset(token)

        known = {*c} - {"transformer_options"}
        told = frozenset(c["transformer_options"])
        given = {"input": x, "timestep": each(sigma, x), "c": c, "cond_or_uncond": list(run.sides)}
        return self.function(apply, given)


@dataclass(frozen=True)
class MaskAt(OfPack):
    model: Any

    def __call__(self, mask: Tensor, sigma: Tensor, sigmas: Tensor) -> Tensor:
        return self.function(each(sigma, mask), mask, extra_options={"model": self.model, "sigmas": sigmas})


# The engine's functions, as a pack may call them


@dataclass(frozen=True)
class Ours:
    hook: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotSupported("A node calls another node's function of guidance by itself, in a way that Easel cannot do.")


def _guidance(args: dict[str, Any], answers: Sequence[Any]) -> Guidance:
    guidance = args.get("easel_guidance")
    if not isinstance(guidance, Guidance):
        raise NotSupported(
            "A node calls another node's function of guidance outside of the model's own step, which Easel cannot do."
        )
    return replace(guidance, x=args.get("input", guidance.x), answers=tuple(answers), cfg=args["cond_scale"])


class OursCfg(Ours):
    def __call__(self, args: dict[str, Any]) -> Tensor:
        return args["input"] - self.hook(_guidance(args, (args["cond_denoised"], args["uncond_denoised"])))


class OursPre(Ours):
    def __call__(self, args: dict[str, Any]) -> list[Tensor]:
        return list(self.hook(_guidance(args, args["conds_out"])))


class OursPost(Ours):
    def __call__(self, args: dict[str, Any]) -> Tensor:
        answers = (args["cond_denoised"], args["uncond_denoised"])
        return self.hook(_guidance(args, answers), args["denoised"])


def _to(kind: type[OfPack], function: Any) -> Any:
    return function.hook if isinstance(function, Ours) else kind(function)


def _from(kind: type[Ours], hook: Any) -> Any:
    return hook.function if isinstance(hook, OfPack) else kind(hook)


# The two ways


def from_options(options: Options) -> dict[str, Any]:
    """What packs see as `model_options`; changing it changes nothing of ours."""
    made: dict[str, Any] = dict(options.extras)
    transformer = dict(made.get("transformer_options", {}))
    made["transformer_options"] = {**transformer, **hooks.from_hooks(options.hooks)}
    if options.cfg is not None:
        made["sampler_cfg_function"] = _from(OursCfg, options.cfg)
    if options.pre_cfg:
        made["sampler_pre_cfg_function"] = [_from(OursPre, hook) for hook in options.pre_cfg]
    if options.post_cfg:
        made["sampler_post_cfg_function"] = [_from(OursPost, hook) for hook in options.post_cfg]
    if options.ask is not None:
        made["sampler_calc_cond_batch_function"] = _from(Ours, options.ask)
    if options.around_network:
        made["model_function_wrapper"] = _from(Ours, options.around_network[-1])
    if options.mask_at is not None:
        made["denoise_mask_function"] = _from(Ours, options.mask_at)
    if options.negative_always:
        made["disable_cfg1_optimization"] = True
    return made


def to_options(made: dict[str, Any], before: Options, model: Any) -> Options:
    """The engine's options. before: what the model had, for what `model_options` cannot say.

    model: what a mask's function is told. NotSupported for places that the engine's networks do not have.
    """
    transformer = made.get("transformer_options", {})
    extras = {name: value for name, value in made.items() if name not in KNOWN}
    kept = {name: value for name, value in transformer.items() if name not in ("patches", "patches_replace")}
    if kept:
        extras["transformer_options"] = kept
        _tell_of_attention(kept, before.extras.get("transformer_options", {}))
    cfg, ask, mask = (
        made.get(name) for name in ("sampler_cfg_function", "sampler_calc_cond_batch_function", "denoise_mask_function")
    )
    return replace(
        before,
        cfg=None if cfg is None else _to(Cfg, cfg),
        ask=None if ask is None else _to(Ask, ask),
        pre_cfg=tuple(_to(PreCfg, function) for function in made.get("sampler_pre_cfg_function", ())),
        post_cfg=tuple(_to(PostCfg, function) for function in made.get("sampler_post_cfg_function", ())),
        mask_at=None if mask is None else (mask.hook if isinstance(mask, Ours) else MaskAt(mask, model)),
        negative_always=bool(made.get("disable_cfg1_optimization", False)),
        around_network=_around(made.get("model_function_wrapper"), before),
        hooks=hooks.to_hooks(transformer, before.hooks),
        extras=extras,
    )


def _tell_of_attention(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Most who set this want speed only, so that it is no reason to refuse their node."""
    context = running()
    if context is not None and now.get(ATTENTION) is not None and now[ATTENTION] is not before.get(ATTENTION):
        context.warn(
            "This node gives the model another way to compute attention. Easel's models keep their own: what was to "
            "be faster is as fast as before, and what was to change the picture does not."
        )


def _around(wrapper: Any, before: Options) -> tuple[Any, ...]:
    """A model has one wrapper: a pack's takes the place of the pack's before it, never of one of ours."""
    if wrapper is None:
        return ()
    if before.around_network and _from(Ours, before.around_network[-1]) == wrapper:
        return before.around_network
    if isinstance(wrapper, Ours):
        return (wrapper.hook,)
    own = tuple(hook for hook in before.around_network if not isinstance(hook, OfPack))
    return (*own, Around(wrapper))


def copied(made: dict[str, Any]) -> dict[str, Any]:
    """A copy in which dicts and lists are new and everything else is the same."""
    return {name: _copied(value) for name, value in made.items()}


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copied(item) for name, item in value.items()}
    return list(value) if type(value) is list else value


def same(a: Any, b: Any) -> bool:
    """Whether nothing was changed: equal dicts and lists of the very same things."""
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(same(value, b[name]) for name, value in a.items())
    if type(a) is list and type(b) is list:
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Ours | hooks.Ours):
        return type(a) is type(b) and a.hook is b.hook
    return a is b or (isinstance(a, bool | int | float | str) and a == b)
