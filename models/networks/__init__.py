"""The networks that files hold: sizes read off tensor shapes, a module to fill, and which tensor fills what."""
