"""Lines decoded once and kept on the device: a GPU takes batches of them faster than threads can decode."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from htrdata.workers import make_executor, run_all
from htrmodel.config import RecogniserConfig
from htrmodel.data.decoding import decode_columns
from htrmodel.data.samples import Samples

_BLOCK_LINES = 200


class ResidentLines:
    """The pixels of lines on a device, column after column, so that lines of any width lie densely.

    Args:
        samples: of each data set.
        widths: pixel columns of the input of each line, [N].
        config: of the recogniser.
        device: where they shall be.
        workers: processes that decode; with 1, this process does.
        progress: told, now and then, how many lines are decoded and how many there are.

    Raises:
        BadDataError: an image or a shard is damaged.
        SourceMissingError: a shard is gone.
        WorkerDiedError: a worker was killed.
    """

    def __init__(
        self,
        samples: Sequence[Samples],
        widths: NDArray[np.int64],
        config: RecogniserConfig,
        device: torch.device,
        workers: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        starts = np.concatenate([[0], np.cumsum(widths)])
        self._columns = torch.empty(int(starts[-1]), config.height, dtype=torch.uint8, device=device)
        self._starts = torch.from_numpy(starts[:-1]).to(device)
        self._widths = torch.from_numpy(widths).to(device)
        done, firsts = 0, np.cumsum([0, *map(len, samples)]).tolist()
        jobs = (
            (first + begin, one.origin.shards, one.shard_numbers[block], one.keys[block], config)
            for first, one in zip(firsts, samples, strict=False)
            for begin in range(0, len(one), _BLOCK_LINES)
            for block in (slice(begin, begin + _BLOCK_LINES),)
        )
        with make_executor(workers) as executor:
            for number, count, pixels in run_all(executor, decode_columns, jobs, waiting=2 * workers):
                begin = int(starts[number])
                self._columns[begin : begin + len(pixels)].copy_(torch.from_numpy(pixels))
                done += count
                if progress is not None:
                    progress(done, len(widths))

    def take(self, positions: NDArray[np.int64], width: int) -> Tensor:
        """The lines at some positions, filled up to a width with their last columns: uint8 [N, H, width]."""
        places = torch.from_numpy(positions).to(self._columns.device, non_blocking=True)
        columns = torch.arange(width, device=self._columns.device)
        within = torch.minimum(columns, self._widths[places, None] - 1)
        return self._columns[self._starts[places, None] + within].transpose(1, 2).contiguous()
