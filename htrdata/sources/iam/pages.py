"""Deals the words or lines of forms out to splits, gives them their images, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from htrdata.records import ImageFile, Page, Reason, Unit, Word, first_reason
from htrdata.sources.iam.choosing import Forms
from htrdata.sources.iam.files import IamFiles
from htrdata.sources.iam.names import FORM_ID, LINE_ID, WORD_ID, Kind
from htrdata.sources.iam.splits import Scheme, Segmentation


class Pages:
    """The forms of IAM as pages.

    Args:
        files: where the images are.
        forms: what the annotations say.
        scheme: a published split, or None.
        segmentation: whether words of lines that are ``err`` are kept.
        pixels: which images are taken.
        unit: what the words are.
    """

    def __init__(
        self,
        files: IamFiles,
        forms: Forms,
        *,
        scheme: Scheme | None,
        segmentation: Segmentation,
        pixels: Kind,
        unit: Unit,
    ) -> None:
        self.forms = forms
        self.scheme = scheme
        self.segmentation = segmentation
        self.unit = unit
        self._seen: set[tuple[str | None, str]] = set()
        self._id = WORD_ID if unit == "word" else LINE_ID
        self._whole: Mapping[str, ImageFile] = {}
        self._own: Mapping[str, ImageFile] = {}
        if pixels == "forms":
            self._whole = files.images("forms", filter(FORM_ID.fullmatch, forms))
        else:
            boxed = (word.id for words in forms.values() for word in words if word.box is not None)
            self._own = files.images(pixels, filter(self._id.fullmatch, boxed))

    def __iter__(self) -> Iterator[Page]:
        split_of = self.scheme.ids() if self.scheme is not None else {}
        by_form = self.scheme is not None and self.scheme.unit == "form"

        def split(form: str, word: Word) -> str | None:
            if by_form:
                return split_of.get(form)
            return split_of.get(word.extra["line"] if self.unit == "word" else word.id)

        listed = dict.fromkeys((name, own if by_form else own.rpartition("-")[0]) for own, name in split_of.items())
        for name, form in listed:
            yield self._page(form, name, [word for word in self.forms.get(form, ()) if split(form, word) == name])
        for form, words in self.forms.items():
            rest = [word for word in words if split(form, word) is None]
            if rest:
                yield self._page(form, None, rest)

    def _page(self, form: str, split: str | None, words: list[Word]) -> Page:
        reason = None
        if not FORM_ID.fullmatch(form):
            reason = Reason.INVALID_ID
        elif split is None:
            reason = Reason.NOT_IN_SPLIT
        judged = tuple(self._word(form, split, word) for word in words)
        return Page(form, split, judged, self._whole.get(form), None, reason)

    def _word(self, form: str, split: str | None, word: Word) -> Word:
        reasons: list[Reason | None] = []
        if not self._id.fullmatch(word.id) or not word.id.startswith(f"{form}-"):
            return replace(word, reason=Reason.INVALID_ID)
        if (split, word.id) in self._seen:
            reasons.append(Reason.DUPLICATE_ID)
        self._seen.add((split, word.id))
        if self.segmentation == "ok" and word.extra["segmentation"] != "ok":
            reasons.append(Reason.SEGMENTATION_ERR)
        if word.box is None:
            reasons.append(Reason.EMPTY_BOX)
        # `dataclasses.replace` takes four times as long.
        image, reason = self._own.get(word.id), first_reason(reasons)
        return Word(
            id=word.id,
            text=word.text,
            box=word.box,
            image=image,
            reason=reason,
            writer=word.writer,
            extra=word.extra,
            ink_threshold=word.ink_threshold,
        )
