"""What guests are given of a run: its files and texts, without the graph that pictures carry."""

from __future__ import annotations

import asyncio
import re
import struct
from pathlib import Path
from typing import Any, cast

from api.pictures import PictureError, Pictures
from api.serving import SHOWN, media_type
from graph.errors import FileNameError
from graph.folders import OWN_KINDS, Folders, inside
from graph.types import JsonObject

MOST = 500
"""Files and texts of one run."""
LONGEST_TEXT = 200_000
FILE_LISTS = ("images", "gifs", "video", "audio", "a_images", "b_images", "files")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    (b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP mDCV cLLI acTL fcTL fdAT").split()
)
_WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP"))
_JPEG_KEPT = frozenset((0xE0, 0xEE))
"""APP segments that say how the pixels are to be read: JFIF, Adobe; and in APP2 the colour profile."""
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the pixels of a scan: stuffed bytes and restarts belong to them."""


class NotGiven(Exception):
    """The file is there and is not for guests; the text says why."""


def results_of(outputs: Any, shown: dict[str, str]) -> list[JsonObject]:
    """The results of the chosen outputs, in their order, from a job's outcome."""
    found: list[JsonObject] = []
    by_node = cast(JsonObject, outputs) if isinstance(outputs, dict) else {}
    for node, label in shown.items():
        # What a node expands into has ids that begin with its own.
        for id in (key for key in by_node if key == node or key.startswith(f"{node}.")):
            result: Any = by_node[id]
            if not isinstance(result, dict):
                continue
            ui = cast(JsonObject, result)
            for name in FILE_LISTS:
                found += [{**file, "output": label} for file in _files(ui.get(name))]
            found += [{"text": text, "output": label} for text in _texts(ui.get("text"))]
    return found[:MOST]


def told(results: list[JsonObject]) -> list[JsonObject]:
    """The same as a guest sees it: no name, only what kind of thing it is."""
    return [
        {"kind": "text", "text": result["text"], "output": result["output"]}
        if "text" in result
        else {"kind": _kind(str(result["filename"])), "output": result["output"]}
        for result in results
    ]


def path_of(folders: Folders, result: JsonObject) -> Path | None:
    """The file, where it still is."""
    try:
        path = inside(folders.root(str(result["type"])), f"{result['subfolder']}/{result['filename']}".lstrip("/"))
        return path if path.is_file() else None
    except (FileNameError, OSError, ValueError, KeyError):
        return None


async def bare(pictures: Pictures, path: Path, data: bytes) -> tuple[str, bytes]:
    """Media type and bytes without any text in them. Raises NotGiven."""
    media = media_type(path)
    try:
        stripped = await asyncio.to_thread(STRIPPERS[media], data) if media in STRIPPERS else None
    except (struct.error, IndexError, ValueError):
        stripped = None
    if stripped is not None:
        return media, stripped
    if media.startswith("image/") and media in SHOWN:
        try:
            return await pictures.convert(path, "png")
        except PictureError as error:
            raise NotGiven(f"The picture cannot be shown: {error}.") from None
    raise NotGiven("A file of this kind may hold the graph that made it, which this link does not show.")


def _png(data: bytes) -> bytes | None:
    if not data.startswith(_PNG):
        return None
    parts, at = [_PNG], len(_PNG)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind in _PNG_KEPT:
            parts.append(data[at : at + 12 + length])
        at += 12 + length
        if kind == b"IEND":
            return b"".join(parts)
    return None


def _webp(data: bytes) -> bytes | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    parts, at = [b"WEBP"], 12
    end = min(len(data), 8 + int(struct.unpack_from("<I", data, 4)[0]))
    while at + 8 <= end:
        kind, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        chunk = data[at : at + 8 + length + length % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind in _WEBP_KEPT:
            parts.append(chunk)
        at += 8 + length + length % 2
    body = b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg(data: bytes) -> bytes | None:
    """The first picture: what stands between its scans is looked at too, and what comes after its end is left out."""
    if data[:2] != b"\xff\xd8":
        return None
    parts, at = [data[:2]], 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return b"".join([*parts, data[at : at + 2]])
        if marker == 0xFF:  # a byte that only fills
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if marker == 0xDA:  # the pixels of this scan
            found = _JPEG_MARKER.search(data, end)
            if found is None:
                return None
            end = found.start()
        if _is_kept(marker, data[at + 4 : at + 16]):
            parts.append(data[at:end])
        at = end
    return None


def _is_kept(marker: int, start: bytes) -> bool:
    if marker == 0xE2:
        return start.startswith(b"ICC_PROFILE")
    return marker in _JPEG_KEPT or not (marker == 0xFE or 0xE0 <= marker <= 0xEF)


STRIPPERS = {"image/png": _png, "image/webp": _webp, "image/jpeg": _jpeg}


def _files(listed: Any) -> list[JsonObject]:
    found: list[JsonObject] = []
    for raw in cast("list[Any]", listed) if isinstance(listed, list) else []:
        if isinstance(raw, dict):
            file = cast(JsonObject, raw)
            name, kind = file.get("filename"), str(file.get("type", "output"))
            if isinstance(name, str) and kind in OWN_KINDS:
                found.append({"filename": name, "subfolder": str(file.get("subfolder") or ""), "type": kind})
    return found


def _texts(said: Any) -> list[str]:
    items = cast("list[Any]", said) if isinstance(said, list) else [] if said is None else [said]
    return [str(item)[:LONGEST_TEXT] for item in items]


def _kind(name: str) -> str:
    media = media_type(Path(name))
    return media.partition("/")[0] if media in SHOWN else "file"
