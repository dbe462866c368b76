"""The networks that files hold: sizes read off tensor shapes, a module to fill, and which tensor fills what."""

from ..vision_operators import make_torchvision_importable

# transformers looks for torchvision while its own modules are imported, and stumbles where that import fails.
make_torchvision_importable()
