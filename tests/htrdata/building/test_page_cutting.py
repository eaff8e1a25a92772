"""Images that a source makes itself: a build takes them as they are.

It makes none where the source itself or the page rules the word out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.images.codec import encode
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.records import ImageFile, Page, Reason, Word


@dataclass(frozen=True, slots=True)
class Striped(MadeImage):
    """Twelve by eight pixels."""

    name: ClassVar[str] = "stripes"

    def make(self) -> GreyJpeg:
        pixels = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None], 8, axis=0)
        return GreyJpeg(encode(pixels, "jpeg"), 12, 8)


@dataclass(frozen=True, slots=True)
class Unmade(MadeImage):
    """An image that nobody may ask for."""

    name: ClassVar[str] = "unmade"

    def make(self) -> GreyJpeg:
        raise AssertionError("an image was made that nobody looks at")


def page(*words: Word, reason: Reason | None = None) -> Page:
    return Page("p", "train", words, reason=reason)


def test_a_made_image_is_an_image_file() -> None:
    image: ImageFile = Striped()
    assert image.read() == Striped().make().data
    assert image.name == "stripes"


def test_a_class_of_made_images_says_all_that_an_image_file_says() -> None:
    class Nameless(MadeImage):
        def make(self) -> GreyJpeg:
            return Striped().make()

    with pytest.raises(TypeError, match=r"abstract method '?name"):
        Nameless()  # type: ignore[abstract]


def test_judging_makes_no_image() -> None:
    (row,) = rows_of_page(page(Word("a", "one", image=Unmade())), BuildOptions(), pixels=False)
    assert (row.reason, row.text, row.image) == (None, "one", None)


def test_a_word_that_is_ruled_out_is_not_made() -> None:
    kept = Word("a", "one", image=Striped())
    ruled_out = Word("b", "two", image=Unmade(), reason=Reason.SEGMENTATION_ERR)
    first, second = rows_of_page(page(kept, ruled_out), BuildOptions())
    assert (first.reason, first.width, first.height) == (None, 12, 8)
    assert first.image == Striped().make().data
    assert (second.reason, second.text, second.image) == (Reason.SEGMENTATION_ERR, None, None)


def test_a_word_whose_label_is_dropped_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Striped] = []
    make = Striped.make

    def counted(image: Striped) -> GreyJpeg:
        made.append(image)
        return make(image)

    monkeypatch.setattr(Striped, "make", counted)
    word = Word("a", "é", image=Striped())
    (row,) = rows_of_page(page(word), BuildOptions(labels=LabelPolicy(PRINTABLE)))
    assert (row.reason, row.image, made) == (Reason.OUT_OF_CHARSET, None, [word.image])


def test_no_word_of_a_page_that_is_ruled_out_is_made() -> None:
    (row,) = rows_of_page(page(Word("a", "one", image=Unmade()), reason=Reason.DUPLICATE_PAGE), BuildOptions())
    assert (row.reason, row.image) == (Reason.DUPLICATE_PAGE, None)
