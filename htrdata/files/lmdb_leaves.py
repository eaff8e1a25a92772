"""Leaf pages of an LMDB file, many at a time: proved, and their keys and values as arrays; see `lmdb_pages`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.files.lmdb_pages import BIG, DIRTY, HEAD, LEAF, TornError

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """The nodes of some leaf pages, in the order of the pages, and of the keys within each.

    Attributes:
        data: the pages, one behind the other.
        starts: for each page which node is its first one; and how many there are.
        key_begins: where in `data` the key of each node begins.
        begins: where it ends; there the value begins, or stands the number of its first overflow page.
        sizes: of the values, in bytes.
        runs: for each node the first overflow page of its value; 0 where the value is in the page.
    """

    data: bytes
    starts: Numbers
    key_begins: Numbers
    begins: Numbers
    sizes: Numbers
    runs: Numbers

    def all_keys(self) -> list[bytes]:
        """The keys."""
        return self._pieces(self.key_begins, self.begins)

    def joined_keys(self) -> bytes:
        """All keys, one behind the other."""
        sizes = self.begins - self.key_begins
        if sizes.min() < sizes.max():
            return b"".join(self.all_keys())
        return _gather(np.frombuffer(self.data, np.uint8), self.key_begins, int(sizes[0])).tobytes()

    def values(self) -> list[bytes]:
        """What stands behind the keys: the values that are in the page."""
        return self._pieces(self.begins, self.begins + self.sizes)

    def first_keys(self) -> list[bytes]:
        """The first key of each page."""
        nodes = self.starts[:-1]
        return self._pieces(self.key_begins[nodes], self.begins[nodes])

    def last_keys(self) -> list[bytes]:
        """The last key of each page."""
        nodes = self.starts[1:] - 1
        return self._pieces(self.key_begins[nodes], self.begins[nodes])

    def _pieces(self, begins: Numbers, ends: Numbers) -> list[bytes]:
        data = self.data
        return [data[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


def read_leaves(data: bytes, numbers: Sequence[int], last_page: int) -> Leaves:
    """Proves and reads leaf pages.

    Args:
        data: the pages, one behind the other.
        numbers: those that they should have.
        last_page: the highest number of a page.

    Raises:
        TornError: one of them is none.
    """
    size = len(data) // len(numbers)
    words = np.frombuffer(data, np.uint16).reshape(len(numbers), size // 2)
    upper, starts = _prove_heads(words, np.asarray(numbers, np.int64), size)
    counts = np.diff(starts)
    page = np.repeat(np.arange(len(numbers)), counts)
    place = words[page, HEAD // 2 + np.arange(len(page)) - starts[page]].astype(np.int64)
    within = (place >= upper[page]) & (place <= size - 8) & (place % 2 == 0)
    _require(within, page, numbers, "has a node outside of itself")

    at = (page * size + place) // 2
    low, high, kind, key_size = (words.ravel()[at + i].astype(np.int64) for i in range(4))
    _require(((kind == 0) | (kind == BIG)) & (key_size > 0), page, numbers, "has nodes of a kind that no shard has")
    sizes = low | high << 16
    end = place + 8 + key_size + np.where(kind == BIG, 8, sizes)
    _prove_filled(place, end + end % 2, upper, starts, page, numbers, size)

    flat = np.frombuffer(data, np.uint8)
    key_begins = page * size + place + 8
    begins = key_begins + key_size
    _prove_ascending(flat, key_begins, key_size, starts, page, numbers)
    runs = np.zeros(len(page), np.int64)
    big = np.flatnonzero(kind)
    if len(big):
        runs[big] = _prove_runs(_gather(flat, begins[big], 8).view(np.uint64).ravel(), sizes[big], size, last_page)
        if len(np.unique(runs[big])) < len(big):
            raise TornError("two of its values are in one place")
    return Leaves(data, starts, key_begins, begins, sizes, runs)


def _prove_heads(words: NDArray[np.uint16], numbers: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Proves the headers of pages; returns where the nodes of each begin, and which node is its first one."""
    own = np.ascontiguousarray(words[:, :4]).view(np.uint64).ravel()
    page = np.arange(len(words))
    kind = (words[:, 5] | DIRTY) == LEAF | DIRTY
    _require((own == numbers.astype(np.uint64)) & kind, page, numbers.tolist(), "is not the leaf that belongs there")
    lower, upper = words[:, 6].astype(np.int64), words[:, 7].astype(np.int64)
    sound = (lower > HEAD) & (lower <= upper) & (upper <= size) & (lower % 2 == 0)
    _require(sound, page, numbers.tolist(), "has free space that it cannot have")
    return upper, np.concatenate([[0], np.cumsum((lower - HEAD) // 2)])


def _prove_filled(
    place: Numbers, end: Numbers, upper: Numbers, starts: Numbers, page: Numbers, numbers: Sequence[int], size: int
) -> None:
    """Whether nodes lie one behind the other, from where free space ends to the end of their page."""
    following = np.empty_like(place)
    following[1:] = place[:-1]
    following[starts[:-1]] = size
    if (following != end).any():  # they do not lie as they do where each was put before the others
        order = np.lexsort((place, page))
        place, end = place[order], end[order]
        following[:-1] = place[1:]
        following[starts[1:] - 1] = size
        _require(following == end, page, numbers, "has nodes whose sizes do not fill it")
        first = place[starts[:-1]]
    else:
        first = place[starts[1:] - 1]
    _require(first == upper, np.arange(len(upper)), numbers, "has nodes that do not begin where its free space ends")


def _prove_ascending(
    flat: NDArray[np.uint8], begins: Numbers, sizes: Numbers, starts: Numbers, page: Numbers, numbers: Sequence[int]
) -> None:
    """Whether the keys of each page ascend, as bytes."""
    width = int(sizes.max())
    if (sizes == width).all():
        keys = _gather(flat, begins, width)
    else:
        keys = _gather(np.append(flat, np.zeros(width, np.uint8)), begins, width)
        keys[np.arange(width) >= sizes[:, None]] = 0
    texts = keys.view(f"S{width}").ravel()
    ascend = np.ones(len(texts), np.bool_)
    ascend[1:] = (texts[:-1] < texts[1:]) | ((texts[:-1] == texts[1:]) & (sizes[:-1] < sizes[1:]))
    ascend[starts[:-1]] = True
    _require(ascend, page, numbers, "has keys that do not ascend")


def _gather(flat: NDArray[np.uint8], begins: Numbers, width: int) -> NDArray[np.uint8]:
    """Pieces of one width: uint8 [N, width]."""
    pieces: NDArray[np.uint8] = np.lib.stride_tricks.sliding_window_view(flat, width)[begins]
    return pieces


def _prove_runs(first: NDArray[np.uint64], sizes: Numbers, page_size: int, last_page: int) -> NDArray[np.uint64]:
    """Whether values lie within the file."""
    count = (HEAD - 1 + sizes) // page_size + 1
    within = (first >= 2) & (first <= last_page) & (first.astype(np.int64) + count <= last_page + 1)
    if not within.all():
        wrong = int(np.argmin(within))
        raise TornError(f"a value of {sizes[wrong]:,} bytes is said to be on page {first[wrong]:,} of {last_page:,}")
    return first


def _require(holds: NDArray[np.bool_], page: Numbers, numbers: Sequence[int], what: str) -> None:
    """Whether something holds of every node; if not, the message names the page of the first one where it does not."""
    if not holds.all():
        raise TornError(f"its page {numbers[int(page[np.argmin(holds)])]:,} {what}")
