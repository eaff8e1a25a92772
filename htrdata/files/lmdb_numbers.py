"""Values of an LMDB file whose keys are a text and a number, such as ``image-000000001``: found by their number."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from htrdata.files.lmdb_pages import Leaf
from htrdata.files.lmdb_tree import Tree

_DIGITS = 9


class NumberedValues:
    """The values of the keys that begin with a text, by number.

    Where they are is remembered for each leaf that was read: 12 bytes for each value, and the next one of that leaf is
    found without it. LMDB goes through its tree each time, which takes as long.

    Args:
        tree: the file.
        prefix: how the keys begin; nine digits follow.
        count: how many numbers are expected, from 1; others are looked up in the tree.
    """

    def __init__(self, tree: Tree, prefix: bytes, count: int) -> None:
        self._tree = tree
        self._form = prefix.replace(b"%", b"%%") + b"%09d"
        self._prefix = prefix
        room = 1 + min(count, tree.most)
        self._noted = np.zeros(room, np.int64), np.zeros(room, np.uint32)
        self._places, self._sizes = (values.data for values in self._noted)  # which are quicker to look into

    def get(self, number: int) -> bytes | None:
        """The value of a number; None where there is none. Raises as `Tree.get` does."""
        if 0 < number < len(self._places) and (place := self._places[number]):
            return self._tree.value(place, self._sizes[number])
        key = self._form % number
        leaf = self._tree.leaf(key)
        self._note(leaf)
        at = bisect_left(leaf.keys, key)
        return self._tree.value(leaf.places[at], leaf.sizes[at]) if leaf.keys[at : at + 1] == [key] else None

    def _note(self, leaf: Leaf) -> None:
        """Remembers the values of a leaf, if its numbers follow each other."""
        begin = bisect_left(leaf.keys, self._prefix)
        end = bisect_left(leaf.keys, self._prefix + b":", begin)  # behind all digits
        digits = leaf.keys[begin][len(self._prefix) :] if begin < end else b""
        if not digits.isdigit() or len(digits) > _DIGITS:
            return
        first = int(digits)
        last = first + end - begin
        if first and last <= len(self._places) and leaf.keys[begin:end] == [self._form % i for i in range(first, last)]:
            places, sizes = self._noted  # a place is 0 where it is not known
            sizes[first:last] = leaf.sizes[begin:end]
            places[first:last] = leaf.places[begin:end]
