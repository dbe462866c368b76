"""TAESD, the tiny autoencoder, from its files: a pair of one half each, both in one, or for previews a decoder alone.

A pair's name says whose latents it knows; a saved file says it by its tensors vae_scale and vae_shift, and diffusers'
files, which say it nowhere, must say it by their name.
"""

from __future__ import annotations

from pathlib import Path

from .errors import CheckpointError
from .files import WeightFile, open_together, open_weights
from .latents import TINY, LatentFormat
from .load import Component, check
from .networks.layout import UnknownLayout
from .networks.taesd import DECODER, ENCODER, MARKS, Taesd, is_taesd, read_decoder, read_halves, read_taesd


def tiny_pair(name: str, encoder: Path, decoder: Path) -> Component:
    """name: one of latents.TINY. CheckpointError where the files are not its two halves."""
    file = open_together(Path(decoder), [(ENCODER, Path(encoder)), (DECODER, Path(decoder))])
    try:
        network = read_halves(file.shapes)
    except UnknownLayout as error:
        raise CheckpointError(file.path, f"{name} cannot be put together: {error}") from None
    return _checked(file, _as(file, network, name), "", f"the VAE {name}")


def tiny_decoder(path: Path, like: LatentFormat) -> Component:
    """A decoder of a model's own latents, which are scaled already. CheckpointError."""
    file = open_weights(Path(path))
    try:
        network = read_decoder(file.shapes)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    _refuse_other_channels(file, network, like.channels, "the model's latents have")
    return _checked(file, network, "", f"the preview decoder {file.path.name}")


def find_tiny(file: WeightFile, prefix: str, title: str) -> Component | None:
    """The tiny autoencoder of one file, both halves in it; None where it is none."""
    shapes = file.starting_with(prefix)
    if not is_taesd(shapes):
        return None
    try:
        network = read_taesd(shapes)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    if all(prefix + mark in file.shapes for mark in MARKS):
        scale, shift = (float(tensor) for _, tensor in file.read([prefix + "vae_scale", prefix + "vae_shift"]))
        return Component(file, network.scaled(scale, shift), prefix, title)
    stem = file.path.name.lower()
    name = next((name for name in sorted(TINY, key=len, reverse=True) if stem.startswith(name)), None)
    if name is None:
        raise CheckpointError(
            file.path,
            "it is a tiny autoencoder (TAESD), and nothing says whose latents it is for",
            f"Rename it so that its name begins with {', '.join(list(TINY)[:-1])} or {list(TINY)[-1]}.",
        )
    return Component(file, _as(file, network, name), prefix, title)


def _as(file: WeightFile, network: Taesd, name: str) -> Taesd:
    """Scaling latents as the named one does."""
    known = TINY[name]
    _refuse_other_channels(file, network, known.channels, f"{name} has")
    return network.scaled(known.scale, known.shift)


def _refuse_other_channels(file: WeightFile, network: Taesd, channels: int, whose: str) -> None:
    if network.latent_channels != channels:
        why = f"it is for latents of {network.latent_channels} channels, and {whose} {channels}"
        raise CheckpointError(file.path, why, "Put the right one in its place.")


def _checked(file: WeightFile, network: Taesd, prefix: str, title: str) -> Component:
    component = Component(file, network, prefix, title)
    check(component)
    return component
