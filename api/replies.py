"""What goes wrong, as an answer: the one place that turns errors into HTTP."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any, cast

from aiohttp import web

from api.database import DatabaseError
from api.files_on_disk import DISK_GONE, FULL, READ_ONLY
from api.people import asks
from graph.errors import FileNameError, ParseError
from graph.json_input import load

log = logging.getLogger("easel")


def _nobody() -> None:
    """Where nobody looks after the disk."""


OF_THE_NAME = frozenset({errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})
"""What fails because of the name that was asked for, such as a folder's for a file."""

ON_FAILED_WRITE: web.AppKey[Callable[[], None]] = web.AppKey("on failed write")
"""Told when a write found no room, or no folder."""

WITHOUT_PATHS: web.AppKey[Callable[[str], str]] = web.AppKey("without paths")
"""Puts the names of folders where their paths stand in a text."""

MAX_JSON = 32 * 1024 * 1024
"""Bytes of a JSON body: a graph of 20,000 nodes with its workflow takes a fifth of it."""


def loggable(path: str) -> str:
    """A path without the token of a shared link."""
    before, shared, after = path.partition("/easel/share/")
    _, slash, rest = after.partition("/")
    return f"{before}{shared}...{slash}{rest}" if shared else path


class Refusal(Exception):
    """A request that is not served. `kind` is for programs, `message` and `details` are for people."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        details: str = "",
        extra_info: dict[str, Any] | None = None,
        node_errors: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"type": kind, "message": message, "details": details, "extra_info": extra_info or {}},
            "node_errors": node_errors or {},
        }
        self.headers = headers

    def reply(self) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=self.headers)


class FullDisk(Refusal):
    """A write found no room."""

    def __init__(self, what: str) -> None:
        super().__init__(507, "disk_full", f"{what} could not be written: the disk is full. Make room, then try again.")


def as_refusal(error: OSError, what: str) -> Refusal:
    """A failed write as a refusal that names what was to be written."""
    if error.errno in FULL:
        return FullDisk(what)
    if error.errno in READ_ONLY:
        return Refusal(503, "read_only", f"{what} could not be written: this user may not write in that folder.")
    if error.errno in DISK_GONE:
        return Refusal(503, "folder_gone", f"{what} could not be written: the drive does not answer. Try again later.")
    status = 400 if error.errno in OF_THE_NAME else 500
    return Refusal(status, "write_failed", f"{what} could not be written: {error.strerror or error}.")


async def read_json(request: web.Request, limit: int = MAX_JSON) -> Any:
    """The body as JSON, whatever its content type says: scripts rarely set one. Raises Refusal (400)."""
    length = request.content_length
    if length is not None and length > limit:
        await _drain(request)
        raise _too_large(length, limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            await _drain(request)
            raise _too_large(size, limit)
        chunks.append(chunk)
    try:
        return load(b"".join(chunks), limit)
    except ParseError as error:
        problem = error.to_json()
        raise Refusal(400, "invalid_json", problem["message"], problem["details"], problem["extra_info"]) from None


async def read_object(request: web.Request, limit: int = MAX_JSON) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal (400)."""
    body = await read_json(request, limit)
    if not isinstance(body, dict):
        kind = "a list" if isinstance(body, list) else "null" if body is None else f"the value {str(body)[:50]!r}"
        raise Refusal(400, "invalid_json", f"The body must be a JSON object, not {kind}.")
    return cast("dict[str, Any]", body)


def _too_large(size: int, limit: int) -> Refusal:
    return Refusal(
        400,
        "body_too_large",
        f"The body is larger than {_in_words(limit)}, the most that is read as JSON.",
        f"{_in_words(size)} or more",
    )


def _in_words(size: int) -> str:
    return f"{size / 2**20:.4g} MB" if size >= 2**20 else f"{size / 2**10:.4g} KB"


async def _drain(request: web.Request) -> None:
    """Read what is left of a body, up to a bound: a client that is still sending would miss the answer."""
    left = 256 * 2**20
    async for chunk in request.content.iter_any():
        left -= len(chunk)
        if left < 0:
            return


def _told(request: web.Request, refusal: Refusal) -> web.Response:
    """The answer; where folders of this machine lie is told to those who run it."""
    person = asks(request)
    if person is None or not person.may("admin"):
        instead, error = request.app.get(WITHOUT_PATHS, str), refusal.body["error"]
        error = {**error, "message": instead(error["message"]), "details": instead(error["details"])}
        refusal.body = {**refusal.body, "error": error}
    return refusal.reply()


@web.middleware
async def turn_errors_into_replies(request: web.Request, handler: Any) -> web.StreamResponse:
    """Nothing that a handler raises reaches the client as a trace, and nothing is swallowed in silence."""
    try:
        return await handler(request)
    except Refusal as refusal:
        if refusal.status in (503, 507):
            request.app.get(ON_FAILED_WRITE, _nobody)()
        return _told(request, refusal)
    except web.HTTPRequestEntityTooLarge as error:
        return Refusal(413, "body_too_large", f"The upload is too large: {error.text}").reply()
    except web.HTTPException:
        raise
    except FileNameError as error:
        return Refusal(403, error.type, str(error)).reply()
    except DatabaseError as error:
        request.app.get(ON_FAILED_WRITE, _nobody)()
        log.error("%s", error)
        refusal = Refusal(507 if error.full else 503, "disk_full" if error.full else "journal", f"{error}")
        return _told(request, refusal)
    except (ConnectionError, web.RequestPayloadError):
        return Refusal(400, "disconnected", "The connection ended before the request did.").reply()
    except OSError as error:
        request.app.get(ON_FAILED_WRITE, _nobody)()
        if error.errno not in FULL | READ_ONLY | DISK_GONE:
            log.exception("%s %s failed", request.method, loggable(request.path))
        return _told(request, as_refusal(error, "A file"))
    except Exception as error:
        log.exception("%s %s failed", request.method, loggable(request.path))
        return Refusal(500, "internal", "The server could not answer this.", type(error).__name__).reply()
