"""Small nodes that show how graphs run: lazy inputs, lists, expansion, loops, blockers, async functions and the rest.

Written for tests/server/behaviours/, in the manner of ComfyUI's packs and with the names that these
import, so that what they rely on is seen over the wire.
"""

from . import changing, expanding, lazy_and_lists, routes, third_kind, values, waiting  # noqa: F401  (they register)
from .declare import CLASSES

NODE_CLASS_MAPPINGS = {**CLASSES, **{cls.GET_SCHEMA().node_id: cls for cls in third_kind.CLASSES}}
NODE_DISPLAY_NAME_MAPPINGS = {"B_Show": "Show a value"}
