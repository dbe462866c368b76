# pyright: basic
"""`PromptServer.instance.prompt_queue`, as packs ask it. The queue is the control process's: a prompt is put there."""

from __future__ import annotations

from typing import Any

from graph.job import Job
from graph.parse import to_prompt
from nodes.compat.host import host

Item = tuple[float, str, dict[str, Any], dict[str, Any], list[str], dict[str, Any]]
"""(number, prompt id, prompt, extra data, output nodes, credentials)"""


class PromptQueueView:
    """Of this process only the job that runs is seen; what waits is not."""

    def __init__(self) -> None:
        self.history: dict[str, Any] = {}
        self.queue: list[Item] = []
        self.server = None
        self._known = ""
        self._count = 0
        """Of the jobs that were seen: packs tell runs apart by their numbers."""

    @property
    def currently_running(self) -> dict[int, Item]:
        job = host().job
        if job is None:
            return {}
        if job.prompt_id != self._known:
            self._known, self._count = job.prompt_id, self._count + 1
        return {self._count: _item(job, self._count)}

    def get_current_queue(self) -> tuple[list[Item], list[Item]]:
        """(what runs, what waits)"""
        return list(self.currently_running.values()), []

    def get_current_queue_volatile(self) -> tuple[list[Item], list[Item]]:
        return self.get_current_queue()

    def get_tasks_remaining(self) -> int:
        return len(self.currently_running)

    def get_history(
        self, prompt_id: str | None = None, max_items: int | None = None, offset: int = -1
    ) -> dict[str, Any]:
        """Empty: the history is the server's, at /history."""
        return {}

    def put(self, item: Any) -> None:
        """Queue a prompt for the client that it names; a negative number goes before what waits."""
        number, prompt_id, prompt, extra, *rest = item
        extra = dict(extra or {})
        host().tell(
            {
                "type": "submit",
                "number": float(number),
                "prompt_id": str(prompt_id),
                "prompt": prompt,
                "extra_data": {name: value for name, value in extra.items() if name != "client_id"},
                "client_id": extra.get("client_id"),
                "targets": [str(id) for id in rest[0]] if rest and rest[0] is not None else None,
            }
        )

    def set_flag(self, name: str, data: Any) -> None:
        """`unload_models` and `free_memory`, after the job that runs."""
        if data and name in ("unload_models", "free_memory"):
            host().tell({"type": "wish", "free": {"models": True, "cache": name == "free_memory"}})


def _item(job: Job, number: int) -> Item:
    extra = {**job.extra, "client_id": job.client_id}
    return (number, job.prompt_id, to_prompt(job.graph), extra, list(job.targets), {})
