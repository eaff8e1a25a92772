"""Who does the work of a build: who builds its parts, and who joins them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from htrdata.building.execution import executor_for
from htrdata.building.parts import WAITING
from htrdata.building.plan import Plan
from htrdata.building.staging import Workspace
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.building.cluster import ClusterExecutor


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work.

    Attributes:
        joining: joins parts on this machine, or wherever the executor of the caller works.
        cluster: builds parts; None where that is done by `joining`, too.
        scratch: a folder of a disk of this machine, on which shards are written before they go to the store; None where
            they are written in the store's folder.
    """

    joining: Executor
    cluster: ClusterExecutor | None = None
    scratch: Path | None = None

    @property
    def building(self) -> Executor:
        """Builds parts."""
        return self.cluster or self.joining

    @property
    def waiting(self) -> int:
        """How many parts to hand over at a time."""
        return WAITING if self.cluster is None else max(WAITING, 2 * len(self.cluster.workers))

    def check(self, plan: Plan, workspace: Workspace) -> None:
        """Makes sure that whoever builds parts builds what this process would.

        Raises:
            UsageError: somebody does not.
        """
        if self.cluster is not None:
            self.cluster.check(plan, workspace)


@contextmanager
def crew_for(
    executor: Executor | None, workers: int | None, scheduler: str | None = None, scratch: Path | None = None
) -> Iterator[Crew]:
    """The crew for what a caller gives.

    Args:
        executor: does all of the work; one of our own where None.
        workers: processes of this machine; one per usable core where None.
        scheduler: the address of a Dask scheduler, whose workers build the parts; None where that is done here.
        scratch: see `Crew`; with a scheduler the folder of the system for temporary files where None.

    Raises:
        UsageError: the folder for scratch is none, or both an executor and a scheduler are given.
        HtrError: as `htrdata.building.cluster.cluster_at` does.
    """
    if scratch is not None and not scratch.is_dir():
        raise UsageError(
            f"--scratch {scratch} is no folder: make it, on a disk of this machine with room for a shard or two"
        )
    if scheduler is None:
        with executor_for(executor, workers) as joining:
            yield Crew(joining, scratch=scratch)
        return
    if executor is not None:
        raise UsageError("an executor and a scheduler are given: give one of the two")
    from htrdata.building.cluster import cluster_at

    with cluster_at(scheduler) as cluster, executor_for(None, workers) as joining:
        yield Crew(joining, cluster, scratch or Path(tempfile.gettempdir()))
