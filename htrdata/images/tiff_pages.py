"""The pages of a TIFF: its images, but for those that are a smaller picture, or a mask, of another one."""

from __future__ import annotations

import warnings
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from htrdata.images.eight_bit import MALFORMED, ImageError

MAX_PAGES = 10_000
"""A thick book. A file may chain a directory to each of its bytes."""

_SUBFILE_TYPE = 254
_SMALLER, _MASK = 1, 4  # bits of it, TIFF 6.0, section 8


def find_pages(file: BinaryIO) -> list[int]:
    """Finds the pages of an image file, from its headers alone.

    Args:
        file: opened for reading, of any format.

    Returns:
        The numbers of the pages of a TIFF as `htrdata.images.codec.decode_page` takes them, the first damaged one
        included, so that whoever decodes it is told; ``[0]`` for whatever is no TIFF.

    Raises:
        ImageError: it has more than `MAX_PAGES` pages.
    """
    file.seek(0)
    pages: list[int] = []
    number = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as `htrdata.images.codec` does, of odd metadata
        try:
            with Image.open(file, formats=("TIFF",)) as image:
                while number <= MAX_PAGES:
                    image.seek(number)
                    kind = image.tag_v2.get(_SUBFILE_TYPE, 0) if isinstance(image, TiffImagePlugin.TiffImageFile) else 0
                    if not kind & (_SMALLER | _MASK):
                        pages.append(number)
                    number += 1
        except EOFError:  # beyond the last page
            return pages or [0]
        except (*MALFORMED, Image.DecompressionBombError):  # no TIFF, or damaged from here on
            return [*pages, number]
    raise ImageError(f"a TIFF of more than {MAX_PAGES:,} pages: split it")
