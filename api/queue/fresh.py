"""What the jobs run that were accepted last, in memory: whoever asks for the queue need not wait for the disk."""

from __future__ import annotations

FRESH_BYTES = 4 * 2**20


class Fresh:
    """JSON texts by job, the newest of them, within a number of bytes."""

    def __init__(self, most: int = FRESH_BYTES) -> None:
        self._most = most
        self._texts: dict[int, str] = {}
        self._bytes = 0

    def keep(self, seq: int, text: str) -> None:
        self.forget(seq)
        self._texts[seq] = text
        self._bytes += len(text)
        while self._bytes > self._most:
            self.forget(next(iter(self._texts)))

    def get(self, seq: int) -> str | None:
        return self._texts.get(seq)

    def forget(self, seq: int) -> None:
        self._bytes -= len(self._texts.pop(seq, ""))
