"""Which labels a model can take: the charset and the length of a model as a view on labels that stay as they are.

All labels are judged at once, in Arrow's kernels: a million of them in some tens of milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.labels import Charset
from htrdata.records import Reason
from htrdata.store.columns import numbers, strings

REASONS = (Reason.EMPTY_LABEL, Reason.TOO_LONG, Reason.OUT_OF_CHARSET)
"""Why a model cannot take a label, in the order in which it is tested: the first one counts."""


@dataclass(frozen=True, slots=True)
class LabelView:
    """What a model takes.

    Attributes:
        charset: the characters that labels may have; None for any.
        max_length: how many characters (code points) they may have; None for any number.
    """

    charset: Charset | None = None
    max_length: int | None = None

    def fold(self, texts: pa.Array) -> pa.Array:
        """The labels (strings) as the charset compares them: lower-cased where it folds case."""
        if self.charset is None or not self.charset.folds_case:
            return texts
        lowered = pc.ascii_lower(texts)
        # Beyond ASCII, lower case depends on the letters around and on Unicode's version: the charset's is Python's.
        beyond = pc.invert(pc.string_is_ascii(texts))
        folded = strings([self.charset.fold(text) for text in texts.filter(beyond).to_pylist()])
        return pc.replace_with_mask(lowered, beyond, folded)

    def judge(self, texts: pa.Array) -> NDArray[np.int8]:
        """Judges labels.

        Args:
            texts: folded labels, none null.

        Returns:
            For each label its place in `REASONS`, or -1 where the model can take it.
        """
        reasons = np.full(len(texts), -1, np.int8)
        # From the last to the first reason, so that the first one that applies stays.
        if self.charset is not None:
            # What is left without its leading characters of the charset begins with another one.
            rest = pc.utf8_ltrim(texts, characters=self.charset.characters)
            reasons[numbers(pc.binary_length(rest)) > 0] = REASONS.index(Reason.OUT_OF_CHARSET)
        if self.max_length is not None:
            reasons[numbers(pc.utf8_length(texts)) > self.max_length] = REASONS.index(Reason.TOO_LONG)
        reasons[numbers(pc.binary_length(texts)) == 0] = REASONS.index(Reason.EMPTY_LABEL)
        return reasons
