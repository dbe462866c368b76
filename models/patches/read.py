"""LoRA files: which adapters they hold, under the names that they give the weights."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..files import WeightFile, in_memory, open_weights, stamp
from ..what_it_is import what_it_is
from .adapters import Generalised, Hadamard, Kronecker, LowRank, Rescaled
from .change import Adapter
from .orthogonal import Butterfly, Difference, Replacement, Turning

_PAIRS: tuple[tuple[str, str, str], ...] = (
    (".lora_up.weight", ".lora_down.weight", ".lora_mid.weight"),
    ("_lora.up.weight", "_lora.down.weight", "_lora.mid.weight"),
    (".lora_B.weight", ".lora_A.weight", ".lora_M.weight"),
    (".lora.up.weight", ".lora.down.weight", ".lora.mid.weight"),
    (".lora_B", ".lora_A", ".lora_M"),
    (".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight", ".lora_linear_layer.mid.weight"),
    (".lora_B.default.weight", ".lora_A.default.weight", ".lora_M.default.weight"),
    (".lora_B.default_0.weight", ".lora_A.default_0.weight", ".lora_M.default_0.weight"),
)
"""How trainers name the halves of a low-rank pair, and what LoCon puts between them."""

_SUFFIXES = (
    *(suffix for pair in _PAIRS for suffix in pair),
    *(".alpha", ".dora_scale", ".lora_magnitude_vector", ".lora_magnitude_vector.weight", ".reshape_weight"),
    *(".hada_w1_a", ".hada_w1_b", ".hada_w2_a", ".hada_w2_b", ".hada_t1", ".hada_t2"),
    *(".lokr_w1", ".lokr_w1_a", ".lokr_w1_b", ".lokr_w2", ".lokr_w2_a", ".lokr_w2_b", ".lokr_t2"),
    *(".a1.weight", ".a2.weight", ".b1.weight", ".b2.weight"),
    *(".oft_blocks", ".rescale", ".on_input", ".w_norm", ".b_norm", ".diff", ".diff_b", ".set_weight"),
    *(".lora_B.bias", ".weight"),
)
_PROCESSOR = re.compile(r"(.+)\.processor\.(qkv|proj)_lora([12]?)\.(up|down)\.weight")
_PROCESSED = {"1qkv": "img_attn.qkv", "1proj": "img_attn.proj", "2qkv": "txt_attn.qkv", "2proj": "txt_attn.proj"}
_PROCESSED |= {"qkv": "linear1_qkv", "proj": "linear2"}
"""How XLabs and USO name changes of Flux's attention: by stream, 1 the picture's and 2 the text's, and part."""

_BY_LENGTH = sorted(_SUFFIXES, key=len, reverse=True)

Parts = Mapping[str, Tensor]
"""What a file has for one weight: by suffix."""


@dataclass(frozen=True)
class Named:
    """An adapter under the name that its file gives the weight."""

    name: str
    """Without ".weight" where the weight has that at its end."""
    adapter: Adapter
    bias: bool = False
    """Whether it is for the bias of the module of that name."""


@dataclass(frozen=True, eq=False)
class Lora:
    """A LoRA file's changes, kept in main memory."""

    file: WeightFile
    entries: tuple[Named, ...] = field(repr=False)
    unused: tuple[str, ...] = field(repr=False)
    """Names of tensors that are part of no adapter."""

    @property
    def name(self) -> str:
        return self.file.path.name

    def has_unet(self) -> bool:
        """Whether any of it is for a denoiser."""
        return any(not for_text(entry.name) for entry in self.entries)


def for_text(name: str) -> bool:
    """Whether a name in a LoRA file is of a text encoder's weight."""
    return name.replace(".", "_").startswith(
        ("lora_te", "lora_prior_te", "text_encoder", "text_model_", "base_model_model_text", "te_", "te1_", "te2_")
    )


KEPT_BYTES = 2 << 30
"""Of LoRA files that stay in memory, so that another strength reads no file again."""

_kept: OrderedDict[WeightFile, Lora] = OrderedDict()


