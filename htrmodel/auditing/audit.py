"""The audit of a data set as one call: judge, rank, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import UsageError
from htrdata.store.reading import Dataset
from htrmodel.auditing.crossfit import audited, judge, open_all
from htrmodel.auditing.findings import Finding, rank, rank_readings
from htrmodel.auditing.request import AuditRequest
from htrmodel.judging.predictions import read_predictions

WELL = 0.7
"""Share of the words that a model must read as they are labelled for its doubts to mean much."""


@dataclass(frozen=True)
class Audit:
    """What an audit has found.

    Attributes:
        words: how many were judged.
        left_out: how many the model cannot spell, by reason.
        findings: those that are read otherwise than labelled, the most suspicious first.
        about: how they were judged, in a sentence.
    """

    words: int
    left_out: dict[str, int]
    findings: list[Finding]
    about: str

    @property
    def agreed(self) -> float:
        """Share of the words that are read as they are labelled, 0 to 1."""
        return 1 - len(self.findings) / self.words

    @property
    def doubt(self) -> str:
        """What a reader must know where the model itself reads badly; empty where it reads well enough."""
        if self.agreed >= WELL:
            return ""
        return (
            f"Only {self.agreed:.0%} of the words are read as they are labelled: most of what follows are errors of "
            "the model, not of labels. Train for longer (--epochs), or start from weights that know such writing "
            "(--start)."
        )


def audit(
    dataset: Dataset,
    request: AuditRequest,
    *,
    say: Callable[[str], None] = lambda _said: None,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> Audit:
    """Judges the words of a data set; see `htrmodel.auditing.crossfit.judge`."""
    judged = judge(dataset, request, say, progress)
    return Audit(len(judged.words), judged.left_out, rank(judged.words, judged.scores), judged.about)


def audit_readings(dataset: Dataset, files: Sequence[Path]) -> Audit:
    """Ranks what models have read that have not seen the words, as files of predictions tell it.

    Args:
        dataset: whose words they are.
        files: each of other words; where one word stands in several, the surest reading that differs counts.

    Raises:
        UsageError: they have no word of the data set.
        HtrError: a file cannot be read.
    """
    samples, _ = open_all(dataset, None, dataset.splits)
    words = audited(dataset, samples)
    found: dict[tuple[str, str], Finding] = {}
    read: set[tuple[str, str]] = set()
    for file in files:
        predictions = read_predictions(file)
        for split in dataset.splits:
            mine = [word for word in words if word.split == split]
            given, _, _ = predictions.of_split(dataset.name, split)
            read |= {(split, word.id) for word in mine if word.id in given.texts}
            for finding in rank_readings(mine, given.texts, given.confidences):
                key = (split, finding.word.id)
                if key not in found or found[key].score < finding.score:
                    found[key] = finding
    if not read:
        raise UsageError(f"{', '.join(map(str, files))}: there is no word of {dataset.name} in them")
    ranked = sorted(found.values(), key=lambda finding: -finding.score)
    about = f"Ranked by the confidences of {', '.join(map(str, files))}; the models must not have learnt these words."
    return Audit(len(read), {}, ranked, about)
