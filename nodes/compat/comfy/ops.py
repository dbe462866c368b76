# pyright: basic
"""ComfyUI's `comfy.ops`: torch's layers, made without filling their weights, and computing in the input's type."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def cast_to(
    weight: Tensor,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    stream: Any = None,
) -> Tensor:
    """A tensor in another type, on another device."""
    return weight.to(device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)


def cast_to_input(weight: Tensor | None, input: Tensor, non_blocking: bool = False, copy: bool = True) -> Tensor | None:
    return None if weight is None else cast_to(weight, input.dtype, input.device, non_blocking, copy)


def cast_bias_weight(
    s: Any,
    input: Tensor | None = None,
    dtype: Any = None,
    device: Any = None,
    bias_dtype: Any = None,
    offloadable: bool = False,
) -> Any:
    """A layer's (weight, bias) as its input has it, or as it is asked for; with `offloadable`, None behind them."""
    if input is not None:
        dtype, device = dtype or input.dtype, device or input.device
    weight = cast_to(s.weight, dtype, device) if s.weight is not None else None
    bias = getattr(s, "bias", None)
    bias = cast_to(bias, bias_dtype or dtype, device) if bias is not None else None
    for change in getattr(s, "weight_function", ()):
        weight = change(weight)
    for change in getattr(s, "bias_function", ()):
        bias = change(bias) if bias is not None else None
    return (weight, bias, None) if offloadable else (weight, bias)


def uncast_bias_weight(s: Any, weight: Any, bias: Any, offload_stream: Any) -> None:
    """Nothing was lent by `cast_bias_weight` that would be given back."""


class CastWeightBiasOp:
    """What a layer says of casting."""

    comfy_cast_weights = False
    weight_function: Any = ()
    bias_function: Any = ()


class _Layer(CastWeightBiasOp):
    """Weights are not filled: a file's take their place. Packs override what is called where they are cast."""

    def reset_parameters(self) -> None:
        """Nothing: what is drawn here would be overwritten."""

    def forward_comfy_cast_weights(self, *args: Any, **kwargs: Any) -> Tensor:
        raise NotImplementedError

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        if self.comfy_cast_weights or len(self.weight_function) or len(self.bias_function):
            return self.forward_comfy_cast_weights(*args, **kwargs)
        plain: Any = super()
        return plain.forward(*args, **kwargs)


class _Conv(_Layer):
    def forward_comfy_cast_weights(self, input: Tensor) -> Tensor:
        layer: Any = self
        return layer._conv_forward(input, *cast_bias_weight(self, input))


class _ConvTranspose(_Layer):
    def forward_comfy_cast_weights(self, input: Tensor, output_size: Any = None) -> Tensor:
        weight, bias = cast_bias_weight(self, input)
        state = {"weight": weight, **({} if bias is None else {"bias": bias})}
        layer: Any = self
        with _with(layer, state):
            plain: Any = super(_Layer, layer)
            return plain.forward(input, output_size)


class disable_weight_init:  # noqa: N801
    """Layers as `disable_weight_init.Linear`."""

    class Linear(_Layer, nn.Linear):
        def forward_comfy_cast_weights(self, input: Tensor) -> Tensor:
            weight, bias = cast_bias_weight(self, input)
            return functional.linear(input, weight, bias)

    class Conv1d(_Conv, nn.Conv1d):
        pass

    class Conv2d(_Conv, nn.Conv2d):
        pass

    class Conv3d(_Conv, nn.Conv3d):
        pass

    class GroupNorm(_Layer, nn.GroupNorm):
        def forward_comfy_cast_weights(self, input: Tensor) -> Tensor:
            weight, bias = cast_bias_weight(self, input)
            return functional.group_norm(input, self.num_groups, weight, bias, self.eps)

    class LayerNorm(_Layer, nn.LayerNorm):
        def forward_comfy_cast_weights(self, input: Tensor) -> Tensor:
            weight, bias = (None, None) if self.weight is None else cast_bias_weight(self, input)
            return functional.layer_norm(input, self.normalized_shape, weight, bias, self.eps)

    class RMSNorm(_Layer, nn.RMSNorm):
        def forward_comfy_cast_weights(self, input: Tensor) -> Tensor:
            weight = None if self.weight is None else cast_bias_weight(self, input)[0]
            return functional.rms_norm(input, list(self.normalized_shape), weight, self.eps)

    class ConvTranspose1d(_ConvTranspose, nn.ConvTranspose1d):
        pass

    class ConvTranspose2d(_ConvTranspose, nn.ConvTranspose2d):
        pass

    class Embedding(_Layer, nn.Embedding):
        bias = None

        def forward_comfy_cast_weights(self, input: Tensor, out_dtype: Any = None) -> Tensor:
            weight, _ = cast_bias_weight(self, device=input.device, dtype=out_dtype)
            ways = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
            return functional.embedding(input, weight, *ways)

        def forward(self, input: Tensor, out_dtype: Any = None) -> Tensor:
            if self.comfy_cast_weights:
                return self.forward_comfy_cast_weights(input, out_dtype=out_dtype)
            found = nn.Embedding.forward(self, input)
            return found if out_dtype is None else found.to(out_dtype)

    @classmethod
    def conv_nd(cls, dims: int, *args: Any, **kwargs: Any) -> Any:
        """A convolution over two or three axes."""
        if dims not in (2, 3):
            raise ValueError(f"unsupported dimensions: {dims}")
        return (cls.Conv2d if dims == 2 else cls.Conv3d)(*args, **kwargs)


class manual_cast(disable_weight_init):  # noqa: N801
    """The same, whose weights are cast to the input's type each time."""

    class Linear(disable_weight_init.Linear):
        comfy_cast_weights = True

    class Conv1d(disable_weight_init.Conv1d):
        comfy_cast_weights = True

    class Conv2d(disable_weight_init.Conv2d):
        comfy_cast_weights = True

    class Conv3d(disable_weight_init.Conv3d):
        comfy_cast_weights = True

    class GroupNorm(disable_weight_init.GroupNorm):
        comfy_cast_weights = True

    class LayerNorm(disable_weight_init.LayerNorm):
        comfy_cast_weights = True

    class RMSNorm(disable_weight_init.RMSNorm):
        comfy_cast_weights = True

    class ConvTranspose1d(disable_weight_init.ConvTranspose1d):
        comfy_cast_weights = True

    class ConvTranspose2d(disable_weight_init.ConvTranspose2d):
        comfy_cast_weights = True

    class Embedding(disable_weight_init.Embedding):
        comfy_cast_weights = True


@contextlib.contextmanager
def _with(module: nn.Module, tensors: dict[str, Tensor]) -> Any:
    """A module with other weights for a while."""
    before = {name: module._parameters[name] for name in tensors}
    module._parameters.update({name: nn.Parameter(value, requires_grad=False) for name, value in tensors.items()})
    try:
        yield
    finally:
        module._parameters.update(before)


def pick_operations(
    weight_dtype: Any, compute_dtype: Any, load_device: Any = None, disable_fast_fp8: bool = False, **more: Any
) -> type:
    """The layers for weights of a type, computed in another."""
    return disable_weight_init if compute_dtype is None or weight_dtype == compute_dtype else manual_cast


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, *args, **kwargs)
