"""Deals words out to folds, so that what belongs together is never both learnt and judged."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import UsageError


def groups_of(
    writers: Sequence[str | None], pages: Sequence[str | None], ids: Sequence[str], folds: int
) -> tuple[list[str], str]:
    """What no fold may divide: the words of a writer, where all are known and enough; else those of a page; else each.

    Args:
        writers: of each word.
        pages: of each word.
        ids: of each word.
        folds: how many there shall be.

    Returns:
        The group of each word, and what the groups are: ``writer``, ``page`` or ``word``.

    Raises:
        UsageError: there are fewer words than folds.
    """
    for what, names in (("writer", writers), ("page", pages)):
        if None not in names and len(set(names)) >= folds:
            return [str(name) for name in names], what
    if len(ids) < folds:
        remedy = "give fewer --folds" if len(ids) > 1 else "--no-train judges it by --start as it is"
        raise UsageError(f"{len(ids)} words cannot be dealt out to {folds} folds: {remedy}")
    return list(ids), "word"


def deal(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each word: groups whole, the largest first, each to the fold with the fewest words so far.

    Args:
        groups: of each word.
        folds: how many there are.
        seed: decides between groups of one size.

    Returns:
        int64 [N], from 0.
    """

    def chance(group: str) -> bytes:
        return hashlib.sha256(f"{seed} {group}".encode("utf-8", "surrogatepass")).digest()

    sizes = Counter(groups)
    filled = [0] * folds
    fold_of: dict[str, int] = {}
    for group in sorted(sizes, key=lambda group: (-sizes[group], chance(group))):
        fold_of[group] = filled.index(min(filled))
        filled[fold_of[group]] += sizes[group]
    return np.array([fold_of[group] for group in groups], np.int64)
