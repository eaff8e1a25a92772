"""A description of a data set for tests that need one without a build; any field may be another one."""

from __future__ import annotations

import dataclasses
from typing import Any

from htrdata.building.options import BuildOptions
from htrdata.records import Division, Leaks, SourceInfo
from htrdata.store.description import Description, FileRecord, ShardRecord, SplitCounts
from htrdata.store.format import FORMAT

DIGEST = 64 * "a"


def describe(**changes: Any) -> Description:
    """A data set ``drawn`` of one train word; its digest of itself is right."""
    counts = SplitCounts(pages=1, words=1, kept=1, dropped={}, unknown_characters={}, labels_outside={})
    fields: dict[str, Any] = {
        "format": FORMAT,
        "source": "drawn",
        "settings": {},
        "division": Division("Drawn"),
        "unit": "word",
        "drawn": None,
        "corrections": None,
        "alignment": None,
        "options": BuildOptions().recorded(),
        "inputs": DIGEST,
        "versions": {"htrdata": "0"},
        "name": "drawn",
        "about": SourceInfo("Drawn", "https://example.org", "none", "nobody"),
        "pages": 1,
        "words": 1,
        "kept": 1,
        "splits": {"train": counts},
        "missing_splits": ("val", "test"),
        "differences": {},
        "leaks": Leaks({}, (), {}),
        "shards": {"train/drawn": ShardRecord(split="train", words=1, bytes=1, sha256=DIGEST, content_digest=DIGEST)},
        "manifest": FileRecord(bytes=1, sha256=DIGEST),
        "report": FileRecord(bytes=1, sha256=DIGEST),
        "pixels_depend_on": (),
        "content_digest": DIGEST,
        "digest": DIGEST,
    }
    description = Description(**{**fields, **changes})
    return dataclasses.replace(description, digest=description.computed_digest)
