"""The build: the only module that knows the order of the steps.

plan -> parts (workers) -> manifest and shards in a stage -> the store. Whatever interrupts it, the same call goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from htrdata.building.agreement import agree_by_file
from htrdata.building.assembling import SplitPlan, join_shard, write_manifest
from htrdata.building.copies import Copies, find_copies
from htrdata.building.counts import Tally
from htrdata.building.crew import Crew, crew_for
from htrdata.building.describing import describe, describe_counts, record_shard
from htrdata.building.dropping import drop_words
from htrdata.building.execution import executor_for, storage_errors
from htrdata.building.memory import release_freed_memory
from htrdata.building.missing_images import looked_for
from htrdata.building.options import BuildOptions
from htrdata.building.part import count_part
from htrdata.building.parts import WAITING, Progress, build_parts, missing_parts, remove_strays, say_missing, silent
from htrdata.building.plan import Plan, make_plan
from htrdata.building.replaceable import check_places, refuse_splits
from htrdata.building.reporting.page import Reported, write_report
from htrdata.building.reporting.reasons import remedy_of
from htrdata.building.resuming import begin, plan_inputs
from htrdata.building.staging import Workspace
from htrdata.building.strictness import refuse_faults
from htrdata.errors import BadDataError, CannotCreateError
from htrdata.files.writing import sync_folders
from htrdata.records import SPLITS, Reason
from htrdata.sources.base import Source
from htrdata.store.corrections import read_corrections
from htrdata.store.description import Description
from htrdata.store.description_file import write_json
from htrdata.store.format import DATASET_FILE, MANIFEST_FILE, REPORT_FILE
from htrdata.store.shard_writer import ShardInfo
from htrdata.workers import run_all

Say = Callable[[str], None]
"""Told what a person should know, in a sentence."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did.

    Attributes:
        description: what the ``dataset.json`` of the data set says.
        already: the store had it; nothing was done.
    """

    description: Description
    already: bool

    def __repr__(self) -> str:
        found, already = self.description, ", there already" if self.already else ""
        return f"Built({found.name!r}, {found.kept:,} of {found.words:,} words kept{already})"


def build(
    source: Source,
    out: Path | str = "lmdb",
    options: BuildOptions | None = None,
    *,
    name: str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    scratch: Path | str | None = None,
    overwrite: bool = False,
    strict: bool = False,
    corrections: Path | str | None = None,
    only_join: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Built:
    """Builds a data set into a store. An interrupted build is taken up by the same call.

    Parts that other machines have built, see `htrdata.building.sharing.build_share`, are joined.

    Args:
        source: where the words come from.
        out: the store's folder; it is created where it is missing.
        options: what the store depends on; the defaults where None.
        name: of the data set in the store; that of the source where None.
        workers: processes to work in; one per usable core where None. The store does not depend on it.
        executor: where to run the work instead; it must reach the images and the store's folder.
        scheduler: the address of a Dask scheduler, as in ``tcp://10.0.0.1:8786``, whose workers build the parts; they
            must see the images and the store under the same paths, and have the same versions. Parts are joined here.
        scratch: a folder of a disk of this machine on which shards are written before they go to the store; for a store
            on a disk of the network. With a scheduler it is the system's for temporary files where None.
        overwrite: whether another data set of that name, finished or not, may be replaced.
        strict: whether any fault of the data (see `htrdata.building.strictness.FAULTS`), beyond those of the published
            data set, and any difference from its counts is an error, and nothing is published.
        corrections: a CSV of labels that are put right or flagged; see `htrdata.store.corrections`.
        only_join: whether parts that are missing are an error, instead of being built.
        progress: is told how far the work is.
        say: is told, in a sentence, which parts other machines have left to be built.

    Raises:
        HtrError: whatever a person can meet; see `htrdata.errors`.
    """
    correcting = None if corrections is None else read_corrections(Path(corrections))
    with storage_errors(Path(out)), crew_for(executor, workers, scheduler, _path(scratch)) as crew:
        plan = make_plan(source, options or BuildOptions(), name, correcting, progress)
        release_freed_memory()  # annotations as they stood in their files
        how = How(overwrite, strict, only_join, progress or silent, say or _unsaid)
        return build_plan(plan, Path(out), crew, how)


def count_words(
    plan: Plan, *, workers: int | None = None, executor: Executor | None = None, progress: Progress | None = None
) -> Tally:
    """Counts what a build would keep and drop, without decoding images and without writing.

    Images are read, their hashes and headers checked; a damage further inside is found by the build alone.

    Raises:
        HtrError: whatever a person can meet; see `htrdata.errors`.
    """
    tally = Tally()
    done = 0
    with storage_errors(None), executor_for(executor, workers) as running:
        source = plan.source
        jobs = ((part, plan.options, plan.name, source.unit, plan.extra_columns) for part in plan.parts)
        for words in run_all(running, count_part, jobs, waiting=WAITING):
            tally.add(words)
            done += words.num_rows
            (progress or silent)("words", done, plan.words)
    return tally


@dataclass(frozen=True, slots=True)
class How:
    """How a plan is carried out; see `build`."""

    overwrite: bool
    strict: bool
    only_join: bool
    progress: Progress
    say: Say


def build_plan(plan: Plan, out: Path, crew: Crew, how: How) -> Built:
    """Builds what a plan says; see `build`."""
    refuse_splits(out)
    workspace = Workspace(out, plan.name)
    with workspace.locked():
        workspace.refuse_shares()
        live = begin(plan, workspace, overwrite=how.overwrite)
        if live is not None:
            if workspace.begun() in (None, plan.provenance):  # parts of something else stay for whoever builds that
                workspace.remove()
            return Built(live, already=True)
        if not workspace.staged:
            if _missing(plan, workspace, how):
                crew.check(plan, workspace)
            build_parts(plan.parts, plan, workspace, crew.building, how.progress, crew.waiting)
            _stage(plan, workspace, crew, how)
        check_places(out, plan.name, plan_inputs(plan))  # hours later
        workspace.publish()
        workspace.remove()
    description = workspace.live_dataset()
    assert description is not None  # it was published under the lock
    return Built(description, already=False)


def _missing(plan: Plan, workspace: Workspace, how: How) -> bool:
    """Whether parts are missing. Says which, where others were to build them, or refuses to build any."""
    remove_strays(workspace)
    missing = missing_parts(plan.parts, workspace)
    if missing and how.only_join:
        raise CannotCreateError(
            f"{say_missing(missing, plan, workspace)}. Run these again, or without --part join, which builds them here"
        )
    if missing and workspace.begun_shares():
        agree_by_file(workspace.crops, plan.options)
        how.say(f"{say_missing(missing, plan, workspace)}; building them now")
    return bool(missing)


def _stage(plan: Plan, workspace: Workspace, crew: Crew, how: How) -> None:
    """Joins the parts into the data set as it will stand in the store."""
    executor, progress = crew.joining, how.progress
    if workspace.stage.exists():
        shutil.rmtree(workspace.stage)
    workspace.about.mkdir(parents=True)
    manifest = workspace.about / MANIFEST_FILE
    copies = _look_for_copies(plan, workspace, executor)
    splits, tally = _write_manifest(plan, workspace, executor, manifest)
    total = tally.total
    if total.words != plan.words:
        raise RuntimeError(f"{total.words} words came of {plan.words} that were planned")
    if not total.kept:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in total.dropped.most_common())
        remedy = "; deal the pages out with --resplit" if set(total.dropped) == {Reason.NOT_IN_SPLIT} else ""
        if total.dropped[Reason.IMAGE_MISSING]:
            remedy += f"; {looked_for(plan.parts)}"
        workspace.remove()  # parts without a word must not stand in the way of the command once it is put right
        remedy = remedy or f"\n{remedy_of(total.dropped, plan)}"
        raise BadDataError(f"not one of {total.words:,} words can be kept ({reasons}): nothing was published{remedy}")
    if how.strict:
        refuse_faults(plan, tally)
    jobs = [(split, number, workspace.stage, crew.scratch) for split in splits for number in range(len(split.folders))]
    shards: dict[str, ShardInfo] = {}
    progress("shards", 0, len(jobs))
    for folder, shard in run_all(executor, join_shard, jobs, waiting=WAITING):
        shards[folder] = shard
        progress("shards", len(shards), len(jobs))
    folders = [folder for split in splits for folder in split.folders]
    recorded = {folder: record_shard(folder, shards[folder]) for folder in folders}
    counts = describe_counts(plan, tally, copies)
    report = workspace.about / REPORT_FILE
    write_report(report, Reported(plan, counts, tally, recorded, manifest, workspace.stage), executor)
    sync_folders(workspace.stage)  # before the file that says that all is there
    write_json(workspace.about / DATASET_FILE, describe(counts, recorded, manifest, report))


def _look_for_copies(plan: Plan, workspace: Workspace, executor: Executor) -> Copies:
    """Looks for pictures in more than one split, and takes them from the earlier ones where that is asked for."""
    parts = [(part.split, workspace.parts / part.file_name) for part in plan.parts if part.split is not None]
    copies: Copies = executor.submit(find_copies, parts).result()
    if plan.options.dedup:
        for _ in run_all(executor, drop_words, copies.places.items(), waiting=WAITING):
            pass
    return copies


def _write_manifest(plan: Plan, workspace: Workspace, executor: Executor, path: Path) -> tuple[list[SplitPlan], Tally]:
    files: dict[str, list[Path]] = {f"{split}/{plan.name}": [] for split in (*SPLITS, None)}
    for part in plan.parts:
        files[f"{part.split}/{plan.name}"].append(workspace.parts / part.file_name)
    # A worker does it: the memory for it would add to that of the plan.
    return executor.submit(write_manifest, path, plan.extra_columns, files, plan.options.shard_words).result()


def _path(place: Path | str | None) -> Path | None:
    return None if place is None else Path(place)


def _unsaid(_sentence: str) -> None:
    pass
