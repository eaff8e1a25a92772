"""Tests of `htrdata.manifest` and of the files that rows come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.manifest import part_schema, to_batch
from htrdata.records import Box, FileOnDisk, Reason, Word
from htrdata.rows import Row


def test_rows_become_columns() -> None:
    kept = Row("p", "train", Word("a", "caf\u00e9", Box(1.5, 2, 3, 4, -0.5), extra={"line": "l"}), None, "caf\u00e9")
    kept.image, kept.width, kept.height, kept.outside = b"bytes", 3, 4, 0.25
    dropped = Row("p", None, Word("b\ud800", "", writer="w"), Reason.EMPTY_LABEL)
    batch = to_batch(iter([kept, dropped]), "d", ["line"])
    assert batch.schema == part_schema(["line"])
    first, second = batch.to_pylist()
    assert first["box"] == {"xc": 1.5, "yc": 2.0, "w": 3.0, "h": 4.0, "angle": -0.5}
    assert (first["id"], first["status"], first["reason"], first["text"]) == ("a", "kept", None, "caf\u00e9")
    assert (first["image"], first["image_sha256"], first["line"]) == (b"bytes", kept.image_sha256, "l")
    assert (first["width"], first["height"], first["outside"], first["writer"]) == (3, 4, 0.25, None)
    assert (second["id"], second["status"], second["reason"]) == ("b\\ud800", "dropped", "empty_label")
    assert [second[name] for name in ("box", "split", "text", "image", "image_sha256", "line")] == [None] * 6
    assert (second["page"], second["dataset"], second["source_text"], second["writer"]) == ("p", "d", "", "w")


def test_a_page_without_words_has_no_rows() -> None:
    assert to_batch([], "d", []).num_rows == 0


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_files_are_read_whole(tmp_path: Path, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert FileOnDisk(tmp_path / "file").read() == content[:size]


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path.name)):
        FileOnDisk(tmp_path / "none").read()
    with pytest.raises(OSError, match=str(tmp_path.name)):  # as of a disk that fails: the message names the file
        FileOnDisk(tmp_path).read()
