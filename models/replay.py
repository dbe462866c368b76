"""CUDA graphs: a pass through a network recorded once and played again, so that a GPU need not wait for Python.

A small network at a usual size takes the GPU less time than Python needs to name its kernels. What is recorded are
addresses: of the weights, which must stay where they are, and of inputs, into which each pass copies its own.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

KEPT = 2
"""How many recordings a network keeps: each holds the memory of its values."""

WARM = 1
"""Passes of one shape before it is recorded; the first of all also lets libraries choose their kernels."""

_log = logging.getLogger(__name__)


@dataclass
class _Recording:
    graph: torch.cuda.CUDAGraph
    inputs: dict[str, Tensor]
    output: Tensor


@dataclass
class Replays:
    """The recordings of one network. Not thread-safe."""

    recordings: OrderedDict[Hashable, _Recording] = field(default_factory=OrderedDict)
    seen: dict[Hashable, int] = field(default_factory=dict)
    refused: bool = False
    """Whether recording failed once: then the network is run as it is."""

    def run(self, network: Callable[..., Tensor], worn: Hashable, call: Hashable, given: dict[str, Any]) -> Tensor:
        """network(**given), recorded at the second pass of one shape and played from then on.

        worn: which weights the network wears; `forget` must be told when these move. call: what is done with it. The
        answer is the caller's.
        """
        tensors = {name: value for name, value in given.items() if isinstance(value, Tensor)}
        others = {name: value for name, value in given.items() if name not in tensors}
        key = (worn, call, tuple((name, t.shape, t.dtype) for name, t in tensors.items()), tuple(others))
        if self.refused or any(value is not None and value != () for value in others.values()):
            return network(**given)
        recording = self.recordings.get(key)
        if recording is None:
            self.seen[key] = self.seen.get(key, 0) + 1
            if self.seen[key] <= WARM:
                return network(**given)
            try:
                recording = self._record(network, tensors, others)
            except torch.OutOfMemoryError:
                self.clear()
                raise
            except RuntimeError as error:
                _log.info("This network cannot be recorded and runs pass by pass: %s", error)
                self.refused = True
                return network(**given)
            self.recordings[key] = recording
            while len(self.recordings) > KEPT:
                self.recordings.popitem(last=False)
        self.recordings.move_to_end(key)
        for name, tensor in tensors.items():
            recording.inputs[name].copy_(tensor)
        recording.graph.replay()
        return recording.output.clone()

    def forget(self, worn: Hashable) -> None:
        """These weights are gone, or have moved."""
        for key in [key for key in self.recordings if key[0] == worn]:  # type: ignore[index]
            del self.recordings[key]
        self.seen = {key: count for key, count in self.seen.items() if key[0] != worn}  # type: ignore[index]

    def clear(self) -> None:
        self.recordings.clear()
        self.seen.clear()

    def _record(self, network: Callable[..., Tensor], tensors: dict[str, Tensor], others: dict[str, Any]) -> _Recording:
        inputs = {name: tensor.clone() for name, tensor in tensors.items()}
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # what is set up on the first use of a stream must not be recorded
            network(**inputs, **others)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = network(**inputs, **others)
        return _Recording(graph, inputs, output)
