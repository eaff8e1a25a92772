"""A shard that is torn when it is opened is an error, or read as it is: it never ends a process, nor shows a traceback.

Where everything is tried, it is every bit of the structure of a small shard, otherwise some of each field.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import struct
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import lmdb
import pyarrow as pa
import pytest

from htrdata.errors import BadDataError
from htrdata.files.lmdb_tree import Tree
from htrdata.store.format import DATA_FILE
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrdata.store.shards import Shard, label_key

from . import torn_shards
from .effort import ALL, TRIED

SAMPLE = 8  # bits of each field, where not all are tried
VALUES = {"leaf node value", "big value"}
"""No structure: that these are whole is for digests to say."""


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard of two levels: values of no byte, in pages, and in one and in several pages of their own."""
    rng = random.Random(0)
    sizes = [0, 1, 8, 40, 500, 2030, 2040, 4080, 4081, 9000]
    images = [rng.randbytes(sizes[i % len(sizes)]) for i in range(40)]
    labels = [f"label {i}" if i % 20 else "x" * 3000 for i in range(40)]
    words = pa.record_batch([images, labels, [bytes(32)] * 40], schema=SHARD_WORDS)
    folder = tmp_path_factory.mktemp("torn") / "shard"
    write_shard(folder, [words], count=40, payload=sum(map(len, images)) + sum(map(len, labels)))
    return folder / DATA_FILE


