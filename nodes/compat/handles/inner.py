# pyright: basic
# The shape of ComfyUI's classes: packs read and call what they know of them.
"""`MODEL.model`, ComfyUI's BaseModel: facts about a model and one pass through it, read off the handle."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from models.model import Model
from models.networks.hooks import Pass
from models.options import NO_OPTIONS, Guidance
from nodes.compat.handles import conds
from nodes.compat.handles.options import level, same, to_options
from nodes.compat.stand_in import NotSupported, Partly

if TYPE_CHECKING:
    from nodes.compat.handles.model import PackModel


class Missing(NotSupported, AttributeError):
    """What is asked for lies inside ComfyUI's own modules; to `hasattr` it is not there."""


class Inside:
    """A part of ComfyUI's that Easel has no like of: it may be passed on and compared, and says so when it is used."""

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "easel_what", what)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotSupported(_sentence(object.__getattribute__(self, "easel_what")))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Missing(_sentence(f"{self.easel_what}.{name}"))

    __call__ = __setattr__ = __getitem__ = __iter__ = _refuse


def _sentence(what: str) -> str:
    return (
        f"A node asks for {what}, a part of ComfyUI's own networks. Easel runs its models in its own way and has no "
        "such part: this node cannot run here."
    )


class ModelType(Enum):
    EPS = 1
    V_PREDICTION = 2
    V_PREDICTION_EDM = 3
    STABLE_CASCADE = 4
    EDM = 5
    FLOW = 6
    V_PREDICTION_CONTINUOUS = 7
    FLUX = 8
    IMG_TO_IMG = 9
    FLOW_COSMOS = 10


_TYPES = {
    "eps": ModelType.EPS,
    "consistency": ModelType.EPS,
    "x0": ModelType.EPS,
    "v": ModelType.V_PREDICTION,
    "edm": ModelType.EDM,
    "flow": ModelType.FLOW,
    "image": ModelType.IMG_TO_IMG,
}


class BaseModel(metaclass=Partly, known_as="comfy.model_base.BaseModel"):
    """Made for a MODEL; during a run, for the model as it samples."""

    def __init__(self, view: PackModel, guidance: Guidance | None = None) -> None:
        self._view = view
        self._guidance = guidance
        self.diffusion_model = Inside("MODEL.model.diffusion_model")
        self.current_patcher = view

    def handle(self, model_options: dict[str, Any] | None = None) -> Model:
        """The engine's handle, with other options where these are given and differ."""
        own = self._view.frozen() if self._guidance is None else self._guidance.model
        if model_options is None or same(model_options, self.options_now()):
            return own
        from dataclasses import replace

        return replace(own, options=to_options(model_options, own.options, self))

    def __deepcopy__(self, memo: Any) -> BaseModel:
        return self

    def options_now(self) -> dict[str, Any]:
        return self._view.model_options

    @property
    def model_sampling(self) -> Any:
        return self._view.get_model_object("model_sampling")

    @model_sampling.setter
    def model_sampling(self, value: Any) -> None:
        self._view.add_object_patch("model_sampling", value)

    @property
    def latent_format(self) -> Any:
        return self._view.get_model_object("latent_format")

    @property
    def model_config(self) -> Any:
        from nodes.compat.handles.config import config_of

        return config_of(self._view.frozen())

    @property
    def model_type(self) -> ModelType:
        handle = self._view.frozen()
        return ModelType.FLUX if handle.family.name == "flux" else _TYPES[handle.prediction.kind]

    @property
    def device(self) -> torch.device:
        return self._view.load_device

    @property
    def adm_channels(self) -> int:
        return int(getattr(self._view.frozen().component.network, "vector", 0) or 0)

    def is_adm(self) -> bool:
        return self.adm_channels > 0

    def get_dtype(self) -> torch.dtype:
        return self._view.frozen().dtype

    get_dtype_inference = get_dtype

    def process_latent_in(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_in(latent)

    def process_latent_out(self, latent: Tensor) -> Tensor:
        return self.latent_format.process_out(latent)

    def scale_latent_inpaint(self, sigma: Any, noise: Tensor, latent_image: Tensor, **_: Any) -> Tensor:
        return self.model_sampling.noise_scaling(sigma, noise, latent_image)

    def memory_required(self, input_shape: Any, cond_shapes: Any = None) -> float:
        return self._view.memory_required(input_shape)

    def state_dict(self) -> dict[str, Tensor]:
        return self._view.model_state_dict()

    def apply_model(
        self,
        x: Tensor,
        t: Tensor,
        c_concat: Tensor | None = None,
        c_crossattn: Tensor | None = None,
        control: Any = None,
        transformer_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """One pass: latents at noise levels t (b,) -> denoised. What the network is given goes by ComfyUI's names."""
        if control is not None:
            raise NotSupported("A node hands a ControlNet's values to the model itself, which Easel cannot do.")
        given = {conds.own_input_name(name): value for name, value in kwargs.items() if value is not None}
        more = {"concat": c_concat, "context": c_crossattn}
        given |= {name: value for name, value in more.items() if value is not None}
        options = {} if transformer_options is None else transformer_options
        handle = self.handle({**self.options_now(), "transformer_options": {**options}} if options else None)
        handle = handle.with_prediction(handle.prediction)
        sides = tuple(options.get("cond_or_uncond", (0,)))
        handle = _without_wrapper(handle)
        levels = t.reshape(-1)
        if len(levels) > 1 and bool((levels != levels[0]).any()):
            parts = [
                handle.denoise(x[i : i + 1], level(levels[i]), _one(given, i, len(x)), Pass(float(levels[i]), sides))
                for i in range(len(x))
            ]
            return torch.cat(parts)
        return handle.denoise(x, level(t), given, Pass(float(levels[0]), sides, tuple(x.shape)))

    def extra_conds(self, **_: Any) -> Any:
        raise NotSupported(_sentence("MODEL.model.extra_conds"))


def _without_wrapper(handle: Model) -> Model:
    from dataclasses import replace

    return replace(handle, options=replace(handle.options, around_network=NO_OPTIONS.around_network))


def _one(given: dict[str, Any], index: int, count: int) -> dict[str, Any]:
    return {
        name: value[index : index + 1] if isinstance(value, Tensor) and len(value) == count else value
        for name, value in given.items()
    }


class SDXL(BaseModel):
    pass


class SDXLRefiner(BaseModel):
    pass


class SD21UNCLIP(BaseModel):
    pass


class SD3(BaseModel):
    pass


class Flux(BaseModel):
    pass


_CLASSES: dict[str, type[BaseModel]] = {"sdxl": SDXL, "sdxl_refiner": SDXLRefiner, "sd3": SD3, "flux": Flux}


def class_of(model: Model) -> type[BaseModel]:
    if model.family.name == "sd2" and getattr(model.component.network, "vector", 0):
        return SD21UNCLIP
    return _CLASSES.get(model.family.name, BaseModel)


_last: tuple[Model, BaseModel] | None = None


def running_model(guidance: Guidance) -> BaseModel:
    """The model that a step of guidance asks: one object in all steps of a run, as packs keep things with it."""
    from nodes.compat.handles.model import PackModel

    global _last
    if _last is None or _last[0] is not guidance.model:
        _last = guidance.model, class_of(guidance.model)(PackModel.of(guidance.model))
    _last[1]._guidance = guidance
    return _last[1]
