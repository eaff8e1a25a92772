"""The XML of a form out of the PNG of one of its words: each of IAM's carries it, whole and compressed.

It stands in a chunk ``zTXt`` with the keyword ``xml``, and is the form's file in ``xml.tgz`` but for one attribute of
its root, ``select``, which names the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from htrdata.errors import BadDataError
from htrdata.images.png_chunks import compressed_texts
from htrdata.records import ImageFile

LONGEST = 4 << 20
"""The longest XML that is unpacked, in bytes; IAM's have some 35,000."""

_OTHER_FORMATS = (b"\xff\xd8", b"GIF8", b"RIFF", b"II", b"MM", b"BM")  # that images are read of
_TRIES = 9  # images of one form that are damaged, before it counts as one without annotation
_ROOT = re.compile(rb"<form\b[^>]*?\sid\s*=\s*[\"']([^\"'>]*)")
_SELECT = re.compile(rb"(<form\b[^>]*?)\sselect\s*=\s*(?:\"[^\">]*\"|'[^'>]*')")


class Samples:
    """The XML of forms, of each out of one image: the first that is not damaged.

    Attributes:
        faults: what is wrong with images that were looked at, by the id of their form; none of a form whose XML is
            found.
    """

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}
        self._found: dict[str, tuple[str, bytes]] = {}
        self._settled: set[str] = set()

    def __len__(self) -> int:
        return len(self._found)

    def needs(self, form: str) -> bool:
        """Whether another image of the form is worth reading."""
        return form not in self._settled and len(self.faults.get(form, ())) < _TRIES

    def offer(self, form: str, image: ImageFile) -> None:
        """Reads an image of a form.

        Raises:
            OSError: it cannot be read.
        """
        data = image.read()
        try:
            carries = xml_in(data, form) is not None
        except BadDataError as error:
            self.faults.setdefault(form, []).append(f"{image.name}: {error}")
            return
        self._settled.add(form)
        self.faults.pop(form, None)
        if carries:
            self._found[form] = (image.name, data)

    def take(self, others: Samples) -> None:
        """Adds what others have found of forms of which nothing is known yet."""
        for form in others._settled - self._settled:
            self._settled.add(form)
            if form in others._found:
                self._found[form] = others._found[form]
        faults = {**others.faults, **self.faults}
        self.faults = {form: told for form, told in faults.items() if form not in self._settled}

    def forms(self) -> Iterator[tuple[str, str, bytes]]:
        """Yields form, the name of the image and the XML, in the order of the forms."""
        for form, (name, data) in sorted(self._found.items()):
            xml = xml_in(data, form)
            assert xml is not None  # it was looked at before
            yield form, name, xml


def xml_in(data: bytes, form: str) -> bytes | None:
    """The XML that the image of a word carries, as the form's file has it; None where it carries none.

    Raises:
        BadDataError: the image is damaged, its text is too long to be one of IAM's, it has several, or that of another
            form.
    """
    if data.startswith(_OTHER_FORMATS):
        return None  # who made one of it has left the XML out
    texts = compressed_texts(data, b"xml", LONGEST)
    if not texts:
        return None
    if len(texts) > 1:
        raise BadDataError(f"it carries {len(texts)} annotations, where IAM's carry one")
    root = _ROOT.search(texts[0])
    found = root[1].decode("latin-1") if root is not None else None
    if found != form:
        raise BadDataError(f"it carries the annotation of another form, {found!r}")
    return _SELECT.sub(rb"\1", texts[0], count=1)
