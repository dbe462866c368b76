"""Changes of weights: LoRAs in every form, merges of models, factors. Worked out afresh from the originals each time.

A patch has a key and says which parameters it changes and how (`WeightPatch`); `residency` applies it. `read` finds
the adapters in a file, `keys` the parameters that they mean, `adapters` and `orthogonal` hold their formulas, `lora`
puts the three together, and `merge` mixes models.
"""

from .change import Change, WeightPatch
from .lora import Patch, fits, refuse_stranger, refuse_useless
from .merge import Factors, Merge, Other, Shares, changes, check_alike, keys
from .read import Lora, forget_loras, load_lora, lora_of, read_lora

__all__ = [
    "Change",
    "Factors",
    "Lora",
    "Merge",
    "Other",
    "Patch",
    "Shares",
    "WeightPatch",
    "changes",
    "check_alike",
    "fits",
    "forget_loras",
    "keys",
    "load_lora",
    "lora_of",
    "read_lora",
    "refuse_stranger",
    "refuse_useless",
]
