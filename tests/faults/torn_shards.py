"""Reads a shard with one bit flipped, or cut short, again and again: in a process of its own, which must not die.

    python tests/faults/torn_shards.py SHARD < CASES    # of each a line: OFFSET BIT, or SIZE

prints a line for each: a digest of what was read, ``error: …``, or an exception that nobody expects. `fields` names
what the structure of a shard is made of, from the format alone.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.store.shards import Shard

PAGE = 4096
_META = {
    "magic": 4,
    "version": 4,
    "address": 8,
    "map size": 8,
    "page size": 4,
    "free flags": 2,
    "free depth": 2,
    "free pages": 24,
    "free entries": 8,
    "free root": 8,
    "main pad": 4,
    "main flags": 2,
    "main depth": 2,
    "main pages": 24,
    "main entries": 8,
    "main root": 8,
    "last page": 8,
    "transaction": 8,
}
_HEADER = {"number": 8, "pad": 2, "flags": 2, "lower": 2, "upper": 2}


def fields(data: bytes) -> Iterator[tuple[str, int, int]]:
    """The fields that a shard's structure is made of, and some values: what it is, where it begins, bytes."""
    at = 0
    while at < len(data):
        number, _, kind, lower, upper = struct.unpack_from("<QHHHH", data, at)
        assert number == at // PAGE, "a page without a header: not one of a shard without free pages"
        name = {1: "branch", 2: "leaf", 4: "overflow", 8: "meta"}[kind]
        yield from _laid_out(name, at, _HEADER)
        if name == "meta":
            yield from _laid_out(name, at + 16, _META)
        elif name != "overflow":
            for pointer in range(at + 16, at + lower, 2):
                yield f"{name} pointer", pointer, 2
                yield from _node(data, at + struct.unpack_from("<H", data, pointer)[0], name)
        pages = lower | upper << 16 if name == "overflow" else 1
        if name == "overflow":
            yield "big value", at + 16, 64
        at += pages * PAGE


def _node(data: bytes, at: int, name: str) -> Iterator[tuple[str, int, int]]:
    size, flags, key_size = struct.unpack_from("<IHH", data, at)
    yield f"{name} node {'child' if name == 'branch' else 'size'}", at, 4
    yield f"{name} node flags", at + 4, 2
    yield f"{name} node key size", at + 6, 2
    yield f"{name} node key", at + 8, key_size
    if name == "leaf":
        yield ("leaf node run", at + 8 + key_size, 8) if flags else ("leaf node value", at + 8 + key_size, size)


def _laid_out(name: str, at: int, sizes: dict[str, int]) -> Iterator[tuple[str, int, int]]:
    for field, size in sizes.items():
        yield f"{name} {field}", at, size
        at += size


def read_all(folder: Path) -> str:
    """Reads everything that there is in a shard, in every way; says what came of it."""
    try:
        shard = Shard(folder)
        count = len(shard)
        found = {key: shard.image(key) + b"|" + shard.label(key).encode() for key in range(1, count + 1)}
        keys, joined, labels = shard.keys(), shard.joined_keys(), shard.encoded_labels()
    except BadDataError as error:
        return f"error: {error}"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return f"{type(error).__name__}: {error}"
    return hashlib.sha256(repr((found, keys, joined, labels)).encode()).hexdigest()


def main(path: Path) -> None:
    """Reads the cases, and writes what came of each."""
    data = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        torn = Path(folder) / "data.mdb"
        for line in sys.stdin:
            first, *bit = map(int, line.split())
            cut = bytearray(data if bit else data[:first])
            if bit:
                cut[first] ^= 1 << bit[0]
            torn.write_bytes(cut)
            sys.stdout.write(" ".join(read_all(torn.parent).split()) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
