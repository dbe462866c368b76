"""Which text encoders a file holds, read off names and shapes."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import CheckpointError, ModelError
from ..files import WeightFile
from ..load import Component, check
from ..networks.clip_text import read_clip_text
from ..networks.layout import Network, Shapes, UnknownLayout, count
from ..networks.t5 import read_t5
from ..what_it_is import what_it_is
from .recipe import FLUX, SD1, SD2, SD3, SDXL, SDXL_REFINER, EncoderRules, TextRecipe

_T5 = "encoder.block.0.layer.0.SelfAttention.k.weight"
_LAYERS = ("text_model.encoder.layers.", "encoder.layers.", "transformer.resblocks.")
_WRAPPERS = ("", "text_encoder.", "clip_l.transformer.", "clip_g.transformer.", "clip_h.transformer.")
_WRAPPERS += ("t5xxl.transformer.", "cond_stage_model.transformer.", "cond_stage_model.model.")
_WRAPPERS += tuple(f"text_encoders.{name}" for name in _WRAPPERS[2:6])
"""What may stand before the names in a file of one encoder."""


_TYPES = {"sdxl": SDXL, "sd3": SD3, "flux": FLUX}
"""What loaders call the families."""
_ALONE = {"l": SD1, "h": SD2, "g": SDXL_REFINER}
"""The family that uses this encoder and no other."""


def find_encoders(file: WeightFile, recipe: TextRecipe) -> dict[str, Component]:
    """A checkpoint's text encoders by the recipe's names; none where what is there is not enough for a prompt.

    CheckpointError where one is of another make than the recipe's, or not whole.
    """
    found: dict[str, Component] = {}
    for rules in recipe.encoders:
        prefix = next((p for p in rules.prefixes if any(name.startswith(p) for name in file.shapes)), None)
        if prefix is not None:
            title = f"the text encoder {rules.title} of {file.path.name}"
            found[rules.name] = _component(file, rules, prefix, title)
    return found if recipe.is_complete(set(found)) else {}


def bare_prefix(shapes: Shapes) -> str | None:
    """What stands before the names of the one text encoder of a file; None where there is none."""
    tables = ("embeddings.token_embedding.weight", "token_embedding.weight", _T5)
    for prefix in _WRAPPERS:
        if any(prefix + inner + name in shapes for name in tables for inner in ("", "text_model.")):
            return prefix
    return None


def encoder_kind(shapes: Shapes) -> str | None:
    """ "l", "h", "g" or "t5xxl", for the encoder whose tensors these are, by its number of layers; None for another.

    A CLIP with fewer than 23 layers counts as L, one with more than 30 as G.
    """
    if _T5 in shapes:
        return "t5xxl"
    layers = next((number for start in _LAYERS if (number := count(shapes, start))), 0)
    if not layers:
        return None
    return "g" if layers > 30 else "h" if layers > 22 else "l"


def recipe_for(files: Sequence[WeightFile], type: str) -> TextRecipe:
    """The recipe for a loader's type; "stable_diffusion" leaves it to the file. ModelError for a family we lack."""
    if type in _TYPES:
        return _TYPES[type]
    if type != "stable_diffusion":
        raise ModelError(f"Text encoders of the type {type} belong to a family that this version does not run yet.")
    kind = _kind(files[0])[0]
    if kind not in _ALONE:
        raise CheckpointError(
            files[0].path, "this is T5-XXL, which no family uses alone", "Choose the type sd3, or load it with another."
        )
    return _ALONE[kind]


def assign(files: Sequence[WeightFile], recipe: TextRecipe) -> dict[str, Component]:
    """Each file of one encoder in its place in the recipe, whatever their order. CheckpointError where one has none.

    Small encoders do not tell L from G by their layers; then the narrower of two is L.
    """
    kinds = [(*_kind(file), file) for file in files]
    wanted = [rules.name for rules in recipe.encoders]
    twins = [index for index, (kind, _, _) in enumerate(kinds) if kind == "l"]
    if len(twins) == 2 and "g" in wanted and not any(kind == "g" for kind, _, _ in kinds):
        wider = max(twins, key=lambda index: read_clip_text(_shapes(kinds[index])).width)
        kinds[wider] = ("g", *kinds[wider][1:])
    found: dict[str, Component] = {}
    for kind, prefix, file in kinds:
        if kind not in wanted or kind in found:
            there = "a second time" if kind in found else f"which {recipe.title} has no use for"
            needs = ", ".join(rules.title for rules in recipe.encoders)
            raise CheckpointError(file.path, f"this is the text encoder {kind}, {there}", f"It takes {needs}.")
        rules = recipe.rules(kind)
        found[kind] = _component(file, rules, prefix, f"the text encoder {rules.title} in {file.path.name}")
    if not recipe.is_complete(set(found)):
        lacking = ", ".join(rules.title for rules in recipe.encoders if rules.name not in found)
        raise ModelError(f"{recipe.title} needs {lacking} as well. Load all its text encoders with one node.")
    return {name: found[name] for name in wanted if name in found}


def _kind(file: WeightFile) -> tuple[str, str]:
    """The kind of the one encoder in a file, and what stands before its names."""
    prefix = bare_prefix(file.shapes)
    kind = None if prefix is None else encoder_kind(file.starting_with(prefix))
    if prefix is None or kind is None:
        why = f"no text encoder that we know is in it: {what_it_is(file.shapes, models=True)}"
        raise CheckpointError(file.path, why)
    return kind, prefix


def _shapes(kind: tuple[str, str, WeightFile]) -> Shapes:
    return kind[2].starting_with(kind[1])


def _component(file: WeightFile, rules: EncoderRules, prefix: str, title: str) -> Component:
    shapes = file.starting_with(prefix)
    try:
        network: Network
        if rules.activation is None:
            network = read_t5(shapes, rules.lora_starts)
        else:
            network = read_clip_text(shapes, rules.activation, rules.lora_starts)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    component = Component(file, network, prefix, title)
    check(component)
    return component
