"""The client for code without async: the same, each call waiting for its answer. It may be used from any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from easel_client.client import Client
from easel_client.errors import Json
from easel_client.events import Event
from easel_client.graphs import Changes, Graph
from easel_client.job import Job
from easel_client.results import File, HistoryEntry, Queue, Result, Uploaded

T = TypeVar("T")


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="easel_client", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        future = self.begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl+C: what was asked for is not wanted any more
            raise

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SyncJob:
    """A job of a `SyncClient`."""

    def __init__(self, loop: _Loop, job: Job) -> None:
        self._loop = loop
        self._job = job

    @property
    def prompt_id(self) -> str:
        return self._job.prompt_id

    @property
    def node_errors(self) -> Json:
        """Of outputs that the server left out, because they are at fault."""
        return self._job.node_errors

    def follow(self) -> Iterator[Event]:
        """Everything that the job tells, from its beginning; the last event is Done, Failed or Interrupted."""
        events = self._job.follow()
        try:
            while True:
                event = self._loop.run(_next(events))
                if event is None:
                    return
                yield event
        finally:
            self._loop.run(_close(events))

    def wait(self, timeout: float | None = None) -> Result:
        """The result. Raises JobFailed, JobInterrupted or JobGone; TimeoutError after `timeout` seconds."""
        return self._loop.run(self._job.wait(timeout))

    def cancel(self) -> bool:
        """Stop it, or take it out of the queue; False where it had ended."""
        return self._loop.run(self._job.cancel())


async def _next(events: AsyncGenerator[Event]) -> Event | None:
    return await anext(events, None)


async def _close(events: AsyncGenerator[Event]) -> None:
    await events.aclose()


class SyncClient:
    """A connection to one server: `with SyncClient("http://127.0.0.1:8188") as client: ...`. See `Client`."""

    def __init__(self, url: str = "http://127.0.0.1:8188", token: str | None = None, *, patience: float = 60.0) -> None:
        self._loop = _Loop()
        self.client = Client(url, token, patience=patience)

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Raises Unreachable, or Refused where the token is not right."""
        try:
            self._loop.run(self.client.connect())
        except BaseException:
            self._loop.stop()
            raise

    def close(self) -> None:
        self._loop.run(self.client.close())
        self._loop.stop()

    def submit(self, graph: Graph, changes: Changes | None = None, **options: Any) -> SyncJob:
        """Queue a graph; see `Client.submit`."""
        return SyncJob(self._loop, self._loop.run(self.client.submit(graph, changes, **options)))

    def run(
        self,
        graph: Graph,
        changes: Changes | None = None,
        *,
        timeout: float | None = None,
        save_to: str | Path | None = None,
        on_event: Callable[[Event], None] | None = None,
        **options: Any,
    ) -> Result:
        """Queue a graph, wait, and download what it made; see `Client.run`. `on_event` is called in this thread."""
        events: SimpleQueue[Event | None] = SimpleQueue()
        told = None if on_event is None else events.put
        work = self.client.run(graph, changes, timeout=timeout, save_to=save_to, on_event=told, **options)
        if on_event is None:
            return self._loop.run(work)
        future = self._loop.begin(work)
        future.add_done_callback(lambda _: events.put(None))
        try:
            while (event := events.get()) is not None:
                on_event(event)
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def result(self, prompt_id: str) -> Result | None:
        """Of any job that ended; None for one that has not. Raises what kept it from succeeding."""
        return self._loop.run(self.client.result(prompt_id))

    def wait(self, prompt_id: str, timeout: float | None = None) -> Result:
        """As `SyncJob.wait`, for any job of the server."""
        return self._loop.run(self.client.wait(prompt_id, timeout))

    def cancel(self, prompt_id: str) -> bool:
        """Stop a job, or take it out of the queue; False where it had ended."""
        return self._loop.run(self.client.cancel(prompt_id))

    def upload_image(self, source: str | Path | bytes, name: str | None = None, **options: Any) -> Uploaded:
        """Send a picture for nodes such as Load Image; see `Client.upload_image`."""
        return self._loop.run(self.client.upload_image(source, name, **options))

    def upload_mask(
        self, source: str | Path | bytes, original: Uploaded | File, name: str | None = None, **options: Any
    ) -> Uploaded:
        """Send a picture whose alpha channel replaces that of `original`."""
        return self._loop.run(self.client.upload_mask(source, original, name, **options))

    def download(self, file: File | Uploaded, save_to: str | Path | None = None) -> bytes:
        """The data of a file that the server has."""
        return self._loop.run(self.client.download(file, save_to))

    def queue(self) -> Queue:
        return self._loop.run(self.client.queue())

    def history(self, max_items: int | None = None, offset: int | None = None) -> dict[str, HistoryEntry]:
        """Jobs that ended, the oldest first; `max_items` alone gives the newest so many."""
        return self._loop.run(self.client.history(max_items, offset))

    def object_info(self, class_type: str | None = None) -> Json:
        """The node types, or one."""
        return self._loop.run(self.client.object_info(class_type))

    def models(self, folder: str | None = None) -> list[str]:
        """The folders of models, or the files of one."""
        return self._loop.run(self.client.models(folder))

    def system_stats(self) -> Json:
        return self._loop.run(self.client.system_stats())

    def interrupt(self) -> None:
        """Stop whatever runs."""
        self._loop.run(self.client.interrupt())

    def free(self, *, models: bool = True, results: bool = False) -> None:
        """Let go of models in memory, and of cached results."""
        self._loop.run(self.client.free(models=models, results=results))
