"""Images of words as a recogniser takes them, and how it is given one or many. Needs numpy and Pillow only.

What grey is, `htrdata.images.codec` decides, for files and for images that are open already.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError, WrongTypeError
from htrdata.files.refusals import refusal
from htrdata.files.regular import open_regular
from htrdata.images.codec import ImageError, decode, decode_page, grey_image
from htrmodel.config import RecogniserConfig


@runtime_checkable
class Encoded(Protocol):
    """A word of a store, `htrdata.store.reading.StoredWord`, as far as reading it goes."""

    @property
    def id(self) -> str:
        """What messages call it."""

    @property
    def encoded(self) -> bytes:
        """The encoded image."""


@dataclass(frozen=True, slots=True)
class PageOfFile:
    """A page of a TIFF: the path of the file and the number of the page, from 0."""

    path: Path
    number: int


WordImage: TypeAlias = Path | str | bytes | Image.Image | NDArray[np.generic] | Encoded | PageOfFile
"""What stands for the image of a word: its path, its encoded bytes, a Pillow image, an array (see `from_array`), a word
of a store, or a page of a TIFF; a path alone is its first page."""

LINES_AHEAD = 8
"""Batches of lines that are opened at once, so that there are several of one width among them."""

MAX_BYTES = 1 << 30
"""Of a file that is opened as an image. The pixels have a limit of their own, see `htrdata.images.codec.MAX_PIXELS`."""

_KINDS = "a path, a Pillow image, a numpy array, a word of a store, or a sequence of these"


def open_image(image: WordImage) -> Image.Image:
    """Brings the image of a word to 8 bits of grey, upright; see `htrdata.images.codec.decode`.

    The same image gives the same pixels, whether it comes as a file or as what Pillow has opened. Its EXIF orientation
    is applied: ``PIL.ImageOps.exif_transpose`` gives an image that has none any more.

    Returns:
        An image of mode ``L``.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is no image, a damaged one, or its numbers have no defined white.
        WrongTypeError: the value stands for no image.
    """
    if isinstance(image, Image.Image):
        return _named(f"a Pillow image of mode {image.mode}", lambda: grey_image(image))
    if isinstance(image, np.ndarray):
        return from_array(image)
    if isinstance(image, bytes):
        return _decoded(f"an image of {len(image):,} bytes", image)
    if isinstance(image, str | os.PathLike):
        return _from_file(PageOfFile(Path(image), 0))
    if isinstance(image, PageOfFile):
        return _from_file(image)
    if isinstance(image, Encoded):
        return _decoded(f"word {image.id!r}", image.encoded)
    raise WrongTypeError(f"{_short(image)} is no image of a word: give {_KINDS}")


def from_array(pixels: NDArray[np.generic]) -> Image.Image:
    """Takes an array for an image: [H, W] for grey, [H, W, 3] for red, green and blue.

    Args:
        pixels: uint8, 255 for white; uint16 [H, W], 65535 for white; bool, True for white; or floating point from 0 to
            1, 1 for white.

    Returns:
        An image of mode ``L``.

    Raises:
        WrongTypeError: it holds other numbers, which have no defined white.
        BadDataError: it has another shape, no pixels, or floating-point numbers outside of 0 to 1.
    """
    name = f"an array of {pixels.dtype} {list(pixels.shape)}"
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise BadDataError(f"{name} is no image of a word: give [H, W] or [H, W, 3]; of several, a list of them")
    if not pixels.size:
        raise BadDataError(f"{name} has no pixels")
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(pixels.dtype, np.floating):
        low, high = float(pixels.min()), float(pixels.max())  # NaN where there is one
        if not 0 <= low <= high <= 1:
            raise BadDataError(
                f"{name} has numbers from {low:g} to {high:g}: floating point goes from 0 to 1, for white"
            )
        pixels = (pixels * 255).round().astype(np.uint8)
    elif pixels.dtype.kind + str(pixels.dtype.itemsize) == "u2" and pixels.ndim == 2:
        pixels = pixels.astype(np.uint16)  # in the order of bytes of this machine
    elif pixels.dtype != np.uint8:
        raise WrongTypeError(f"{name} has no defined white: give uint8, bool, floating point, or uint16 [H, W]")
    return grey_image(Image.fromarray(np.ascontiguousarray(pixels)))


def fit(grey: Image.Image, config: RecogniserConfig) -> NDArray[np.uint8]:
    """Brings an image of a word to the size of the input.

    Args:
        grey: of any size, of mode ``L``.
        config: says the size, and whether the image is stretched to it or padded, on the right, with its last column.

    Returns:
        uint8 [height, width], 0 for black; of lines, each has the width that `RecogniserConfig.input_width` says.
    """
    full = width = config.input_width(*grey.size)
    if config.resize != "stretch":
        width = min(width, max(1, -(-config.height * grey.width // grey.height)))
    pixels = np.asarray(grey.resize((width, config.height), Image.Resampling.BICUBIC))
    return pixels if width == full else widened(pixels, full)


def widened(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """An image [H, W] with its last column repeated until it has that width."""
    return np.pad(pixels, ((0, 0), (0, width - pixels.shape[1])), mode="edge")


def stacked(fitted: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Images of one height as one array [N, H, W], those that are narrower than the widest padded on the right."""
    width = max(pixels.shape[1] for pixels in fitted)
    return np.stack([pixels if pixels.shape[1] == width else widened(pixels, width) for pixels in fitted])


