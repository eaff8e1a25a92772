"""The source: all XML files below a folder or in an archive, as lines or as words."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

from htrdata.errors import SourceMissingError
from htrdata.files.on_disk import FileOnDisk
from htrdata.labels.text_rules import TextRules
from htrdata.records import SPLITS, Division, Outline, Page, Reason, SourceInfo, Unit, Word, first_reason
from htrdata.sources.base import ALIGNMENT, Progress
from htrdata.sources.xml.alignment import Alignment
from htrdata.sources.xml.corpus import Corpus, Place
from htrdata.sources.xml.export_findings import ExportFindings
from htrdata.sources.xml.files import ExportedFile, export_name, exported_files, filled_files, hocr_note, packed_note
from htrdata.sources.xml.image_names import Pictures, usual_place
from htrdata.sources.xml.parsing import parsed
from htrdata.sources.xml.picture_size import fitted
from htrdata.sources.xml.rows import flaw, has_type, place_of, row
from htrdata.sources.xml.same_picture import transcribed_again, with_own_pictures
from htrdata.sources.xml.stale_words import stale_words
from htrdata.sources.xml.written import Written, WrittenPage

LEAST_SCORE = -2.0
"""Mean log-probability of a word's letters from which its cut is taken to be right, see the README."""


@dataclass(frozen=True)
class XmlExport:
    """ALTO and PAGE files below a folder, or in the archive that a tool exported.

    Attributes:
        root: the folder, or the archive.
        unit: what becomes a row of the store: a ``line`` or a ``word``. Words are those that the files have boxes of,
            or those of an alignment.
        images: the folder, or the archive, of the pictures; the root where None.
        corpus: terms, writers and splits; None where nothing is known of them.
        split: the split of all pages where there is no corpus; None leaves them to `htrdata.sources.resplit`.
        alignment: where the words of the lines are; for words only.
        least_score: the lowest score of an aligned word that is kept.
        excluded: types of lines that are dropped.
        rules: what transcriptions are folded by, after the corpus's own signs.
        dewarp: whether crops are straightened along the baseline of their line.
        scaled: whether pictures may be reduced, or enlarged, copies of those that coordinates are for.
        progress: told how many files are read.
    """

    root: Path
    unit: Unit = "line"
    images: Path | None = None
    corpus: Corpus | None = None
    split: str | None = None
    alignment: Alignment | None = None
    least_score: float = LEAST_SCORE
    excluded: tuple[str, ...] = ()
    rules: TextRules | None = None
    dewarp: bool = False
    scaled: bool = False
    progress: Progress | None = field(default=None, compare=False, repr=False)

    extra_columns: ClassVar[tuple[str, ...]] = ("line", "line_type", "region", "format", "score")
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}
    drawn: ClassVar[str | None] = None

    @property
    def name(self) -> str:
        """That of the corpus, else ``xml``."""
        return self.corpus.name if self.corpus is not None else "xml"

    @property
    def info(self) -> SourceInfo:
        """That of the corpus; nothing is known of other exports."""
        if self.corpus is not None:
            return self.corpus.info
        return SourceInfo(title="Pages with ALTO or PAGE XML", url="", licence="that of the pages", citation="")

    @property
    def division(self) -> Division:
        """The corpus's held-out list; without one all are in one split, and the folder's name tells exports apart.

        An archive is the same export as the folder of its name, into which it is unpacked.
        """
        if self.corpus is not None:
            return Division(self.corpus.info.title, "held_out", {"list": self.corpus.fingerprint})
        return Division(f"ALTO and PAGE XML in {export_name(self.root)}", f"all {self.split or 'none'}")

    @property
    def settings(self) -> Mapping[str, str]:
        """What is read, from which alignment, and how many files are of no use."""
        return {
            "split": self.split or "none",
            "excluded": ",".join(self.excluded),
            **(
                {}
                if self.alignment is None
                else {ALIGNMENT: self.alignment.sha256, "least_score": str(self.least_score)}
            ),
            **({} if self.rules is None else {"text_rules": self.rules.digest, "folded": _shown(self.folded)}),
            **({"dewarp": "along baselines"} if self.dewarp else {}),
            **({"scaled": "coordinates to the pictures"} if self.scaled else {}),
            **self._findings.settings(),
        }

    @property
    def remarks(self) -> Sequence[str]:
        """Pages that a METS lists and that are not there, and pictures that cannot be read; once pages were taken."""
        return self._findings.remarks()

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "progress": None}

    def pages(self) -> Iterator[Page]:
        """Yields the pages split by split, each in the order of the paths of their XML files.

        Of a picture that coordinates have to be scaled to, the header is read.

        Raises:
            SourceMissingError: there is no folder, no XML file of the two formats in it, or no alignment.
            BadDataError: a file is not what its format promises.
            StorageError: a file cannot be read.
        """
        files = exported_files(self.root)
        self._findings.clear()
        pictures = Pictures(files if self.images is None else exported_files(self.images))
        self._findings.unread.update(pictures.unread)
        placed = self._placed(files)
        pages: list[Page] = []
        for number, (one, place) in enumerate(placed, 1):
            if self.progress is not None:
                self.progress("files", number, len(placed))
            written = parsed(one, self._findings)
            if written is not None:
                self._findings.look_at_page(one.below, written)
                pages.append(self._page(one.below, place, written, pictures))
        if not pages:
            others = f"{self.settings['other_files']}{packed_note(files, '; ')}{hocr_note(files)}"
            where = f"no ALTO or PAGE file in {self.root} (other XML files: {others})"
            raise SourceMissingError(f"{where}: name the folder, or the zip, of an export")
        pages = with_own_pictures(pages, self.root, pictures.is_near)
        again = transcribed_again(pages)
        self._findings.again, self._findings.packed = len(again), packed_note(files)
        for page in pages:
            yield replace(page, reason=Reason.DUPLICATE_PAGE) if page.id in again else page

    @functools.cached_property
    def folded(self) -> Counter[str]:
        """How often each text rule found something; full once all pages have been taken."""
        return Counter()

    @functools.cached_property
    def _findings(self) -> ExportFindings:
        """What was found besides the pages; full once all of them have been taken."""
        return ExportFindings()

    def _placed(self, files: Sequence[ExportedFile]) -> Sequence[tuple[ExportedFile, Place]]:
        self.folded.clear()
        placed, filled = [], filled_files(files)
        for one in files:
            if one.below in filled:
                self._findings.filled += 1
            elif one.below.suffix.lower() == ".xml" and one.is_leftover:
                self._findings.others["left over by macOS"] += 1
            elif one.below.suffix.lower() == ".xml":
                below = one.below.as_posix()
                placed.append((one, self.corpus.place(below) if self.corpus is not None else Place(self.split, None)))
        order = (*SPLITS, None)
        return sorted(placed, key=lambda one: order.index(one[1].split))

    def _page(self, xml: PurePosixPath, place: Place, written: WrittenPage, pictures: Pictures) -> Page:
        page_id = xml.with_suffix("").as_posix()
        picture = pictures.find(xml, written.image_name)
        reason = Reason.IMAGE_MISSING if picture is None else None if place.split else Reason.NOT_IN_SPLIT
        written, unfit = fitted(written, picture, self.scaled)
        seen: set[str] = set()
        words: list[Word] = []
        for number, line in enumerate(map(self._retold, written.lines)):
            self._findings.look_at(line.text)
            line_id = f"{page_id}/{line.id or f'line_{number}'}"
            reasons: list[Reason | None] = [Reason.EXCLUDED_TYPE if has_type(line, self.excluded) else None]
            if line_id in seen:
                line_id = f"{line_id}~{number}"
                reasons.append(Reason.DUPLICATE_ID)
            seen.add(line_id)
            extra = {"line": line_id, "line_type": line.type, "region": line.region, "format": written.format}
            words += self._rows(line, line_id, reasons, place.writer, extra)
        return Page(
            id=page_id,
            split=place.split,
            words=tuple(words),
            image=picture or FileOnDisk(self.root / usual_place(xml, written.image_name)),
            reason=first_reason([reason, unfit]),
            size=None if written.size is None else (round(written.size[0]), round(written.size[1])),
        )

    def _retold(self, line: Written) -> Written:
        """The line, and its words, as corpus and rules tell them; what is found in words counts where they are rows."""
        if self.rules is None and (self.corpus is None or not self.corpus.replacements):
            return line
        by_words = self.unit == "word" and self.alignment is None and line.words
        of_line, of_words = (Counter[str](), self.folded) if by_words else (self.folded, Counter[str]())
        words = tuple(replace(word, text=self._folded_text(word.text, of_words)) for word in line.words)
        return replace(line, text=self._folded_text(line.text, of_line), words=words)

    def _folded_text(self, text: str, counts: Counter[str]) -> str:
        if self.corpus is not None:
            text = self.corpus.text(text)
        return text if self.rules is None else self.rules.fold(text, counts)

    def _unusable(self, word: str) -> Reason | None:
        found = self.corpus is not None and self.corpus.is_unusable(word)
        return Reason.INVALID_LABEL if found else None

    def _rows(
        self, line: Written, line_id: str, reasons: list[Reason | None], writer: str | None, extra: dict[str, str]
    ) -> Iterator[Word]:
        if self.unit == "line":
            yield self._straightened(row(line, line_id, reasons, writer, extra), line)
        elif self.alignment is not None:
            outline = Outline.of(line.outline) if line.outline else None
            for number, word in enumerate(self.alignment.words(line_id, line.text, place_of(line))):
                told = [flaw(line), self._unusable(word.text), word.reason(self.least_score)]
                reason = first_reason([*reasons, *told])
                more = {**extra, "score": "" if word.score is None else f"{word.score:.3f}"}
                found = Word(
                    f"{line_id}/{number:03d}", word.text, word.box, None, reason, writer, more, outline=outline
                )
                yield self._straightened(found, line)
        elif line.words:
            stale = stale_words(line.text, [part.text for part in line.words]) if line.has_own_text else ()
            for number, part in enumerate(line.words):
                own = Reason.NOT_A_WORD if " " in part.text else Reason.TEXT_DIFFERS if number in stale else None
                flawed = [*reasons, own, self._unusable(part.text)]
                found = row(part, f"{line_id}/{number:03d}", flawed, writer, extra, baseline=line)
                yield self._straightened(found, line)
        else:
            yield row(line, line_id, [*reasons, Reason.NOT_A_WORD], writer, extra)

    def _straightened(self, word: Word, line: Written) -> Word:
        """The word with the baseline of its line, where crops are to be straightened and the line has one."""
        usable = self.dewarp and len(line.baseline) > 1 and word.box is not None
        return replace(word, baseline=Outline.of(line.baseline)) if usable else word


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items())) or "none"
