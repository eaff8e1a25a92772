"""Several readings of the same words become one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from htrmodel.judging.predictions import Predictions


def vote(members: Sequence[Predictions]) -> Predictions:
    """Makes one reading of several: each member votes with its confidence, and the text with the most wins.

    The confidence is the winner's share of all votes, the members that are unsure of everything included: the sum of
    its votes divided by the number of members. A word is left out where every member leaves it out.

    Args:
        members: readings of the same words; at least one.

    Raises:
        ValueError: there is no member, or they did not read the same words.
    """
    if not members or any(member.texts.keys() != members[0].texts.keys() for member in members):
        raise ValueError("an ensemble needs members that read the same words")
    texts: dict[str, str] = {}
    confidences: dict[str, float] = {}
    for word_id in members[0].texts:
        votes: dict[str, float] = defaultdict(float)
        for member in members:
            votes[member.texts[word_id]] += member.confidences[word_id]
        texts[word_id] = max(votes, key=votes.__getitem__)  # the first member's among equals
        confidences[word_id] = votes[texts[word_id]] / len(members)
    left_out = {
        word_id: reason
        for word_id, reason in members[0].left_out.items()
        if all(word_id in member.left_out for member in members)
    }
    return Predictions(texts, left_out, confidences)
