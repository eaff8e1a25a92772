"""What figures were measured on and how, and the one line that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from htrdata.records import Unit
from htrdata.version import __version__

Case = Literal["sensitive", "insensitive"]


LeftOut = Literal["omitted", "wrong"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What figures were measured on and how: everything that must be equal for them to be comparable.

    Attributes:
        dataset: its name in the store.
        drawn: what of it a program has drawn; None where nothing is.
        split: of the data set.
        digest: the content digest of the data set: keys, labels and images of all its shards.
        references: SHA-256 over ids and references of the split: what the readings were compared with.
        charset: the name of the charset that the system reads; ``all`` for any character.
        max_length: the length of the longest word that it reads; None for any.
        aids: what helped the reading beside the images, such as a language model with its digest; None for nothing.
        unit: what is drawn in resampling: ``writer``, ``page``, or ``writer or page`` where some writers are unknown.
        clusters: how many of them there are.
        resamples: how often they are drawn.
        seed: of the draws.
        samples: what they are: ``word`` or ``line``.
        known_writers: how many of those who wrote them have also written words of the data set's train split.
    """

    dataset: str
    drawn: str | None
    split: str
    digest: str
    references: str
    charset: str
    max_length: int | None
    aids: str | None
    unit: str
    clusters: int
    resamples: int
    seed: int
    samples: Unit = "word"
    known_writers: int = 0

    @property
    def units(self) -> str:
        """What is drawn in resampling, as a sentence has several of it: ``writers or pages``."""
        return " or ".join(f"{unit}s" for unit in self.unit.split(" or "))

    def signature(self, subset: str, case: Case, left_out: LeftOut, words: int) -> str:
        """One line that tells what a figure is of.

        Two figures are comparable where all but ``digest`` and ``bs`` are equal; where left-out words are wrong,
        charset and longest word may differ too.

        The keys are: data set; whether a program drew anything of it (only where one did); the first 12 digits of its
        content digest and of that of the references; split; charset and longest word of the system; what helped the
        reading (only where something did); subset of the words; case; what becomes of the words that the system leaves
        out; words counted; where samples are lines, that they are and what a word of WER is; bootstrap (resamples,
        unit, seed); version.
        """
        parts = {
            "data": self.dataset,
            **({} if self.drawn is None else {"drawn": "yes"}),
            "digest": self.digest[:12],
            "refs": self.references[:12],
            "split": self.split,
            "charset": self.charset,
            "max": "none" if self.max_length is None else self.max_length,
            **({} if self.aids is None else {"with": self.aids}),
            "words": subset,
            "case": case,
            "leftout": left_out,
            "n": words,
            **({} if self.samples == "word" else {"unit": self.samples, "wer": "between-spaces"}),
            "bs": f"{self.resamples}x{self.unit.replace(' ', '-')}-seed{self.seed}",
            "htrmodel": __version__,
        }
        return "|".join(f"{key}:{value}" for key, value in parts.items())
