"""What MODEL, CLIP and VAE are at sockets: a base file and what is changed about it. Immutable; no weight is copied.

A handle knows how to load its weights, not whether they are loaded: that is `residency`'s to say.
"""

from .model import Model
from .text.handle import Clip
from .vae import Vae

__all__ = ["Clip", "Model", "Vae"]
