"""Splits of one's own, for any source: random or in folds, by writer or by page, and the same wherever they are made.

Whatever shares a page id, the bytes of a page or, if wished, a writer is one group, and a group is never divided. Seed
and name of a group decide by a hash where it stands in an order of chance, and the groups are dealt out so that each
split has its share of the pages, to within a group: whether a page gives lines or words, and how many, does not matter.
Fifty groups or more of one page each are dealt out each by its own hash, so that further pages move no other one. Where
groups are so few that a split would have none, it gets the smallest of the split that has the most; where there are
fewer pages than splits, their lines may be dealt out instead, which is said. Pages and lines on which nothing stands do
not count, and are in train.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from htrdata.errors import UsageError
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit, Word, first_reason
from htrdata.records.counting import plural
from htrdata.sources.base import Source, remarks_of
from htrdata.sources.shares import Fold as Fold
from htrdata.sources.shares import Ratio as Ratio
from htrdata.sources.shares import deal, place_of

Group = Literal["auto", "writer", "page"]

_MOVED, _DIVIDED = "moved", "divided"  # what the description says of splits of few pages
_EACH, _HELD_OUT = "each", "held out"  # and, of all, what tells two of the same ratio and seed apart


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
    _found: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

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
        """How the pages are dealt out; the splits of the source do not matter. Complete once pages have been taken."""
        scheme = "random" if isinstance(self.shares, Ratio) else "fold"
        return Division(self.source.division.corpus, scheme, self._dealing)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Those of the source."""
        return self.source.extra_columns

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of the source, and how its pages are dealt out. Complete once all pages have been taken."""
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
        return [
            *remarks_of(self.source),
            *(told[what].format(which) for what, which in self._found.items() if what in told),
        ]

    @property
    def _dealing(self) -> Mapping[str, str]:
        kind = "ratio" if isinstance(self.shares, Ratio) else "fold"
        return {kind: str(self.shares), "seed": str(self.seed), "group": self.group, **self._found}

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
        self._found.clear()
        groups = _groups(pages, by_writer=self._by_writer(pages))
        if self.divide_few and len(_written(pages)) < len(self.shares.wanted):
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
        held: dict[str, set[str]] = {}
        written = _written(pages)
        for page, group in zip(pages, groups, strict=True):
            if page.id in written:
                held.setdefault(group, set()).add(page.id)
        split_of = self._dealt({group: len(ids) for group, ids in held.items()})
        missing = [split for split in self.shares.wanted if split not in split_of.values()]
        if missing:
            number = f"are only {len(split_of)} groups" if len(split_of) > 1 else "is only 1 group"
            raise UsageError(
                f"{', '.join(missing)} would be empty: there {number} of pages; choose other shares, another seed or "
                "--group page"
            )
        return [split_of.get(group, "train") for group in groups]

    def _dealt(self, weights: Mapping[str, int]) -> Mapping[str, str]:
        """The split of each group; where shares are given, as many splits as possible have one."""
        dealing = deal(weights, self.shares, lambda group: place_of(f"{self.seed} {group}"))
        if dealing.moved:
            self._found[_MOVED] = ", ".join(f"{group.partition(' ')[2]} to {split}" for group, split in dealing.moved)
        self._found.update({_EACH: "by its own name"} if dealing.held_out is None else {_HELD_OUT: dealing.held_out})
        return dealing.splits

    def _divided(self, pages: Sequence[Page]) -> Iterator[Page]:
        """Yields pages divided by their lines, split by split; where there is a line for each split, each has one."""
        split_of = self._dealt(
            {_line(page, word): 1 for page in pages for word in page.words if _is_written(page, word)}
        )
        self._found.pop(_MOVED, None)  # which lines were moved nobody wants to know
        self._found[_DIVIDED] = f"{plural(len(_written(pages)), 'page')} by line"
        for split in SPLITS:
            seen: set[str] = set()
            for page in pages:
                words = tuple(word for word in page.words if split_of.get(_line(page, word), "train") == split)
                if words:
                    yield _moved(replace(page, words=words), split, seen)


def _written(pages: Sequence[Page]) -> set[str]:
    """The ids of the pages on which something stands that no other page has; of all where nothing does."""
    found = {page.id for page in pages if any(_is_written(page, word) for word in page.words)}
    return found or {page.id for page in pages}


def _is_written(page: Page, word: Word) -> bool:
    return page.reason is not Reason.DUPLICATE_PAGE and bool(word.text.strip())


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
