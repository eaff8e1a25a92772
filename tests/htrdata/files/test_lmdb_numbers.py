"""Values are found by number as by key, in any order, however often, and whatever other keys there are."""

from __future__ import annotations

import random
from pathlib import Path

import lmdb
import pytest

from htrdata.files.lmdb_numbers import NumberedValues
from htrdata.files.lmdb_tree import Tree

PREFIX = b"image-"


def write(folder: Path, values: dict[bytes, bytes]) -> Path:
    with lmdb.open(str(folder), map_size=2**27) as environment, environment.begin(write=True) as transaction:
        for key, value in values.items():
            transaction.put(key, value)
    return folder / "data.mdb"


def numbered(numbers: list[int], seed: int = 0) -> dict[bytes, bytes]:
    rng = random.Random(seed)
    return {b"image-%09d" % number: rng.randbytes(rng.choice([0, 5, 60, 900, 2040, 4081])) for number in numbers}


@pytest.mark.parametrize(
    "values",
    [
        numbered([*range(1, 400)]),
        numbered([*range(1, 100), *range(150, 300, 2), 399]),  # with gaps, so that no leaf is remembered
        numbered([*range(1, 300)])
        | {b"image-0": b"a", b"image-00000012x": b"b", b"image-:": b"c", b"z": b"d", b"a": b"e"},
        numbered([*range(300)]) | {b"image-1000000000": b"ten digits"},
        {},
    ],
)
@pytest.mark.parametrize("count", [0, 100, 399, 10**12])
def test_a_value_is_found_by_its_number(values: dict[bytes, bytes], count: int, tmp_path: Path) -> None:
    tree = Tree(write(tmp_path, values))
    found = NumberedValues(tree, PREFIX, count)
    wanted = [*range(420), 10**9 - 1, 10**9, 10**12, -1, -5]
    for _ in range(2):  # looked up, and remembered
        random.Random(1).shuffle(wanted)
        for number in wanted:
            assert found.get(number) == (values.get(b"image-%09d" % number) if number >= 0 else None), number
    tree.close()


def test_what_is_remembered_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = numbered([*range(1, 400)])
    tree = Tree(write(tmp_path, values))
    found = NumberedValues(tree, PREFIX, 399)
    for number in range(1, 400):
        found.get(number)
    monkeypatch.setattr(Tree, "leaf", None)
    assert [found.get(number) for number in range(1, 400)] == list(values.values())
    tree.close()
