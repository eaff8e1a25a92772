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
from numpy.typing import NDArray

from htrdata.building.grouping import Groups, joined, ordered
from htrdata.building.memory import release_freed_memory
from htrdata.building.neighbours import Pairs, near_pairs
from htrdata.building.part import read_part
from htrdata.images.likeness import EXACT, PAGE, WORD, Grid, are_alike, looks, signatures
from htrdata.records import SPLITS

_AT_ONCE = 1024  # words, or a tenth as many pages: what is made of them stays in the processor's caches


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
    keys: NDArray[np.void]
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
    places, splits, keys, signed = [np.empty((0, 3), np.int32)], [], [np.empty((0, EXACT), np.uint8)], []
    for number, (split, path) in enumerate(parts):
        for place, prints in _fingerprints(number, path, grid):
            places.append(place)
            splits.append(np.full(len(place), SPLITS.index(split), np.int8))
            keys.append(prints[:, :EXACT])
            signed.append(signatures(looks(prints, grid)))
    bits = np.concatenate(signed) if signed else np.empty((0, 0), np.uint8)
    key = np.ascontiguousarray(np.concatenate(keys)).view(f"V{EXACT}").ravel()
    return _Pictures(grid, name, np.concatenate(places), np.concatenate([*splits, np.empty(0, np.int8)]), key, bits)


def _fingerprints(number: int, path: Path, grid: Grid) -> Iterator[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
    """Some thousand fingerprints of a kind at a time: number of the file, batch and row of each, and its bytes."""
    length = EXACT + grid.areas
    lengths = (length, EXACT) if grid is WORD else (length,)
    places: list[tuple[int, int, int]] = []
    prints: list[bytes] = []
    for batch, rows in enumerate(read_part(path)):
        for row, found in enumerate(rows.column("likeness").to_pylist()):
            if found is not None and len(found) in lengths:
                places.append((number, batch, row))
                prints.append(found.ljust(length, b"\0"))  # without anything to look like
        if len(places) * grid.areas >= _AT_ONCE * WORD.areas:
            yield np.array(places, np.int32), np.frombuffer(b"".join(prints), np.uint8).reshape(-1, length)
            places, prints = [], []
    if places:
        yield np.array(places, np.int32), np.frombuffer(b"".join(prints), np.uint8).reshape(-1, length)


def _same(pictures: _Pictures) -> list[NDArray[np.intp]]:
    """Groups of pictures with the same pixels, in more than one split."""
    _, group = np.unique(pictures.keys, return_inverse=True)
    order = np.argsort(group, kind="stable")
    borders = np.flatnonzero(np.diff(group[order])) + 1
    runs = (run for run in np.split(order, borders) if len(run) > 1) if len(order) else ()
    return [run for run in runs if len(np.unique(pictures.splits[run])) > 1]


def _alike(parts: Sequence[tuple[str, Path]], pictures: _Pictures) -> list[NDArray[np.intp]]:
    """Groups of pictures in more than one split that look alike, but are not the same."""
    if not len(pictures.places):
        return []
    known = np.empty(len(pictures.keys), np.dtype([("key", f"V{EXACT}"), ("split", np.int8)]))
    known["key"], known["split"] = pictures.keys, pictures.splits
    _, first = np.unique(known.view(f"V{EXACT + 1}"), return_index=True)  # of equal ones in a split, one will do
    first.sort()
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
        with pa.memory_map(str(parts[file][1])) as source:
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
