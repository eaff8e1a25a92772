"""Held-out images that are trained on as well, byte for byte, whatever data sets and stores they stand in.

How data sets divide a corpus says so only while it goes by one name; a folder that was renamed, or of which a part was
built again, goes by another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from htrmodel.data.origins import ImageDigests, StoredSplit


@dataclass(frozen=True, slots=True)
class HeldOutCopies:
    """What of a split is trained on.

    Attributes:
        name: of the data set.
        split: that is held out.
        copies: how many of its images stand in the train split of a data set that is trained on.
        images: how many it has.
    """

    name: str
    split: str
    copies: int
    images: int


def held_out_copies(trained: Sequence[StoredSplit]) -> Iterator[HeldOutCopies]:
    """Finds the splits of data sets that hold images out which one of these data sets trains on.

    Args:
        trained: the train splits of the data sets that are trained on.

    Raises:
        BadDataError: a manifest is damaged.
    """
    found = [(one.name, one.image_digests()) for one in trained]
    none: ImageDigests = np.empty(0, np.uint64)
    # Sorted once and searched: `np.isin` would do that for each split anew.
    learnt = np.sort(np.concatenate([none, *(digests.get("train", none) for _, digests in found)]))
    for name, digests in found:
        for split, held_out in digests.items():
            if split == "train" or not len(learnt):
                continue
            places = np.minimum(np.searchsorted(learnt, held_out), len(learnt) - 1)
            if copies := int((learnt[places] == held_out).sum()):
                yield HeldOutCopies(name, split, copies, len(held_out))
