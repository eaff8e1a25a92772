"""What a judgement consists of, and how it is written as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from htrdata.labels import fold_case, normal_form
from htrmodel.judging.metrics import METRICS, word_error_rate
from htrmodel.judging.mistakes import find_confusions, worst_readings
from htrmodel.judging.pairing import JudgedWord
from htrmodel.judging.protocol import LEVEL
from htrmodel.judging.setting import Case, LeftOut, Setting

FORMAT = "htrmodel-judgement/1"
"""The version of the JSON; it changes when a reader of the last one would go wrong."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its 95 % interval, as fractions. NaN where there is none."""

    value: float
    low: float
    high: float

    def __repr__(self) -> str:
        return f"Figure({self.shown()})"

    def shown(self) -> str:
        """For eyes, in per cent: ``3.4 [1.8, 5.2] %``; ``-`` where there is none."""
        value, low, high = ("-" if math.isnan(one) else f"{100 * one:.1f}" for one in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}] %"

    def as_json(self) -> dict[str, float | None]:
        """The three numbers, null where there is none."""
        return {name: None if math.isnan(number) else number for name, number in dataclasses.asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures over one subset of the words.

    Attributes:
        subset: its name; see `htrmodel.judging.subsets.SUBSETS`.
        case: whether ``A`` for ``a`` is a mistake.
        left_out: words that the system leaves out are ``omitted``, or they are ``wrong``: counted as read as nothing,
            unless the predictions have a text for them all the same.
        words: how many words are counted.
        characters: the code points of their references.
        signature: see `Setting.signature`.
        metrics: by name; see `htrmodel.judging.metrics.METRICS`.
    """

    subset: str
    case: Case
    left_out: LeftOut
    words: int
    characters: int
    signature: str
    metrics: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well a system reads a split.

    Attributes:
        system: what it is called.
        setting: what it was judged by.
        words: all words of the split, with what the system read.
        unanswered: ids of words that the system gave no reading for; they count as read as nothing.
        not_in_store: annotated words that nobody can be judged by, by reason.
        elsewhere: how many readings are of words of other splits, or of words that are not in the store.
        missing_characters: that the words left out have and the system's charset lacks, with the words that have them,
            by falling frequency; none where its charset is not known.
        figures: of every subset, with and without regard to case, with and without the words left out.
    """

    system: str
    setting: Setting
    words: tuple[JudgedWord, ...]
    unanswered: tuple[str, ...]
    not_in_store: dict[str, int]
    elsewhere: int
    missing_characters: dict[str, int]
    figures: tuple[Figures, ...]

    def __repr__(self) -> str:
        where = f"{self.setting.dataset} {self.setting.split}"
        if not self.figures:
            return f"Judgement({self.system} on {where})"
        found = self.find()
        wer = word_error_rate(self.setting.samples)
        shown = [f"{title} {found.metrics[name].shown()}" for title, name in (("CER", "micro_cer"), ("WER", wer))]
        return f"Judgement({self.system} on {where}: {found.words:,} {self.setting.samples}s, {', '.join(shown)})"

    @property
    def cases(self) -> tuple[Case, ...]:
        """The ways in which case is counted; a store or a system that folds it knows one only."""
        return tuple(dict.fromkeys(figures.case for figures in self.figures))

    @property
    def left_out(self) -> dict[str, int]:
        """How many words are left out, by reason."""
        return dict(Counter(word.left_out for word in self.words if word.left_out).most_common())

    def find(self, subset: str = "all", case: Case | None = None, left_out: LeftOut = "wrong") -> Figures:
        """The figures of one subset; where no case is given, with regard to it if there are such figures.

        Words that the system leaves out count as wrong, unless they are to be omitted: a figure over the others alone
        would be of an easier task.

        Raises:
            KeyError: there are none.
        """
        wanted = (subset, case or self.cases[0], left_out)
        for figures in self.figures:
            if (figures.subset, figures.case, figures.left_out) == wanted:
                return figures
        raise KeyError(f"no figures over {wanted}")

    def pairs(self, case: Case | None = None) -> list[tuple[JudgedWord, str, str]]:
        """The words that were read, each with its reference and reading as they are compared."""
        texts = compared(self.words, case or self.cases[0])
        return [pair for pair in zip(self.words, *texts, strict=True) if not pair[0].left_out]

    def as_json(self, top: int = 50) -> dict[str, Any]:
        """The judgement as JSON can hold it, with the `top` most frequent confusions and worst readings.

        The words themselves are in the file that `htrmodel.judging.prediction_files.write_predictions` writes.
        """
        pairs = self.pairs()
        return {
            "format": FORMAT,
            "system": self.system,
            **dataclasses.asdict(self.setting),
            "level": LEVEL,
            "metrics": {name: metric.title for name, metric in METRICS.items()},
            "words": len(self.words),
            "left_out": self.left_out,
            "unanswered": {"count": len(self.unanswered), "ids": list(self.unanswered[:top])},
            "not_in_store": self.not_in_store,
            "predictions_elsewhere": self.elsewhere,
            "missing_characters": self.missing_characters,
            "figures": [_figures_as_json(figures) for figures in self.figures],
            "confusions": find_confusions((reference, reading) for _, reference, reading in pairs).as_json(top),
            "worst_readings": [
                {name: getattr(word, name) for name in ("id", "page", "reference", "reading", "confidence")}
                | {"edits": edits}
                for word, edits in worst_readings(pairs, top)
            ],
        }


def compared(words: tuple[JudgedWord, ...], case: Case) -> tuple[list[str], list[str]]:
    """References and readings as they are compared: in normal form, and in lower case where case does not matter."""
    references = [word.reference for word in words]
    readings = [normal_form(word.reading) for word in words]
    if case == "sensitive":
        return references, readings
    return [fold_case(text) for text in references], [fold_case(text) for text in readings]


def in_case(labels: Collection[str] | None, case: Case) -> set[str] | None:
    """Labels in the form in which `compared` has references; None for none."""
    if labels is None:
        return None
    normal = map(normal_form, labels)
    return set(normal if case == "sensitive" else map(fold_case, normal))


def _figures_as_json(figures: Figures) -> dict[str, Any]:
    metrics = {name: figure.as_json() for name, figure in figures.metrics.items()}
    plain = {
        name: getattr(figures, name) for name in ("subset", "case", "left_out", "words", "characters", "signature")
    }
    return {**plain, "metrics": metrics}