def alike(fitted: Sequence[NDArray[np.uint8]], batch_size: int) -> Iterator[list[int]]:
    """Places of images that can be read at once: of one width, at most `batch_size` of them."""
    by_width: dict[int, list[int]] = {}
    for place, pixels in enumerate(fitted):
        by_width.setdefault(pixels.shape[1], []).append(place)
    for places in by_width.values():
        for first in range(0, len(places), batch_size):
            yield places[first : first + batch_size]


def standardise(pixels: NDArray[np.uint8], config: RecogniserConfig) -> NDArray[np.float32]:
    """Turns grey values, uint8 [N, H, W], into inputs, float32 [N, 1, H, W]."""
    scaled = pixels[:, None].astype(np.float32) / np.float32(255)
    return (scaled - np.float32(config.mean)) / np.float32(config.std)


def to_inputs(images: WordImage | Iterable[WordImage], config: RecogniserConfig) -> NDArray[np.float32]:
    """Opens, fits and standardises images of words.

    Args:
        images: one, or any number of them; see `WordImage`.
        config: of the recogniser that shall read them: ``recogniser.config``.

    Returns:
        float32 [N, 1, H, W], in [-1, 1] with the usual mean and deviation; N is 1 for one image, and 0 for none. For
        a model of lines W is the width of the widest, and the others are padded.

    Raises:
        HtrError: as `open_image` does.
    """
    given = iter([images]) if is_one(images) else several(images)
    fitted = [fit(open_image(image), config) for image in given]
    return standardise(stacked(fitted) if fitted else np.empty((0, config.height, config.width), np.uint8), config)


def is_one(images: object) -> TypeGuard[WordImage]:
    """Whether this is one image of a word, and no sequence of them."""
    return isinstance(images, str | bytes | os.PathLike | Image.Image | np.ndarray | Encoded | PageOfFile)


def several(images: object) -> Iterator[WordImage]:
    """The images of a sequence, or of anything else that gives them one after the other.

    Raises:
        WrongTypeError: it gives none.
    """
    if not isinstance(images, Iterable):
        raise WrongTypeError(f"{_short(images)} is no image of a word: give {_KINDS}")
    return iter(images)


def _decoded(name: str, content: bytes) -> Image.Image:
    return _named(name, lambda: Image.fromarray(decode(content, "grey")))


def _named(name: str, opened: Callable[[], Image.Image]) -> Image.Image:
    try:
        return opened()
    except ImageError as error:
        raise BadDataError(f"{name}: {error}") from error


def _from_file(page: PageOfFile) -> Image.Image:
    path = page.path
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder: `htrmodel.predict` reads folders and stores")
        with open_regular(path) as raw, io.BufferedReader(raw) as file:
            if (size := os.fstat(file.fileno()).st_size) > MAX_BYTES:
                raise BadDataError(f"{path} has {size:,} bytes: an image may have {MAX_BYTES:,}")
            return _named(str(path), lambda: Image.fromarray(decode_page(file, "grey", page.number)))
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no image at {path}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"
