"""Puts corrections of labels into the pages of a source; see `htrdata.store.corrections`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from htrdata.errors import BadDataError
from htrdata.labels import legible
from htrdata.records import Page, Word
from htrdata.store.corrections import Correction, CorrectionFile

_TOLD = 3


@dataclass(slots=True)
class Corrector:
    """Corrects pages one after the other, and knows at the end which lines were of no use.

    Attributes:
        file: the corrections.
        changed: how many words have another label by them, or are flagged, so far.
    """

    file: CorrectionFile
    changed: int = 0
    _by_id: dict[str, list[Correction]] = field(init=False)
    _used: set[Correction] = field(init=False, default_factory=set)
    _found: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id = defaultdict(list)
        for one in self.file.corrections:
            self._by_id[one.id].append(one)

    def corrected(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Yields the pages; those with a corrected word anew, the others as they are.

        Raises:
            BadDataError: at the end, where there is no word of an id, or its text is not the old one.
        """
        for page in pages:
            places = [place for place, word in enumerate(page.words) if legible(word.id) in self._by_id]
            yield page if not places else replace(page, words=self._corrected(page.words, places))
        self._refuse_unused()

    def _corrected(self, words: Sequence[Word], places: Sequence[int]) -> tuple[Word, ...]:
        changed = list(words)
        for place in places:
            word = changed[place]
            text = before = legible(word.text)
            for one in self._by_id[legible(word.id)]:
                if one.old == text:
                    self._used.add(one)
                    text = one.new
            self._found[legible(word.id)] = text
            if text != before:
                changed[place] = replace(word, correction=text)
                self.changed += 1
        return tuple(changed)

    def _refuse_unused(self) -> None:
        unused = [one for one in self.file.corrections if one not in self._used]
        if unused:
            told = "; ".join(self._fault(one) for one in unused[:_TOLD])
            more = f"; and {len(unused) - _TOLD:,} more" if len(unused) > _TOLD else ""
            raise BadDataError(
                f"{self.file.path} does not fit this data set: {told}{more}. Take such lines out, or correct them"
            )

    def _fault(self, one: Correction) -> str:
        if one.id not in self._found:
            return f"line {one.line}: there is no word {one.id!r}"
        return f"line {one.line}: the word {one.id!r} is {self._found[one.id]!r} there, not {one.old!r}"
