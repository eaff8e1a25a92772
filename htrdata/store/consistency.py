"""Whether a description agrees with itself and with the manifest: a sentence for whatever does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from htrdata.records import SPLITS
from htrdata.store.columns import counted
from htrdata.store.corrections import FLAGGED
from htrdata.store.description import Description
from htrdata.store.digests import content_digest
from htrdata.store.format import DATASET_FILE, FORMAT
from htrdata.store.manifest import CORRECTED_TEXT, DROPPED, KEPT


def contradictions(about: Description, name: str) -> Iterator[str]:
    """What in the description of the data set of that name contradicts its digest, its place or itself."""
    if about.format == FORMAT and about.computed_digest != about.digest:
        yield (
            f"{name}/{DATASET_FILE} has changed since it was built (its own digest differs): copy it again, or build "
            "it again"
        )
    if about.name != name:
        yield f"{name}/{DATASET_FILE} is of the data set {about.name!r}"
    for folder in about.shards:
        if folder.split("/")[1] != name:
            yield f"{name}: the shard {folder} is one of another data set"
    digests = {folder: shard.content_digest for folder, shard in about.shards.items()}
    if content_digest(digests) != about.content_digest:
        yield f"{name}: the digests of its shards do not give its content digest"
    yield from _sums(about, name)


def _sums(about: Description, name: str) -> Iterator[str]:
    if sum(shard.words for shard in about.shards.values()) != about.kept:
        yield f"{name}: the words of its shards do not add up to its kept words"
    for what, total in (("words", about.words), ("kept", about.kept)):
        if sum(getattr(counts, what) for counts in about.splits.values()) != total:
            yield f"{name}: the counts {what!r} of its splits do not add up to that of the data set"
    for split, counts in about.splits.items():
        if counts.words != counts.kept + sum(counts.dropped.values()):
            yield f"{name}: the kept and the dropped words of {split} do not add up to its words"
    in_shards = Counter(dict.fromkeys(SPLITS, 0))
    for shard in about.shards.values():
        in_shards[shard.split] += shard.words
    for split in SPLITS:
        if in_shards[split] != (about.splits[split].kept if split in about.splits else 0):
            yield f"{name}: the words in the shards of {split} are not those that it keeps"


def miscounts(about: Description, manifest: pa.Table) -> Iterator[str]:
    """Where the rows of the manifest are not those that the description counts.

    Args:
        about: the description.
        manifest: with the columns ``dataset``, ``split``, ``status``, ``reason``, ``shard`` and ``unit``, and
            ``corrected_text`` where there is one.
    """
    yield from _corrections(about, manifest)
    if manifest.num_rows != about.words:
        yield f"{about.name}: the manifest has {manifest.num_rows:,} rows for {about.words:,} words"
    for column, expected in (("dataset", about.name), ("unit", about.unit)):
        if pc.unique(manifest[column]).to_pylist() != [expected]:
            yield f"{about.name}: the manifest has rows whose {column} is not {expected!r}"
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for column, allowed in (("split", {*SPLITS, None}), ("status", {KEPT, DROPPED})):
        if strange := set(pc.unique(manifest[column]).to_pylist()) - allowed:
            yield f"{about.name}: the manifest has rows whose {column} is {min(map(repr, strange))}"
            return
    for (given, status, reason, folder), count in counted(manifest, ["split", "status", "reason", "shard"]):
        split = given or "none"
        found[split][reason or status or ""] += count
        shard = about.shards.get(folder) if folder is not None else None
        if (status == KEPT) != (shard is not None) or (shard is not None and shard.split != split):
            yield f"{about.name}: the manifest has {status} words of {split} in the shard {folder}"
    recorded = {split: Counter({KEPT: counts.kept, **counts.dropped}) for split, counts in about.splits.items()}
    for split in dict.fromkeys([*recorded, *found]):
        here, known = found[split], +recorded.get(split, Counter())
        if here != known:
            yield f"{about.name}: the manifest counts {dict(here)} in {split}, recorded are {dict(known)}"


def _corrections(about: Description, manifest: pa.Table) -> Iterator[str]:
    """Whether as many words were corrected as recorded, and those that were flagged are left out."""
    if about.corrections is None:
        return
    if CORRECTED_TEXT not in manifest.column_names:
        yield f"{about.name}: the manifest has no column {CORRECTED_TEXT}, but corrections are recorded"
        return
    given = manifest[CORRECTED_TEXT]
    if (found := len(given) - given.null_count) != about.corrections.words:
        yield f"{about.name}: the manifest has {found:,} corrected words, recorded are {about.corrections.words:,}"
    flagged = pc.fill_null(pc.equal(given, FLAGGED), False)
    if pc.any(pc.and_(flagged, pc.equal(manifest["status"], KEPT)), min_count=0).as_py():
        yield f"{about.name}: the manifest keeps words that the corrections flag"
