"""What the first bytes of a file say that it is: for uploads, which are named by whoever sends them.

Pictures are decoded whole elsewhere. Of video, sound and the like only the container's beginning is looked at: no
decoder runs for it, and what is damaged further in shows when it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

LOOKED_AT = 4096
"""Bytes that are enough for all that is told here."""

_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid")


def _mp4(head: bytes) -> bool:
    return head[4:8] in _BOXES


def _matroska(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3")


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] in (b"RIFF", b"RF64", b"RIFX", b"BW64") and head[8:12] == kind


def _ogg(head: bytes) -> bool:
    return head.startswith(b"OggS")


def _tagged(head: bytes) -> bool:
    return head.startswith(b"ID3")


def _flac(head: bytes) -> bool:
    return head.startswith(b"fLaC") or _tagged(head)


def _frames(head: bytes) -> bool:
    """MPEG or ADTS frames, which each begin with eleven ones; what stands before the first is passed over."""
    return (
        _tagged(head)
        or head.startswith(b"ADIF")
        or any(head[at] == 0xFF and head[at + 1] & 0xE0 == 0xE0 for at in range(len(head) - 1))
    )


def _tensors(head: bytes) -> bool:
    return len(head) > 8 and int.from_bytes(head[:8], "little") < 2**32 and head[8:9] == b"{"


_CONTAINERS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    **dict.fromkeys((".mp4", ".mov", ".m4v"), ("a video", _mp4)),
    **dict.fromkeys((".webm", ".mkv"), ("a video", _matroska)),
    ".avi": ("a video", _riff(b"AVI ")),
    ".wav": ("a sound", _riff(b"WAVE")),
    ".flac": ("a sound", _flac),
    **dict.fromkeys((".ogg", ".opus"), ("a sound", _ogg)),
    ".m4a": ("a sound", _mp4),
    **dict.fromkeys((".mp3", ".aac"), ("a sound", _frames)),
    ".latent": ("a latent", _tensors),
}

_KNOWN: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("a PNG picture", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("a JPEG picture", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("a GIF picture", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    ("a WebP picture", _riff(b"WEBP")),
    ("a TIFF picture", lambda head: head.startswith((b"II*\0", b"MM\0*"))),
    ("an AVIF or HEIC picture", lambda head: head[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1", b"ftypavis")),
    ("an MP4 or QuickTime file", lambda head: head[4:8] == b"ftyp"),
    ("a Matroska or WebM file", _matroska),
    ("an AVI video", _riff(b"AVI ")),
    ("a WAV sound", _riff(b"WAVE")),
    ("an Ogg sound", _ogg),
    ("a FLAC sound", lambda head: head.startswith(b"fLaC")),
    ("an MP3 sound", _tagged),
    ("a PDF", lambda head: head.startswith(b"%PDF")),
    ("an archive (ZIP)", lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06"))),
    ("an archive (gzip)", lambda head: head.startswith(b"\x1f\x8b")),
    ("an archive (7z)", lambda head: head.startswith(b"7z\xbc\xaf\x27\x1c")),
    ("a program", lambda head: head.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"#!"))),
    ("a web page", lambda head: head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))),
    ("an SVG drawing", lambda head: b"<svg" in head[:1024].lower()),
    ("JSON", lambda head: head.lstrip()[:1] in (b"{", b"[")),
)


def what(head: bytes) -> str:
    """What a file is, by its beginning: `a PNG picture`; empty where that is not known."""
    if not head:
        return "empty"
    return next((name for name, fits in _KNOWN if fits(head)), "")


def objection(name: str, head: bytes) -> str:
    """Why a file is not what its name says, to follow its name in a sentence; empty where it is, or the name says
    nothing that is looked at here."""
    found = _CONTAINERS.get(PurePosixPath(name).suffix.lower())
    if found is None or (found[1](head) and not _is_picture(head)):
        return ""
    is_what = what(head)
    return f"it is {is_what}, and not {found[0]}" if is_what else f"it does not begin as {found[0]} of this kind does"


def _is_picture(head: bytes) -> bool:
    return what(head).endswith("picture")
