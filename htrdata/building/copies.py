"""The same picture, or nearly the same, in more than one split under other names: found in the parts of a build.

What a part has of a picture is its fingerprint (`htrdata.images.likeness`). Of a million words some sixty bytes each
are held, and no pictures are compared but those that have bits of their signatures in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.building.grouping import Groups, joined, ordered
from htrdata.building.memory import release_freed_memory
from htrdata.building.neighbours import Pairs, near_pairs
from htrdata.building.part import read_part
from htrdata.files.arrow_files import map_for_arrow
from htrdata.images.likeness import BITS, EXACT, PAGE, WORD, Grid, are_alike, looks, signatures
from htrdata.records import SPLITS

_WITHOUT_PATTERN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio


@dataclass(frozen=True, slots=True)
class Copies:
    """Pictures that stand in more than one split, in groups: each in the order of splits and ids.

    Attributes:
        pages: pages with the same pixels.
        words: words that have images of their own, with the same pixels.
        alike: pages, or words, that look alike.
        places: for each file of a part the batches and rows of words that `pages` and `words` have in a later split,
            too; the rows None where it is the whole batch.
    """

    pages: Groups = ()
    words: Groups = ()
    alike: Groups = ()
    places: Mapping[Path, Mapping[int, frozenset[int] | None]] = field(default_factory=dict)


@dataclass(slots=True)
class _Pictures:
    """The pictures of a kind: where each is, what its pixels are, and what it looks like."""

    grid: Grid
    name: str
    places: NDArray[np.int32]
    splits: NDArray[np.int8]
    keys: NDArray[np.uint64]
    signatures: NDArray[np.uint8]


def find_copies(parts: Sequence[tuple[str, Path]]) -> Copies:
    """Looks for pictures in more than one split.

    Args:
        parts: the split and the file of each finished part, in the order of the store.
    """
    pages, words = _read(parts, PAGE, "page"), _read(parts, WORD, "id")
    same_pages, same_words = _same(pages), _same(words)
    found = Copies(
        pages=_named(parts, pages, same_pages),
        words=_named(parts, words, same_words),
        alike=(*_named(parts, pages, _alike(parts, pages)), *_named(parts, words, _alike(parts, words))),
        places=_earlier(parts, pages, same_pages, words, same_words),
    )
    release_freed_memory()
    return found


def _read(parts: Sequence[tuple[str, Path]], grid: Grid, name: str) -> _Pictures:
    """All pictures of a kind that the parts of train, val and test have."""
    places, splits = [np.empty((0, 3), np.int32)], [np.empty(0, np.int8)]
    keys, signed = [np.empty(0, np.uint64)], [np.empty((0, BITS // 8), np.uint8)]
    for number, (split, path) in enumerate(parts):
        place, prints = _fingerprints(path, grid)
        places.append(np.insert(place, 0, number, axis=1))
        splits.append(np.full(len(place), SPLITS.index(split), np.int8))
        keys.append(_keys(prints))
        if len(prints):  # what signatures are taken by takes a fifth of a second to make
            signed.append(signatures(prints, grid))
    joined_up = np.concatenate(places), np.concatenate(splits), np.concatenate(keys), np.concatenate(signed)
    return _Pictures(grid, name, *joined_up)


def _keys(prints: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A number for what only the same pixels have: among a million pictures two have one by chance in 10^7 cases."""
    exact: NDArray[np.uint64] = np.ascontiguousarray(prints[:, :EXACT]).view("<u8")
    sizes, checksums = exact.T
    keys: NDArray[np.uint64] = sizes * _WITHOUT_PATTERN ^ checksums
    return keys


