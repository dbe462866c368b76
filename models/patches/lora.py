"""A LoRA file on a network: whether it fits, and what it changes at a strength."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch

from ..errors import PatchError
from ..files import WeightFile
from ..load import Component
from ..networks.layout import TextNetwork
from .adapters import LowRank
from .change import Adapted, Change
from .families import guess
from .keys import Target, parameter_shapes, plain, target
from .read import Lora, Named, for_text

_log = logging.getLogger(__name__)
_told: set[tuple[WeightFile, Component]] = set()


@dataclass(frozen=True)
class Patch:
    """A LoRA at a strength, as a handle carries it."""

    lora: Lora
    strength: float

    @property
    def key(self) -> tuple[WeightFile, float] | None:
        return (self.lora.file, self.strength) if self.strength else None

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        found: dict[tuple[str, tuple[int, int] | None], Change] = {}  # of two for the same weight the later one counts
        for meant, entry, fitting in _meant(component, self.lora):
            if fitting:
                adapted = Adapted(entry.adapter, self.strength, meant.rows, meant.swapped)
                found[meant.parameter, meant.rows] = adapted
        changes: dict[str, list[Change]] = {}
        for (parameter, _), change in found.items():
            changes.setdefault(parameter, []).append(change)
        return changes


def fits(component: Component, lora: Lora) -> bool:
    """Whether the LoRA changes this network at all. PatchError where it does, but was made for one of other sizes.

    What of it fits nothing is logged, once for a file and a network.
    """
    meant = _meant(component, lora)
    wrong = [(entry, to) for to, entry, fitting in meant if not fitting]
    if len(wrong) * 2 > len(meant):
        family = guess(lora)
        entry, to = wrong[0]
        there = list(parameter_shapes(component)[to.parameter])
        raise PatchError(
            f"{lora.name} was made for another kind of model than {component.title}"
            + (f": for {family}" if family and family not in component.title else "")
            + f". {len(wrong):,} of its {len(meant):,} changes have the wrong size, the first of them {entry.name} "
            f"({entry.adapter.sizes()}) for {there}."
        )
    _tell(component, lora, meant, [entry.name for entry, _ in wrong])
    return bool(meant)


def refuse_stranger(component: Component, lora: Lora) -> None:
    """PatchError that says for what kind of model a LoRA is, none of whose changes fits this network."""
    family = guess(lora)
    kind = f"it is for {family}, another family" if family else "it is for another family of models"
    raise PatchError(f"{lora.name} has no change that fits {component.title}: {kind}.")


def refuse_useless(components: Iterable[Component], lora: Lora) -> None:
    """PatchError where not one change of a LoRA is for any of these networks."""
    networks = list(components)
    if not any(_meant(component, lora) for component in networks):
        titles = " nor ".join(component.title for component in networks)
        family = guess(lora)
        raise PatchError(
            f"{lora.name} has no change that fits {titles}"
            + (f": it is for {family}." if family else ": it is for another family of models.")
        )


Meant = tuple[Target, Named, bool]
"""Which parameter an entry of a LoRA means, and whether its sizes are right for it."""

_found: WeakKeyDictionary[Lora, dict[Component, list[Meant]]] = WeakKeyDictionary()


def _meant(component: Component, lora: Lora) -> list[Meant]:
    """All entries that mean one of the network's parameters; worked out once."""
    known = _found.setdefault(lora, {})
    if component not in known:
        shapes = parameter_shapes(component)
        targets = ((target(component, entry.name, entry.bias), entry) for entry in lora.entries)
        there = [(to, entry) for to, entry in targets if to is not None and to.parameter in shapes]
        known[component] = [(to, entry, _fits(component, to, entry)) for to, entry in there]
    return known[component]


@torch.no_grad()
def _fits(component: Component, to: Target, entry: Named) -> bool:
    """Tried without memory, save for the plainest kind, of which a file has hundreds."""
    weight = torch.empty(parameter_shapes(component)[to.parameter], device="meta")
    part = weight.narrow(0, *to.rows) if to.rows else weight
    adapter = entry.adapter
    if isinstance(adapter, LowRank) and adapter.dora is None and adapter.shape is None:
        return adapter.numbers() == part.numel()
    try:
        changed = entry.adapter.apply(part, 1.0, to.swapped)
    except (RuntimeError, ValueError, IndexError):
        return False
    return changed.shape == part.shape or to.rows is None


def _tell(component: Component, lora: Lora, meant: Sequence[Meant], wrong: list[str]) -> None:
    if not meant or (lora.file, component) in _told:
        return
    _told.add((lora.file, component))
    text = isinstance(component.network, TextNetwork)
    starts = component.network.lora_starts if isinstance(component.network, TextNetwork) else ()
    known = {id(entry) for _, entry, _ in meant}
    mine = [e for e in lora.entries if (plain(e.name).startswith(starts) if text else not for_text(e.name))]
    rest = [entry.name for entry in mine if id(entry) not in known] + wrong
    rest += [] if text else lora.unused
    if rest:
        first = ", ".join(rest[:5])
        _log.warning(
            "%s: %d names fit nothing in %s, the first of them %s", lora.name, len(rest), component.title, first
        )
