"""What the CER of a document will be, told by how sure its lines were read, before anybody has transcribed one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError, UsageError

Numbers = NDArray[np.float64]

_KNOTS = 12
_FOLDS = 5
_FEWEST = 5
"""Lines of a writer or page that count as a document when the error of forecasts is measured."""


@dataclass(frozen=True, slots=True)
class Forecaster:
    """From confidences to a CER; learnt on held-out lines.

    Attributes:
        confidence: of a character in the mean, rising.
        cer: of lines that are so sure, falling.
        mean_error: by how much the forecast of a document was wrong in the mean, where it was learnt without that one.
        error_90: by how much at most for nine of ten documents.
        documents: how many that was measured on.
    """

    confidence: tuple[float, ...]
    cer: tuple[float, ...]
    mean_error: float
    error_90: float
    documents: int

    def forecast(self, confidences: Sequence[float], characters: Sequence[int]) -> float:
        """The CER of some lines together, a fraction.

        Args:
            confidences: of each, see `per_character`.
            characters: that were read of each.
        """
        weights = np.maximum(np.asarray(characters, np.float64), 1)
        return float(np.average(np.interp(confidences, self.confidence, self.cer), weights=weights))

    def to_json(self) -> dict[str, Any]:
        """As checkpoints keep it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: object) -> Forecaster:
        """Reads what `to_json` gave.

        Raises:
            BadDataError: it is something else.
        """
        try:
            if not isinstance(values, Mapping):
                raise TypeError("no object")
            confidence, cer = (tuple(map(float, values[name])) for name in ("confidence", "cer"))
            errors = (float(values["mean_error"]), float(values["error_90"]))
            # Between confidences that do not rise, nothing can be told.
            if not len(confidence) == len(cer) > 0 or not all(a <= b for a, b in itertools.pairwise(confidence)):
                raise ValueError("no curve")
            return cls(confidence, cer, *errors, int(values["documents"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadDataError(f"this is no forecaster: {values!r:.80}") from error


def per_character(confidence: float, text: str) -> float:
    """The confidence of a character in the mean, from that of a whole text: it does not fall with length."""
    return float(max(confidence, 0.0) ** (1 / max(len(text), 1)))


def learn(
    confidences: Sequence[float],
    edits: Sequence[float],
    characters: Sequence[float],
    documents: Sequence[str],
    read: Sequence[float] | None = None,
) -> Forecaster:
    """Learns how CER falls with confidence, and measures on documents left out of it how wrong forecasts are.

    Args:
        confidences: of held-out lines, see `per_character`.
        edits: of each.
        characters: of each, as transcribed.
        documents: that each is of: its writer or page.
        read: characters that were read of each, by which forecasts weigh lines: nobody knows then how many there are;
            None where they are those transcribed.

    Raises:
        UsageError: there are fewer than two documents of five lines.
    """
    sure, wrong, length = (np.asarray(one, np.float64) for one in (confidences, edits, characters))
    seen = np.maximum(length if read is None else np.asarray(read, np.float64), 1)
    names, number = np.unique(np.asarray(documents, str), return_inverse=True)
    whole = [place for place in range(len(names)) if (number == place).sum() >= _FEWEST]
    if len(whole) < 2:
        raise UsageError(f"a forecast needs two writers or pages with {_FEWEST} held-out lines each, to know its error")
    errors = []
    fold = np.random.default_rng(0).permutation(len(names)) % min(_FOLDS, len(whole))
    for place in whole:
        others = fold[number] != fold[place]
        mine = number == place
        knots = _curve(sure[others], wrong[others], length[others])
        found = np.average(np.interp(sure[mine], *knots), weights=seen[mine])
        errors.append(abs(found - wrong[mine].sum() / max(length[mine].sum(), 1)))
    confidence, cer = _curve(sure, wrong, length)
    return Forecaster(
        confidence=tuple(confidence.round(5).tolist()),
        cer=tuple(cer.round(5).tolist()),
        mean_error=round(float(np.mean(errors)), 5),
        error_90=round(float(np.quantile(errors, 0.9)), 5),
        documents=len(errors),
    )


def _curve(sure: Numbers, wrong: Numbers, length: Numbers) -> tuple[Numbers, Numbers]:
    """Mean confidence and CER of lines of like confidence, the latter falling (pooling adjacent violators)."""
    order = np.argsort(sure, kind="stable")
    parts = [part for part in np.array_split(order, min(_KNOTS, len(order))) if len(part)]
    pools = [[sure[part].sum(), len(part), wrong[part].sum(), length[part].sum()] for part in parts]
    merged: list[list[float]] = []
    for pool in pools:
        merged.append([float(value) for value in pool])
        while len(merged) > 1 and _rate(merged[-2]) < _rate(merged[-1]):
            last = merged.pop()
            merged[-1] = [one + other for one, other in zip(merged[-1], last, strict=True)]
    return np.array([pool[0] / pool[1] for pool in merged]), np.array([_rate(pool) for pool in merged])


def _rate(pool: Sequence[float]) -> float:
    return pool[2] / max(pool[3], 1)
