"""``dataset.json``: what a data set in a store is, where it came from and what is in it.

It holds no time, host or number of workers: equal builds write equal files.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from htrdata.building.counts import Tally
from htrdata.building.plan import Plan
from htrdata.building.published_counts import compare
from htrdata.records import SPLITS
from htrdata.store.digests import content_digest, file_sha256
from htrdata.store.shard_writer import ShardInfo


def describe_counts(plan: Plan, tally: Tally) -> dict[str, Any]:
    """The part of the document that needs no build: what is kept and dropped, and where the splits overlap."""
    total = tally.total
    return {
        **plan.request,
        "name": plan.name,
        "about": dataclasses.asdict(plan.source.info),
        "pages": len({page.id for part in plan.parts for page in part.pages}),
        "words": total.words,
        "kept": total.kept,
        "splits": {
            split or "none": {"pages": plan.pages[split], **counts.as_json()} for split, counts in tally.splits.items()
        },
        "missing_splits": [split for split in SPLITS if split not in tally.splits],
        "differences": compare(plan, tally),
        "leaks": plan.leaks.as_json(),
    }


def describe(plan: Plan, tally: Tally, shards: dict[str, ShardInfo], manifest: Path) -> dict[str, Any]:
    """Puts together the document.

    Args:
        plan: of the build.
        tally: the counts over all its words.
        shards: what was written, by folder below the store, in order.
        manifest: the file of the manifest.
    """
    return {
        **describe_counts(plan, tally),
        "shards": {
            folder: {"split": folder.split("/")[0], **dataclasses.asdict(shard)} for folder, shard in shards.items()
        },
        "manifest": {"bytes": manifest.stat().st_size, "sha256": file_sha256(manifest)},
        "content_digest": content_digest({folder: shard.content_digest for folder, shard in shards.items()}),
    }
