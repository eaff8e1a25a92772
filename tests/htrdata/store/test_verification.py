"""Whatever happens to a store after it was built, `verify` finds it, and never dies of it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.store.digests import file_sha256
from htrdata.store.verification import verify


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


def _document(store: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((store / "drawn/dataset.json").read_text())
    return document


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
    document = _document(store)
    path = folder / "data.mdb"
    document["shards"]["val/drawn"].update(bytes=path.stat().st_size, sha256=file_sha256(path))
    (store / "drawn/dataset.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "message", "decode"),
    [
        (lambda content: content.pop(b"image-000000002"), "unexpected key b'image-000000002'", False),
        (lambda content: content.update({b"extra": b""}), "unexpected key b'extra'", False),
        (lambda content: content.update({b"num-samples": b"3"}), "holds 3 samples", False),
        (lambda content: content.update({b"num-samples": b"many"}), "not a number", False),
        (lambda content: content.update({b"label-000000001": b"other"}), "label differs .* index 1", False),
        (lambda content: content.update({b"label-000000001": b"\xff"}), "label 1 is not UTF-8", False),
        (lambda content: content.update({b"image-000000001": b"none"}), "damaged image, index 1", True),
    ],
)
def test_content_is_compared_with_the_manifest(
    store: Path, change: Callable[[dict[bytes, bytes]], None], message: str, decode: bool
) -> None:
    _rewrite(store, change)
    with pytest.raises(AssertionError, match=message):
        assert problems(store, decode=decode) == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("kept", 1, "do not add up to its kept words"),
        ("words", 1, "rows for 1 words"),
        ("content_digest", "0", "do not give its content digest"),
    ],
)
def test_the_document_is_compared_with_itself(store: Path, key: str, value: object, message: str) -> None:
    (store / "drawn/dataset.json").write_text(json.dumps({**_document(store), key: value}))
    with pytest.raises(AssertionError, match=message):
        assert problems(store) == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"shards": '])
def test_a_damaged_document_is_an_error_that_names_it(store: Path, text: str) -> None:
    (store / "drawn/dataset.json").write_text(text)
    with pytest.raises(BadDataError, match=r"dataset\.json is damaged"):
        verify(store)
