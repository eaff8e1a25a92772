"""The lines whose transcription would teach a recogniser most: unsure, of what is frequent, and not alike."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Sequence

_LETTERS = 3
_AGAIN = 0.5  # what letters count for that a line chosen before has


def most_teaching(texts: Sequence[str], confidences: Sequence[float], count: int) -> list[int]:
    """Chooses lines, the best first.

    A line gains by how unsure it is, times the sum over its groups of three letters of how frequent these are in all
    lines (as logarithms, so that the most frequent do not decide alone), over the root of its length, so that neither
    long nor short lines are preferred. Each line chosen halves what its letters count for: the next one says something
    else. The choice is the greedy one; the gain of a line only falls, so that few are looked at again.

    Args:
        texts: what was read.
        confidences: of each, 0 to 1; see `htrmodel.judging.forecast.per_character`.
        count: how many; all where there are fewer.

    Returns:
        Places of the lines.
    """
    groups = [list(_groups(text)) for text in texts]
    frequency = Counter(group for line in groups for group in line)
    weight = {group: math.log1p(times) for group, times in frequency.items()}

    def gain(place: int) -> float:
        unsure = 1 - min(max(confidences[place], 0.0), 1.0)
        own = groups[place]
        return unsure * sum(weight[group] for group in own) / math.sqrt(len(own)) if own else 0.0

    waiting = [(-gain(place), place) for place in range(len(texts))]
    heapq.heapify(waiting)
    chosen: list[int] = []
    while waiting and len(chosen) < count:
        before, place = heapq.heappop(waiting)
        now = -gain(place)
        if now > before + 1e-12 and waiting and now > waiting[0][0]:
            heapq.heappush(waiting, (now, place))
            continue
        chosen.append(place)
        for group in set(groups[place]):
            weight[group] *= _AGAIN
    return chosen


def _groups(text: str) -> Iterator[str]:
    padded = f" {' '.join(text.split())} "
    return (padded[place : place + _LETTERS] for place in range(len(padded) - _LETTERS + 1))