def read_lora(file: WeightFile) -> Lora:
    """All adapters of a LoRA file, which stay in memory for the next time.

    CheckpointError where it holds none, or one whose parts do not meet.
    """
    lora = _kept[file] if file in _kept else _read(file)
    _kept[file] = lora
    _kept.move_to_end(file)
    while len(_kept) > 1 and sum(kept.size for kept in _kept) > KEPT_BYTES:
        _kept.popitem(last=False)
    return lora


def lora_of(tensors: Mapping[str, Tensor], name: str) -> Lora:
    """The adapters among tensors that are there already, which are not kept. name: what messages call them.

    CheckpointError as of `read_lora`.
    """
    return _read(in_memory(tensors, name))


def load_lora(path: Path) -> Lora:
    """As `read_lora`; a file that is in memory and has not changed since is not even opened."""
    for file, lora in _kept.items():
        if file.path == path and all(stamp(part) == found for part, found in file.stamps):
            _kept.move_to_end(file)
            return lora
    return read_lora(open_weights(path))


def forget_loras() -> None:
    """Let go of all LoRAs that no handle carries."""
    _kept.clear()


def _read(file: WeightFile) -> Lora:
    groups: dict[str, dict[str, Tensor]] = {}
    bfl = _is_bfl_control(file)
    for name, tensor in file.read(file.in_order(file.shapes)):
        tensor = tensor.clone() if tensor._base is not None else tensor
        base, suffix = _split(name, bfl)
        groups.setdefault(base, {})[suffix] = tensor
    entries: list[Named] = []
    unused: list[str] = []
    for base, parts in groups.items():
        used: set[str] = set()
        for maker in _MAKERS:
            made = maker(parts)
            if made is None:
                continue
            adapter, needs, is_bias = made
            _check(file, base, {suffix: parts[suffix] for suffix in needs})
            entries.append(Named(base, adapter, is_bias))
            used |= needs
        if used:
            used |= {".alpha", ".dora_scale", ".reshape_weight", ".lora_magnitude_vector"}
            used |= {".lora_magnitude_vector.weight", ".rescale"}
        _refuse_halves(file, base, parts, used)
        unused += [base + suffix for suffix in parts if suffix not in used]
    if not entries:
        why = f"no LoRA of a kind that can be used is in it: {what_it_is(file.shapes, models=True)}"
        raise CheckpointError(file.path, why)
    return Lora(file, tuple(entries), tuple(unused))


def _split(name: str, bfl: bool) -> tuple[str, str]:
    if bfl and name.endswith(".scale"):
        return name, ".set_weight"
    if (found := _PROCESSOR.fullmatch(name)) is not None:
        block, part, stream, half = found.groups()
        return f"{block}.{_PROCESSED[stream + part]}", f".lora_{half}.weight"
    suffix = next((end for end in _BY_LENGTH if name.endswith(end)), "")
    return name[: len(name) - len(suffix)], suffix


def _is_bfl_control(file: WeightFile) -> bool:
    """The LoRAs that turn Flux into a model for edges or depth: norms are replaced, and the input is widened."""
    return "img_in.lora_A.weight" in file.shapes and "single_blocks.0.norm.key_norm.scale" in file.shapes


Made = tuple[Adapter, set[str], bool] | None


def _alpha(parts: Parts) -> float | None:
    return float(parts[".alpha"]) if ".alpha" in parts else None


def _dora(parts: Parts) -> Tensor | None:
    """kohya's and LyCORIS' lengths have the weight's axes; peft's are one number an output."""
    if ".dora_scale" in parts:
        return parts[".dora_scale"]
    peft = parts.get(".lora_magnitude_vector", parts.get(".lora_magnitude_vector.weight"))
    return None if peft is None else peft.reshape(-1, 1)


