"""Puts together what ``dataset.json`` says of a build; see `htrdata.store.description`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from htrdata.building.copies import Copies
from htrdata.building.counts import SplitTally, Tally
from htrdata.building.leaks import compared_in, leaks_of
from htrdata.building.plan import Plan
from htrdata.building.published_counts import compare
from htrdata.labels import CHARSETS
from htrdata.records import SPLITS, Reason
from htrdata.store.description import Counts, Description, FileRecord, Provenance, ShardRecord, SplitCounts
from htrdata.store.digests import content_digest, file_sha256
from htrdata.store.shard_writer import ShardInfo


def describe_counts(plan: Plan, tally: Tally, copies: Copies | None = None) -> Counts:
    """What needs no build: what is kept and dropped, and where the splits overlap.

    Args:
        plan: of the build.
        tally: what was counted.
        copies: pictures in more than one split; None where nobody has looked for them, as without a build.
    """
    total = tally.total
    return Counts(
        **_fields(plan.provenance),
        name=plan.name,
        about=plan.source.info,
        pages=len({page.id for part in plan.parts for page in part.pages}),
        words=total.words,
        kept=total.kept,
        splits={split or "none": split_counts(plan.pages[split], counts) for split, counts in tally.splits.items()},
        missing_splits=tuple(split for split in SPLITS if split not in tally.splits),
        differences=compare(plan, tally),
        leaks=leaks_of(plan, copies),
        compared=compared_in(plan, copies),
        unannotated=plan.unannotated,
    )


def record_shard(folder: str, shard: ShardInfo) -> ShardRecord:
    """What is recorded of a shard that was written to a folder below the store."""
    return ShardRecord(split=folder.split("/")[0], **dataclasses.asdict(shard))


def describe(counts: Counts, shards: dict[str, ShardRecord], manifest: Path, report: Path) -> Description:
    """Puts together the description.

    Args:
        counts: see `describe_counts`.
        shards: by folder below the store, in order.
        manifest: the file of the manifest.
        report: the file of the report.
    """
    description = Description(
        **_fields(counts),
        shards=shards,
        manifest=_record_file(manifest),
        report=_record_file(report),
        pixels_depend_on=(),
        content_digest=content_digest({folder: shard.content_digest for folder, shard in shards.items()}),
        digest="",
    )
    return dataclasses.replace(description, digest=description.computed_digest)


def _fields(description: Provenance) -> dict[str, Any]:
    """The fields as they are: `dataclasses.asdict` would turn those within into dicts."""
    return {field.name: getattr(description, field.name) for field in dataclasses.fields(description)}


def split_counts(pages: int, counts: SplitTally) -> SplitCounts:
    """The counts of a split, reasons in the order of their test, characters by falling frequency."""
    return SplitCounts(
        pages=pages,
        words=counts.words,
        kept=counts.kept,
        dropped={reason.value: counts.dropped[reason] for reason in Reason if counts.dropped[reason]},
        unknown_characters=dict(sorted(counts.unknown.items(), key=lambda item: (-item[1], item[0]))),
        labels_outside={name: counts.outside[name] for name in CHARSETS},
    )


def _record_file(path: Path) -> FileRecord:
    return FileRecord(bytes=path.stat().st_size, sha256=file_sha256(path))
