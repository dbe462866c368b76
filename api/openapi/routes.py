"""`/easel/openapi.json`, and `/easel/api`: a page of our own that shows it."""

from __future__ import annotations

from aiohttp import hdrs, web

from api.openapi.document import document
from api.page import PAGE
from api.system import VERSION

HTML = "reference/reference.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)


async def get_document(_: web.Request) -> web.Response:
    return web.json_response(document(VERSION), headers={hdrs.CACHE_CONTROL: "no-cache"})


async def get_reference(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    found = page.asset(HTML)
    if found is None:
        raise web.HTTPNotFound
    if not page.version:
        await page.index()  # nobody has opened the page yet: its files have no address
    text = found.plain.decode("utf-8").replace("{{web}}", f"/w/{page.version}")
    headers = {
        hdrs.CACHE_CONTROL: "no-cache",
        "Content-Security-Policy": POLICY,
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


OWN_ROUTES = [
    web.get("/easel/openapi.json", get_document),
    web.get("/easel/api", get_reference),
]
