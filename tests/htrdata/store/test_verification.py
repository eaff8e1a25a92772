"""Whatever happens to a store after it was built, `verify` finds it, and never dies of it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.store.digests import file_sha256
from htrdata.store.reading import open_store
from htrdata.store.verification import verify

from ...stores import lie, places, read_document, replaced, value_at, write_document


@pytest.fixture
def store(source: Any, tmp_path: Path) -> Path:
    build(source, tmp_path / "lmdb", BuildOptions(shard_words=20), workers=1)
    return tmp_path / "lmdb"


def problems(store: Path, *, decode: bool = False) -> list[str]:
    return [problem for dataset in verify(store, decode=decode) for problem in dataset.problems]


def test_a_fresh_store_and_its_copy_are_whole(store: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    (checked,) = verify(store, decode=True, progress=lambda done, total: seen.append((done, total)))
    assert checked.problems == ()
    assert seen[-1] == (checked.bytes, checked.bytes)
    assert problems(Path(shutil.copytree(store, tmp_path / "copy")), decode=True) == []


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no data set in"):
        verify(tmp_path)


def test_any_flipped_bit_of_a_shard_or_manifest_is_found(store: Path) -> None:
    rng = random.Random(0)
    for path in [*store.rglob("data.mdb"), store / "drawn/manifest.parquet"]:
        data = path.read_bytes()
        for _ in range(10):
            at = rng.randrange(len(data))
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
            assert problems(store) != []
        path.write_bytes(data)
    assert problems(store) == []


@pytest.mark.parametrize("size", [0, 1, 4096, 8192, 50_000, -4096, -1])
def test_a_torn_shard_is_found(store: Path, size: int) -> None:
    path = store / "val/drawn/data.mdb"
    path.write_bytes(path.read_bytes()[:size])
    (problem,) = problems(store)
    assert "cut short" in problem or "not an LMDB file" in problem


def _swap(store: Path) -> None:
    a, b = store / "val/drawn/data.mdb", store / "test/drawn/data.mdb"
    first, second = a.read_bytes(), b.read_bytes()
    a.write_bytes(second)
    b.write_bytes(first)


def _leave_lock(store: Path) -> None:
    (store / "val/drawn/lock.mdb").write_bytes(b"")


def _add_shard(store: Path) -> None:
    shutil.copytree(store / "val/drawn", store / "train/drawn/00009")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda store: shutil.rmtree(store / "train/drawn/00001"), "no shard at .*train/drawn/00001"),
        (lambda store: (store / "drawn/manifest.parquet").unlink(), "manifest.parquet is missing"),
        (_swap, "recorded are|has changed since it was built"),
        (_leave_lock, "lock.mdb does not belong to the data set"),
        (_add_shard, "00009/data.mdb does not belong to the data set"),
    ],
)
def test_misplaced_files_are_found(store: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(store)
    with pytest.raises(AssertionError, match=message):
        assert problems(store) == []


def _rewrite(store: Path, change: Callable[[dict[bytes, bytes]], None]) -> None:
    """Rewrites a shard with other content and records its new size and digest: a lie that only its content betrays."""
    folder = store / "val/drawn"
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        content = dict(transaction.cursor())
    change(content)
    shutil.rmtree(folder)
    folder.mkdir()
    with lmdb.open(str(folder), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for key, value in content.items():
            transaction.put(key, value)
    (folder / "lock.mdb").unlink()
    path = folder / "data.mdb"
    known = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    lie(store, lambda document: document["shards"]["val/drawn"].update(known))


@pytest.mark.parametrize(
    ("change", "message", "decode"),
    [
        (lambda content: content.pop(b"image-000000002"), "unexpected key b'image-000000002'", False),
        (lambda content: content.update({b"extra": b""}), "unexpected key b'extra'", False),
        (lambda content: content.update({b"num-samples": b"3"}), "holds 3 samples", False),
        (lambda content: content.update({b"num-samples": b"many"}), "not a number", False),
        (lambda content: content.update({b"label-000000001": b"other"}), "label differs .* key 1", False),
        (lambda content: content.update({b"label-000000001": b"\xff"}), "label 1 is not UTF-8", False),
        (lambda content: content.update({b"image-000000001": b"none"}), "damaged image, key 1", True),
    ],
)
def test_content_is_compared_with_the_manifest(
    store: Path, change: Callable[[dict[bytes, bytes]], None], message: str, decode: bool
) -> None:
    _rewrite(store, change)
    with pytest.raises(AssertionError, match=message):
        assert problems(store, decode=decode) == []


def _swap_ids(store: Path) -> None:
    path = store / "drawn/manifest.parquet"
    table = pq.read_table(path)
    ids = table["id"].to_pylist()
    ids[0], ids[1] = ids[1], ids[0]
    table = table.set_column(table.column_names.index("id"), "id", pa.array(ids, pa.string()))
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def test_ids_swapped_in_a_manifest_with_its_digest_adjusted_are_found(store: Path) -> None:
    _swap_ids(store)
    document, path = read_document(store), store / "drawn/manifest.parquet"
    assert problems(store) != []
    document["manifest"] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    write_document(store, document)
    assert any("its own digest differs" in problem for problem in problems(store))


def test_another_report_is_found(store: Path) -> None:
    path = store / "drawn/report.html"
    path.write_text(path.read_text().replace("nobody", "NOBODY"))
    assert problems(store) == [f"{path} has changed since it was built (its SHA-256 differs)"]
    path.unlink()
    assert problems(store) == [f"{path} is missing"]


def test_every_field_that_is_altered_is_told(store: Path) -> None:
    """One field after the other, each by a value of its own type."""
    document = read_document(store)
    others: dict[type, list[object]] = {str: ["", "other", "test"], int: [0, 1, 77], bool: [True, False]}
    told = 0
    for place in places(document):
        value = value_at(document, place)
        for other in others.get(type(value), [] if value is not None else ["a" * 64, "picture"]):
            if other != value:
                write_document(store, replaced(document, place, other))
                assert tells(store), (place, other)
                told += 1
    assert told > 100
    write_document(store, document)
    assert not tells(store)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.update(kept=1), "the words of its shards do not add up to its kept words"),
        (lambda document: document.update(words=1), "rows for 1 words"),
        (lambda document: document.update(content_digest="0" * 64), "do not give its content digest"),
        (lambda document: document.update(name="other"), "is of the data set 'other'"),
        (lambda document: document.update(unit="line"), "rows whose unit is not 'line'"),
        (lambda document: document["options"].update(height=7), "crops higher than the option height, 7"),
        (lambda document: document.update(format="htrdata-store/3"), "is of the format 'htrdata-store/3'"),
        (
            lambda document: document.update(format="htrdata-store/1"),
            "its format is 'htrdata-store/1', and has no 'division'",
        ),
        (lambda document: document["shards"]["val/drawn"].update(split="train"), "is 'train', unlike its folder"),
        (lambda document: document["splits"]["val"].update(words=99), "kept and the dropped words of val do not add"),
        (lambda document: document["splits"]["val"].update(kept=9), "the words in the shards of val are not those"),
        (lambda document: document["splits"]["val"]["dropped"].update(too_long=1), "the manifest counts"),
        (lambda document: document["splits"].pop("test"), "the words in the shards of test are not those"),
        (lambda document: document["report"].update(bytes=5), "report.html has .* bytes, recorded are 5"),
        (lambda document: document["manifest"].update(sha256="0" * 64), "manifest.parquet has changed"),
    ],
)
def test_a_description_that_is_right_by_its_digest_is_compared_with_all_else(
    store: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    lie(store, change)
    with pytest.raises(BadDataError, match=message):
        raise BadDataError("; ".join(problems(store)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(
    "place", ["drawn/manifest.parquet", "drawn/report.html", "val/drawn/data.mdb", "drawn/dataset.json"]
)
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_what_is_no_file_is_told_and_not_waited_for(store: Path, place: str, kind: str) -> None:
    path = store / place
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(BadDataError, match=f"{path.name} is {kind}, where a file is expected"):
        raise BadDataError("; ".join(problems(store)))
    if place != "drawn/report.html":
        with pytest.raises(BadDataError, match=f"is {kind}, where a file is expected"):
            list(open_store(store)["val", "drawn"])


def tells(store: Path) -> bool:
    """Whether a store is refused or has problems."""
    try:
        return problems(store) != []
    except BadDataError as error:
        return "dataset.json" in str(error)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"shards": '])
def test_a_damaged_document_is_an_error_that_names_it(store: Path, text: str) -> None:
    (store / "drawn/dataset.json").write_text(text)
    with pytest.raises(BadDataError, match=r"dataset\.json.*--overwrite"):
        verify(store)
