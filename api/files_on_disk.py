"""Writing files whole, for the control process, and what the system says where it cannot be done."""

from __future__ import annotations

import errno

from graph.whole_files import (
    copy_new,
    copy_whole,
    make_folder,
    move,
    move_new,
    open_unnamed,
    sync_folder,
    whole_file,
    whole_path,
    write_whole,
)

__all__ = [
    "DISK_GONE",
    "FULL",
    "READ_ONLY",
    "copy_new",
    "copy_whole",
    "make_folder",
    "move",
    "move_new",
    "open_unnamed",
    "sync_folder",
    "whole_file",
    "whole_path",
    "write_whole",
]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
DISK_GONE = frozenset({errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.EHOSTDOWN, errno.ENOTCONN})
"""What the system says where a drive, or the network before it, does not answer."""