def _fingerprints(path: Path, grid: Grid) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """The fingerprints of a kind in a part: batch and row of each, [N, 2], and its bytes, [N, EXACT + areas]."""
    batches = [rows.column("likeness") for rows in read_part(path)]
    counts = [len(batch) for batch in batches]
    batch = np.repeat(np.arange(len(counts)), counts)
    row = np.arange(len(batch)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = pa.concat_arrays(batches)
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    length = EXACT + grid.areas
    found = np.flatnonzero((lengths == length) | ((lengths == EXACT) & (grid is WORD)))
    prints = np.zeros((len(found), length), np.uint8)  # of what has but the exact bytes, it looks like nothing
    for some in (EXACT, length):
        of_length = lengths[found] == some
        chosen = column.take(pa.array(found[of_length]))
        prints[of_length, :some] = np.frombuffer(b"".join(chosen.to_pylist()), np.uint8).reshape(-1, some)
    return np.stack([batch[found], row[found]], 1).astype(np.int32), prints


def _same(pictures: _Pictures) -> list[NDArray[np.intp]]:
    """Groups of pictures with the same pixels, in more than one split."""
    order = np.argsort(pictures.keys, kind="stable")
    keys = pictures.keys[order]
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    ends = np.append(begins[1:], len(keys))
    several = ends - begins > 1
    runs = (order[begin:end] for begin, end in zip(begins[several].tolist(), ends[several].tolist(), strict=True))
    return [run for run in runs if len(np.unique(pictures.splits[run])) > 1]


def _alike(parts: Sequence[tuple[str, Path]], pictures: _Pictures) -> list[NDArray[np.intp]]:
    """Groups of pictures in more than one split that look alike, but are not the same."""
    if not len(pictures.places):
        return []
    order = np.lexsort((pictures.splits, pictures.keys))
    key, split = pictures.keys[order], pictures.splits[order]
    new = np.append(True, (key[1:] != key[:-1]) | (split[1:] != split[:-1]))  # of equal ones in a split, one will do
    first = np.sort(order[new])
    pairs = [first[found] for found in near_pairs(pictures.signatures[first], pictures.splits[first])]
    proved = [_proved(parts, pictures, some) for some in pairs]
    groups = joined(np.concatenate([np.empty((0, 2), np.intp), *proved]).tolist())
    return [np.array(group, np.intp) for group in groups]


def _proved(parts: Sequence[tuple[str, Path]], pictures: _Pictures, pairs: Pairs) -> Pairs:
    """Those of some pairs that look alike, and are not the same."""
    pairs = pairs[pictures.keys[pairs[:, 0]] != pictures.keys[pairs[:, 1]]]
    if not len(pairs):
        return pairs
    wanted, place = np.unique(pairs, return_inverse=True)
    looking = looks(_prints(parts, pictures, wanted), pictures.grid)
    one, other = place.reshape(-1, 2).T
    return pairs[are_alike(looking, one, other, pictures.grid)]


def _prints(parts: Sequence[tuple[str, Path]], pictures: _Pictures, wanted: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The fingerprints of some pictures, in order, read again."""
    values: list[bytes] = _values(parts, pictures.places[wanted], "likeness")
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, EXACT + pictures.grid.areas)


def _values(parts: Sequence[tuple[str, Path]], places: NDArray[np.int32], column: str) -> list[Any]:
    """The values of a column at some places, which are in ascending order."""
    values: list[Any] = []
    wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for file, batch, row in places.tolist():
        wanted[file].append((batch, row))
    for file, rows in wanted.items():
        with map_for_arrow(parts[file][1]) as source:
            reader = pa.ipc.open_file(source)
            values += [reader.get_batch(batch).column(column)[row].as_py() for batch, row in rows]
    return values


def _named(parts: Sequence[tuple[str, Path]], pictures: _Pictures, groups: Sequence[NDArray[np.intp]]) -> Groups:
    """Groups by splits and ids."""
    wanted = np.unique(np.concatenate([np.empty(0, np.intp), *groups]))
    values: list[str] = _values(parts, pictures.places[wanted], pictures.name)
    name = {one: (SPLITS[pictures.splits[one]], value) for one, value in zip(wanted.tolist(), values, strict=True)}
    return ordered([name[one] for one in group.tolist()] for group in groups)


def _earlier(
    parts: Sequence[tuple[str, Path]],
    pages: _Pictures,
    same_pages: Iterable[NDArray[np.intp]],
    words: _Pictures,
    same_words: Iterable[NDArray[np.intp]],
) -> dict[Path, dict[int, frozenset[int] | None]]:
    """Where the members of groups are that a later split has, too: of pages the whole batches, of words the rows."""
    found: dict[Path, dict[int, frozenset[int] | None]] = defaultdict(dict)
    for file, batch, row in _before_last(words, same_words):
        known = found[parts[file][1]].get(batch) or frozenset()
        found[parts[file][1]][batch] = known | {row}
    for file, batch, _ in _before_last(pages, same_pages):
        found[parts[file][1]][batch] = None
    return dict(found)


def _before_last(pictures: _Pictures, groups: Iterable[NDArray[np.intp]]) -> Iterator[tuple[int, int, int]]:
    for group in groups:
        splits = pictures.splits[group]
        yield from pictures.places[group[splits < splits.max()]].tolist()
