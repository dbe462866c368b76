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
    """Publishers by person and id with their names and graphs, and who is told: clients of the same person."""

    hub: Hub
    _published: dict[tuple[str, str], JsonObject] = field(default_factory=dict[tuple[str, str], JsonObject])
    _subscribers: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])

    def publish(self, owner: str, name: str, client_id: str, workflow: JsonObject) -> None:
        key = owner, client_id
        self._published.pop(key, None)
        while len(self._published) >= MOST:
            del self._published[next(iter(self._published))]
        told: JsonObject = {"publisher": {"name": name, "id": client_id}, "workflow": workflow}
        self._published[key] = told
        for person, subscriber in self._subscribers:
            if person == owner:
                self.hub.send(subscriber, text("etn_workflow_published", told), owner)

    def subscribe(self, owner: str, client_id: str) -> None:
        """Tell this client of every graph that its person shares, and of those to come."""
        key = owner, client_id
        self._subscribers.pop(key, None)
        while len(self._subscribers) >= MOST_SUBSCRIBERS:
            del self._subscribers[next(iter(self._subscribers))]
        self._subscribers[key] = None
        for (person, _), told in self._published.items():
            if person == owner:
                self.hub.send(client_id, text("etn_workflow_published", told), owner)

    def unsubscribe(self, owner: str, client_id: str) -> bool:
        """Whether it was subscribed."""
        if (owner, client_id) not in self._subscribers:
            return False
        del self._subscribers[owner, client_id]
        return True
