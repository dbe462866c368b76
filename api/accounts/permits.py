"""Which scope each route wants, by method and path as they stand in the router; twins under /api want the same.

What only reads (GET, HEAD) wants `read`, unless a line here says otherwise; of all else each has a line. A route that
has none wants `admin`, and a test fails for it.
"""

from __future__ import annotations

from aiohttp import hdrs, web

from api.people import Scope

READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})

RUN: tuple[str, ...] = (
    "POST /prompt",
    "POST /queue",
    "POST /interrupt",
    "POST /jobs/cancel",
    "POST /jobs/{job_id}/cancel",
    "POST /easel/queue/cancel",
    "POST /easel/queue/move",
    "POST /easel/queue/restore",
    "PUT /easel/queue/{prompt_id}",
    "DELETE /easel/jobs/{prompt_id}",
    "PATCH /easel/jobs/{prompt_id}",
    "POST /easel/jobs/{prompt_id}",
    "POST /easel/jobs/{prompt_id}/again",
    # Who has a shared link runs its graph in the name of who made it.
    "POST /easel/shares",
    "PATCH /easel/shares/{id}",
    "DELETE /easel/shares/{id}",
)
WRITE: tuple[str, ...] = (
    "POST /upload/image",
    "POST /upload/mask",
    "POST /history",
    "POST /easel/history",
    "POST /settings",
    "POST /settings/{id}",
    "POST /userdata/{file}",
    "DELETE /userdata/{file}",
    "POST /userdata/{file}/move/{dest}",
    "PATCH /easel/documents/{id}",
    "DELETE /easel/documents/{id}",
    "POST /easel/documents/{id}/restore",
    "POST /easel/documents/{id}/versions",
    "PATCH /easel/documents/{id}/versions/{version}",
    "POST /easel/gallery/empty",
    "POST /easel/gallery/rate",
    "POST /easel/gallery/restore",
    "POST /easel/gallery/tag",
    "POST /easel/gallery/trash",
    "POST /easel/library/delete",
    "POST /easel/library/duplicate",
    "POST /easel/library/folders",
    "POST /easel/library/marks",
    "POST /easel/library/move",
    "POST /easel/library/restore",
    "POST /easel/model_library/{kind}/hash",
    "POST /easel/model_library/{kind}/note",
    "POST /easel/model_library/{kind}/picture",
    "DELETE /easel/model_library/{kind}/picture",
    "PUT /etn/image/{id}",
    "PUT /etn/upload/{folder}/{name}",
    "POST /etn/workflow/publish",
)
ADMIN: tuple[str, ...] = (
    "POST /users",
    # The queue and the device are everybody's.
    "POST /free",
    "POST /easel/queue",
    "POST /easel/devices",
    "GET /easel/log",
    "GET /internal/logs",
    "GET /internal/logs/raw",
    "PATCH /internal/logs/subscribe",
    "GET /internal/folder_paths",
    "POST /easel/packs/approve",
    "POST /easel/packs/code",
    "POST /easel/packs/{pack}/approve",
    "POST /easel/packs/{pack}/forget",
    "POST /easel/packs/{pack}/install",
    "POST /easel/packs/{pack}/plan",
    "GET /easel/accounts",
    "POST /easel/accounts",
    "PATCH /easel/accounts/{id}",
    "DELETE /easel/accounts/{id}",
    "POST /easel/accounts/{id}/password",
    "GET /easel/audit",
)
READ: tuple[str, ...] = (
    # These change nothing, or only what is told to whom.
    "POST /easel/convert",
    "POST /easel/sharing/check",
    "POST /easel/sharing/needs",
    "POST /easel/gallery/scan",
    "POST /easel/report",
    "POST /etn/workflow/subscribe",
    "POST /etn/workflow/unsubscribe",
    # Everybody's own account; that it was a person at a browser who came is looked at there.
    "POST /easel/accounts/me/password",
    "DELETE /easel/accounts/me/sessions",
    "DELETE /easel/accounts/me/sessions/{id}",
    "POST /easel/accounts/me/tokens",
    "DELETE /easel/accounts/me/tokens/{id}",
)
OF_PACKS: dict[bool, Scope] = {True: "read", False: "run"}
"""Of routes that packs have added: whether it only reads. A websocket may do anything."""


def _table() -> dict[str, Scope]:
    lines: dict[Scope, tuple[str, ...]] = {"read": READ, "run": RUN, "write": WRITE, "admin": ADMIN}
    return {line: scope for scope, names in lines.items() for line in names}


PERMITS = _table()


def scope_for(method: str, path: str) -> Scope | None:
    """What a route of ours wants. path: as the router writes it, `{name}` for what may be anything."""
    method = hdrs.METH_GET if method == hdrs.METH_HEAD else method
    path = path.removeprefix("/api") if path.startswith("/api/") else path
    return PERMITS.get(f"{method} {path}") or ("read" if method in READING else None)


def scope_of(request: web.Request) -> Scope:
    """What this request wants."""
    found = request.match_info
    if found.http_exception is None and found.route.resource is not None:
        return scope_for(request.method, found.route.resource.canonical) or "admin"
    # A pack's route, a file of the front end that --page names, or nothing at all.
    socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    return OF_PACKS[request.method in READING and not socket]
