"""How the plugin reads a refusal: `{"error": "a sentence"}`."""

from __future__ import annotations

from aiohttp import web


def refused(status: int, sentence: str, *, close: bool = False) -> web.Response:
    """close: end the connection, since a body is left unread."""
    response = web.json_response({"error": sentence}, status=status)
    if close:
        response.force_close()
    return response
