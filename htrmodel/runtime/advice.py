"""What to tell a person after reading: of images that seem to be of no word, and of readings that are unsure."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from htrdata.labels import visible
from htrmodel.reader import WordReader
from htrmodel.runtime.looking import Kind
from htrmodel.starter import DEFAULT

if TYPE_CHECKING:
    from htrmodel.runtime.predicting import Prediction

POOR_CONFIDENCE = 0.4
"""Where the median confidence of a recogniser that knows drawn words alone is lower, it does not read these ones well.
The median, since some words are hard for any recogniser, and a mean would follow them. ``starter`` read 71 % of the
words right where its median was 0.81, 43 % where it was 0.36, and 3 % where it was 0.05; the small one of then 64 %
where it was 0.48, and 37 % where it was 0.22."""

_CUT = (
    "have its lines found, by eScriptorium, Transkribus or `kraken -a -i page.jpg page.xml segment -bl`, then "
    "`htrmodel predict FOLDER --xml` reads them and `htrdata xml` cuts them out"
)
_REMEDIES: dict[Kind, str] = {
    "page": f"these weights read single words or lines, so what is read there means nothing: {_CUT}",
    "line": "these weights read single words, so what is read there means little: cut it into words, by hand or with "
    "`htrmodel align` where its text is known",
    "blank": "no ink stands out there, so what is read there means nothing: look whether it was cut in the right place",
}


class ReadingTally:
    """What came of images so far, as far as advice needs it.

    Attributes:
        confidences: of the readings of what looks like words.
        failed: how many images could not be read.
    """

    def __init__(self) -> None:
        self.confidences = array("d")
        self.failed = 0
        self._kinds: dict[Kind, int] = {}
        self._first: dict[Kind, list[str]] = {}

    def add(self, prediction: Prediction) -> None:
        """Counts one image."""
        kind = prediction.looks_like
        if prediction.confidence is None:
            self.failed += 1
        elif kind is None:
            self.confidences.append(prediction.confidence)
        else:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            if len(first := self._first.setdefault(kind, [])) < 3:
                first.append(visible(prediction.name))

    @property
    def total(self) -> int:
        """How many images there were."""
        return len(self.confidences) + self.failed + sum(self._kinds.values())

    def advice(self, reader: WordReader) -> Iterator[str]:
        """What to say to a person, in sentences.

        Args:
            reader: what has read.
        """
        for kind, count in self._kinds.items():
            first = ", ".join(self._first[kind]) + (", …" if count > 3 else "")
            looks = f"looks like a {kind}" if kind != "blank" else "looks blank"
            several = f"look like {kind}s" if kind != "blank" else "look blank"
            what = f"{count:,} of {self.total:,} images {looks if count == 1 else several} ({first})"
            yield f"{what}; {_REMEDIES[kind]}"
        if advice := advise_fine_tuning(reader, self.confidences):
            yield advice


def advise_fine_tuning(reader: WordReader, confidences: Sequence[float]) -> str | None:
    """What to tell a person of whose words a recogniser is unsure that has never been trained on words like theirs.

    Args:
        reader: what has read.
        confidences: of all its readings of words, 0 to 1.

    Returns:
        A sentence; None where it is neither a starter nor knows drawn words alone, or where the median is at least
        `POOR_CONFIDENCE`.
    """
    if not (reader.synthetic_only or reader.is_starter) or not confidences:
        return None
    if (median := statistics.median(confidences)) >= POOR_CONFIDENCE:
        return None
    known = "drawn handwriting alone" if reader.synthetic_only else "the hands of other people"
    other = f"; `--checkpoint {DEFAULT}` takes weights that know real hands" if reader.synthetic_only else ""
    return (
        f"half of the words are read with a confidence below {median:.0%}: these weights know {known} "
        "and need fine-tuning on words like yours, some hundreds of them with their texts in a gt.txt (path, tab, "
        "text) or a CSV: `htrdata folder DIR`, then `htrmodel finetune --recipe own-data`, then `htrmodel predict DIR "
        f"--checkpoint runs/…/best.safetensors --csv`{other}"
    )
