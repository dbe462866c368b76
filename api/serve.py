"""Starting and stopping the control process: what `server.py` runs once the flags are read."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import shutil
import signal
import ssl
import sys
import webbrowser
from contextlib import AsyncExitStack, suppress

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from api import log as log_ring
from api.accounts.audit_file import AuditFile
from api.accounts.store import AccountStore
from api.app import build_app
from api.backup.exchange import clear_unfinished, finish_exchange
from api.database import DatabaseError
from api.documents.store import DocumentStore
from api.flags import ROOT, Flags, fail
from api.front_end import FrontEnd, NoFrontEnd, find_front_end
from api.gallery.service import Gallery
from api.hub import Feed, Hub
from api.joined import Joiner
from api.lock import FolderLock, FolderTaken
from api.machine import watch_over
from api.model_files.facts import ModelFacts
from api.model_paths import Found, find_folders
from api.packs.code import OneTimeCode
from api.packs.development import DevWatch
from api.packs.forward import Forward
from api.packs.guard import Guard
from api.packs.install import Installer
from api.packs.known import Packs
from api.packs.terminal import AtTheTerminal
from api.packs.wishes import Wishes
from api.page import Page
from api.pictures import Pictures
from api.queue.jobs import Jobs
from api.queue.journal import Journal
from api.queue.leaving import Leaving
from api.replies import loggable
from api.security import Gate, TokenError, addresses, token_for
from api.services import Services
from api.shares.store import ShareStore
from api.stalled import KEEP_ALIVE
from api.tls import Certificate
from api.unfinished import clear
from api.worker_report import report_for
from api.workers import LocalWorker
from graph.folders import PEOPLE, Folders
from graph.types import JsonObject

log = logging.getLogger("easel")

NO_SUCH_ADDRESS = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""A plain `--listen` means all of IPv4 and IPv6, and not every machine has both."""
GUARDED = (
    "packs",
    "packs.json",
    "development.json",
    "environments",
    "token",
    "webhook-secret",
    *("accounts.db", "accounts.db-wal", "accounts.db-shm"),
    "audit.log",
)
"""What of the user's folder no pack may change while it is imported: what packs are trusted by, and secrets."""
GOODBYE = 3.0
"""Seconds that open requests may take to end when the server stops."""


