"""Models as files, in the layout of the published single files, so that they load here and elsewhere.

A weight that no patch touches is written as its file has it; a patched one, and one that the file has in eight bits
beside a scale, in the precision that it runs in, which gives the very same bits when the file is loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .errors import PatchError
from .load import Component, weight_of
from .networks.clip_text import ClipText
from .networks.layout import Network, Pick, Shapes
from .patches import Change, WeightPatch, changes
from .patches.keys import parameter_shapes
from .safetensors_writer import Item

if TYPE_CHECKING:
    from .handles import Clip, Model, Vae
    from .residency import Residency

MODEL, VAE = "model.diffusion_model.", "first_stage_model."
_MARKS = ("v_pred", "ztsnr", "edm_mean", "edm_std", "edm_vpred.sigma_max", "edm_vpred.sigma_min")
"""Tensors beside a denoiser's that say how it is used."""
_ZERO_SNR = 1000.0
"""A largest noise level above this means that the levels were stretched to pure noise."""


def model_items(model: Model) -> list[Item]:
    """The denoiser, and the marks of what it predicts."""
    items = list(_items(model.component, model.engine.residency, model.dtype, model.patches, MODEL))
    return [*items, *_marks(model)]


def clip_items(clip: Clip) -> list[Item]:
    """All text encoders, where a checkpoint of their family has them."""
    prefixes = {rules.name: rules.prefixes[0] for rules in clip.recipe.encoders}
    return [
        item
        for name, component in clip.encoders
        for item in _items(component, clip.engine.residency, clip.dtype_of(component), clip.patches, prefixes[name])
    ]


def encoder_items(clip: Clip, name: str) -> list[Item]:
    """One text encoder as a file of its own."""
    component = clip.components[name]
    return list(_items(component, clip.engine.residency, clip.dtype_of(component), clip.patches, ""))


def vae_items(vae: Vae, prefix: str = "") -> list[Item]:
    return list(_items(vae.component, vae.engine.residency, vae.engine.vae_dtype, (), prefix))


@torch.no_grad()
def patched_weight(
    residency: Residency, component: Component, dtype: torch.dtype, name: str, changes: list[Change]
) -> Tensor:
    """One parameter as `Residency.use` has it, without loading the others."""
    original = residency.original(component, dtype, name)
    if not changes:
        return original
    weight = original.to(torch.float32, copy=True).contiguous()
    for change in changes:
        weight = change.apply(weight)
    return weight.to(dtype)


def _items(
    component: Component,
    residency: Residency,
    dtype: torch.dtype,
    patches: tuple[WeightPatch, ...],
    prefix: str,
) -> Iterator[Item]:
    """The network's tensors under published names. prefix: what stands before them."""
    network = _published(component, prefix)
    file, there = component.file, component.file.starting_with(component.prefix)
    changed = changes(component, patches)
    same = component.layout == "native" and network == component.network
    users: dict[tuple[str, ...], list[tuple[str, Pick]]] = {}
    for ours, pick in (component.picks() if same else network.picks()).items():
        users.setdefault(pick.names, []).append((ours, pick))
    for names, those in users.items():
        patched = any(ours in changed for ours, _ in those)
        if len(names) > 1:  # eight bits beside a scale: written as the weight that they stand for
            patched, those = True, [(ours, Pick(names[:1])) for ours, _ in those]
        if not patched and same:
            full = component.prefix + names[0]
            yield Item(prefix + names[0], file.shapes[full], file.dtypes[full], _reader(component, full))
            continue
        kept = dtype if patched else file.dtypes[component.prefix + component.picks()[those[0][0]].name]
        shape = _joined_shape(those, parameter_shapes(component), there, changed)
        # A joined tensor of which one part is patched is written whole as it runs.
        value = partial(_running, residency, component, dtype, changed) if patched else partial(weight_of, component)
        yield Item(prefix + names[0], shape, kept, partial(_joined, value, those, shape, kept))


def _reader(component: Component, name: str) -> Callable[[], Tensor]:
    return lambda: next(iter(component.file.read([name])))[1]


def _running(
    residency: Residency, component: Component, dtype: torch.dtype, changed: dict[str, list[Change]], name: str
) -> Tensor:
    return patched_weight(residency, component, dtype, name, changed.get(name, []))


@torch.no_grad()
def _joined(
    value: Callable[[str], Tensor], users: list[tuple[str, Pick]], shape: tuple[int, ...], dtype: torch.dtype
) -> Tensor:
    """The tensor from which these parameters are picked: each is written to where it is picked from."""
    whole = torch.empty(shape, dtype=dtype)
    for ours, pick in users:
        place = pick.of(whole)
        place.copy_(value(ours).reshape(place.shape))
    return whole


def _joined_shape(
    users: list[tuple[str, Pick]], shapes: Shapes, there: Shapes, changed: dict[str, list[Change]]
) -> tuple[int, ...]:
    """Of the tensor that one or more parameters are picked from."""
    ours, pick = users[0]
    single = shapes[ours]
    if len(users) == 1 and ours in changed:
        single = _changed_shape(single, changed[ours])
    if pick.change is None:
        return single
    candidates = [there.get(pick.name, single), single, (single[0] * len(users), *single[1:]), tuple(reversed(single))]
    for shape in candidates:
        if pick.shape({pick.name: shape}) == single:
            return shape
    raise PatchError(f"{ours} cannot be put back into {pick.name}: its shape is {list(single)}.")


def _changed_shape(shape: tuple[int, ...], changes: list[Change]) -> tuple[int, ...]:
    """A patch may enlarge a weight."""
    if shape and len(changes) and all(hasattr(change, "adapter") for change in changes):
        weight = torch.empty(shape, device="meta")
        for change in changes:
            weight = change.apply(weight)
        return tuple(weight.shape)
    return shape


def _published(component: Component, prefix: str) -> Network:
    """The same sizes in the layout of the published files: OpenCLIP's where names begin with its module's."""
    network = component.network
    if not isinstance(network, ClipText):
        return network
    if prefix.endswith(".model."):
        return replace(network, open_clip=True, prefix="", projection_name="text_projection")
    return replace(network, open_clip=False, prefix="text_model.", projection_name="text_projection.weight")


def _marks(model: Model) -> list[Item]:
    file, prediction = model.component.file, model.prediction
    marks = {name: Item(name, file.shapes[name], file.dtypes[name], _reader(model.component, name))
             for name in _MARKS if name in file.shapes}  # fmt: skip
    stretched = prediction.kind == "v" and prediction.sigma_max > _ZERO_SNR
    discrete = "edm_mean" not in marks and "edm_vpred.sigma_max" not in marks
    for name, wanted in (("v_pred", prediction.kind == "v" and discrete), ("ztsnr", stretched and discrete)):
        if wanted:
            marks[name] = Item.of(name, torch.empty(0))
        else:
            marks.pop(name, None)
    return list(marks.values())
