"""The source: UNIPEN's words, or its lines, page by page."""

from __future__ import annotations

import functools
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from htrdata.drawing.synth.writers import MEDIA
from htrdata.drawing.unipen.drawn import WORDS_PER_PAGE, DrawnWords, PageInk, SegmentLabel
from htrdata.errors import HtrError, UsageError
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit
from htrdata.sources.base import DRAWN_PICTURE
from htrdata.sources.drawn import DrawnMark
from htrdata.sources.unipen.doubts import misaligned, without_taps
from htrdata.sources.unipen.line_breaks import is_one_line
from htrdata.sources.unipen.release import Release, read_release
from htrdata.sources.unipen.segments import Ink, Segment, read_segments
from htrdata.sources.unipen.sizes import x_heights
from htrdata.sources.unipen.writers import RULE, person, pseudonym, split_of

UNITS: Mapping[Unit, tuple[int, str]] = {"word": (7, "WORD"), "line": (8, "TEXT")}
"""The category of the release and the kind of its segments that each unit is."""

_CONTENTS: Mapping[Unit, str] = {"word": "category 7 (isolated words)", "line": "category 8 (free text), line by line"}

DRAWING = "1"
"""Which drawing this is. It rises whenever the same settings give other words or other pixels."""


@dataclass(frozen=True)
class Unipen:
    """The words of train_r01_v07's category 7, or the lines of its category 8, as this project draws them.

    Attributes:
        root: a folder with the release or its archive, or the archive.
        renderings: how often each word of train is drawn, each time with another pen, paper and lens. Words of val and
            test are drawn once, as in a data set of one rendering: models are judged by the same words.
        seed: of all chance, from 0.
        media: kinds of pages to draw from, of `htrdata.drawing.synth.writers.MEDIA`.
        unit: ``word``, or ``line``: the texts that stand in one line; those of several lines come with their reason.

    Raises:
        UsageError: a setting is out of its range.
    """

    root: Path
    renderings: int = 1
    seed: int = 0
    media: tuple[str, ...] = MEDIA
    unit: Unit = "word"

    extra_columns: ClassVar[tuple[str, ...]] = ("quality", "rendering", "medium")
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}

    def __post_init__(self) -> None:
        if not 1 <= self.renderings <= 1000:
            raise UsageError(f"{self.renderings} renderings of a word are not possible: give 1 to 1000")
        if self.unit not in UNITS:
            raise UsageError(f"{self.unit!r} is no unit: give one of {', '.join(UNITS)}")
        if self.seed < 0:
            raise UsageError(f"the seed is {self.seed}: give 0 or more")
        if wrong := [name for name in self.media if name not in MEDIA] or (not self.media and ["none"]):
            raise UsageError(f"{wrong[0]!r} is no kind of medium: give some of {', '.join(MEDIA)}")

    @property
    def name(self) -> str:
        """The default name of the data set in a store."""
        return "unipen" if self.unit == "word" else "unipen_lines"

    @property
    def drawn(self) -> str:
        """The pictures; of a drawn sample the strokes, too."""
        return DRAWN_PICTURE if self._mark is None else self._mark.drawn

    @property
    def division(self) -> Division:
        """By writer, wherever they wrote: in val or test of words and of lines alike."""
        corpus = "UNIPEN train_r01_v07" if self._mark is None else self._mark.corpus
        return Division(corpus, f"writers by rule {RULE}")

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms; of a drawn sample, what that is."""
        if self._mark is not None:
            return self._mark.about
        return SourceInfo(
            title=f"UNIPEN train_r01_v07, {_CONTENTS[self.unit]}, drawn from its pen strokes",
            url="https://doi.org/10.5281/zenodo.1195803",
            licence="CC BY 4.0, International Unipen Foundation; writers and donors must not be named",
            citation="Guyon, Schomaker, Plamondon, Liberman, Janet: UNIPEN project of on-line data exchange and "
            "recognizer benchmarks. ICPR 1994, pp. 29-33",
        )

    @property
    def settings(self) -> Mapping[str, str]:
        """What the words depend on; ``ink`` is a digest over all strokes that are drawn."""
        digest = hashlib.sha256(b"".join(page.digest for _, page in self._pages))
        return {
            "drawing": DRAWING,
            "category": str(UNITS[self.unit][0]),
            "renderings": str(self.renderings),
            "seed": str(self.seed),
            "media": ",".join(self.media),
            "ink": digest.hexdigest()[:16],
        }

    def pages(self) -> Iterator[Page]:
        """Yields pages of up to `WORDS_PER_PAGE` words of one writer.

        Raises:
            SourceMissingError: there is no release.
            BadDataError: a file is not what its format promises.
        """
        for split, page in self._pages:
            times = self.renderings if split == "train" else 1
            seed = (self.seed, page.chance)
            words = DrawnWords(page.id, page.writer, page.words, page.digest, page.ink, seed, times, self.media)
            yield Page(id=page.id, split=split, words=words)

    @functools.cached_property
    def _pages(self) -> list[tuple[str, _WrittenPage]]:
        """The pages and their splits, split by split, each in the order of contributors and writers; read once."""
        by_writer: dict[tuple[str, str], list[Segment]] = defaultdict(list)
        category, kind = UNITS[self.unit]
        for segment in read_segments(self._release(category), kind):
            by_writer[segment.contributor, segment.writer].append(segment)
        found: dict[str, list[_WrittenPage]] = {split: [] for split in SPLITS}
        for (contributor, writer), segments in sorted(by_writer.items()):
            found[split_of(person(contributor, writer))] += _written(contributor, writer, segments, self.unit)
        return [(split, page) for split, pages in found.items() for page in pages]

    def _release(self, category: int) -> Release:
        release = read_release(self.root, category)
        self.__dict__["_mark"] = release.mark
        return release

    @functools.cached_property
    def _mark(self) -> DrawnMark | None:
        """What says that the strokes are drawn; nothing does where there is no release, or a damaged one."""
        try:
            _ = self._pages
        except (HtrError, OSError):  # `pages` says it
            return None
        found: DrawnMark | None = self.__dict__.get("_mark")
        return found


@dataclass(frozen=True, slots=True)
class _WrittenPage:
    """A page before it is drawn."""

    id: str
    writer: str
    words: tuple[SegmentLabel, ...]
    ink: PageInk
    digest: bytes
    chance: int


def _written(contributor: str, writer: str, segments: Sequence[Segment], unit: Unit) -> Iterator[_WrittenPage]:
    """The pages of one writer."""
    inks = {seg.id: without_taps(seg.ink) for seg in segments if seg.ink is not None and seg.reason is None}
    texts = {segment.id: segment.text for segment in segments}
    sizes = dict(zip(inks, x_heights([(texts[name], ink) for name, ink in inks.items()]), strict=True))
    doubtful = misaligned([(texts[name], ink, sizes[name][0]) for name, ink in inks.items()])
    reasons = {name: Reason.MISALIGNED for name, is_doubtful in zip(inks, doubtful, strict=True) if is_doubtful}
    if unit == "line":
        reasons |= {name: Reason.SEVERAL_LINES for name, ink in inks.items() if not is_one_line(ink)}
    name, known = pseudonym(contributor, writer), f"{contributor}/{writer}" if writer else contributor
    for number, first in enumerate(range(0, len(segments), WORDS_PER_PAGE)):
        chunk = segments[first : first + WORDS_PER_PAGE]
        words = tuple(SegmentLabel(seg.id, seg.text, seg.reason or reasons.get(seg.id), seg.quality) for seg in chunk)
        ink = _page_ink([(inks[word.id], sizes[word.id]) for word in words if word.reason is None])
        chance = int.from_bytes(hashlib.sha256(f"{known}/{number:03d}".encode()).digest()[:8], "big")
        yield _WrittenPage(f"{name}/{number:03d}", name, words, ink, ink.digest(), chance)


def _page_ink(words: Sequence[tuple[Ink, tuple[float, float]]]) -> PageInk:
    """Puts the ink of words together, in x-heights."""
    nothing = np.empty(0, np.float32)
    x = [(ink.x - ink.x.min()) / np.float32(size) for ink, (size, _) in words]
    y = [(np.float32(line) - ink.y) / np.float32(size) for ink, (size, line) in words]
    pressure = [ink.pressure for ink, _ in words]
    starts = [ink.starts for ink, _ in words]
    return PageInk(
        np.concatenate([nothing, *x]),
        np.concatenate([nothing, *y]),
        np.concatenate([nothing, *pressure]),
        np.concatenate([np.empty(0, np.bool_), *starts]),
        np.cumsum([len(part) for part in x], dtype=np.intp),
    )
