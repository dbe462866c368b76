# pyright: basic
# Values of any kind go through here.
"""What a pack's node is given for the engine's values, and what becomes of what it gives back.

`seen` puts the documented faces before handles; `engine_value` takes them off again. Both leave everything else as it
is, and make no copy where nothing changes.
"""

from __future__ import annotations

from typing import Any

from models.control import Control
from models.guiders import Guider
from models.model import Model
from models.sampler_table import SamplerChoice
from models.text.handle import Clip
from models.vae import PixelSpace, Vae
from models.vision import ImageEncoder, StyleModel
from nodes.compat.handles.clip import PackClip
from nodes.compat.handles.control import ControlNet
from nodes.compat.handles.guider import CFGGuider, engine_guider, seen_guider
from nodes.compat.handles.model import PackModel
from nodes.compat.handles.samplers import KSAMPLER, as_ksampler, engine_sampler
from nodes.compat.handles.style import PackStyle
from nodes.compat.handles.vae import PackVae, PackVision

_SEEN: dict[type, Any] = {
    Model: PackModel.of,
    Clip: PackClip.of,
    Vae: PackVae.of,
    PixelSpace: PackVae.of,
    Control: ControlNet.of,
    ImageEncoder: PackVision.of,
    StyleModel: PackStyle.of,
    SamplerChoice: as_ksampler,
    Guider: seen_guider,
}

_VIEWS = (PackModel, PackClip, PackVae, ControlNet, PackVision, PackStyle)


def seen(value: Any) -> Any:
    """What a pack sees of a value."""
    make = _SEEN.get(type(value))
    if make is not None:
        return make(value)
    return _within(value, seen, {}) if type(value) is list else value


def engine_value(value: Any) -> Any:
    """What the engine is given for a value of a pack's."""
    if isinstance(value, _VIEWS):
        return value.frozen()
    if isinstance(value, CFGGuider):
        return engine_guider(value)
    if isinstance(value, KSAMPLER):
        return engine_sampler(value)
    return _within(value, engine_value, {}) if type(value) is list else value


def _within(items: list[Any], change: Any, known: dict[int, Any]) -> list[Any]:
    """A list of values, or a CONDITIONING, whose dicts may carry ControlNets: one of these stays one."""
    made: list[Any] = []
    for item in items:
        new = item
        if isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[1], dict):
            control = item[1].get("control")
            if control is not None:
                if id(control) not in known:
                    known[id(control)] = change(control)
                if known[id(control)] is not control:
                    new = [item[0], {**item[1], "control": known[id(control)]}]
        elif type(item) is list:
            new = _within(item, change, known)
        else:
            new = change(item)
        made.append(new)
    return made if any(a is not b for a, b in zip(made, items, strict=True)) else items
