"""Groups of what belongs together, from pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from htrdata.records import SPLITS

Named = tuple[str, str]
"""A split, and the id of a page or word in it."""

Groups = tuple[tuple[Named, ...], ...]
"""In the order of splits and ids, and so is each group."""


def joined(pairs: Iterable[Sequence[int]]) -> list[list[int]]:
    """Groups of all numbers that pairs hold together, in ascending order."""
    parents: dict[int, int] = {}

    def root(one: int) -> int:
        while parents.setdefault(one, one) != one:
            parents[one] = one = parents[parents[one]]
        return one

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parents[second] = first
    groups: dict[int, list[int]] = defaultdict(list)
    for one in sorted(parents):
        groups[root(one)].append(one)
    return list(groups.values())


def ordered(groups: Iterable[Iterable[Named]]) -> Groups:
    """Groups in order, each member once; not those of one id alone, as the ids themselves tell of these."""
    sorted_groups = (tuple(sorted(set(group), key=lambda one: (SPLITS.index(one[0]), one[1]))) for group in groups)
    return tuple(sorted(group for group in sorted_groups if len({own_id for _, own_id in group}) > 1))
