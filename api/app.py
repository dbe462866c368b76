"""The application: every theme's routes behind one gate."""

from __future__ import annotations

import asyncio
import gzip
from functools import partial
from typing import Any

from aiohttp import hdrs, web

from api import (
    choices,
    convert,
    devices,
    extensions,
    files,
    internal,
    languages,
    log,
    model_routes,
    node_docs,
    node_help,
    object_info,
    pack_files,
    page,
    prompt,
    replacements,
    settings,
    socket,
    system,
    template_files,
    templates,
    userdata,
)
from api.accounts import audit, login
from api.accounts import routes as accounts
from api.disk_use import DISK_USE, DiskUse
from api.documents import routes as documents
from api.front_end import FRONT_END, index, serve_files
from api.gallery import routes as gallery
from api.krita import routes as krita
from api.library import routes as library
from api.memory import keep_giving_back
from api.model_files import routes as model_library
from api.model_files import sharing
from api.openapi import routes as openapi
from api.packs import routes as packs
from api.packs.forward import FORWARD, forward
from api.page import PAGE
from api.queue import job_routes, sweeps
from api.queue import routes as runs
from api.queue.leaving import may_run
from api.queue.pruning import keep_bounded
from api.replies import ON_FAILED_WRITE, WITHOUT_PATHS, turn_errors_into_replies
from api.report import routes as report
from api.security import GATE, Gate, mark, middleware
from api.services import SERVICES, Services
from api.shares import guest as shares_guest
from api.shares import owner as shares
from api.shares import settle as share_settle
from api.stalled import give_up_stalled
from api.webhooks.deliveries import keep_delivering

THEMES = (
    prompt,
    job_routes,
    socket,
    files,
    userdata,
    settings,
    object_info,
    system,
    model_routes,
    node_help,
    replacements,
    pack_files,
    template_files,
    node_docs,
)
"""Whose ROUTES clients know."""
OWN_THEMES = (
    accounts,
    audit,
    login,
    socket,
    system,
    packs,
    page,
    choices,
    convert,
    devices,
    documents,
    extensions,
    gallery,
    internal,
    job_routes,
    krita,
    languages,
    library,
    log,
    model_library,
    node_help,
    openapi,
    report,
    runs,
    shares,
    shares_guest,
    sharing,
    sweeps,
    templates,
    userdata,
)
"""Whose OWN_ROUTES are ours."""
COMPRESS_ABOVE = 2048
"""Bytes of a JSON answer from which compressing it pays."""
COMPRESS_ASIDE = 128 * 1024
"""Bytes from which that holds up others, unless a thread does it."""


def build_app(services: Services, gate: Gate) -> web.Application:
    """Clients' routes stand under `/` and under `/api` alike; ours stand under `/easel`."""
    app = web.Application(
        middlewares=[
            turn_errors_into_replies,
            give_up_stalled,
            middleware(gate, {*shares_guest.FOR_GUESTS, *login.FOR_ALL, page.get_icon}),
            forward,
            serve_files,
            compress,
        ],
        client_max_size=services.flags.max_upload,
    )
    app[SERVICES] = services
    app[GATE] = gate
    app[login.LOGINS] = login.Logins()
    app[ON_FAILED_WRITE] = services.room.doubt
    app[WITHOUT_PATHS] = services.troubles.names.instead
    log.install(app)
    krita.install(app)
    app[PAGE] = services.page
    app[FORWARD] = services.forward
    services.forward.router = app.router
    if services.front_end is not None:
        app[FRONT_END] = services.front_end
        app[pack_files.SCRIPTS_OF_PAGE] = services.front_end.root
    app[choices.SENT] = choices.Sent()
    app[DISK_USE] = DiskUse(
        services.folders, services.flags.user, services.accounts.quotas, services.gallery.store.bytes_in_trash
    )
    services.feed.watch(app[DISK_USE].heard)
    services.jobs.disk_left = app[DISK_USE].left
    services.jobs.line.quota_of = services.accounts.quotas
    services.jobs.line.may_run = partial(may_run, services.accounts)
    app[library.LIBRARIES] = {}
    app[model_library.NOTES] = {}
    app[shares_guest.DOOR] = shares_guest.Door()
    app.cleanup_ctx.append(share_settle.keep_settled)
    app.cleanup_ctx.append(keep_delivering)
    app.cleanup_ctx.append(keep_bounded)
    app.cleanup_ctx.append(keep_giving_back)
    app.cleanup_ctx.append(object_info.keep_ready)
    for theme in THEMES:
        for route in theme.ROUTES:
            app.router.add_route(route.method, route.path, route.handler)
            app.router.add_route(route.method, "/api" + route.path, route.handler)
    for theme in OWN_THEMES:
        app.router.add_routes(theme.OWN_ROUTES)

    app.router.add_get("/", first_page)

    async def add_marks(request: web.Request, response: web.StreamResponse) -> None:
        await mark(gate, request, response)

    app.on_response_prepare.append(add_marks)
    return app


async def first_page(request: web.Request) -> web.Response:
    """Our page, or the front end that was named on the command line."""
    front_end = request.app.get(FRONT_END)
    return await page.get_index(request) if front_end is None else await index(front_end, request)


@web.middleware
async def compress(request: web.Request, handler: Any) -> web.StreamResponse:
    """JSON in gzip where the client takes it: node catalogues and histories shrink to a tenth."""
    response = await handler(request)
    if (
        isinstance(response, web.Response)
        and response.content_type == "application/json"
        and hdrs.CONTENT_ENCODING not in response.headers
        and response.body is not None
        and len(response.body) > COMPRESS_ABOVE  # pyright: ignore[reportArgumentType]
    ):
        response.headers.add(hdrs.VARY, "Accept-Encoding")
        body = response.body
        if isinstance(body, bytes) and len(body) > COMPRESS_ASIDE:
            if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
                response.body = await asyncio.to_thread(gzip.compress, body, 6)
                response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        else:
            response.enable_compression()
    return response
