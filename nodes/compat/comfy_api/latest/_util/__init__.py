"""Another name of `comfy_api.util`, which packs import too, with the classes of vector pictures and shapes."""
# pyright: basic

from ...util import VideoCodec, VideoComponents, VideoContainer
from .geometry_types import MESH, VOXEL
from .image_types import SVG

__all__ = ["MESH", "SVG", "VOXEL", "VideoCodec", "VideoComponents", "VideoContainer"]
