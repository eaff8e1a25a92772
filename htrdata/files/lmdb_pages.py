"""The pages of an LMDB file, each proved before anything is taken from it.

LMDB itself trusts its files: a flipped bit in a page has it read beyond the end of its map, which ends the process.
What is refused here is what LMDB never writes. The layout is that of LMDB 0.9 on 64 bits, little-endian, as ``mdb.c``
has it in ``MDB_page``, ``MDB_node``, ``MDB_meta`` and ``MDB_db``:

    page       number u64, pad u16, flags u16, lower u16, upper u16, or for overflow pages their count u32;
               then of each node where it begins, u16; the nodes fill the page from upper to its end
    node       size of the value u32, or of a branch the child's number u48; flags u16; size of the key u16; key; value
    overflow   a value beyond about half a page: its node has the number of the first page instead, u64; the value
               follows the header there, and goes on through the pages behind it
"""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass
from typing import NamedTuple

from htrdata.errors import BadDataError

HEAD = 16  # bytes of a page's header
BIG = 1  # flag of a node whose value is on overflow pages
LEAF = 2  # flags of pages
DIRTY = 16  # nothing to a reader
_BRANCH, _OVERFLOW, _META = 1, 4, 8
NODE_HEAD = struct.Struct("<IHH")
"""Of a node of a leaf: the size of its value, its flags, the size of its key."""
RUN = struct.Struct("<Q")
"""What stands in a node for a big value: the number of its first overflow page."""
_PAGE_HEAD = struct.Struct("<QHHHH")
_OVERFLOW_HEAD = struct.Struct("<QHHI")
_META_FIELDS = struct.Struct("<QHHI IIQQ IHHQQQQQ IHHQQQQQ QQ")  # of a page's header, the meta, two MDB_db
META_BYTES = _META_FIELDS.size
"""How much of a meta page there is to read."""
_MAGIC, _VERSION = 0xBEEFC0DE, 1
NO_PAGE = 2**64 - 1
_DEEPEST = 32  # levels, LMDB's own limit


class TornError(BadDataError):
    """What stands in a file is not what LMDB writes; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What a meta page says of its file.

    Attributes:
        page_size: in bytes.
        flags: of the main tree.
        depth: levels of the main tree; 0 where it has no page.
        root: page of the main tree.
        free_root: page of the tree that lists free pages.
        last_page: the last one; none has a higher number.
        transaction: the number of the one that wrote it.
    """

    page_size: int
    flags: int
    depth: int
    root: int
    free_root: int
    last_page: int
    transaction: int


class Branch(NamedTuple):
    """A page that leads on: `children[i]` has the keys from `keys[i]` up to, but without, `keys[i + 1]`.

    Attributes:
        keys: ascending; the first one is empty, whatever there is in the page.
        children: numbers of pages.
    """

    keys: list[bytes]
    children: list[int]


class Leaf(NamedTuple):
    """A page with keys, ascending, and where their values are.

    Attributes:
        keys: of its nodes.
        places: where in the file each value begins, in bytes, times two; one more where it is on overflow pages.
        sizes: of the values, in bytes.
    """

    keys: list[bytes]
    places: list[int]
    sizes: list[int]


def newest_meta(first: bytes, second: bytes) -> Meta:
    """The meta page that counts: LMDB writes the two in turn, and that of the last transaction is valid.

    Args:
        first: the beginning of the file's first page.
        second: that of its second one, which begins after `meta_page_size(first)` bytes.

    Raises:
        TornError: they are none, or contradict each other.
    """
    metas = [_read_meta(data, number) for number, data in enumerate((first, second))]
    transactions = [meta.transaction for meta in metas]
    if metas[0].page_size != metas[1].page_size:
        raise TornError("its two meta pages do not say the same page size")
    # Each transaction has the number behind that of the last one, and writes the first page where it is even.
    if sum(transactions) and (transactions[0] % 2 or abs(transactions[0] - transactions[1]) != 1):
        raise TornError(f"its two meta pages contradict each other (transactions {transactions[0]}, {transactions[1]})")
    meta = max(metas, key=lambda one: one.transaction)
    if meta.flags:
        raise TornError(f"its keys are in another order than that of their bytes, or are there twice ({meta.flags:#x})")
    if meta.depth == 0 and meta.root == NO_PAGE:
        return meta
    if not (1 <= meta.depth <= _DEEPEST and 2 <= meta.root <= meta.last_page):
        raise TornError(f"its meta page has {meta.depth} levels from page {meta.root:,} of {meta.last_page:,}")
    return meta


def meta_page_size(first: bytes) -> int:
    """The page size that the first meta page says: where the second one begins. Raises as `newest_meta`."""
    return _read_meta(first, 0).page_size


def _read_meta(data: bytes, number: int) -> Meta:
    if len(data) < _META_FIELDS.size:
        raise TornError("it is not an LMDB file of format 1 (its two meta pages are damaged or absent)")
    fields = _META_FIELDS.unpack_from(data)
    own, _, kind, _, magic, version = fields[:6]
    size, free_root, flags, depth, root = (fields[i] for i in (8, 15, 17, 18, 23))
    right = (magic, version, own) == (_MAGIC, _VERSION, number) and kind & ~DIRTY == _META
    if not right or size not in _PAGE_SIZES:
        raise TornError("it is not an LMDB file of format 1 (its two meta pages are damaged or absent)")
    return Meta(size, flags, depth, root, free_root, *fields[-2:])


