"""Training in several processes, one for each GPU: ``torchrun --nproc-per-node=N -m htrmodel finetune …``.

Each process takes its part of each batch; gradients are averaged by torch's DistributedDataParallel, weighted so that a
step is that of one process with the whole batch. Losses, validations and the wish to stop are agreed, and the first
process alone writes. A batch norm sees the part of its own process, unless it is made a `torch.nn.SyncBatchNorm`: then,
as with one process, statistics are over the whole batch. With frozen batch norms nothing differs but rounding, and of
lines how far they are filled up: each part is as wide as its own widest line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from htrdata.errors import UsageError, WorkerDiedError
from htrmodel.data.mixing import Positions
from htrmodel.devices import find_device
from htrmodel.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of a training, as one of them sees them.

    Attributes:
        rank: its own number, from 0.
        count: how many there are.
        group: of torch, for what is on the host; None for one process.
    """

    rank: int = 0
    count: int = 1
    group: Any = None

    @property
    def first(self) -> bool:
        """Whether it is the one that writes and speaks."""
        return self.rank == 0

    def part(self, positions: Positions) -> Positions:
        """Its part of a batch; the parts differ by one word at most."""
        return positions[self.rank :: self.count]

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, on the host."""
        if self.count > 1:
            values = values.cpu()
            with _together():
                distributed.all_reduce(values, group=self.group)
        return values

    def any(self, value: bool) -> bool:
        """Whether it is so in any of them."""
        return value if self.count == 1 else bool(self.total(torch.tensor(int(value))))

    def gathered(self, value: Any) -> list[Any]:
        """What each of them has, in the order of their ranks."""
        found: list[Any] = [value]
        if self.count > 1:
            found *= self.count
            with _together():
                distributed.all_gather_object(found, value, group=self.group)
        return found

    def wait(self) -> None:
        """Waits until all of them are here."""
        self.gathered(None)

    def share_statistics(self, recogniser: Recogniser) -> None:
        """Gives all of them the batch statistics of the first."""
        if self.count > 1:
            with _together():
                for buffer in recogniser.buffers():
                    distributed.broadcast(buffer, 0)

    def wrapped(self, recogniser: Recogniser) -> nn.Module:
        """What is to be called in training, so that gradients are averaged: for one process the recogniser itself."""
        if self.count == 1:
            return recogniser
        devices = [next(recogniser.parameters()).device] if recogniser.device.type == "cuda" else None
        return DistributedDataParallel(recogniser, device_ids=devices)


@contextmanager
def _together() -> Iterator[None]:
    """What all processes do at once.

    Raises:
        WorkerDiedError: another one has ended.
    """
    try:
        yield
    except RuntimeError as error:  # what torch says of a connection that is closed
        raise WorkerDiedError("another process of this training has ended: see what it says") from error


@contextmanager
def joined(device: str) -> Iterator[tuple[Processes, torch.device]]:
    """Joins the processes that ``torchrun`` has launched, and finds the device of this one.

    Args:
        device: see `htrmodel.devices.find_device`; of several GPUs each process takes the one with its number.

    Raises:
        UsageError: this machine has no such device, or one device was named for all.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    found = find_device(device)
    if count == 1:
        yield Processes(), found
        return
    if found.type == "cuda":
        if found.index is not None:
            raise UsageError(f"--device {device} is one GPU for {count} processes: leave it out, each takes its own")
        found = find_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(found)
    elif found.type != "cpu":
        raise UsageError(f"several processes train on CPUs or CUDA devices, not on {device}: give --device cpu")
    distributed.init_process_group("nccl" if found.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), count, distributed.new_group(backend="gloo")), found
    finally:
        distributed.destroy_process_group()


def check_synchronised(processes: Processes, device: torch.device) -> None:
    """Makes sure that batch norms can be synchronised.

    Raises:
        UsageError: there is one process, or the device has no such batch norms.
    """
    if processes.count == 1:
        raise UsageError("--sync-batchnorm is for several processes: torchrun --nproc-per-node=N -m htrmodel finetune")
    if device.type != "cuda":
        raise UsageError(f"--sync-batchnorm: torch has none on {device}; leave it out, or train on GPUs")


def synchronise(recogniser: Recogniser) -> None:
    """Lets batch norms take their statistics over the parts of all processes.

    Keys and weights stay, so that checkpoints and states are those of plain norms, which these are again when loaded.
    """
    for stage in ("Transformation", "FeatureExtraction"):
        module = nn.SyncBatchNorm.convert_sync_batchnorm(getattr(recogniser, stage))  # type: ignore[no-untyped-call]
        setattr(recogniser, stage, module)
