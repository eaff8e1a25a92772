"""A sample of words that stands for all, always the same: each writer has the share in it that he has of all."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from htrdata.store.columns import take
from htrmodel.data.samples import Samples


def sampled(samples: Samples, count: int) -> Samples:
    """At most so many of the words, in their order; all where there are no more.

    The words are put in an order by writer, else page, and by chance within each, and taken at even distances. Chance
    is a digest of ids: the same words in each training, whatever its seed, and on any machine. Words that a model
    cannot read have their share, too, so that figures neither flatter nor damn.

    Args:
        samples: of a split.
        count: how many.
    """
    unread = samples.unread_texts()
    whole = len(samples) + len(unread)
    if count >= whole:
        return samples
    out = min(round(count * len(unread) / whole), count - 1)
    hands = samples.hands()
    of_hands = {hand: _chance(hand) for hand in set(hands)}
    keys = [(of_hands[hand], hand, _chance(one)) for hand, one in zip(hands, samples.ids.to_pylist(), strict=True)]
    order = np.array(sorted(range(len(samples)), key=keys.__getitem__), np.int64)
    kept = min(count - out, len(samples))
    places = np.sort(order[((np.arange(kept) + 0.5) * len(samples) / kept).astype(np.int64)])
    chosen = sorted(range(len(unread)), key=lambda one: _chance(f"{one} {unread[one]}"))[:out]
    return replace(
        samples,
        texts=take(samples.texts, places),
        shard_numbers=samples.shard_numbers[places],
        keys=samples.keys[places],
        rows=samples.rows[places],
        whole=whole,
        unread=tuple(unread[one] for one in sorted(chosen)),
    )


def _chance(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8]
