"""The fixtures by which packs test themselves; each folder here is a pack that shows one thing of `@node`."""

from easel_testing.fixtures import *  # noqa: F403
