"""Videos: what has `get_components`, `get_dimensions`, `save_to` and the others of `models/video.py`."""
# pyright: basic

from models.video import Video as VideoInput

__all__ = ["VideoInput"]
