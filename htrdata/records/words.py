"""Pages, their words, and why a word is dropped.

Coordinates are those of the upright page (EXIF orientation applied): x grows to the right, y downwards, in
pixels; the origin is the upper left corner of the upper left pixel, so pixel ``i`` covers ``[i, i + 1)``.
"""

from __future__ import annotations

import enum
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Reason(enum.StrEnum):
    """Why a word is not in the shards. The order is that in which the reasons are tested: the first one counts."""

    INVALID_ID = "invalid_id"
    NOT_IN_SPLIT = "not_in_split"
    EXCLUDED_PAGE = "excluded_page"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_PAGE = "duplicate_page"
    IMAGE_MISSING = "image_missing"
    HASH_MISMATCH = "hash_mismatch"
    IMAGE_CORRUPT = "image_corrupt"
    SIZE_MISMATCH = "size_mismatch"
    SEGMENTATION_ERR = "segmentation_err"
    OUT_OF_RANGE = "out_of_range"
    NO_INK = "no_ink"
    BAD_QUALITY = "bad_quality"
    MISALIGNED = "misaligned"
    SEVERAL_LINES = "several_lines"
    EXCLUDED_TYPE = "excluded_type"
    NOT_A_WORD = "not_a_word"
    TEXT_DIFFERS = "text_differs"
    INVALID_BOX = "invalid_box"
    EMPTY_BOX = "empty_box"
    FLAGGED = "flagged"
    MISSING_ANNOTATION = "missing_annotation"
    EMPTY_LABEL = "empty_label"
    NOT_ALIGNED = "not_aligned"
    UNSURE_CUT = "unsure_cut"
    INVALID_LABEL = "invalid_label"
    TOO_LONG = "too_long"
    OUT_OF_CHARSET = "out_of_charset"


_RANK = {reason: rank for rank, reason in enumerate(Reason)}


def first_reason(reasons: Iterable[Reason | None]) -> Reason | None:
    """Returns the reason that is tested first among those that apply, or None where none does."""
    first = None
    for reason in reasons:  # of nearly all words none applies
        if reason is not None and (first is None or _RANK[reason] < _RANK[first]):
            first = reason
    return first


class ImageFile(Protocol):
    """An encoded image that a source points to. Implementations are small, picklable and compare by value."""

    @property
    def name(self) -> str:
        """What messages call it: a path, or the archive and its member."""

    def size(self) -> int | None:
        """Bytes of the encoded image, or None where it is missing. Does not read it.

        0 says that they are not known before it is read, or, of a `htrdata.images.made.MadeImage`, made.
        """

    def read(self) -> bytes:
        """The encoded bytes.

        Raises:
            OSError: the file is missing or cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Box:
    """A word's place on its page, turned about its centre.

    Attributes:
        xc: horizontal centre, in pixels from the left edge of the page.
        yc: vertical centre, in pixels from the upper edge of the page.
        w: length along the line of writing, in pixels.
        h: length across the line of writing, in pixels.
        angle: degrees counter-clockwise, as seen, by which the line of writing is turned from the horizontal.
    """

    xc: float
    yc: float
    w: float
    h: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Outline:
    """A polygon on a page: what is outside of it is not of the word, though its box may hold it.

    Packed, since a build holds all of its lines at once, and one has some sixty points.

    Attributes:
        packed: x and y of each point in turn, in pixels, as float32 of this machine.
    """

    packed: bytes

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]]) -> Outline:
        """Packs the points of a polygon, in order."""
        return cls(array("f", [value for point in points for value in point]).tobytes())

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The points, in order."""
        values = array("f", self.packed)
        return tuple(zip(values[::2], values[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Word:
    """One annotated word, as its source has it.

    Attributes:
        id: the source's own identifier, unique within a split of the source.
        text: the transcription, exactly as the source gives it.
        box: where it stands on the page; None where the source gives no readable box or the word has its own image.
        image: its own image, where the source ships words already cut out.
        reason: why the source itself rules it out, if it does.
        writer: who wrote it, where that is known.
        extra: further columns of the manifest, by name.
        ink_threshold: the lightest grey level of its ink, 0 to 255, where the source says so: what is lighter is paper.
            Such a source gives it as the column ``threshold`` too, so that the manifest tells it.
        outline: what of its box is the word's, where other writing reaches into it; the rest becomes paper.
        baseline: what its letters stand on, as points in order, where the crop is to be straightened by it.
        correction: what takes the place of `text` by a file of corrections (see `htrdata.store.corrections`); empty
            where the word is flagged, None where nothing does. A source leaves it alone.
    """

    id: str
    text: str
    box: Box | None = None
    image: ImageFile | None = None
    reason: Reason | None = None
    writer: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    ink_threshold: int | None = None
    outline: Outline | None = None
    baseline: Outline | None = None
    correction: str | None = None

    def __repr__(self) -> str:
        box = self.box
        where = None if box is None else f"box=({box.xc:g}, {box.yc:g}, {box.w:g}, {box.h:g}, {box.angle:g}°)"
        return _shown(self, repr(self.text), where)

    @property
    def label(self) -> str:
        """The transcription that counts: as it was corrected, else the source's."""
        return self.text if self.correction is None else self.correction

    @property
    def ruled_out(self) -> Reason | None:
        """Why it is, by the source or by its correction: one that says what is written gives a missing annotation."""
        if self.correction == "":
            return first_reason([self.reason, Reason.FLAGGED])
        return None if self.correction and self.reason is Reason.MISSING_ANNOTATION else self.reason


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its words, in reading order: the unit that is decoded once and never cut between parts.

    Attributes:
        id: the source's own identifier of the page.
        split: ``train``, ``val`` or ``test``; None where the page belongs to none of them.
        words: its annotated words; a source without end may make them when they are looked at.
        image: its image; None where the words bring their own.
        md5: what the bytes of `image` must hash to, in lower-case hex, where the source says so.
        reason: why the source rules out the whole page, if it does.
        size: width and height in pixels of the image that the boxes are for, where the source says so; another image
            than that is not cut.
    """

    id: str
    split: str | None
    words: Sequence[Word]
    image: ImageFile | None = None
    md5: str | None = None
    reason: Reason | None = None
    size: tuple[int, int] | None = None

    def __repr__(self) -> str:
        return _shown(self, f"split={self.split!r}", f"{len(self.words):,} words")


def _shown(record: Word | Page, *parts: str | None) -> str:
    """A record for eyes: what is long, such as an image, by its name."""
    image = None if record.image is None else f"image={record.image.name!r}"
    reason = None if record.reason is None else f"reason={record.reason.value!r}"
    shown = (repr(record.id), *parts, image, reason)
    return f"{type(record).__name__}({', '.join(part for part in shown if part is not None)})"
