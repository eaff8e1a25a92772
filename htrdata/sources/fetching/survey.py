"""What came of a data set and what did not: the table at the end of a run, and the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.files.strict_json import Json
from htrdata.records import SPLITS
from htrdata.sources.fetching.wanted import FINAL, FileOutcome, Status, Wanted


@dataclass(frozen=True, slots=True)
class FileSurvey:
    """What became of the files that a data set consists of.

    Attributes:
        name: of the data set.
        root: its folder.
        what: its files are, in the plural: pages, for instance.
        wanted: the files, in order.
        outcomes: what became of them, by name; those that nobody has asked for yet are not in it.
        kept_pages: the list of the pages that are there, and its digest; None where there are no pages.
        then: what else will be fetched, where that is not known before these files are there.
    """

    name: str
    root: Path
    what: str
    wanted: Sequence[Wanted]
    outcomes: Mapping[str, FileOutcome]
    kept_pages: tuple[Path, str] | None = None
    then: str = ""

    @property
    def counts(self) -> Counter[Status]:
        """How many files there are of each status."""
        return Counter(map(self.status, self.wanted))

    @property
    def missing(self) -> list[Wanted]:
        """The files that another run would ask for."""
        return [one for one in self.wanted if self.status(one) not in FINAL]

    @property
    def missing_for_good(self) -> list[Wanted]:
        """The files that are not there and would not be asked for again."""
        return [one for one in self.wanted if self.status(one) in FINAL - {Status.KEPT}]

    def status(self, wanted: Wanted) -> Status:
        """What became of a file."""
        outcome = self.outcomes.get(wanted.name)
        return Status.NOT_TRIED if outcome is None else outcome.status

    def why(self) -> str:
        """The commonest reason, in words, for which files are still to be had."""
        details = Counter(
            outcome.detail for outcome in self.outcomes.values() if outcome.status not in FINAL and outcome.detail
        )
        return details.most_common(1)[0][0] if details else "nobody has asked yet"

    def text(self) -> str:
        """The table, of at most 80 columns."""
        return "\n".join(self._lines())

    def as_json(self) -> Json:
        """The same for programs."""
        counts: dict[str, Json] = {}
        for name, files in self._columns():
            statuses = Counter(map(self.status, files))
            counts[name] = {
                "files": len(files),
                "statuses": {status.value: statuses[status] for status in Status if statuses[status]},
                "words": sum(one.words for one in files),
                "words_kept": self._words_kept(files),
            }
        pages: Json = None
        if self.kept_pages is not None:
            path, digest = self.kept_pages
            pages = {"file": str(path), "digest": digest}
        return {"name": self.name, "root": str(self.root), "open": len(self.missing), "counts": counts, "pages": pages}

    def _words_kept(self, files: Sequence[Wanted]) -> int:
        return sum(one.words for one in files if self.status(one) is Status.KEPT)

    def _columns(self) -> Iterator[tuple[str, Sequence[Wanted]]]:
        for split in SPLITS:
            files = [one for one in self.wanted if split in one.splits]
            if files:
                yield split, files
        yield "all", self.wanted

    def _column(self, files: Sequence[Wanted]) -> Iterator[tuple[str, int]]:
        statuses = Counter(map(self.status, files))
        yield self.what, len(files)
        for status in Status:
            if self.counts[status]:
                yield f"  {status}", statuses[status]
        if any(one.splits for one in self.wanted):
            yield "words", sum(one.words for one in files)
            yield "  on pages kept", self._words_kept(files)

    def _lines(self) -> Iterator[str]:
        columns = [(name, dict(self._column(files))) for name, files in self._columns()]
        labels = list(columns[-1][1])
        width = max(map(len, (self.name, *labels)))
        yield f"{self.name:{width}}" + "".join(f"{name:>10}" for name, _ in columns)
        for label in labels:
            yield f"{label:{width}}" + "".join(f"{numbers[label]:>10,}" for _, numbers in columns)