def _low_rank(parts: Parts) -> Made:
    pair = next((pair for pair in _PAIRS if pair[0] in parts and pair[1] in parts), None)
    if pair is None:
        return None
    up, down, mid = parts[pair[0]], parts[pair[1]], parts.get(pair[2])
    shape = None
    if ".reshape_weight" in parts:
        shape = tuple(int(length) for length in parts[".reshape_weight"])
    needs = {pair[0], pair[1]} | ({pair[2]} if mid is not None else set())
    return LowRank(up, down, mid, _alpha(parts), _dora(parts), shape), needs, False


def _hadamard(parts: Parts) -> Made:
    names = [f".hada_{part}" for part in ("w1_a", "w1_b", "w2_a", "w2_b")]
    if not all(name in parts for name in names):
        return None
    cores = [name for name in (".hada_t1", ".hada_t2") if name in parts]
    values = [parts[name] for name in names]
    t1, t2 = (parts[name] for name in cores) if len(cores) == 2 else (None, None)
    return Hadamard(*values, t1, t2, _alpha(parts), _dora(parts)), {*names, *cores}, False


def _kronecker(parts: Parts) -> Made:
    names = ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")
    found = {name: parts[f".lokr_{name}"] for name in names if f".lokr_{name}" in parts}
    if not all(side in found or {f"{side}_a", f"{side}_b"} <= found.keys() for side in ("w1", "w2")):
        return None
    return Kronecker(**found, alpha=_alpha(parts), dora=_dora(parts)), {f".lokr_{name}" for name in found}, False


def _generalised(parts: Parts) -> Made:
    names = [f".{part}.weight" for part in ("a1", "a2", "b1", "b2")]
    if not all(name in parts for name in names):
        return None
    return Generalised(*(parts[name] for name in names), _alpha(parts), _dora(parts)), set(names), False


def _orthogonal(parts: Parts) -> Made:
    blocks = parts.get(".oft_blocks")
    if blocks is None or blocks.dim() not in (3, 4):
        return None
    if blocks.dim() == 3:
        return Turning(blocks, _alpha(parts), _dora(parts)), {".oft_blocks"}, False
    return Butterfly(blocks, parts.get(".rescale"), _alpha(parts), _dora(parts)), {".oft_blocks"}, False


def _rescaled(parts: Parts) -> Made:
    if ".on_input" not in parts or ".weight" not in parts:
        return None
    return Rescaled(parts[".weight"], bool(parts[".on_input"])), {".on_input", ".weight"}, False


def _whole(suffix: str, kind: Callable[[Tensor], Adapter], bias: bool) -> Callable[[Parts], Made]:
    return lambda parts: (kind(parts[suffix]), {suffix}, bias) if suffix in parts else None


_MAKERS: tuple[Callable[[Parts], Made], ...] = (
    *(_low_rank, _hadamard, _kronecker, _generalised, _orthogonal, _rescaled),
    *(_whole(".w_norm", Difference, False), _whole(".b_norm", Difference, True)),
    *(_whole(".diff", Difference, False), _whole(".diff_b", Difference, True)),
    *(_whole(".lora_B.bias", Difference, True), _whole(".set_weight", Replacement, False)),
)
"""In this order: of two that are for the same weight the later one counts."""


def _check(file: WeightFile, base: str, parts: Parts) -> None:
    for pair in _PAIRS:
        up, down = parts.get(pair[0]), parts.get(pair[1])
        if up is not None and down is not None and (min(up.dim(), down.dim()) < 2 or down.shape[0] != up.shape[1]):
            raise CheckpointError(
                file.path, f"the halves of {base} do not meet", "The file is damaged; fetch it again."
            )
    for suffix, part in parts.items():
        if part.is_floating_point() and not torch.isfinite(part.float()).all():
            why = f"{base} holds values that are no numbers ({suffix.lstrip('.')})"
            raise CheckpointError(file.path, why, "Fetch the file again.")


def _refuse_halves(file: WeightFile, base: str, parts: Parts, used: set[str]) -> None:
    for up, down, _ in _PAIRS:
        for one, other in ((up, down), (down, up)):
            if one in parts and one not in used and other not in parts:
                why = f"{base} has no half to go with {base + one}"
                raise CheckpointError(file.path, why, "The file is damaged; fetch it again.")
