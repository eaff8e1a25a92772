"""Builds that several machines share: each builds some parts, whoever comes last joins them to the same store."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.shares import Share, shares_of
from htrdata.building.sharing import BuiltShare, build_share
from htrdata.errors import CannotCreateError, LockedError, UsageError
from htrdata.store.verification import verify

from .test_builder import tree

SMALL = BuildOptions(part_words=20)


def share_of(source: Any, store: Path, share: str, options: BuildOptions = SMALL, **more: Any) -> BuiltShare:
    return build_share(source, store, options, share=Share.parse(share), workers=1, **more)


@pytest.fixture
def expected(source: Any, tmp_path: Path) -> dict[str, str]:
    build(source, tmp_path / "whole", SMALL, workers=1)
    return tree(tmp_path / "whole")


@pytest.mark.parametrize("shares", [["1/1"], ["2/3", "1/3", "3/3"], ["1/50", "2/50"], ["1/2", "1/2", "2/3"]])
def test_what_shares_built_is_joined_to_the_same_store(
    source: Any, tmp_path: Path, expected: dict[str, str], shares: list[str]
) -> None:
    built = [share_of(source, tmp_path / "lmdb", share) for share in shares]
    assert not (tmp_path / "lmdb/drawn").exists()
    seen: list[int] = []
    build(source, tmp_path / "lmdb", SMALL, workers=1, progress=lambda what, done, _: seen.append(done))
    assert seen[0] == 21 * sum(one.built for one in built)  # parts of three pages of seven words
    assert tree(tmp_path / "lmdb") == expected
    assert not (tmp_path / "lmdb/.build").exists()
    assert not any(dataset.problems for dataset in verify(tmp_path / "lmdb", decode=True))


def test_all_shares_at_once_end_in_the_same_store(source: Any, tmp_path: Path, expected: dict[str, str]) -> None:
    shares = [f"{number}/4" for number in range(1, 5)]
    threads = [threading.Thread(target=share_of, args=(source, tmp_path / "lmdb", share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    build(source, tmp_path / "lmdb", SMALL, workers=1, only_join=True)
    assert tree(tmp_path / "lmdb") == expected


def test_what_is_missing_is_named_and_built_or_refused(source: Any, tmp_path: Path, expected: dict[str, str]) -> None:
    share_of(source, tmp_path / "lmdb", "2/3")
    said: list[str] = []
    missing = "4 of the 6 parts of 'drawn', 84 words, are missing: --part 1/3, --part 3/3"
    with pytest.raises(CannotCreateError, match=f"{missing}. Run these again, or without --part join"):
        build(source, tmp_path / "lmdb", SMALL, workers=1, only_join=True)
    share_of(source, tmp_path / "lmdb", "1/3")
    next((tmp_path / "lmdb/.build/drawn/parts").glob("part-000001-*")).unlink()  # of 2/3
    build(source, tmp_path / "lmdb", SMALL, workers=1, say=said.append)
    assert said == ["3 of the 6 parts of 'drawn', 63 words, are missing: --part 2/3, --part 3/3; building them now"]
    assert tree(tmp_path / "lmdb") == expected


def test_without_shares_missing_parts_are_numbers(source: Any, tmp_path: Path) -> None:
    with pytest.raises(
        CannotCreateError, match=r"6 of the 6 parts of 'drawn', 126 words, are missing: numbers 0, 1, 2"
    ):
        build(source, tmp_path / "lmdb", SMALL, workers=1, only_join=True)


def test_a_killed_share_is_done_again_and_leaves_nothing(source: Any, tmp_path: Path, expected: dict[str, str]) -> None:
    share_of(source, tmp_path / "lmdb", "1/2")
    parts = tmp_path / "lmdb/.build/drawn/parts"
    first = min(parts.iterdir())
    first.rename(parts / f".{first.name}.0123456789ab.tmp")  # as a process that was killed while it wrote
    assert share_of(source, tmp_path / "lmdb", "1/2").built == 1
    assert share_of(source, tmp_path / "lmdb", "1/2").built == 0
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert tree(tmp_path / "lmdb") == expected


@pytest.mark.parametrize(
    ("what", "message"),
    [("quality", "quality was 95, is 50"), ("data", "have changed since"), ("versions", "pillow was 1.0, is ")],
)
def test_shares_of_another_plan_are_refused(source: Any, tmp_path: Path, what: str, message: str) -> None:
    share_of(source, tmp_path / "lmdb", "1/2")
    options = replace(SMALL, quality=50) if what == "quality" else SMALL
    if what == "data":
        source.listed = source.listed[:-1]
    if what == "versions":
        note = tmp_path / "lmdb/.build/drawn/request.json"
        note.write_text(re.sub('"pillow": "[^"]*"', '"pillow": "1.0"', note.read_text()))
    with pytest.raises(CannotCreateError, match=rf"an unfinished build of 'drawn' .* {message}"):
        share_of(source, tmp_path / "lmdb", "2/2", options)
    share_of(source, tmp_path / "lmdb", "2/2", options, overwrite=True)
    build(source, tmp_path / "lmdb", options, workers=1)
    build(source, tmp_path / "fresh", options, workers=1)
    assert tree(tmp_path / "lmdb") == tree(tmp_path / "fresh")


def test_parts_of_other_sizes_are_not_mixed_up(source: Any, tmp_path: Path, expected: dict[str, str]) -> None:
    share_of(source, tmp_path / "lmdb", "1/2", replace(SMALL, part_words=9))
    share_of(source, tmp_path / "lmdb", "2/2")
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert tree(tmp_path / "lmdb") == expected


def test_who_builds_and_who_joins_wait_for_each_other(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_of(source, tmp_path / "lmdb", "1/2")
    work = tmp_path / "lmdb/.build/drawn"
    with filelock.FileLock(work / "shares/1-of-2.lock"):
        with pytest.raises(LockedError, match="another process is building --part 1/2 of 'drawn'"):
            build(source, tmp_path / "lmdb", SMALL, workers=1)
        with pytest.raises(LockedError, match="another process is building --part 1/2 of 'drawn'"):
            share_of(source, tmp_path / "lmdb", "1/2")
        with pytest.raises(LockedError, match="another process is building --part 1/2 of 'drawn'"):  # not from under it
            share_of(source, tmp_path / "lmdb", "1/2", replace(SMALL, quality=50), overwrite=True)
        share_of(source, tmp_path / "lmdb", "2/2")
    monkeypatch.setattr("htrdata.building.sharing._PATIENCE", 0.2)
    with filelock.FileLock(work / "lock"), pytest.raises(LockedError, match="another process is building 'drawn'"):
        share_of(source, tmp_path / "lmdb", "1/2")


def test_a_share_of_what_the_store_has_does_nothing(source: Any, tmp_path: Path, expected: dict[str, str]) -> None:
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert share_of(source, tmp_path / "lmdb", "1/2").already
    assert tree(tmp_path / "lmdb") == expected
    share_of(source, tmp_path / "lmdb", "1/2", overwrite=True)
    assert share_of(source, tmp_path / "lmdb", "2/2").already  # and does not take from the first what it has built
    assert build(source, tmp_path / "lmdb", SMALL, workers=1, overwrite=True, only_join=False).already is False
    assert tree(tmp_path / "lmdb") == expected


def test_shares_are_written_as_of_n() -> None:
    items = list(range(11))
    shares = [Share.parse(f"{number}/4") for number in range(1, 5)]
    assert sorted(item for share in shares for item in share.every(items)) == items
    assert [str(share) for share in shares_of([3, 7, 0], 4)] == ["1/4", "4/4"]
    for wrong in ("0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/0"):
        with pytest.raises(UsageError, match=f"--part {wrong}: give I/N"):
            Share.parse(wrong)
