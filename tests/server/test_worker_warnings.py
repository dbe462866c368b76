"""What a node's code logs reaches the artist."""

from __future__ import annotations

import logging
import threading

from nodes.wire import ToArtist


def test_warnings_of_the_thread_that_runs_nodes_are_told() -> None:
    told: list[str] = []
    log = logging.getLogger("models.somewhere")
    handler = ToArtist(told.append)
    logging.getLogger("models").addHandler(handler)
    try:
        log.info("nothing of note")
        log.warning("There is no textual inversion %r.", "cat")
        other = threading.Thread(target=log.warning, args=("of another thread",))
        other.start()
        other.join()
    finally:
        logging.getLogger("models").removeHandler(handler)
    assert told == ["There is no textual inversion 'cat'."]
