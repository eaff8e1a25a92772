"""Tests of `htrdata.store.manifest` and of the files that rows come from."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from htrdata.building.manifest_writer import part_schema, to_batch
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import ManifestRow
from htrdata.building.plan import make_plan
from htrdata.errors import BadDataError, UsageError
from htrdata.files.on_disk import FileOnDisk, NoImageFileError
from htrdata.records import Box, Reason, Word
from htrdata.store.manifest import manifest_schema
from htrdata.store.manifest_reader import ManifestReader

from ..conftest import ListSource


def test_rows_become_columns() -> None:
    kept = ManifestRow(
        "p", "train", Word("a", "caf\u00e9", Box(1.5, 2, 3, 4, -0.5), extra={"line": "l"}), None, "caf\u00e9"
    )
    kept.image, kept.width, kept.height, kept.outside = b"bytes", 3, 4, 0.25
    dropped = ManifestRow("p", None, Word("b\ud800", "", writer="w"), Reason.EMPTY_LABEL)
    batch = to_batch(iter([kept, dropped]), "d", "word", ["line"])
    assert batch.schema == part_schema(["line"])
    first, second = batch.to_pylist()
    assert first["box"] == {"xc": 1.5, "yc": 2.0, "w": 3.0, "h": 4.0, "angle": -0.5}
    assert (first["id"], first["status"], first["reason"], first["text"]) == ("a", "kept", None, "caf\u00e9")
    assert (first["image"], first["image_sha256"], first["line"]) == (b"bytes", kept.image_sha256, "l")
    assert (first["width"], first["height"], first["outside"], first["writer"]) == (3, 4, 0.25, None)
    assert (first["unit"], second["unit"]) == ("word", "word")
    assert (second["id"], second["status"], second["reason"]) == ("b\\ud800", "dropped", "empty_label")
    assert [second[name] for name in ("box", "split", "text", "image", "image_sha256", "line")] == [None] * 6
    assert (second["page"], second["dataset"], second["source_text"], second["writer"]) == ("p", "d", "", "w")


def test_a_page_without_words_has_no_rows() -> None:
    assert to_batch([], "d", "word", []).num_rows == 0


@pytest.mark.parametrize("name", ["id", "box", "shard", "key", "index", "unknown", "image", "line"])
def test_a_column_of_the_source_takes_no_name_that_there_is(name: str) -> None:
    for schema in (manifest_schema, part_schema):
        with pytest.raises(UsageError, match=f"column '{name}'"):
            schema(["line", "tag", name])
    with pytest.raises(UsageError, match=f"column '{name}'"):  # before any word is read
        make_plan(ListSource([], extra_columns=("line", name)), BuildOptions())


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_files_are_read_whole(tmp_path: Path, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert FileOnDisk(tmp_path / "file").read() == content[:size]


def test_files_are_read_whole_in_whatever_pieces_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, read = bytes(range(251)) * 40, os.read
    (tmp_path / "file").write_bytes(content)
    monkeypatch.setattr(os, "read", lambda handle, size: read(handle, min(size, 1000)))
    assert FileOnDisk(tmp_path / "file").read() == content


def test_a_large_file_is_in_memory_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(8_000_000))
    tracemalloc.start()
    try:
        FileOnDisk(tmp_path / "file").read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path.name)):
        FileOnDisk(tmp_path / "none").read()
    with pytest.raises(NoImageFileError, match=f"{tmp_path.name} is a folder, where a file is expected"):
        FileOnDisk(tmp_path).read()


def test_a_manifest_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "drawn/manifest.parquet"
    path.parent.mkdir()
    reader = ManifestReader(path)
    text = pa.array(["a"])
    for table, message in (
        (pa.table({"id": text}), "no column"),
        (pa.table({"id": text, "split": text, "status": pa.array([1]), "shard": text}), "status is of the type int64"),
        (
            pa.table({"id": text, "split": text, "status": text, "shard": text, "key": text}),
            "key is of the type string",
        ),
    ):
        pq.write_table(table, path, write_page_checksum=True)
        with pytest.raises(BadDataError, match=f"missing or damaged.*{message}.*build drawn again"):
            reader.kept_ids("train")
    path.write_bytes(b"PAR1")
    for read in (reader.table, lambda: reader.kept_ids("train")):
        with pytest.raises(BadDataError, match="missing or damaged"):
            read()
