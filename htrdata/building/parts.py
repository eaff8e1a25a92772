"""Builds parts of a plan that are not there yet, wherever the executor has its workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from htrdata.building.part import Part, build_part
from htrdata.building.plan import Plan
from htrdata.building.shares import listed, shares_of
from htrdata.building.staging import Workspace
from htrdata.errors import StorageError
from htrdata.records.counting import plural
from htrdata.workers import run_all

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is: words, or shards."""

WAITING = 32
"""Jobs handed to an executor at a time: enough for the cores of a machine, few enough to be cheap."""


_PATIENCE = 90.0  # seconds; NFS remembers for up to 60 what a folder had


def silent(_what: str, _done: int, _total: int) -> None:
    """A `Progress` for those who do not ask."""


def missing_parts(parts: Sequence[Part], workspace: Workspace) -> list[Part]:
    """Those of some parts that have not been built.

    The folder is listed, since of a single name a file system that several machines share may remember that it was not
    there.
    """
    there = {path.name for path in workspace.parts.iterdir()}
    return [part for part in parts if part.file_name not in there]


def say_missing(missing: Sequence[Part], plan: Plan, workspace: Workspace) -> str:
    """Which parts of a plan are missing, and, where shares of it were built, which of these have not finished."""
    words = sum(part.words for part in missing)
    numbers = [part.number for part in missing]
    what = f"{len(missing):,} of the {len(plan.parts):,} parts of {plan.name!r}, {plural(words, 'word')}, are missing: "
    counts = {share.of for share in workspace.begun_shares()}
    if len(counts) == 1:
        return what + ", ".join(f"--part {share}" for share in shares_of(numbers, counts.pop()))
    return f"{what}numbers {listed(numbers)}"


def remove_strays(workspace: Workspace) -> None:
    """Removes what killed processes have left of writing parts. Nobody must be writing any."""
    for path in workspace.parts.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def build_parts(
    parts: Sequence[Part],
    plan: Plan,
    workspace: Workspace,
    executor: Executor,
    progress: Progress,
    waiting: int = WAITING,
) -> int:
    """Builds those of some parts that are not there yet.

    Args:
        parts: of the plan.
        plan: of the build.
        workspace: where their files go.
        executor: it must reach the images and the workspace.
        progress: is told how many words are done.
        waiting: how many parts to hand over at a time.

    Returns:
        How many parts were built.
    """
    todo = missing_parts(parts, workspace)
    total = sum(part.words for part in parts)
    done = total - sum(part.words for part in todo)
    progress("words", done, total)
    unit, place = plan.source.unit, workspace.parts.absolute()
    jobs = ((part, plan.options, plan.name, unit, plan.extra_columns, place) for part in todo)
    for words in run_all(executor, build_part, jobs, waiting=waiting):
        done += words
        progress("words", done, total)
    _await(todo, workspace)
    return len(todo)


def _await(built: Sequence[Part], workspace: Workspace) -> None:
    """Waits until this machine sees what workers have built: a file system that is shared may take some seconds.

    Raises:
        StorageError: it does not see it.
    """
    until = time.monotonic() + _PATIENCE
    while missing := missing_parts(built, workspace):
        if time.monotonic() > until:
            raise StorageError(
                f"{len(missing):,} parts were built, the first of them number {missing[0].number}, but are not to be "
                f"seen in {workspace.parts}: all machines must see one folder there. Then run the same command again"
            )
        time.sleep(0.2)