_PAGE_SIZES = frozenset(1 << bits for bits in range(9, 16))


def read_branch(page: bytes, number: int, last_page: int) -> Branch:
    """Proves and reads a branch page.

    Args:
        page: its bytes, all of them.
        number: the one that it should have.
        last_page: the highest number of a page.

    Raises:
        TornError: it is none.
    """
    places = _places(page, number, _BRANCH)
    keys, children, ends = [], [], []
    for place in places:
        low, high, size = NODE_HEAD.unpack_from(page, place)
        end = place + 8 + size
        keys.append(page[place + 8 : end])
        children.append(low | high << 32)
        ends.append(end)
    _prove_filled(page, number, places, ends)
    keys[0] = b""
    _prove_ascending(keys, number)
    if not (min(children) >= 2 and max(children) <= last_page and len(set(children)) == len(children)):
        raise TornError(f"its page {number:,} leads to pages that are not there, or twice to one")
    return Branch(keys, children)


def read_leaf(page: bytes, number: int, last_page: int) -> Leaf:
    """Proves and reads a leaf page, as `htrdata.files.lmdb_leaves.read_leaves` does many at a time.

    Arguments and errors are those of `read_branch`.
    """
    nodes = _places(page, number, LEAF)
    keys, places, sizes, ends, kinds, runs = [], [], [], [], set(), []
    own = number * len(page)
    for node in nodes:
        size, flags, key_size = NODE_HEAD.unpack_from(page, node)
        end = node + 8 + key_size
        keys.append(page[node + 8 : end])
        sizes.append(size)
        kinds.add(flags)
        if flags == BIG:
            (run,) = RUN.unpack_from(page, min(end, len(page) - 8))
            prove_run(run, size, len(page), last_page)
            runs.append(run)
            places.append((run * len(page) + HEAD) * 2 + BIG)
            ends.append(end + 8)
        else:
            places.append((own + end) * 2)
            ends.append(end + size)
    if len(set(runs)) < len(runs):
        raise TornError(f"two of the values of its page {number:,} are in one place")
    if not kinds <= {0, BIG} or b"" in keys:
        raise TornError(f"its page {number:,} has nodes of a kind that no shard has")
    _prove_filled(page, number, nodes, ends)
    _prove_ascending(keys, number)
    return Leaf(keys, places, sizes)


def _places(page: bytes, number: int, kind: int) -> list[int]:
    """Where the nodes of a page begin, in the order of their keys."""
    own, _, flags, lower, upper = _PAGE_HEAD.unpack_from(page)
    if own != number or flags & ~DIRTY != kind:
        raise TornError(f"its page {number:,} is not the {'leaf' if kind == LEAF else 'branch'} that belongs there")
    if not (HEAD < lower <= upper <= len(page)) or lower % 2:
        raise TornError(f"its page {number:,} has free space that it cannot have")
    places = memoryview(page)[HEAD:lower].cast("H").tolist()
    if min(places) < upper or max(places) > len(page) - 8:
        raise TornError(f"its page {number:,} has a node outside of itself")
    return places


def _prove_filled(page: bytes, number: int, begins: list[int], ends: list[int]) -> None:
    """Whether nodes lie one behind the other, at even bytes, from where free space ends to the end of the page."""
    following = [end + end % 2 for end in ends]
    if following != [len(page), *begins[:-1]]:  # as they lie where each was put behind the others
        begins, following = sorted(begins), sorted(following)
        if following != [*begins[1:], len(page)]:
            raise TornError(f"its page {number:,} has nodes whose sizes do not fill it")
    if min(begins) != _PAGE_HEAD.unpack_from(page)[4]:
        raise TornError(f"its page {number:,} has nodes that do not begin where its free space ends")


def _prove_ascending(keys: list[bytes], number: int) -> None:
    if not all(map(operator.lt, keys, keys[1:])):
        raise TornError(f"its page {number:,} has keys that do not ascend")


def prove_run(first: int, size: int, page_size: int, last_page: int) -> int:
    """How many overflow pages a value of that many bytes takes, from a first one on.

    Raises:
        TornError: they are not within the file.
    """
    count = (HEAD - 1 + size) // page_size + 1
    if not 2 <= first <= last_page + 1 - count:
        raise TornError(f"a value of {size:,} bytes is said to be on page {first:,} of {last_page:,}")
    return count


def prove_overflow(head: bytes, first: int, count: int) -> None:
    """Proves the header of an overflow page, which says that there are as many pages as a value takes, or more.

    Raises:
        TornError: it is none.
    """
    own, _, flags, pages = _OVERFLOW_HEAD.unpack_from(head)
    if own != first or flags & ~DIRTY != _OVERFLOW or pages < count:
        raise TornError(f"its page {first:,} is not the one of the value that is said to be there")
