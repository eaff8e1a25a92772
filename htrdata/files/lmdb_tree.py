"""The keys and values of an LMDB file, read without LMDB, which a torn file can have end the process.

Nothing is mapped, and nothing is locked: a file that is cut short while it is open is an error as well, readers go
through a fork as they are, and the media may be read-only. Pages of the tree are proved before anything is taken from
them. Branches are kept, of leaves a few: `htrdata.files.lmdb_numbers` remembers where the values are.
"""

from __future__ import annotations

import os
import sys
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from htrdata.errors import BadDataError, StorageError
from htrdata.files.lmdb_leaves import Leaves, read_leaves
from htrdata.files.lmdb_pages import (
    BIG,
    HEAD,
    META_BYTES,
    NO_PAGE,
    Branch,
    Leaf,
    TornError,
    meta_page_size,
    newest_meta,
    prove_overflow,
    read_branch,
    read_leaf,
)
from htrdata.files.refusals import refusal
from htrdata.files.regular import open_regular

_RECENT = 8  # leaves that are kept, for those who read in order
_NODE = 16  # bytes that a key and its value take at least
_TOGETHER = 256  # leaves that are read at a time where all are: numpy takes as long for one as for 16


class Tree:
    """An LMDB file, open for reading.

    Args:
        path: of the file.

    Raises:
        BadDataError: it is no LMDB file of format 1, is cut short, or is no file at all.
        StorageError: it cannot be read.
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_regular(path)
        self._handle = self._file.fileno()
        try:
            first = _read_at(self._handle, META_BYTES, 0)
            second = _read_at(self._handle, META_BYTES, meta_page_size(first))
            self._meta = newest_meta(first, second)
        except TornError as error:
            raise self._torn(error) from None
        self._page_size = self._meta.page_size
        size = os.fstat(self._handle).st_size
        self._last_page = min(self._meta.last_page, size // self._page_size - 1)
        self._levels = range(self._meta.depth - 1)  # of branches
        self._branches: dict[int, Branch] = {}
        self._recent: dict[int, Leaf] = {}  # leaves that were read last
        self._refuse_cut(size)

    def close(self) -> None:
        """Closes the file; nothing can be read after it."""
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    @property
    def most(self) -> int:
        """How many keys there can be at most: each takes some bytes."""
        return self._last_page * self._page_size // _NODE

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; None where there is none.

        Raises:
            BadDataError: a page on the way to it is torn.
            StorageError: the file cannot be read.
        """
        leaf = self.leaf(key)
        at = bisect_left(leaf.keys, key)
        return self.value(leaf.places[at], leaf.sizes[at]) if leaf.keys[at : at + 1] == [key] else None

    def leaf(self, key: bytes) -> Leaf:
        """The leaf that has a key, if any has, proved. Raises as `get` does."""
        if not self._meta.depth:
            return Leaf([], [], [])
        try:
            number, low, high = self._way_to(key)[:3]
            leaf = self._recent.get(number)
            if leaf is None:
                leaf = read_leaf(self._page(number), number, self._last_page)
                _prove_within(leaf.keys[0], leaf.keys[-1], number, low, high)
                if len(self._recent) >= _RECENT:
                    self._recent.clear()
                self._recent[number] = leaf
        except TornError as error:
            raise self._torn(error) from None
        return leaf

    def value(self, place: int, size: int) -> bytes:
        """A value by its place and size, as a leaf has them. Raises as `get` does."""
        offset = place >> 1
        try:
            if not place & BIG:
                return self._read(offset, size)
            found = self._read(offset - HEAD, HEAD + size)
            prove_overflow(found, offset // self._page_size, (HEAD - 1 + size) // self._page_size + 1)
        except TornError as error:
            raise self._torn(error) from None
        return found[HEAD:]

    def keys(self) -> Iterator[bytes]:
        """All keys in their order. Raises as `get` does."""
        return (key for leaves in self._scan(b"") for key in leaves.all_keys())

    def joined_keys(self) -> Iterator[bytes]:
        """All keys in their order, many of them at a time, one behind the other. Raises as `get` does."""
        return (leaves.joined_keys() for leaves in self._scan(b""))

    def values(self, first: bytes) -> Iterator[bytes]:
        """The values of a key and of all behind it, in the order of the keys. Raises as `get` does."""
        for leaves in self._scan(first):
            before = bisect_left(leaves.all_keys(), first) if leaves.first_keys()[0] < first else 0
            found = leaves.values()
            for i in np.flatnonzero(leaves.runs[before:]).tolist():
                place = int(leaves.runs[before + i]) * self._page_size + HEAD
                found[before + i] = self.value(place * 2 + BIG, int(leaves.sizes[before + i]))
            yield from found[before:]

    def _refuse_cut(self, size: int) -> None:
        """Refuses a file that lacks pages, but for free ones at its end, which LMDB may leave out."""
        expected = (self._meta.last_page + 1) * self._page_size
        if size >= expected:
            return
        try:
            if self._last_page < self._meta.free_root < NO_PAGE:
                raise TornError("it lacks the pages that are free")
            if self._meta.depth and self._meta.root > self._last_page:
                raise TornError("it lacks the page with which its keys begin")
            for _ in self._scan(b""):  # is all that is in use there?
                pass
        except BadDataError as error:
            raise self._torn(TornError(f"it is cut short: {size:,} bytes of {expected:,}")) from error

    def _scan(self, first: bytes) -> Iterator[Leaves]:
        """All leaves, proved, from that on which has a key."""
        key: bytes | None = first if self._meta.depth else None
        while key is not None:
            try:
                leaves, key = self._leaves_from(key)
            except TornError as error:
                raise self._torn(error) from None
            yield leaves

    def _leaves_from(self, key: bytes) -> tuple[Leaves, bytes | None]:
        """Some leaves from that on which has a key, and where others begin; None where there are no others."""
        number, low, high, end, branch, at = self._way_to(key)
        numbers, lows, highs = [number], [low], [high]
        if branch is not None:
            keys, some = branch.keys, slice(at, at + _TOGETHER)
            numbers, lows, highs = branch.children[some], [low, *keys[some][1:]], [*keys[1:], end][some]
        leaves = read_leaves(self._pages(numbers), numbers, self._last_page)
        for way in zip(leaves.first_keys(), leaves.last_keys(), numbers, lows, highs, strict=True):
            _prove_within(*way)
        return leaves, highs[-1]

    def _way_to(self, key: bytes) -> tuple[int, bytes, bytes | None, bytes | None, Branch | None, int]:
        """Goes down to the leaf that has a key, if any has; the branches on the way are proved.

        That each page has keys from that on which leads there, and before the next one, proves, too, that no way leads
        in a circle, and no two lead to one page.

        Returns:
            The number of the leaf; the key from which on it has them, and that from which on it has none; the key from
            which on its branch has none; its branch, and its place there. None for a key where there is no end, and for
            the branch where the leaf is the root.
        """
        number, low, at = self._meta.root, b"", 0
        high: bytes | None = None
        end, branch = high, None
        for _ in self._levels:
            end = high
            branch = self._branches.get(number)
            if branch is None:
                branch = read_branch(self._page(number), number, self._last_page)
                if len(branch.keys) > 1:
                    _prove_within(branch.keys[1], branch.keys[-1], number, low, high)
                self._branches[number] = branch
            keys, children = branch
            at = bisect_right(keys, key) - 1
            number, low = children[at], keys[at] or low
            high = keys[at + 1] if at + 1 < len(keys) else end
        return number, low, high, end, branch, at

    def _page(self, number: int) -> bytes:
        return self._read(number * self._page_size, self._page_size)

    def _pages(self, numbers: list[int]) -> bytes:
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            return self._read(numbers[0] * self._page_size, len(numbers) * self._page_size)
        return b"".join(map(self._page, numbers))

    def _read(self, offset: int, size: int) -> bytes:
        """Reads bytes of the file, which must all be there."""
        try:
            data = _read_at(self._handle, size, offset)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {refusal(error, self.path)}") from error
        if len(data) != size:
            raise TornError(f"it is cut short: it ends before byte {offset + size:,}")
        return data

    def _torn(self, error: Exception) -> BadDataError:
        what = error if isinstance(error, TornError) else f"it changes while it is read ({error})"
        return BadDataError(f"{self.path} is torn: {what}; copy it again, or build it again")


def _prove_within(first: bytes, last: bytes, number: int, low: bytes, high: bytes | None) -> None:
    """Whether the keys of a page, ascending from a first to a last one, are from one on and before another one."""
    if first < low or (high is not None and last >= high):
        raise TornError(f"its page {number:,} has other keys than those that lead there")


if sys.platform != "win32":
    _read_at = os.pread
else:
    _seeking = threading.Lock()

    def _read_at(file: int, size: int, offset: int, /) -> bytes:
        with _seeking:
            os.lseek(file, offset, os.SEEK_SET)
            return os.read(file, size)
