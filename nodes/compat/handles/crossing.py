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
from models.hook_groups import HookGroup, Keyframes
from models.model import Model
from models.sampler_table import SamplerChoice
from models.text.handle import Clip
from models.vae import PixelSpace, Vae
from models.vision import ImageEncoder, StyleModel
from nodes.compat.handles.clip import PackClip
from nodes.compat.handles.control import ControlNet
from nodes.compat.handles.guider import CFGGuider, engine_guider, seen_guider
from nodes.compat.handles.hook_groups import HookGroup as PackHooks
from nodes.compat.handles.hook_groups import HookKeyframeGroup
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
    HookGroup: PackHooks.of,
    Keyframes: HookKeyframeGroup.of,
}

_VIEWS = (PackModel, PackClip, PackVae, ControlNet, PackVision, PackStyle, PackHooks, HookKeyframeGroup)


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
    """A list of values, or a CONDITIONING, whose dicts may carry ControlNets and hooks: one of these stays one."""
    made: list[Any] = []
    for item in items:
        new = item
        if isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[1], dict):
            for name in ("control", "hooks"):
                carried = item[1].get(name)
                if carried is not None:
                    if id(carried) not in known:
                        known[id(carried)] = change(carried)
                    if known[id(carried)] is not carried:
                        new = [new[0], {**new[1], name: known[id(carried)]}]
        elif type(item) is list:
            new = _within(item, change, known)
        else:
            new = change(item)
        made.append(new)
    return made if any(a is not b for a, b in zip(made, items, strict=True)) else items