def read(shard: Path, cases: list[str]) -> list[str]:
    """What came of each case; the process that reads must live to the last one."""
    command = [sys.executable, torn_shards.__file__, str(shard)]
    done = subprocess.run(command, input="\n".join(cases), capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{done.returncode} at the case {cases[len(lines)]}: {done.stderr}"
    return lines


def bits(shard: Path) -> dict[str, list[str]]:
    """The bits of each field that are flipped here."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, at, size in torn_shards.fields(shard.read_bytes()):
        found[name] += [f"{at + i} {bit}" for i in range(size) for bit in range(8)]
    rng = random.Random(1)
    return {
        name: cases if ALL and name not in VALUES else rng.sample(cases, min(SAMPLE, len(cases)))
        for name, cases in found.items()
    }


def test_a_flipped_bit_is_an_error_or_does_no_harm(shard: Path) -> None:
    cases = [(name, case) for name, flips in bits(shard).items() for case in flips]
    assert len({name for name, _ in cases}) > 40
    whole, *came = read(shard, [str(shard.stat().st_size), *(case for _, case in cases)])
    wrong = Counter[str]()
    for (name, case), found in zip(cases, came, strict=True):
        if not re.fullmatch("[0-9a-f]{64}", found):
            assert found.startswith("error: "), (case, found)
        elif found != whole:
            wrong[name] += 1
            TRIED["torn shard, bit of a value", "read, seen by its digest"] += 1
            continue
        outcome = "read as it was" if found == whole else "BadDataError"
        TRIED[f"torn shard, bit of a {name.split()[0]} page", outcome] += 1
    # That a big value has some bytes more or less, or stands where another one does, only digests can tell.
    assert wrong.keys() <= VALUES | {"leaf node size", "leaf node run"}, wrong


def test_a_shard_cut_short_anywhere_is_an_error(shard: Path) -> None:
    size = shard.stat().st_size
    rng = random.Random(2)
    sizes = {0, 1, 16, 151, 152, 4095, 4096, 4247, 4248, size - 1, *(rng.randrange(size) for _ in range(40))}
    sizes |= set(range(0, size, 512 if ALL else 4096))
    for cut, found in zip(sorted(sizes), read(shard, list(map(str, sorted(sizes)))), strict=True):
        assert re.match("error: .*(cut short|not an LMDB file)", found), (cut, found)
        TRIED["torn shard, cut short", "BadDataError"] += 1


@pytest.mark.parametrize("root", [2**40, 2**51, 2**60, 2**64 - 2])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_first_page_far_beyond_the_file_is_an_error(shard: Path, tmp_path: Path, root: int, depth: int) -> None:
    """Both meta pages say that there are so many pages: such an offset the system does not even take for one."""
    data = bytearray(shard.read_bytes())
    for page in (0, torn_shards.PAGE):
        struct.pack_into("<H", data, page + 94, depth)
        struct.pack_into("<QQ", data, page + 128, root, root)  # the root of the tree; the last page
    (tmp_path / DATA_FILE).write_bytes(data)
    assert re.match("error: .*is torn: it is cut short", torn_shards.read_all(tmp_path))


def test_bytes_without_sense_are_an_error(shard: Path, tmp_path: Path) -> None:
    """Whole pages exchanged, zeroed, or filled at random."""
    data, rng = shard.read_bytes(), random.Random(3)
    path = tmp_path / DATA_FILE
    pages = len(data) // torn_shards.PAGE
    for case in range(2000 if ALL else 150):
        torn = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            at, other = (rng.randrange(pages) * torn_shards.PAGE for _ in range(2))
            size = rng.choice([16, 64, torn_shards.PAGE])
            torn[at : at + size] = rng.choice([bytes(size), rng.randbytes(size), data[other : other + size]])
        path.write_bytes(torn)
        found = torn_shards.read_all(tmp_path)
        assert re.match("error: |[0-9a-f]{64}$", found), (case, found)
        TRIED["torn shard, pages exchanged or filled", "BadDataError" if found[0] == "e" else "read"] += 1


def test_a_shard_cut_short_while_it_is_open_is_an_error(shard: Path, tmp_path: Path) -> None:
    path = tmp_path / DATA_FILE
    path.write_bytes(shard.read_bytes())
    reader = Shard(tmp_path)
    assert reader.label(7) == "label 6"
    os.truncate(path, 3 * torn_shards.PAGE)
    with pytest.raises(BadDataError, match="is torn: it is cut short"):
        [reader.image(key) for key in range(1, 41)]
    with pytest.raises(BadDataError, match="is torn: it is cut short"):
        reader.keys()


@pytest.mark.skipif(not hasattr(lmdb, "verify") and importlib.util.find_spec("lmdb.verify") is None, reason="lmdb < 3")
def test_what_lmdb_finds_in_the_tree_is_found_here(shard: Path, tmp_path: Path) -> None:
    verify = importlib.import_module("lmdb.verify")
    data, path = shard.read_bytes(), tmp_path / DATA_FILE
    whole = torn_shards.read_all(shard.parent)
    known = Counter[tuple[bool, bool]]()
    for name, cases in bits(shard).items():
        for case in random.Random(4).sample(cases, min(40 if ALL else 3, len(cases))):
            at, bit = map(int, case.split())
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            ours = torn_shards.read_all(tmp_path)
            try:
                theirs = bool(verify.verify(str(tmp_path)))
            except verify.VerifyError:
                theirs = True
            known[ours.startswith("error"), theirs] += 1
            TRIED["torn shard, found here and by lmdb.verify", f"{ours.startswith('error')} and {theirs}"] += 1
            # Free pages and counts of pages are nothing to a reader; then what it reads is right.
            assert ours.startswith("error") or not theirs or ours == whole or name == "leaf node run", (name, case)
    assert known[True, True] > 20
    assert known[True, False] > 4  # sizes that do not fill their page, transactions that do not follow


@pytest.mark.parametrize("seed", range(60 if ALL else 6))
def test_what_lmdb_writes_is_read(seed: int, tmp_path: Path) -> None:
    """Files of any history: values replaced and removed, keys in no order, pages that are free, trees of any depth."""
    rng = random.Random(seed)
    truth: dict[bytes, bytes] = {}
    with lmdb.open(str(tmp_path), map_size=2**27, sync=False) as environment:
        for _ in range(rng.randint(1, 8)):
            with environment.begin(write=True) as transaction:
                for _ in range(rng.randint(1, 600)):
                    key = rng.choice([label_key(rng.randint(1, 900)), rng.randbytes(rng.randint(1, 511))])
                    if rng.random() < 0.3 and truth:
                        transaction.delete(gone := rng.choice([*truth]))
                        del truth[gone]
                    truth[key] = rng.randbytes(rng.choice([0, 1, 63, 500, 2030, 2040, 4081, rng.randint(0, 300)]))
                    transaction.put(key, truth[key])
    tree = Tree(tmp_path / DATA_FILE)
    ordered = sorted(truth)
    assert list(tree.keys()) == ordered
    assert list(tree.values(b"")) == [truth[key] for key in ordered]
    assert {key: tree.get(key) for key in rng.sample(ordered, len(ordered))} == truth
    assert list(tree.values(ordered[-30])) == [truth[key] for key in ordered[-30:]]
    assert tree.get(b"nothing") is None
    tree.close()
