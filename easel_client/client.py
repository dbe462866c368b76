"""The client for async code."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote, urlsplit

from easel_client import graphs
from easel_client.errors import EaselError, JobGone, Json, Refused
from easel_client.events import (
    Cached,
    Event,
    Failed,
    Interrupted,
    NodeDone,
    NodeStarted,
    NodeText,
    Preview,
    Progress,
    Reconnected,
    Started,
)
from easel_client.graphs import Changes, Graph
from easel_client.http import Http
from easel_client.job import Job
from easel_client.results import File, HistoryEntry, Queue, Result, Uploaded, entry_of, queue_of
from easel_client.wire import Wire


class Client:
    """A connection to one server: `async with Client("http://127.0.0.1:8188") as client: ...`

    token: of an Easel that asks for one. patience: seconds that the server may stay away while jobs are followed.
    """

    def __init__(self, url: str = "http://127.0.0.1:8188", token: str | None = None, *, patience: float = 60.0) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        self.client_id = uuid.uuid4().hex
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = Http(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", headers)
        self._patience = patience
        self._wire: Wire | None = None
        self._jobs: dict[str, Job] = {}
        self._running: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def is_easel(self) -> bool:
        """Known once connected; other servers lack a few things, which are then done in other ways."""
        return self._http.is_easel

    async def connect(self) -> None:
        """Raises Unreachable, or Refused where the token is not right."""
        self._http.open()
        try:
            await self._http.json("GET", "/prompt")
            await self._listen()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._wire is not None:
            await self._wire.close()
            self._wire = None
        await self._http.close()

    # Jobs

    async def submit(
        self,
        graph: Graph,
        changes: Changes | None = None,
        *,
        front: bool = False,
        number: float | None = None,
        targets: list[str] | None = None,
        extra: Json | None = None,
    ) -> Job:
        """Queue a graph: a path, JSON text or an object, in the API format or as pages save it.

        changes: `{"3.seed": 7, "Prompt.text": "a pear"}`, by a node's id, or by its title or type where no other node
        has it. front: before all that wait; number: at that place (lower runs first). targets: ids of the output nodes
        that are to run, all by default. extra: goes into `extra_data`. Raises Refused, ChangeError or Unreachable.
        """
        prompt, workflow = await self._prompt(graphs.load(graph), changes or {})
        body: Json = {"prompt": prompt, "client_id": self.client_id, "prompt_id": str(uuid.uuid4())}
        data: Json = dict(extra or {})
        if workflow is not None:
            data["extra_pnginfo"] = {**data.get("extra_pnginfo", {}), "workflow": workflow}
        if data:
            body["extra_data"] = data
        body |= {"front": True} if front else {}
        body |= {"number": number} if number is not None else {}
        body |= {"partial_execution_targets": targets} if targets is not None else {}
        await self._listen()
        job = self._jobs[body["prompt_id"]] = Job(self, body["prompt_id"], prompt)
        try:
            said = await self._http.json("POST", "/prompt", body)
        except BaseException:
            del self._jobs[job.prompt_id]
            raise
        if (given := str(said["prompt_id"])) != job.prompt_id:  # an older server gives ids of its own
            self._jobs[given] = self._jobs.pop(job.prompt_id)
            job.prompt_id = given
        job.node_errors = said.get("node_errors") or {}
        return job

    async def run(
        self,
        graph: Graph,
        changes: Changes | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        save_to: str | Path | None = None,
        on_event: Callable[[Event], None] | None = None,
        **options: Any,
    ) -> Result:
        """Queue a graph, wait, and download what it made: `result.files[0].data`. Options are those of `submit`.

        save_to: a folder into which the files are written as well. on_event: is told everything meanwhile. A job that
        takes longer than `timeout` seconds is cancelled.
        """
        job = await self.submit(graph, changes, **options)
        try:
            async with asyncio.timeout(timeout):
                if on_event is not None:
                    async for event in job.follow():
                        on_event(event)
                result = await job.wait()
        except (TimeoutError, asyncio.CancelledError):
            with suppress(EaselError):
                await job.cancel()
            raise
        files = tuple([await self.downloaded(file) for file in result.files])
        if save_to is not None:
            for file in files:
                file.save(save_to)
        return result.with_files(files)

    async def result(self, prompt_id: str) -> Result | None:
        """Of any job that ended; None for one that has not. Raises what kept it from succeeding."""
        entry = await self._entry(prompt_id)
        return None if entry is None else entry.result()

    async def wait(self, prompt_id: str, timeout: float | None = None) -> Result:  # noqa: ASYNC109
        """As `Job.wait`, for any job of the server."""
        if prompt_id in self._jobs:
            return await self._jobs[prompt_id].wait(timeout)
        async with asyncio.timeout(timeout):
            missing = 0
            while missing < 2:
                if (entry := await self._entry(prompt_id)) is not None:
                    return entry.result()
                missing = missing + 1 if (await self.queue()).position(prompt_id) is None else 0
                await asyncio.sleep(0.3)
        raise JobGone(prompt_id)

    async def cancel(self, prompt_id: str) -> bool:
        """Stop a job, or take it out of the queue; False where it had ended."""
        if self.is_easel:
            try:
                await self._http.json("DELETE", f"/easel/jobs/{quote(prompt_id, safe='')}")
            except Refused as refused:
                if refused.status not in (404, 409):
                    raise
                return False
            stopped = True
        else:
            stopped = (await self.queue()).position(prompt_id) is not None
            await self._http.json("POST", "/queue", {"delete": [prompt_id]})
            await self._http.json("POST", "/interrupt", {"prompt_id": prompt_id})
        if (job := self._jobs.get(prompt_id)) is not None:
            await self.look(job)
        return stopped

    async def look(self, job: Job) -> None:
        """Ask the server how a job stands, instead of waiting for it to tell."""
        if job.ended:
            return
        # The queue first: a job that ends between the two questions is then in the history.
        waits = (await self.queue()).position(job.prompt_id) is not None
        if (entry := await self._entry(job.prompt_id)) is not None:
            self._end(job, entry)
        elif not waits:
            job.tell(Interrupted(job.prompt_id, JobGone(job.prompt_id)))
            self._jobs.pop(job.prompt_id, None)

    # Files

    async def upload_image(
        self,
        source: str | Path | bytes,
        name: str | None = None,
        *,
        subfolder: str = "",
        kind: str = "input",
        overwrite: bool = False,
    ) -> Uploaded:
        """Send a picture (or another file) for nodes such as Load Image, whose value is `str()` of what this gives."""
        fields = {"type": kind, "subfolder": subfolder, **({"overwrite": "true"} if overwrite else {})}
        return await self._http.upload("/upload/image", source, name, fields)

    async def upload_mask(
        self,
        source: str | Path | bytes,
        original: Uploaded | File,
        name: str | None = None,
        *,
        subfolder: str = "",
        overwrite: bool = False,
    ) -> Uploaded:
        """Send a picture whose alpha channel replaces that of `original`, which the server has."""
        reference = {"filename": original.name, "subfolder": original.subfolder, "type": original.kind}
        fields = {"type": "input", "subfolder": subfolder, "original_ref": json.dumps(reference)}
        fields |= {"overwrite": "true"} if overwrite else {}
        return await self._http.upload("/upload/mask", source, name, fields)

    async def download(self, file: File | Uploaded, save_to: str | Path | None = None) -> bytes:
        """The data of a file that the server has; with `save_to` it is written into that folder too."""
        found = File("", file.name, file.subfolder, file.kind) if isinstance(file, Uploaded) else file
        found = await self.downloaded(found)
        if save_to is not None:
            found.save(save_to)
        assert found.data is not None
        return found.data

    async def downloaded(self, file: File) -> File:
        """The same file with its data."""
        if file.data is not None:
            return file
        if file.id is not None:
            return replace(file, data=await self._http.bytes("GET", f"/api/etn/image/{quote(file.id, safe='')}"))
        query = {"filename": file.name, "subfolder": file.subfolder, "type": file.kind}
        return replace(file, data=await self._http.bytes("GET", "/view", params=query))

    # What there is

    async def queue(self) -> Queue:
        return queue_of(await self._http.json("GET", "/queue"))

    async def history(self, max_items: int | None = None, offset: int | None = None) -> dict[str, HistoryEntry]:
        """Jobs that ended, the oldest first; `max_items` alone gives the newest so many."""
        query = {name: str(n) for name, n in (("max_items", max_items), ("offset", offset)) if n is not None}
        found = await self._http.json("GET", "/history", params=query)
        return {id: entry_of(id, entry) for id, entry in found.items()}

    async def object_info(self, class_type: str | None = None) -> Json:
        """The node types, or one: `{class_type: {...}}`; empty where there is none of that name."""
        return await self._http.json("GET", "/object_info" + (f"/{quote(class_type, safe='')}" if class_type else ""))

    async def models(self, folder: str | None = None) -> list[str]:
        """The folders of models, or the files of one."""
        return cast(
            "list[str]", await self._http.any("GET", "/models" + (f"/{quote(folder, safe='')}" if folder else ""))
        )

    async def system_stats(self) -> Json:
        return await self._http.json("GET", "/system_stats")

    async def interrupt(self) -> None:
        """Stop whatever runs."""
        await self._http.json("POST", "/interrupt", {})

    async def free(self, *, models: bool = True, results: bool = False) -> None:
        """Let go of models in memory, and of cached results."""
        await self._http.json("POST", "/free", {"unload_models": models, "free_memory": results})

    # Inside

    async def _prompt(self, graph: Json, changes: Changes) -> tuple[Json, Json | None]:
        """What to send: the prompt, and the file it came from, both with the changes."""
        workflow: Json | None = None
        if graphs.is_workflow(graph):
            if not self.is_easel:
                raise EaselError("This server takes graphs in API format only: save the graph in that format.")
            plain = {path: str(v) if isinstance(v, Uploaded) else v for path, v in changes.items()}
            found = await self._http.json("POST", "/easel/convert", {"workflow": graph, "changes": plain})
            return found["prompt"], found["workflow"]
        if not changes:
            return graph, workflow
        declared: dict[str, list[str]] = {}
        for path in changes:
            node, name = graphs.find(graph, path)
            class_type = str(graph[node].get("class_type"))
            if name not in graph[node].get("inputs", {}) and class_type not in declared:
                entry = (await self.object_info(class_type)).get(class_type, {})
                groups = entry.get("input", {})
                declared[class_type] = [*groups.get("required", {}), *groups.get("optional", {})]
        graphs.apply(graph, changes, declared)
        return graph, workflow

    async def _entry(self, prompt_id: str) -> HistoryEntry | None:
        found = await self._http.json("GET", f"/history/{quote(prompt_id, safe='')}")
        return entry_of(prompt_id, found[prompt_id]) if prompt_id in found else None

    async def _listen(self) -> None:
        """Have the websocket open before a job is queued: what it tells first is not told again."""
        if self._wire is not None:
            return
        address = f"{self._http.url.replace('http', 'ws', 1)}/ws?clientId={self.client_id}"
        wire = Wire(
            address,
            self._http.headers,
            self._patience,
            self._take_text,
            self._take_bytes,
            self._came_back,
            self._gave_up,
        )
        await wire.open()
        self._wire = wire

    async def _came_back(self) -> None:
        for job in list(self._jobs.values()):
            job.tell(Reconnected(job.prompt_id))
            await self.look(job)

    def _gave_up(self, error: EaselError) -> None:
        self._wire = None
        for job in list(self._jobs.values()):
            job.tell(Failed(job.prompt_id, error))
        self._jobs.clear()

    def _take_text(self, message: Json) -> None:
        data: Json = message.get("data") or {}
        kind = message.get("type")
        prompt_id = str(data.get("prompt_id") or self._running or "")
        if kind == "execution_start":
            self._running = prompt_id
        job = self._jobs.get(prompt_id)
        if job is None:
            return
        node = str(data.get("node") or "")
        match kind:
            case "execution_start":
                job.tell(Started(prompt_id))
            case "execution_cached":
                job.tell(Cached(prompt_id, tuple(str(id) for id in data.get("nodes") or ())))
            case "executing" if node:
                self._running = prompt_id
                job.tell(NodeStarted(prompt_id, node))
            case "executing":
                self._running = None
                self._look_soon(job)
            case "progress":
                job.tell(Progress(prompt_id, node, data.get("value", 0), data.get("max", 0)))
            case "executed" if isinstance(data.get("output"), dict):
                job.tell(NodeDone(prompt_id, node, data["output"]))
            case _:
                pass

    def _take_bytes(self, frame: bytes) -> None:
        if len(frame) < 8:
            return
        kind, length = struct.unpack_from(">II", frame)
        job = self._jobs.get(self._running or "")
        if kind == 4:
            facts: Json = json.loads(frame[8 : 8 + length])
            job = self._jobs.get(str(facts.get("prompt_id") or self._running or ""), job)
            if job is not None:
                media = str(facts.get("image_type") or "image/jpeg")
                job.tell(Preview(job.prompt_id, str(facts.get("node_id") or ""), media, frame[8 + length :]))
        elif kind == 1 and job is not None:
            node = next((e.node for e in reversed(job.said) if isinstance(e, NodeStarted)), "")
            job.tell(Preview(job.prompt_id, node, "image/png" if length == 2 else "image/jpeg", frame[8:]))
        elif kind == 3 and job is not None:
            text = frame[8 + length :].decode("utf-8", "replace")
            job.tell(NodeText(job.prompt_id, frame[8 : 8 + length].decode("utf-8", "replace"), text))

    def _look_soon(self, job: Job) -> None:
        async def ask() -> None:
            with suppress(EaselError):  # it is asked again
                await self.look(job)

        task = asyncio.get_running_loop().create_task(ask())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, job: Job, entry: HistoryEntry) -> None:
        job.end(entry)
        self._jobs.pop(job.prompt_id, None)
