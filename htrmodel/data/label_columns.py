"""Which labels a model can take: an `htrdata.labels.LabelPolicy` on whole columns, which stay as they are.

All labels are looked at at once, in Arrow's kernels: a million of them in some tens of milliseconds.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.labels import LabelPolicy, least_steps
from htrdata.records import Reason
from htrdata.store.columns import numbers, strings

REASONS = (Reason.EMPTY_LABEL, Reason.TOO_LONG, Reason.OUT_OF_CHARSET)
"""What `LabelPolicy.fault` can say, in the order in which it is tested: the first one counts."""


def fold_labels(texts: pa.Array, policy: LabelPolicy) -> pa.Array:
    """The labels (strings) as `LabelPolicy.fold` gives them."""
    charset = policy.charset
    if charset is None or not charset.folds_case:
        return texts
    lowered = pc.ascii_lower(texts)
    # Beyond ASCII, lower case depends on the letters around and on Unicode's version: the charset's is Python's.
    beyond = pc.invert(pc.string_is_ascii(texts))
    folded = strings([charset.fold(text) for text in texts.filter(beyond).to_pylist()])
    return pc.replace_with_mask(lowered, beyond, folded)


def label_faults(texts: pa.Array, policy: LabelPolicy) -> NDArray[np.int8]:
    """What `LabelPolicy.fault` says of each of many labels.

    Args:
        texts: folded labels, none null.
        policy: with what its charset and length allow; stripping characters is nothing that a model could do.

    Returns:
        For each label its place in `REASONS`, or -1 where the model can take it.
    """
    reasons = np.full(len(texts), -1, np.int8)
    # From the last to the first reason, so that the first one that applies stays.
    if policy.charset is not None:
        # What is left without its leading characters of the charset begins with another one.
        rest = pc.utf8_ltrim(texts, characters=policy.charset.characters)
        reasons[numbers(pc.binary_length(rest)) > 0] = REASONS.index(Reason.OUT_OF_CHARSET)
    if policy.max_length is not None or policy.max_steps is not None:
        lengths = numbers(pc.utf8_length(texts))
        reasons[_too_long(texts, lengths, policy)] = REASONS.index(Reason.TOO_LONG)
    reasons[numbers(pc.binary_length(texts)) == 0] = REASONS.index(Reason.EMPTY_LABEL)
    return reasons


def _too_long(texts: pa.Array, lengths: NDArray[np.integer], policy: LabelPolicy) -> NDArray[np.bool_]:
    too_long = np.zeros(len(texts), bool)
    if policy.max_length is not None:
        too_long |= lengths > policy.max_length
    if policy.max_steps is not None:
        # Only these are looked at one by one: no label takes more than two steps for each character.
        doubtful = np.flatnonzero(~too_long & (2 * lengths - 1 > policy.max_steps))
        labels = texts.take(pa.array(doubtful)).to_pylist()
        too_long[doubtful[[least_steps(label) > policy.max_steps for label in labels]]] = True
    return too_long
