"""The page on which one logs in: a form that works without any script."""

from __future__ import annotations

import asyncio
import html
import math
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from aiohttp import hdrs, web

from api import languages
from api.replies import Refusal
from api.services import SERVICES

LOGIN = "/easel/login"
STYLE = "login/login.css"
LONGEST_NEXT = 2000
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/favicon.ico">
<link rel="stylesheet" href="/easel/login/style.css">
</head>
<body>
<main>
<header><img src="/favicon.ico" alt=""><h1>{title}</h1></header>
{wrong}<form method="post" action="/easel/login">
<input type="hidden" name="next" value="{next}">
<label>{name_label}
<input name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64"
 required{focus_name}></label>
<label>{password_label}
<input name="password" type="password" autocomplete="current-password" maxlength="1024"
 required{focus_password}></label>
<button>{button}</button>
</form>
</main>
</body>
</html>
"""
_TOO_MANY = "Too many wrong passwords. Try again in {minutes} minutes."
_AGAIN = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url={address}">
<title>Easel</title>
</head>
<body></body>
</html>
"""


async def login_page(request: web.Request, next: str, refusal: Refusal | None = None, name: str = "") -> web.Response:
    """The form; with what went wrong at the last try."""
    words, code = await _words(request)
    status, wrong = 200, ""
    if refusal is not None:
        status = refusal.status
        wrong = f'<p class="wrong" role="alert">{html.escape(_said(refusal, words))}</p>\n'
    text = _PAGE.format(
        lang=html.escape(code),
        title=html.escape(words.get("Log in to Easel", "Log in to Easel")),
        wrong=wrong,
        next=html.escape(safe_next(next)),
        name=html.escape(name),
        name_label=html.escape(words.get("Name", "Name")),
        password_label=html.escape(words.get("Password", "Password")),
        button=html.escape(words.get("Log in", "Log in")),
        focus_name="" if name else " autofocus",
        focus_password=" autofocus" if name else "",
    )
    headers = {**HEADERS, **((refusal.headers if refusal is not None else None) or {})}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def to_login(request: web.Request) -> web.Response:
    """Send a person who is not logged in to the form, and back here afterwards.

    A browser that follows another site's link leaves our cookie at home: it is asked to come once more by itself.
    """
    here = safe_next(request.rel_url.raw_path_qs)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        text = _AGAIN.format(address=html.escape(here))
        return web.Response(text=text, content_type="text/html", headers=HEADERS)
    where = LOGIN if here == "/" else f"{LOGIN}?{urlencode({'next': here})}"
    return web.Response(status=303, headers={hdrs.LOCATION: where, hdrs.CACHE_CONTROL: "no-store"})


def wants_page(request: web.Request) -> bool:
    """Whether a browser asks for this to show it as a page."""
    if request.method != hdrs.METH_GET or hdrs.UPGRADE in request.headers:
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    return request.headers.get(hdrs.ACCEPT, "").startswith("text/html")


def safe_next(given: str) -> str:
    """An address of this server's, and of no other, to go to after the login."""
    try:
        parts = urlsplit(given)
    except ValueError:
        return "/"
    here = (
        given.startswith("/")
        and not given.startswith(("//", "/\\", LOGIN))
        and "\\" not in given
        and given.isprintable()
        and len(given) <= LONGEST_NEXT
    )
    return given if here and not parts.scheme and not parts.netloc else "/"


async def style(request: web.Request) -> web.Response:
    found = request.app[SERVICES].page.asset(STYLE)
    if found is None:
        raise web.HTTPNotFound
    return web.Response(body=found.plain, content_type="text/css", headers={hdrs.CACHE_CONTROL: "no-cache"})


async def _words(request: web.Request) -> tuple[dict[str, str], str]:
    """Sentences in the language that the browser asks for, and which that is."""
    accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:500]
    wanted = [part.partition(";")[0].strip() for part in accepted.split(",")]
    known = [one for one in wanted if languages.CODE.fullmatch(one)][: languages.MOST_ASKED]
    found = await asyncio.to_thread(languages.read_language, request.app[SERVICES], known)
    server: Any = found.get("server")
    words = cast("dict[str, Any]", server) if isinstance(server, dict) else {}
    return {name: value for name, value in words.items() if isinstance(value, str)}, str(found.get("code") or "en")


def _said(refusal: Refusal, words: dict[str, str]) -> str:
    minutes = refusal.body["error"]["extra_info"].get("minutes")
    if minutes is None:
        return words.get(str(refusal), str(refusal))
    return words.get(_TOO_MANY, _TOO_MANY).replace("{minutes}", str(minutes))


def too_many(wait: float) -> Refusal:
    """Tries are over for now."""
    minutes = math.ceil(wait / 60)
    return Refusal(
        429,
        "too_many_tries",
        f"Too many wrong passwords. Try again in {minutes} minutes.",
        extra_info={"minutes": minutes},
        headers={"Retry-After": str(math.ceil(wait))},
    )
