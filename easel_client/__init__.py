"""Run graphs on an Easel server, or on ComfyUI: `Client` for async code, `SyncClient` for the rest.

    with SyncClient("http://127.0.0.1:8188") as client:
        result = client.run("graph.json", {"KSampler.seed": 7})
        result.files[0].save("apples")

Nothing here imports another part of Easel: the folder can be copied, or installed by `pip install ./easel_client`.
"""

from easel_client.client import Client
from easel_client.errors import (
    ChangeError,
    EaselError,
    JobFailed,
    JobGone,
    JobInterrupted,
    NodeProblem,
    Refused,
    Unreachable,
)
from easel_client.events import (
    Cached,
    Done,
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
from easel_client.job import Job
from easel_client.results import File, HistoryEntry, Queue, QueueItem, Result, Uploaded
from easel_client.sync import SyncClient, SyncJob

__all__ = [
    "Cached",
    "ChangeError",
    "Client",
    "Done",
    "EaselError",
    "Event",
    "Failed",
    "File",
    "HistoryEntry",
    "Interrupted",
    "Job",
    "JobFailed",
    "JobGone",
    "JobInterrupted",
    "NodeDone",
    "NodeProblem",
    "NodeStarted",
    "NodeText",
    "Preview",
    "Progress",
    "Queue",
    "QueueItem",
    "Reconnected",
    "Refused",
    "Result",
    "Started",
    "SyncClient",
    "SyncJob",
    "Unreachable",
    "Uploaded",
]
