"""Graphs that a page shares with the plugin: whoever subscribed is told of each, and of each again when it changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.hub import Hub, text
from graph.types import JsonObject

MOST = 50
"""Graphs that are kept; each publisher has one, and the oldest goes first."""
MOST_SUBSCRIBERS = 1000


@dataclass
class SharedGraphs:
    """Publishers by id with their names and graphs, and the client ids of who is told."""

    hub: Hub
    _published: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _subscribers: dict[str, None] = field(default_factory=dict[str, None])

    def publish(self, name: str, client_id: str, workflow: JsonObject) -> None:
        self._published.pop(client_id, None)
        while len(self._published) >= MOST:
            del self._published[next(iter(self._published))]
        told: JsonObject = {"publisher": {"name": name, "id": client_id}, "workflow": workflow}
        self._published[client_id] = told
        for subscriber in self._subscribers:
            self.hub.send(subscriber, text("etn_workflow_published", told))

    def subscribe(self, client_id: str) -> None:
        """Tell this client of every graph that is shared, and of those to come."""
        self._subscribers.pop(client_id, None)
        while len(self._subscribers) >= MOST_SUBSCRIBERS:
            del self._subscribers[next(iter(self._subscribers))]
        self._subscribers[client_id] = None
        for told in self._published.values():
            self.hub.send(client_id, text("etn_workflow_published", told))

    def unsubscribe(self, client_id: str) -> bool:
        """Whether it was subscribed."""
        if client_id not in self._subscribers:
            return False
        del self._subscribers[client_id]
        return True
