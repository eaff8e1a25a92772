"""Targets that are files of a store: shards and manifests."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrdata.store.shards import Shard, image_key

from .made_inputs import small_store
from .target import Target

_FEW = 50


def read_shard(data: bytes, folder: Path) -> None:
    """All that a reader does with a shard; nothing of it ends the process."""
    (folder / "data.mdb").write_bytes(data)
    shard = Shard(folder)
    count = len(shard)
    keys = shard.keys()
    labels = shard.encoded_labels()
    for key in range(1, min(count, _FEW) + 1):
        assert isinstance(shard.image(key), bytes)
        shard.label(key)
    assert keys == sorted(keys)
    if image_key(1) in keys:
        assert len(labels) <= len(keys)


def shard_seeds() -> Sequence[bytes]:
    """Two levels of pages, with overflow pages, in pages of the usual size; and an empty one."""
    seeds = []
    for sizes in ([1, 64, 2040, 4081], [30] * 100, []):
        images = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
        texts = [f"wörd{number}" for number in range(len(sizes))]
        batch = pa.record_batch([images, texts, [hashlib.sha256(one).digest() for one in images]], schema=SHARD_WORDS)
        with tempfile.TemporaryDirectory() as folder:
            write_shard(Path(folder) / "shard", [batch], count=len(sizes), payload=batch.nbytes)
            seeds.append((Path(folder) / "shard/data.mdb").read_bytes())
    return seeds


def read_manifest(data: bytes, folder: Path) -> None:
    path = folder / "drawn" / "manifest.parquet"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    reader = ManifestReader(path)
    rows = reader.table().num_rows
    assert rows == sum(batch.num_rows for _, batch in reader.batches(["id", "split", "key"]))
    reader.kept_ids("train")


def manifest_seeds() -> Sequence[bytes]:
    with small_store() as store:
        return [(store / "drawn/manifest.parquet").read_bytes()]


STORE_TARGETS = (
    Target("shard", read_shard, shard_seeds, largest=49_152),
    Target("manifest", read_manifest, manifest_seeds, runs=200_000, largest=1 << 14),
)
