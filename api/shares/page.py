"""The page behind a shared link: a few modules of web/, and a sentence where the link opens nothing."""

from __future__ import annotations

import asyncio
import html
from typing import Any, cast

from aiohttp import hdrs, web

from api import languages
from api.replies import Refusal
from api.services import Services

PAGE = "app_view/share.html"
FILES = frozenset({
    "app_view/share.js",
    "app_view/share.css",
    "app_view/form.css",
    "app_view/form_view.js",
    "app_view/form_fields.js",
    "app_view/form_values.js",
    "app_view/markdown.js",
    "app_view/share_api.js",
    "app_view/share_runs.js",
    "language/read.js",
    "language/server.js",
    "language/t.js",
    "model/patterns.js",
    "panels/dom.js",
})  # fmt: skip
"""All that a guest's browser may load; a test holds it against what the modules import."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_BARE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_ERROR = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="robots" content="noindex">
<title>Easel</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: dark light; font: 16px/1.5 system-ui, sans-serif }}
:root {{ background: light-dark(#eff1f3, #0e1013); color: light-dark(#1e2026, #eff0f3) }}
body {{ min-height: 90vh; margin: 0; display: grid; place-content: center; padding: 24px; text-align: center }}
h1 {{ font-size: 20px; font-weight: 600; max-width: 32em; margin: 0 }}
</style>
</head>
<body><main><h1>{sentence}</h1></main></body>
</html>
"""


def page(services: Services, token: str) -> web.Response:
    found = services.page.asset(PAGE)
    if found is None:
        raise web.HTTPNotFound
    base = f"/easel/share/{token}"
    text = found.plain.decode("utf-8").replace("{{base}}", html.escape(base))
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return web.Response(text=text, content_type="text/html", headers=headers)


async def asset(services: Services, name: str, accepted: str) -> web.Response:
    found = services.page.asset(name) if name in FILES else None
    if found is None:
        raise Refusal(404, "not_found", "There is no such file.")
    body, headers = found.plain, {hdrs.VARY: "Accept-Encoding"}
    if "gzip" in accepted:
        zipped = await asyncio.to_thread(lambda: found.zipped)
        if zipped is not None:
            body, headers[hdrs.CONTENT_ENCODING] = zipped, "gzip"
    return web.Response(body=body, content_type=found.type, charset="utf-8", headers=headers)


async def error_page(services: Services, refusal: Refusal, accepted: str) -> web.Response:
    """The refusal as a page, in the language that the browser asks for."""
    wanted = [part.partition(";")[0].strip() for part in accepted[:500].split(",")]
    found = await asyncio.to_thread(
        languages.read_language, services, [w for w in wanted if languages.CODE.fullmatch(w)]
    )
    words: Any = found.get("server")
    sentence = str(refusal)
    if isinstance(words, dict):
        sentence = str(cast("dict[str, Any]", words).get(sentence, sentence))
    text = _ERROR.format(lang=html.escape(str(found.get("code") or "en")), sentence=html.escape(sentence))
    headers = {**(refusal.headers or {}), "Content-Security-Policy": _BARE_POLICY, "X-Frame-Options": "DENY"}
    return web.Response(text=text, status=refusal.status, content_type="text/html", headers=headers)
