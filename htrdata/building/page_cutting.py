"""What one page becomes: a row for each of its words, kept with its encoded crop or dropped with its first reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from htrdata.building.opened_images import OpenedImage, open_own, open_page
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError
from htrdata.images import codec
from htrdata.images.cropping import box_fault, crop, is_too_large, outside_fraction, reduce_height, sizes_agree
from htrdata.images.likeness import EXACT, PAGE, WORD, fingerprint
from htrdata.images.made import MadeImage
from htrdata.images.masking import blank_outside
from htrdata.images.normalisation import Operation, normalise
from htrdata.images.straightening import straighten
from htrdata.records import Page, Reason, Word, first_reason


@dataclass(slots=True)
class ManifestRow:
    """One word of the source: a row of the manifest, and its crop where it is kept.

    Attributes:
        page: the id of the page.
        split: of the page.
        word: as the source has it.
        reason: why the word is dropped; None where it is kept.
        text: the label; None where the word is dropped.
        unknown: characters of the transcription that the charset of the build lacks.
        outside: how much of the box lies beyond the page, 0 to 1; None where box or page are unknown.
        image: the encoded crop; None where the word is dropped, or pixels were not asked for.
        width: of the crop in pixels.
        height: of the crop in pixels.
        likeness: the fingerprint of a picture (see `htrdata.images.likeness`): of a kept word's own image, or, for the
            first word of a page, of that; None of what was not opened or is made by a program.
    """

    page: str
    split: str | None
    word: Word
    reason: Reason | None = None
    text: str | None = None
    unknown: str = ""
    outside: float | None = None
    image: bytes | None = None
    width: int | None = None
    height: int | None = None
    likeness: bytes | None = None

    @property
    def image_sha256(self) -> bytes | None:
        """SHA-256 of the encoded crop."""
        return None if self.image is None else hashlib.sha256(self.image).digest()


def rows_of_page(page: Page, options: BuildOptions, *, pixels: bool = True) -> Iterator[ManifestRow]:
    """Judges the words of a page and, where asked to, cuts them out; the page is decoded once.

    Args:
        page: the page with its words.
        options: of the build.
        pixels: whether to decode and cut. Without, image files are read and their hashes and headers checked, but a
            damage further inside may not be found; a `MadeImage` is not made; and kept rows have no image.

    Raises:
        OSError: an image is there but cannot be read.
    """
    whole = OpenedImage()
    if page.image is not None and page.reason is None and any(word.image is None for word in page.words):
        whole = open_page(page.image, page.md5, options, pixels=pixels)
        if page.size is not None and whole.size is not None and not sizes_agree(page.size, whole.size):
            whole = OpenedImage(Reason.SIZE_MISMATCH)
    likeness = None if whole.pixels is None else fingerprint(whole.pixels, PAGE)
    for word in page.words:
        row = ManifestRow(page.id, page.split, word, likeness=likeness)
        likeness = None
        picture, box_reason = whole, None
        if word.image is not None:
            picture = (
                open_own(word.image, word.ruled_out, options, pixels=pixels) if page.reason is None else OpenedImage()
            )
        else:
            box_reason = _box_reason(row, whole)
        _label(row, options, [page.reason, picture.reason, word.ruled_out, box_reason])
        if row.reason is None and picture.pixels is not None:
            _cut(row, picture.pixels, picture.encoded, options)
        elif row.reason is None and picture.encoded and picture.size is not None:
            row.image, (row.width, row.height) = picture.encoded, picture.size
        if row.image is not None and word.image is not None and not isinstance(word.image, MadeImage):
            row.likeness = _likeness(picture, word.label)
        yield row


def _likeness(picture: OpenedImage, text: str) -> bytes | None:
    """The fingerprint of a word's own image; None where nothing of it was opened.

    All commas look alike, and all dashes: of what has fewer than two letters or digits only the same pixels matter.
    """
    pixels = picture.stored.pixels() if picture.pixels is None and picture.stored is not None else picture.pixels
    if pixels is None:
        return None
    found = fingerprint(pixels, WORD)
    return found if sum(map(str.isalnum, text)) > 1 else found[:EXACT]


def _box_reason(row: ManifestRow, page: OpenedImage) -> Reason | None:
    """Why a word cannot be cut out of its page, if so; notes on the way how much of its box is outside."""
    box = row.word.box
    if box is None:
        return Reason.EMPTY_BOX
    fault = box_fault(box)
    if fault is None and page.size is not None:
        row.outside = outside_fraction(box, *page.size)
        if row.outside >= 1:
            return Reason.EMPTY_BOX
        if is_too_large(box, *page.size):
            return Reason.INVALID_BOX
    return fault


def _label(row: ManifestRow, options: BuildOptions, reasons: list[Reason | None]) -> None:
    label = options.labels.apply(row.word.label)
    row.reason = first_reason([*reasons, label.reason])
    if row.reason in (None, Reason.OUT_OF_CHARSET):
        row.unknown = label.unknown
    if row.reason is None:
        row.text = label.text


def _cut(row: ManifestRow, pixels: np.ndarray, encoded: bytes, options: BuildOptions) -> None:
    """Cuts the word out, or takes its own image whole, normalises and encodes it.

    The bytes of its own file are taken as they are where encoding would only write the same pixels again. Normalising
    comes before the height is reduced: turning and shearing cost the least sharpness at full size, and the height is
    then that of the writing as it stands.
    """
    own = row.word.image is not None
    if own:
        cut = pixels
    else:
        assert row.word.box is not None  # else the word had a reason
        cut = crop(pixels, row.word.box)
        if row.word.outline is not None:
            cut = blank_outside(cut, row.word.box, row.word.outline)
        if row.word.baseline is not None:
            cut = straighten(cut, row.word.box, row.word.baseline, row.word.outline)
    if options.normalise:
        threshold = _ink_threshold(row.word) if Operation.WHITEN in options.normalise else None
        cut = normalise(cut, options.normalise, threshold)
    cut = reduce_height(cut, options.height)
    row.height, row.width = cut.shape[:2]
    kind: codec.Format = ("png" if own else "jpeg") if options.format == "auto" else options.format
    # Encoding anew would only write again what every decoder gives.
    row.image = encoded if encoded and cut is pixels else codec.encode(cut, kind, options.quality)


def _ink_threshold(word: Word) -> int | None:
    """That of the word, where its source gives one.

    Raises:
        BadDataError: it is no grey level.
    """
    if word.ink_threshold is not None and not 0 <= word.ink_threshold <= 255:
        found = f"word {word.id}: the ink threshold {word.ink_threshold}"
        raise BadDataError(f"{found} is no grey level from 0 to 255: mend it in the source")
    return word.ink_threshold
