"""What the benchmarks of memory and disk are made of is as large as they say."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from htrdata import build
from htrdata.store.reading import open_store

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

parquet_tables = importlib.import_module("parquet_tables")
store_sizes = importlib.import_module("store_sizes")
cheap_words = importlib.import_module("cheap_words")


@pytest.mark.parametrize(("words", "side", "rows"), [(25, 40, 10), (8, 90, 8)])
def test_a_table_has_groups_of_so_many_images_of_that_size(tmp_path: Path, words: int, side: int, rows: int) -> None:
    path = tmp_path / "words.parquet"
    parquet_tables.write_table(path, words, side, rows)
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]
        images = [row["bytes"] for row in file.read()["image"].to_pylist()]
    assert groups == [rows] * (words // rows) + [words % rows] * bool(words % rows)
    assert len(set(images)) == words
    assert {len(image) // side**2 for image in images} == {1}


def test_what_a_store_takes_are_its_shards_and_its_manifest(tmp_path: Path) -> None:
    build(cheap_words.CheapWords(1000, 16, 48), tmp_path / "lmdb", workers=1)
    (dataset,) = open_store(tmp_path / "lmdb")
    shards = sum(shard.bytes for shard in dataset.description.shards.values())
    assert store_sizes.bytes_of(tmp_path / "lmdb", dataset) == shards + dataset.description.manifest.bytes
    row = store_sizes.row("noise", tmp_path / "lmdb", dataset, 7000)
    assert row.split(" | ")[1:3] == ["64 pixels", "1,000"]
    assert row.endswith(" | 7 |")
