"""How a file that is somebody's goes out: what a browser may show in place, and that nothing in it ever runs.

Every file that a person or a job made goes through `UserFile`, and what is made of one through `safe_headers`: into a
sandbox without an origin, with `nosniff`, and all but pictures, video and sound as a download.
"""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'"
SHOWN = frozenset({
    *("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif", "image/tiff"),
    *("video/mp4", "video/webm", "video/quicktime", "video/x-matroska", "video/ogg"),
    *("audio/mpeg", "audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac", "audio/ogg", "audio/opus"),
    *("audio/mp4", "audio/aac", "audio/webm"),
})  # fmt: skip
"""What a browser may show in place; all else is offered as a download, since some of it could run."""
MORE_TYPES = {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".flac": "audio/flac",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".safetensors": "application/octet-stream",
}
"""Types that Python's own table lacks on some systems."""
_RUNS = ("html", "javascript", "ecmascript", "css", "wasm", "vbscript", "xml")
"""Parts of types whose content a page of ours could be made to load as its own code. SVG only runs as a document."""
CHUNK = 256 * 1024


def media_type(path: Path) -> str:
    """From the name alone; what is not known is nobody's to interpret."""
    suffix = path.suffix.lower()
    return MORE_TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def harmless(media: str) -> str:
    """The type under which a person's file is sent: what could be loaded as code has none."""
    runs = media != "image/svg+xml" and any(part in media for part in _RUNS)
    return "application/octet-stream" if runs else media


def disposition(name: str, *, shown: bool) -> str:
    """`filename="x"`, as clients know it, or an attachment; other letters than ASCII's beside it (RFC 6266)."""
    plain = "".join(c if 32 <= ord(c) < 127 and c not in '"\\' else "_" for c in name)
    start = "" if shown else "attachment; "
    extended = f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}" if plain != name else ""
    return f'{start}filename="{plain}"{extended}'


def safe_headers(name: str, media: str, cache: str = "no-cache") -> dict[str, str]:
    """What goes with a person's file, or with what was made of it."""
    return {
        hdrs.CONTENT_DISPOSITION: disposition(name, shown=media in SHOWN),
        hdrs.CACHE_CONTROL: cache,
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
    }


class UserFile(web.FileResponse):
    """A file as it lies there, in parts where parts are asked for.

    media: where the name does not tell it.
    """

    def __init__(self, path: Path, *, name: str | None = None, media: str | None = None, cache: str = "no-cache"):
        media = harmless(media or media_type(path))
        super().__init__(path, chunk_size=CHUNK, headers=safe_headers(name or path.name, media, cache))
        self.content_type = media

    def _get_file_path_stat_encoding(self, accept_encoding: str) -> tuple[Path | None, os.stat_result, str | None]:
        """Never `NAME.gz` in its place, which may be anybody's and hold something else."""
        return super()._get_file_path_stat_encoding("")
