"""Images that hold several pictures, such as TIFFs of several pages and animations: of these the first one is taken."""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterator, Sequence

from PIL import Image

from htrdata.errors import BadDataError
from htrdata.images.eight_bit import MALFORMED
from htrdata.images.endings import ending_of
from htrdata.images.tiff_pages import find_pages
from htrdata.records import ImageFile, Word
from htrdata.records.counting import plural

_LOOKED_AT, _MOST = 500, 64 << 20  # images and bytes: whoever has such has many
_MAY_HAVE = (".tif", ".tiff", ".gif", ".webp")


def several_pages(words: Sequence[Word]) -> Iterator[str]:
    """Says how many of the first images have several pages; nothing where none has.

    Args:
        words: with their images.
    """
    images = (word.image for word in words if word.image is not None and word.reason is None)
    may_have = [one for one in images if ending_of(one.name) in _MAY_HAVE]
    ends = itertools.accumulate(one.size() or 0 for one in may_have[:_LOOKED_AT])
    looked = [one for one, end in zip(may_have, ends, strict=False) if end <= _MOST]
    found = [one.name for one in looked if _count(one) > 1]
    if found:
        of = f" of the first {len(looked):,}" if len(looked) < len(may_have) else ""
        more = ", …" if found[1:] else ""
        yield (
            f"{plural(len(found), 'image')}{of} in TIFF, GIF or WebP have several pages or pictures, of which the "
            f"first is taken ({found[0]}{more}): save each as an image of its own, if others have texts"
        )


def _count(file: ImageFile) -> int:
    try:
        data = file.read()
        if ending_of(file.name) in (".tif", ".tiff"):
            return len(find_pages(io.BytesIO(data)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("GIF", "WEBP")) as image:
                return int(getattr(image, "n_frames", 1))
    except (BadDataError, *MALFORMED, Image.DecompressionBombError):
        return 1  # whoever decodes it says what is wrong with it
