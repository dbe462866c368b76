"""What routes may use: one object that the application carries, and nothing global."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from aiohttp import web

from api.accounts.audit_file import AuditFile
from api.accounts.store import AccountStore
from api.documents.store import DocumentStore
from api.flags import Flags
from api.front_end import FrontEnd
from api.gallery.service import Gallery
from api.hub import Feed, Hub
from api.model_files.facts import ModelFacts
from api.model_files.index import ModelIndex
from api.packs.code import OneTimeCode
from api.packs.forward import Forward
from api.packs.install import Installer
from api.packs.known import Packs
from api.page import Page
from api.people import who
from api.pictures import Pictures
from api.queue.jobs import Jobs
from api.queue.journal import Journal
from api.room import Room
from api.shares.store import ShareStore
from api.troubles import Troubles
from api.workers import LocalWorker
from graph.folders import Folders


@dataclass
class Services:
    """The control process's parts."""

    flags: Flags
    folders: Folders
    journal: Journal
    documents: DocumentStore
    gallery: Gallery
    shares: ShareStore
    models: ModelFacts
    worker: LocalWorker
    jobs: Jobs
    hub: Hub
    feed: Feed
    pictures: Pictures
    page: Page
    packs: Packs
    code: OneTimeCode
    installer: Installer
    forward: Forward
    troubles: Troubles
    room: Room
    accounts: AccountStore
    audit: AuditFile
    front_end: FrontEnd | None = None
    """What is served at `/` instead of the page, where somebody asked for that."""
    model_index: ModelIndex = field(init=False)
    settings_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    started: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.model_index = ModelIndex(self.folders)


SERVICES = web.AppKey("services", Services)


def folders_of(request: web.Request) -> Folders:
    """The folders as the person who asks has them."""
    return request.app[SERVICES].folders.for_person(who(request).id)
