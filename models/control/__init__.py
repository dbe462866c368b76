"""ControlNets and T2I-Adapters: what CONTROL_NET is at sockets, and what it does during a run.

`detect` reads a file, `handle` is the value at sockets, `running` the same for one run, and `borrowed` fills those
whose file holds a part only, the rest being the model's.
"""

from .detect import Source, detect_control
from .handle import Control, apply, inpainting_hint
from .running import Running

__all__ = ["Control", "Running", "Source", "apply", "detect_control", "inpainting_hint"]
