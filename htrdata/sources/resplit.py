"""Splits of one's own, for any source: random or in folds, by writer or by page, and the same wherever they are made.

Whatever shares a page id, the bytes of a page or, if wished, a writer is one group, and a group is never divided. The
groups are put into an order that chance and seed decide, by a hash and thus not by the order of the source, and are
then dealt out so that each split has its share of the words, to within a group. Where groups are so few that a split
would have none, it gets the smallest of the split that has the most; where there are fewer pages than splits, their
lines may be dealt out instead, which is said.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from htrdata.errors import UsageError
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit, Word, first_reason
from htrdata.sources.base import Source, remarks_of
from htrdata.sources.shares import Fold as Fold
from htrdata.sources.shares import Ratio as Ratio

Group = Literal["auto", "writer", "page"]

_MOVED, _DIVIDED = "moved", "divided"  # what the description says of splits of few pages


@dataclass(frozen=True)
class Resplit:
    """A source whose own splits do not count: all of its pages are dealt out anew.

    Attributes:
        source: where the pages come from.
        shares: how they are dealt out.
        seed: of the chance; from 0.
        group: what is not divided: the pages of a ``writer``, or a ``page``; ``auto`` is writer where all have one.
        divide_few: whether pages may be divided by their lines where there are fewer pages than splits.

    Raises:
        UsageError: the seed is negative.
    """

    source: Source
    shares: Ratio | Fold = field(default_factory=Ratio)
    seed: int = 0
    group: Group = "auto"
    divide_few: bool = False
    _unusual: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"a seed of {self.seed} is not possible: give 0 or more")

    @property
    def name(self) -> str:
        """That of the source, the kind of split and the seed."""
        return f"{self.source.name}_{self.shares.suffix(self.seed)}"

    @property
    def info(self) -> SourceInfo:
        """That of the source."""
        return self.source.info

    @property
    def unit(self) -> Unit:
        """That of the source."""
        return self.source.unit

    @property
    def drawn(self) -> str | None:
        """That of the source."""
        return self.source.drawn

    @property
    def division(self) -> Division:
        """How the pages are dealt out; the splits of the source do not matter."""
        scheme = "random" if isinstance(self.shares, Ratio) else "fold"
        return Division(self.source.division.corpus, scheme, self._dealing)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Those of the source."""
        return self.source.extra_columns

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of the source, and how its pages are dealt out."""
        return {**self.source.settings, **self._dealing}

    @property
    def remarks(self) -> Sequence[str]:
        """Those of the source, and what is unusual of the splits. Complete once all pages have been taken."""
        told = {
            _MOVED: "a split would have been empty by chance, with so few to deal out: moved {}",
            _DIVIDED: (
                "too few pages for whole ones in each split, so that lines were dealt out ({}): one hand and one page "
                "then stand in several splits, and figures on val and test flatter. Three pages or more stay whole; "
                "--split train puts all into train"
            ),
        }
        return [*remarks_of(self.source), *(told[what].format(which) for what, which in self._unusual.items())]

    @property
    def _dealing(self) -> Mapping[str, str]:
        kind = "ratio" if isinstance(self.shares, Ratio) else "fold"
        return {kind: str(self.shares), "seed": str(self.seed), "group": self.group, **self._unusual}

    @property
    def published(self) -> Mapping[str, Mapping[str, int]]:
        """Nothing: nobody has published these splits."""
        return {}

    def pages(self) -> Iterator[Page]:
        """Yields the pages split by split, in the order of the source; those that were in no split are in one, too.

        Raises:
            UsageError: pages are to be grouped by writer, and one has none; or a split would be empty.
            HtrError: as the source's own.
        """
        pages = list(self.source.pages())
        self._unusual.clear()
        groups = _groups(pages, by_writer=self._by_writer(pages))
        if self.divide_few and len(pages) < len(self.shares.wanted):
            yield from self._divided(pages)
            return
        splits = self._splits(pages, groups)
        for split in SPLITS:
            seen: set[str] = set()
            for page, given in zip(pages, splits, strict=True):
                if given == split:
                    yield _moved(page, split, seen)

    def _by_writer(self, pages: Iterable[Page]) -> bool:
        if self.group == "page":
            return False
        without = next((page for page in pages if any(word.writer is None for word in page.words)), None)
        if without is not None and self.group == "writer":
            raise UsageError(f"the writer of page {without.id!r} is unknown: pages cannot be grouped by writer")
        return without is None

    def _splits(self, pages: Sequence[Page], groups: Sequence[str]) -> list[str]:
        """The split of each page, from the name of its group."""
        words: Counter[str] = Counter()
        for page, group in zip(pages, groups, strict=True):
            words[group] += len(page.words)
        split_of = self._dealt(words)
        missing = [split for split in self.shares.wanted if split not in split_of.values()]
        if missing:
            number = f"are only {len(split_of)} groups" if len(split_of) > 1 else "is only 1 group"
            raise UsageError(
                f"{', '.join(missing)} would be empty: there {number} of pages; choose other shares, another seed or "
                "--group page"
            )
        return [split_of[group] for group in groups]

    def _dealt(self, words: Mapping[str, int]) -> dict[str, str]:
        """The split of each group; where shares are given, as many splits as possible have one."""
        order = sorted(words, key=self._place)
        split_of: dict[str, str] = {}
        before, total = 0, max(1, sum(words.values()))
        for group in order:
            split_of[group] = self.shares.split((before + words[group] / 2) / total)
            before += words[group]
        if isinstance(self.shares, Ratio):
            moved = []
            while missing := [split for split in self.shares.wanted[: len(order)] if split not in split_of.values()]:
                most = Counter(split_of.values()).most_common(1)[0][0]
                group = min((group for group in order if split_of[group] == most), key=words.__getitem__)
                split_of[group] = missing[0]
                moved.append(f"{group.partition(' ')[2]} to {missing[0]}")
            if moved:
                self._unusual[_MOVED] = ", ".join(moved)
        return split_of

    def _divided(self, pages: Sequence[Page]) -> Iterator[Page]:
        """Yields pages divided by their lines, split by split; where there is a line for each split, each has one."""
        lines = Counter(_line(page, word) for page in pages for word in page.words)
        split_of = self._dealt(lines)
        self._unusual.clear()  # which lines were moved nobody wants to know
        self._unusual[_DIVIDED] = f"{len(pages)} page{'s' * (len(pages) > 1)} by line"
        for split in SPLITS:
            seen: set[str] = set()
            for page in pages:
                words = tuple(word for word in page.words if split_of[_line(page, word)] == split)
                if words:
                    yield _moved(replace(page, words=words), split, seen)

    def _place(self, group: str) -> bytes:
        """Its place in the order of chance. An id that is no text, which is ruled out anyway, has one, too."""
        return hashlib.sha256(f"{self.seed} {group}".encode("utf-8", "surrogatepass")).digest()


def _line(page: Page, word: Word) -> str:
    """What tells a line from others; a word whose line is not known, or that is one, counts for itself."""
    return f"line {page.id} {word.extra.get('line') or word.id}"


def _groups(pages: Iterable[Page], *, by_writer: bool) -> list[str]:
    """The name of each page's group: the first, in the order of strings, of all that its pages share."""
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents.setdefault(key, key) != key:
            parents[key] = key = parents[parents[key]]
        return key

    first_keys = []
    for page in pages:
        keys = [f"id {page.id}"]
        if page.md5 is not None:
            keys.append(f"md5 {page.md5}")
        if by_writer:
            keys += {f"writer {word.writer}" for word in page.words}
        roots = {root(key) for key in keys}
        parents.update(dict.fromkeys(roots, min(roots)))
        first_keys.append(keys[0])
    return [root(key) for key in first_keys]


def _moved(page: Page, split: str, seen: set[str]) -> Page:
    """The page in a split; words that are there already, as the page was in two splits of the source, are marked."""
    words: list[Word] = []
    for word in page.words:
        if word.reason is not Reason.DUPLICATE_ID:
            if word.id in seen:
                word = replace(word, reason=first_reason([word.reason, Reason.DUPLICATE_ID]))
            seen.add(word.id)
        words.append(word)
    reason = None if page.reason is Reason.NOT_IN_SPLIT else page.reason
    return replace(page, split=split, words=tuple(words), reason=reason)