def serve(flags: Flags) -> int:
    """Run the server until it is told to stop; returns the exit status."""
    set_up_logging(flags.verbose)
    log_ring.installed()
    for warning in flags.warnings:
        log.warning("%s", warning)
    lock = FolderLock(flags.user)
    try:
        _take(lock, flags)
        found = prepare(flags)
        asyncio.run(_serve(flags, found))
    except (StartError, DatabaseError, TokenError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        lock.release()
    return 0


class AccessLog(AbstractAccessLogger):
    """One line a request, without its query and without a shared link's token."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        path = loggable(request.path)
        self.logger.info("%s %s %s %d %.3f s", request.remote, request.method, path, response.status, time)

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)


class StartError(Exception):
    """The server cannot start. The text says why and what to do."""


def _take(lock: FolderLock, flags: Flags) -> None:
    try:
        finish_exchange(flags.user)
        lock.take()
        clear_unfinished(flags.user)
    except FolderTaken as error:
        raise StartError(
            f"another Easel ({error}) works with the folder {flags.user}. Stop it, or give this one a folder of its"
            " own by --base-directory or --user-directory."
        ) from error
    except OSError as error:
        raise StartError(f"the folder {flags.user} cannot be used: {error.strerror}. See --user-directory.") from error


def set_up_logging(verbose: bool) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(log_ring.ForTerminal("%(message)s"))
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("aiohttp.access").setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.ERROR)


def prepare(flags: Flags, *, empty_temp: bool = True) -> Found:
    """Folders made and found, the temporary one emptied. Raises StartError."""
    try:
        if empty_temp and flags.temp.is_dir():
            for path in flags.temp.iterdir():
                with suppress(OSError):
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        found = find_folders(flags)
        for pattern in (".upload-*", f"{PEOPLE}/*/.upload-*"):  # uploads that a power cut ended
            for path in flags.input.glob(pattern):
                path.unlink()
        if empty_temp:
            clear(flags.user, passed_over=("environments", "packs"))
    except OSError as error:
        raise StartError(
            f"the folder {error.filename} cannot be used: {error.strerror}. Name another by --base-directory."
        ) from error
    for warning in found.warnings:
        log.warning("%s", warning)
    return found


def _front_end(flags: Flags) -> FrontEnd | None:
    """Raises StartError."""
    try:
        return None if flags.page is None else find_front_end(flags.page)
    except NoFrontEnd as error:
        raise StartError(str(error)) from error


def worker_config(flags: Flags, folders: Folders) -> JsonObject:
    """The first frame that a worker gets."""
    return {
        "device": flags.device,
        "precision": flags.precision,
        "previews": flags.previews,
        "preview_size": flags.preview_size,
        "cache_memory": flags.cache_memory,
        "cache_device": flags.cache_device,
        "cache_policy": flags.cache_policy,
        "folders": folders.to_json(),
        "custom_nodes": [str(path) for path in folders.roots("custom_nodes")],
        "writable": [str(flags.user), *([str(flags.base / "web")] if flags.base != ROOT else ())],
        "guarded": [str(flags.user / name) for name in GUARDED],
        "max_upload": flags.max_upload,
        "base": str(flags.base),
        "models": str(flags.models),
        "user": str(flags.user),
        "listen": list(flags.listen),
        "port": flags.port,
        "registry": flags.registry,
        "packs_rest": flags.packs_rest,
        "verbose": flags.verbose,
    }


async def _serve(flags: Flags, found: Found) -> None:
    stopping = asyncio.Event()
    _listen_for_signals(stopping)
    async with AsyncExitStack() as stack:
        accounts = AccountStore(flags.user)
        await accounts.open()
        stack.push_async_callback(accounts.close)
        token = token_for(flags, accounts.exist)
        gate = Gate(flags, token, accounts)
        services = _build(flags, found.folders, accounts)
        leaving = Leaving(accounts, services.jobs)
        stack.push_async_callback(leaving.stop)

        def accounts_changed() -> None:
            gate.sweep()
            leaving.look()

        accounts.on_change = accounts_changed
        services.worker.on_wish = Wishes(services).take
        # Only what the first answers need happens before listening; the rest is one loop later.
        runner = web.AppRunner(
            build_app(services, gate),
            handle_signals=False,
            shutdown_timeout=GOODBYE,
            access_log_class=AccessLog,
            keepalive_timeout=KEEP_ALIVE,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        certificate = _certificate(flags)
        port = await _listen(runner, flags, certificate)
        accounts.start()
        if certificate is not None:
            stack.callback(asyncio.create_task(certificate.keep_up(), name="certificate").cancel)
        await _start(services, stack)
        leaving.look()
        _announce(flags, port, token)
        terminal = AtTheTerminal(flags, services.packs, services.code, services.worker.take_up)
        stack.push_async_callback(terminal.stop)
        terminal.start()
        gc.collect()
        gc.freeze()  # what is here stays: later collections need not look at it
        await stopping.wait()
        log.info("stopping")
        for site in list(runner.sites):
            await site.stop()
        await _close_sockets(services)


def _build(flags: Flags, folders: Folders, accounts: AccountStore) -> Services:
    front_end = _front_end(flags)
    journal = Journal(flags.user / "journal.db")
    journal.open()
    documents = DocumentStore(flags.user / "documents.db")
    documents.open()
    shares = ShareStore(flags.user / "shares.db")
    shares.open()
    hub, feed = Hub(sketches=flags.plain_previews), Feed()

    def tell_of_worker() -> None:
        more = {"catalogue_confirmed": worker.confirmed}
        others = {**report_for(None, worker.report, troubles.names), **more}
        feed.publish("worker", {**worker.report.to_json(), **more}, for_others=others)

    def tell_of_packs() -> None:
        feed.publish("packs", {"importing": guard.importing})

    packs = Packs(flags, folders.roots("custom_nodes"), tell_of_packs)
    guard = Guard(packs, flags.pack_patience, flags.pack_memory)
    catalogue = flags.user / "cache" / "catalogue.json"
    forward = Forward(flags.route_patience, flags.temp)
    config = {**worker_config(flags, folders), "routes": forward.config()}
    worker = LocalWorker(ROOT / "worker.py", config, catalogue, tell_of_worker, packs, guard)
    worker.on_routes = forward.take
    jobs = Jobs(journal, worker, hub, feed, paused=flags.paused, grace=flags.grace)
    worker.on_message = jobs.pass_on
    pictures = Pictures(ROOT / "pictures.py")
    models = ModelFacts(flags.user / "models.db", worker)
    roots = {kind: folders.root(kind) for kind in ("output", "input")}
    gallery = Gallery(flags.user, roots, ROOT / "pictures.py", hub, feed)
    gallery.store.open()
    troubles, room = watch_over(flags, folders, feed, (journal, documents, shares, gallery.store))
    jobs.hindrance, jobs.without_paths = room.hindrance, troubles.names.instead
    joiner = None if flags.page_sources else Joiner(ROOT / "web", flags.user / "cache" / "page")
    page = Page(ROOT / "web", joiner)
    return Services(
        flags,
        folders,
        journal,
        documents,
        gallery,
        shares,
        models,
        worker,
        jobs,
        hub,
        feed,
        pictures,
        page,
        packs,
        OneTimeCode(),
        Installer(packs, worker),
        forward,
        troubles,
        room,
        accounts,
        AuditFile(flags.user),
        front_end,
    )


async def _start(services: Services, stack: AsyncExitStack) -> None:
    stack.callback(services.journal.close)
    stack.callback(services.shares.close)
    stack.callback(services.documents.close)
    stack.callback(services.gallery.store.close)
    stack.push_async_callback(services.forward.close)
    stack.push_async_callback(services.pictures.stop)
    stack.push_async_callback(services.worker.stop)
    stack.push_async_callback(services.jobs.stop)
    stack.push_async_callback(services.installer.stop)
    stack.push_async_callback(services.models.stop)
    await asyncio.to_thread(services.packs.tidy)
    services.troubles.start()
    stack.push_async_callback(services.room.stop)
    services.room.start()
    services.worker.start()
    await _watch_development(services, stack)
    await services.jobs.start()
    stack.push_async_callback(services.gallery.stop)
    services.gallery.start()


async def _watch_development(services: Services, stack: AsyncExitStack) -> None:
    """Have packs under development imported anew when their files are saved."""
    if not services.flags.load_packs:
        return

    async def taken_up(names: list[str]) -> None:
        known = await asyncio.to_thread(services.packs.all)
        await services.worker.reload([one for one in known if one.name in names and one.trust == "dev"])
        log.info("saved: %s; imported anew when no job runs", ", ".join(names))

    roots = services.folders.roots("custom_nodes")
    watch = DevWatch(services.packs.development, roots, services.flags.dev_packs, taken_up)
    stack.push_async_callback(watch.stop)
    await watch.start()


async def _listen(runner: web.AppRunner, flags: Flags, certificate: Certificate | None) -> int:
    """Listen on every address; returns the port, which 0 lets the system choose. Raises StartError."""
    context = None if certificate is None else certificate.context
    port = flags.port
    for address in flags.listen:
        site = web.TCPSite(runner, address, port, ssl_context=context, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            await site.stop()
            if error.errno in NO_SUCH_ADDRESS and runner.addresses:
                log.warning("this machine has no %s: not listening there", address)
                continue
            raise StartError(_why_not(error, address, port)) from error
        port = runner.addresses[0][1]
    return port


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {address} is taken: another Easel, or another program, listens there."
            f" Stop it, or choose another port, such as --port {port + 1}."
        )
    if error.errno == errno.EACCES:
        return f"port {port} on {address} may not be used by this user. Choose one above 1023, such as --port 8188."
    return f"cannot listen on {address}, port {port}: {error.strerror or error}. See --listen."


def _certificate(flags: Flags) -> Certificate | None:
    """Raises StartError."""
    if flags.tls is None:
        return None
    try:
        return Certificate(*flags.tls)
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            f"the certificate {flags.tls[0]} with the key {flags.tls[1]} cannot be used: {error}"
        ) from error


def _announce(flags: Flags, port: int, token: str | None) -> None:
    ending = "" if token is None else f"?token={token}"
    links = [f"{address}{ending}" for address in addresses(flags, port)]
    log.info("Easel is ready: %s", "  ".join(links), extra={"as_it_is": True})
    if flags.browser and links:
        asyncio.get_running_loop().run_in_executor(None, _open_browser, links[0])


def _open_browser(link: str) -> None:
    with suppress(webbrowser.Error, OSError):
        webbrowser.open(link)


def _listen_for_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stopping.set) and None)


async def _close_sockets(services: Services) -> None:
    """Tell clients that the server goes away, so that they come back, and do not wait for the slow ones."""
    closing = [listener.socket.close(code=1001, message=b"server stops") for listener in services.hub.listeners()]
    closing += [listener.socket.close(code=1001, message=b"server stops") for listener in services.feed.listeners()]
    if closing:
        await asyncio.wait([asyncio.ensure_future(one) for one in closing], timeout=1.0)
