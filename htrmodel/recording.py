"""Work on a GPU that is recorded once, as a CUDA graph, and then started as a whole instead of kernel by kernel."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch

WARM_UP = 2
"""How often work is done as it is before it is recorded: libraries choose their algorithms meanwhile."""


class Recorder:
    """What several recorded pieces of work on a device share.

    Only one of them may run at a time, since they share the memory in which they keep what they need for themselves.

    Args:
        device: where the work is done. Where it is no GPU nothing is ever recorded.
        generators: of the random numbers that the work draws, other than torch's own. A generator may be seeded anew
            before each time; the work then draws what it would draw unrecorded.
    """

    def __init__(self, device: torch.device, generators: Sequence[torch.Generator] = ()) -> None:
        self.device = device
        self.generators = list(generators)
        self.on_gpu = device.type == "cuda"
        if self.on_gpu:
            self.pool = torch.cuda.graph_pool_handle()
            self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class Recorded:
    """Does the same work again and again, over the same places in memory.

    The first `WARM_UP` times it is done as it is; then, on a GPU, it is recorded, and from then on the record is
    started. So every call does the work exactly once, and on other devices it is an ordinary call.

    The work must not wait for the device, nor copy anything between it and the host, and what it reads and writes must
    stay in its place. A record knows addresses alone, so the work is kept here with all that it refers to: were its
    memory given to somebody else, the record would go on writing into it.

    Args:
        work: takes nothing and returns nothing.
        recorder: shared with other work that never runs at the same time.
    """

    def __init__(self, work: Callable[[], None], recorder: Recorder) -> None:
        self._work = work
        self._recorder = recorder
        self._times = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Does the work once, in the order of the current stream."""
        if not self._recorder.on_gpu:
            self._work()
        elif self._times < WARM_UP:
            self._warm_up()
        else:
            if self._graph is None:
                self._graph = self._record()
            self._graph.replay()
        self._times += 1

    def _warm_up(self) -> None:
        stream, current = self._recorder.stream, torch.cuda.current_stream(self._recorder.device)
        stream.wait_stream(current)
        with torch.cuda.stream(stream), warnings.catch_warnings():
            # Optimizers that can be recorded warn when they are not.
            warnings.filterwarnings("ignore", message=".*capturable.*")
            self._work()
        current.wait_stream(stream)

    def _record(self) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        for generator in self._recorder.generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph, pool=self._recorder.pool, stream=self._recorder.stream):
            self._work()
        return graph
