"""The worker's packs: imported in order, each named on the link before it is, so that what it does is known as its."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from graph.folders import Folders
from graph.node import NodeType
from graph.packs import PackOnDisk
from graph.registry import Registry
from graph.types import JsonObject
from nodes.compat.finder import install as answer_names
from nodes.compat.host import Host, install
from nodes.packs.load import Loader, ToLoad
from nodes.packs.quiet import Surroundings
from nodes.packs.reload import Reloaded, reload
from nodes.packs.report import PackReport, State
from nodes.packs.restarts import take_over
from nodes.packs.resting import Resting, may_rest, signature

log = logging.getLogger("worker")


_OFF: dict[str, State] = {"off": "untrusted", "skipped": "skipped", "uninstalled": "uninstalled"}


class PackSession:
    """Made once, before anything heavy is imported.

    config: the worker's; its `packs` are what `api.packs.known.Known.for_worker` gives.
    tell: sends a message to the control process, and returns when it is written.
    send: a message of a pack's own kind for clients.
    """

    def __init__(
        self,
        config: JsonObject,
        folders: Folders,
        tell: Callable[[JsonObject], None],
        send: Callable[[str | int, Any, str | None], None],
    ) -> None:
        self._entries: list[JsonObject] = list(config.get("packs") or ())
        self._config = config
        self._tell = tell
        self._loader = Loader(
            Registry(), _writable(folders, config), _paths(config, "guarded"), config.get("pack_memory")
        )
        self._off: dict[str, PackReport] = {}
        self._learns = bool(config.get("packs_rest", True))
        kept = config.get("resting") if self._learns else None
        self._resting = Resting.from_json(kept, signature(config, self._entries))
        self._asleep: dict[str, ToLoad] = {}
        """By node type, the packs that are imported when one of theirs is needed."""
        self._importing = threading.RLock()
        self._around: Surroundings | None = None
        """Of the import just before."""
        self.host = Host(folders=folders, registry=Registry(), config=config, send=send)
        install(self.host)
        answer_names(_paths(config, "custom_nodes"))
        take_over(lambda: tell({"type": "renew"}))

    def load_all(self, make_registry: Callable[[], Registry]) -> Registry:
        """Run the prestart scripts, make the registry, which loads torch, and import the packs into it."""
        for to_load in [_to_load(entry) for entry in self._entries if entry["state"] == "load"]:
            if to_load.has_prestart:
                self._named(to_load, self._loader.prestart)
        registry = make_registry()
        self._loader.take(registry)
        self.host.registry = registry
        self.load(self._entries)
        self._keep()
        return registry

    def load(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Import packs; those that are to stay off are listed."""
        for entry in entries:
            if entry["state"] == "load":
                self._off.pop(entry["path"], None)
                to_load = _to_load(entry)
                if not self._lay_down(to_load):
                    self._named(to_load, self._import)
            else:
                state: State = _OFF[entry["state"]]
                self._off[entry["path"]] = PackReport(entry["name"], entry["path"], state)

    def sleeps(self, class_types: Iterable[str]) -> bool:
        """Whether the pack of one of these node types is still to be imported."""
        return any(name in self._asleep for name in class_types)

    def wake(self, class_types: Iterable[str]) -> list[PackReport]:
        """Import the packs that rest of these node types, whose declarations may prove to be others by now."""
        woken: list[PackReport] = []
        with self._importing:
            for name in class_types:
                to_load = self._asleep.get(name)
                if to_load is not None:
                    self._named(to_load, self._wake)
                    woken.append(self._loader.reports[to_load.pack.path])
            if woken:
                self._keep()
        return woken

    def reload(self, entry: Mapping[str, Any]) -> Reloaded:
        """Import a pack under development anew; one that was not imported yet is simply imported."""
        to_load, found = _to_load(entry), list[Reloaded]()
        path = to_load.pack.path
        if entry["state"] != "load" or path not in self._loader.reports:
            self.load([entry])
            return Reloaded(self._loader.reports.get(path) or self._off[str(path)])

        def work(to_load: ToLoad) -> PackReport:
            found.append(reload(self._loader, to_load))
            return found[0].report

        self._named(to_load, work)
        return found[0]

    def serve_routes(self) -> None:
        """Listen for requests to the routes that packs have added, and tell which there are."""
        routes = sys.modules.get("nodes.compat.routes")  # not imported for its own sake: it takes a web server
        if routes is None:
            self._tell({"type": "routes", "packs": []})
        else:
            routes.publish(self._config, self._tell)

    def close(self) -> None:
        """Have packs run what they want to have run when the server stops, which is soon."""
        routes = sys.modules.get("nodes.compat.routes")
        if routes is not None:
            routes.ROUTES.close()

    def changed_kinds(self) -> JsonObject:
        """Kinds of files that packs have added or changed since this was last asked, as `Folders.to_json` has them."""
        folder_paths = sys.modules.get("folder_paths")
        return {} if folder_paths is None else Folders(folder_paths.changed_kinds()).to_json()

    def on_prompt(self, body: JsonObject) -> JsonObject:
        """What packs that asked to see prompts make of one before it is checked."""
        server = sys.modules.get("server")
        return body if server is None else server.PromptServer.instance.trigger_on_prompt(body)

    def reports(self) -> list[JsonObject]:
        return [report.to_json() for report in (*self._loader.reports.values(), *self._off.values())]

    def _lay_down(self, to_load: ToLoad) -> bool:
        """Put the node types of a pack that may rest into the registry; says whether it may."""
        if to_load.pack.path in self._loader.reports:
            return False
        found = self._resting.types_of(to_load, self._loader.registry, self._awake)
        if found is None:
            return False
        report, types = found
        self._loader.registry.add(*types)
        self._loader.reports[to_load.pack.path] = report
        self._asleep |= {type.spec.class_type: to_load for type in types}
        self._tell({**_about(to_load), "done": True, "report": report.to_json()})
        return True

    def _awake(self, class_type: str) -> NodeType:
        """A node type of a pack that rested, with its code: for whoever comes upon it in the middle of a job."""
        reports = self.wake([class_type])
        found = self._loader.registry.get(class_type)
        if found is None:
            problems = [problem.sentence for report in reports for problem in report.problems]
            raise LookupError(" ".join(problems) or f"The node type {class_type} is no more.")
        return found

    def _wake(self, to_load: ToLoad) -> PackReport:
        """Import a pack in the place of what was known of it."""
        loader, path = self._loader, to_load.pack.path
        self._asleep = {name: other for name, other in self._asleep.items() if other is not to_load}
        registry, places = loader.registry, list(loader.reports)
        fresh = loader.registry = registry.without(loader.reports.pop(path).node_types)
        try:
            report = self._import(to_load)
        finally:
            loader.registry = registry
            loader.reports = {place: loader.reports[place] for place in places}
        registry.become(fresh)
        return report

    def _import(self, to_load: ToLoad) -> PackReport:
        """Import a pack, and learn whether it may rest from now on."""
        around = Surroundings(self._around) if self._learns and may_rest(to_load) else None
        report = self._loader.load(to_load)
        seen = self._loader.seen
        if around is not None and seen is not None:
            disturbed_by = around.disturbed_by(seen)
            if disturbed_by:
                log.debug("pack %s is imported at every start: %s", to_load.name, disturbed_by)
            self._resting.learn(to_load, report, self._loader.registry, seen, disturbed_by)
        self._around = around
        return report

    def _keep(self) -> None:
        """Have what was learned of packs kept for the next start."""
        self._around = None  # the next import is not just after the last
        if self._resting.learned:
            self._resting.learned = False
            self._tell({"type": "resting", "known": self._resting.to_json()})

    def _named(self, to_load: ToLoad, work: Callable[[ToLoad], PackReport | None]) -> None:
        about = _about(to_load)
        with self._importing:
            self._tell(about)
            report = work(to_load)
        if report is not None:
            for problem in report.problems:
                log.warning("pack %s: %s", report.name, problem.sentence)
        self._tell({**about, "done": True, "report": None if report is None else report.to_json()})


def _about(to_load: ToLoad) -> JsonObject:
    return {"type": "pack", "name": to_load.name, "path": str(to_load.pack.path), "hash": to_load.hash}


def _to_load(entry: Mapping[str, Any]) -> ToLoad:
    kept = entry.get("kept")
    place = None if kept is None else Path(kept)
    python = entry.get("python")
    return ToLoad(
        entry["name"],
        PackOnDisk(Path(entry["path"])),
        entry["hash"],
        place,
        dev=bool(entry.get("dev")),
        python=None if python is None else Path(python),
        elsewhere=entry.get("elsewhere", {}),
    )


def _writable(folders: Folders, config: JsonObject) -> list[Path]:
    """Where packs may change files while they are imported: folders for models, input, output, and the like."""
    kinds = {name: kind.roots for name, kind in folders.kinds.items() if name != "custom_nodes"}
    return [*(root for roots in kinds.values() for root in roots), *_paths(config, "writable")]


def _paths(config: JsonObject, name: str) -> list[Path]:
    return [Path(path) for path in config.get(name, ())]
