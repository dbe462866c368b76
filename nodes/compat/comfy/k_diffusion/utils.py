"""`comfy.k_diffusion.utils`."""

from nodes.compat.comfy.k_diffusion.sampling import append_dims, append_zero

__all__ = ["append_dims", "append_zero"]
