"""What one page becomes: a row for each of its words, kept with its encoded crop or dropped with its first reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError
from htrdata.files.on_disk import NoImageFileError
from htrdata.images import codec
from htrdata.images.cropping import box_fault, crop, is_too_large, outside_fraction, reduce_height
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.images.masking import blank_outside
from htrdata.images.normalisation import Operation, normalise
from htrdata.images.png_passthrough import prove_png
from htrdata.images.straightening import straighten
from htrdata.records import ImageFile, Page, Reason, Word, first_reason


@dataclass(slots=True)
class Row:
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

    @property
    def image_sha256(self) -> bytes | None:
        """SHA-256 of the encoded crop."""
        return None if self.image is None else hashlib.sha256(self.image).digest()


@dataclass(slots=True)
class _Picture:
    """A page's or word's image as far as it was opened: why it cannot be used, else its size, and what it takes to cut.

    `encoded` is what may stand in a store for the pixels, if anything may; alone, without `pixels`, it is a word's own
    image that needs no change.
    """

    reason: Reason | None = None
    size: tuple[int, int] | None = None
    pixels: np.ndarray | None = None
    encoded: bytes = b""


def rows_of_page(page: Page, options: BuildOptions, *, pixels: bool = True) -> Iterator[Row]:
    """Judges the words of a page and, where asked to, cuts them out; the page is decoded once.

    Args:
        page: the page with its words.
        options: of the build.
        pixels: whether to decode and cut. Without, image files are read and their hashes and headers checked, but a
            damage further inside may not be found; a `MadeImage` is not made; and kept rows have no image.

    Raises:
        OSError: an image is there but cannot be read.
    """
    whole = _Picture()
    if page.image is not None and page.reason is None and any(word.image is None for word in page.words):
        whole = _open(page.image, page.md5, options, pixels=pixels)
    for word in page.words:
        row = Row(page.id, page.split, word)
        picture, box_reason = whole, None
        if word.image is not None:
            picture = _open_own(word.image, word.reason, options, pixels=pixels) if page.reason is None else _Picture()
        else:
            box_reason = _box_reason(row, whole)
        _label(row, options, [page.reason, picture.reason, word.reason, box_reason])
        if row.reason is None and picture.pixels is not None:
            _cut(row, picture.pixels, picture.encoded, options)
        elif row.reason is None and picture.encoded and picture.size is not None:
            row.image, (row.width, row.height) = picture.encoded, picture.size
        yield row


def _box_reason(row: Row, page: _Picture) -> Reason | None:
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


def _label(row: Row, options: BuildOptions, reasons: list[Reason | None]) -> None:
    label = options.labels.apply(row.word.text)
    row.reason = first_reason([*reasons, label.reason])
    if row.reason in (None, Reason.OUT_OF_CHARSET):
        row.unknown = label.unknown
    if row.reason is None:
        row.text = label.text


def _cut(row: Row, pixels: np.ndarray, encoded: bytes, options: BuildOptions) -> None:
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


def _open(image: ImageFile, md5: str | None, options: BuildOptions, *, pixels: bool) -> _Picture:
    """Opens the image of a page, or of a word, and decodes it where pixels are asked for."""
    data = _read(image)
    if isinstance(data, Reason):
        return _Picture(data)
    if md5 is not None and options.check_hashes and hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        return _Picture(Reason.HASH_MISMATCH)
    return _decoded(data, options) if pixels else _measured(data)


def _open_own(image: ImageFile, ruled_out: Reason | None, options: BuildOptions, *, pixels: bool) -> _Picture:
    """Opens a word's own image. One that is whole, and is not kept or kept as it is, need not be decoded."""
    if isinstance(image, MadeImage):
        # Making it takes time and finds no damage: there is no need where nobody looks at it.
        return _made(image.make(), options) if pixels and ruled_out is None else _Picture()
    data = _read(image)
    if isinstance(data, Reason):
        return _Picture(data)
    png = prove_png(data, options.color)
    if png is None:
        return _decoded_own(data, options) if pixels else _measured(data)
    if not pixels:
        return _Picture(size=png.size)
    stays = png.data if options.format != "jpeg" else b""
    undecoded = ruled_out is not None or _may_stay(png.size, options)
    return _Picture(size=png.size, pixels=None if undecoded else png.pixels(), encoded=stays)


def _made(image: GreyJpeg, options: BuildOptions) -> _Picture:
    """Takes an image that was made in this process at its word; its pixels are needed only where they change."""
    size = (image.width, image.height)
    if options.format == "auto" and options.color == "grey" and _may_stay(size, options):
        return _Picture(size=size, encoded=image.data)
    return _decoded_own(image.data, options)


def _decoded_own(data: bytes, options: BuildOptions) -> _Picture:
    """Decodes a word's own image."""
    picture = _decoded(data, options)
    stays = options.format == "auto" and options.color == "grey" and is_plain_grey_jpeg(data)
    return replace(picture, encoded=data if stays else b"")


def _may_stay(size: tuple[int, int], options: BuildOptions) -> bool:
    """Whether a build has nothing to change in the pixels of a word's own image of this width and height."""
    return options.format != "jpeg" and not options.normalise and not 0 < options.height < size[1]


def _read(image: ImageFile) -> bytes | Reason:
    """The bytes of an image, or why there are none."""
    try:
        return image.read()
    except (FileNotFoundError, NotADirectoryError):
        return Reason.IMAGE_MISSING
    except NoImageFileError:
        return Reason.IMAGE_CORRUPT


def _measured(data: bytes) -> _Picture:
    try:
        return _Picture(size=codec.read_size(data))
    except codec.ImageError:
        return _Picture(Reason.IMAGE_CORRUPT)


def _decoded(data: bytes, options: BuildOptions) -> _Picture:
    try:
        decoded = codec.decode(data, options.color)
    except codec.ImageError:
        return _Picture(Reason.IMAGE_CORRUPT)
    return _Picture(size=(decoded.shape[1], decoded.shape[0]), pixels=decoded)
