"""A build that several machines share, without any of them knowing the others: each builds its share of the parts.

All that they have in common is the folder of the store. Whoever comes first makes the workspace; the parts of one plan
are the same on all, since a plan is. Once all shares are built, an ordinary build finds the parts there, and joins
them; what is missing it builds itself.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from htrdata.building.agreement import agree_by_file
from htrdata.building.execution import executor_for, storage_errors
from htrdata.building.memory import release_freed_memory
from htrdata.building.options import BuildOptions
from htrdata.building.parts import Progress, build_parts, silent
from htrdata.building.plan import make_plan
from htrdata.building.replaceable import refuse_splits
from htrdata.building.resuming import begin
from htrdata.building.shares import Share
from htrdata.building.staging import Workspace
from htrdata.sources.base import Source
from htrdata.store.corrections import read_corrections

_PATIENCE = 120.0
"""Seconds for which a share waits until the others have begun: all jobs of an array may do so at once."""


@dataclass(frozen=True, slots=True)
class BuiltShare:
    """What a share of a build did.

    Attributes:
        name: of the data set.
        share: which one it is.
        parts: how many parts it has.
        of: how many parts all shares have.
        words: how many words its parts have, kept or dropped.
        built: how many parts were built now; the others were there.
        already: the store has the data set; nothing was done.
    """

    name: str
    share: Share
    parts: int
    of: int
    words: int
    built: int
    already: bool


def build_share(
    source: Source,
    out: Path | str,
    options: BuildOptions | None = None,
    *,
    share: Share,
    name: str | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    corrections: Path | str | None = None,
    progress: Progress | None = None,
) -> BuiltShare:
    """Builds a share of the parts of a build, beside other processes that build theirs; publishes nothing.

    Args:
        source: as of `htrdata.building.builder.build`, as all that is not said here: the same for all shares.
        out: the store's folder, the same for all machines.
        options: what the store depends on.
        share: which parts: every N-th of the plan.
        name: of the data set.
        workers: processes of this machine to work in; one per usable core where None.
        overwrite: whether another data set of that name, finished or not, may be replaced.
        corrections: a CSV of labels that are put right or flagged.
        progress: is told how far the work is.

    Raises:
        LockedError: somebody builds this share, joins the parts, or builds another data set of that name.
        CannotCreateError: parts of another build are there: with other options, of other data, by other versions.
        HtrError: whatever else a person can meet; see `htrdata.errors`.
    """
    correcting = None if corrections is None else read_corrections(Path(corrections))
    with storage_errors(Path(out)), executor_for(None, workers) as executor, ExitStack() as held:
        plan = make_plan(source, options or BuildOptions(), name, correcting, progress)
        release_freed_memory()
        refuse_splits(Path(out))
        workspace = Workspace(Path(out), plan.name)
        parts = tuple(share.every(plan.parts))
        words = sum(part.words for part in parts)
        with workspace.locked(_PATIENCE):
            live = begin(plan, workspace, overwrite=overwrite)
            if live is None:
                held.enter_context(workspace.holding(share))
                agree_by_file(workspace.crops, plan.options)
            elif workspace.begun() in (None, plan.provenance) and not workspace.begun_shares():
                workspace.remove()
        if live is not None:
            return BuiltShare(plan.name, share, len(parts), len(plan.parts), words, 0, already=True)
        built = build_parts(parts, plan, workspace, executor, progress or silent)
    return BuiltShare(plan.name, share, len(parts), len(plan.parts), words, built, already=False)
