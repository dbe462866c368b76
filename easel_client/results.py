"""What the server gives back, with types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from easel_client.errors import EaselError, JobFailed, JobInterrupted, Json


@dataclass(frozen=True)
class Uploaded:
    """A file that was sent. `str()` of it is the value of the widget that names it, as of Load Image."""

    name: str
    subfolder: str = ""
    kind: str = "input"
    """`input`, `temp` or `output`."""

    def __str__(self) -> str:
        name = f"{self.subfolder}/{self.name}" if self.subfolder else self.name
        return name if self.kind == "input" else f"{name} [{self.kind}]"


@dataclass(frozen=True)
class File:
    """A file that a node made. `data` is None until it is downloaded."""

    node: str
    name: str
    subfolder: str = ""
    kind: str = "output"
    id: str | None = None
    """Of a picture that has no file name (`ETN_SaveImageCache`)."""
    data: bytes | None = field(default=None, repr=False)

    def save(self, folder: str | Path) -> Path:
        """Write it into a folder, under a name that is free there."""
        if self.data is None:
            raise EaselError(f"{self.name} was not downloaded: give it to `download` first.")
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        name = Path(self.name).name or "file"
        for number in range(10_000):
            path = place / (name if number == 0 else f"{Path(name).stem} ({number}){Path(name).suffix}")
            try:
                with path.open("xb") as file:
                    file.write(self.data)
                return path
            except FileExistsError:
                continue
        raise EaselError(f"{place} has ten thousand files named like {name}.")


@dataclass(frozen=True)
class Result:
    """What a job that succeeded left."""

    prompt_id: str
    outputs: dict[str, Json]
    """By node, as the server has it."""
    files: tuple[File, ...] = ()
    """Everything in `outputs` that is a file, and pictures that nodes sent on the websocket."""

    @property
    def images(self) -> list[bytes]:
        """The data of the files that were downloaded."""
        return [file.data for file in self.files if file.data is not None]

    def with_files(self, files: tuple[File, ...]) -> Result:
        return replace(self, files=files)


@dataclass(frozen=True)
class QueueItem:
    number: float
    prompt_id: str
    prompt: Json
    extra: Json


@dataclass(frozen=True)
class Queue:
    """What runs, and what waits: the next one first."""

    running: tuple[QueueItem, ...]
    waiting: tuple[QueueItem, ...]

    def position(self, prompt_id: str) -> int | None:
        """0 for the job that runs, 1 for the next; None for one that is not here."""
        for place, item in enumerate((*self.running[:1], *self.waiting), 0 if self.running else 1):
            if item.prompt_id == prompt_id:
                return place
        return None


@dataclass(frozen=True)
class HistoryEntry:
    """A job that ended."""

    prompt_id: str
    prompt: Json
    outputs: dict[str, Json]
    succeeded: bool
    error: EaselError | None
    """Why it did not succeed."""

    def result(self) -> Result:
        """Raises `error`, where there is one."""
        if self.error is not None:
            raise self.error
        return Result(self.prompt_id, self.outputs, tuple(files_of(self.outputs)))


def queue_of(found: Json) -> Queue:
    def items(name: str) -> tuple[QueueItem, ...]:
        entries = [QueueItem(item[0], str(item[1]), item[2], item[3]) for item in found.get(name, ())]
        return tuple(sorted(entries, key=lambda entry: entry.number))

    return Queue(items("queue_running"), items("queue_pending"))


def entry_of(prompt_id: str, found: Json) -> HistoryEntry:
    status: Json = found.get("status") or {}
    messages: Json = dict(status.get("messages") or ())
    error: EaselError | None = None
    if "execution_error" in messages:
        error = JobFailed(prompt_id, messages["execution_error"])
    elif "execution_interrupted" in messages:
        error = JobInterrupted(prompt_id)
    elif status.get("status_str") == "error":
        error = JobFailed(prompt_id, {})
    return HistoryEntry(prompt_id, found["prompt"][2], found.get("outputs") or {}, error is None, error)


def files_of(outputs: dict[str, Json]) -> Iterator[File]:
    """The files that nodes' outputs name, in their order."""
    for node, output in outputs.items():
        for items in output.values():
            for item in cast("list[Any]", items) if isinstance(items, list) else ():
                if not isinstance(item, dict):
                    continue
                told = cast(Json, item)
                kind, id = str(told.get("type") or "output"), told.get("id")
                if isinstance(name := told.get("filename"), str):
                    yield File(node, name, str(told.get("subfolder") or ""), kind)
                elif told.get("source") == "http" and isinstance(id, str):
                    ending = str(told.get("content-type") or "image/png").rpartition("/")[2].replace("jpeg", "jpg")
                    yield File(node, f"{id}.{ending}", "", kind, id)
