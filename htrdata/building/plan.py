"""The plan: which words make which part. Made first, from the annotations alone, and the same wherever it is made."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from htrdata.building.correcting import Corrector
from htrdata.building.input_digest import digested
from htrdata.building.manifest_writer import part_schema
from htrdata.building.options import BuildOptions
from htrdata.building.part import Part
from htrdata.errors import BadDataError, UsageError
from htrdata.files.typed_json import decode, encode
from htrdata.records import SPLITS, Leaks, Page, SourceInfo
from htrdata.sources.base import ALIGNMENT, Progress, Source, missing_members
from htrdata.sources.overlap import drop_leaked, find_leaks
from htrdata.store.corrections import CorrectionFile
from htrdata.store.description import Compared, Corrections, Provenance
from htrdata.store.format import FORMAT, checked_name
from htrdata.store.manifest import CORRECTED_TEXT
from htrdata.version import __version__

_TOLD = 1000  # words after which progress is told

# What decides over the bytes of the images and files.
_LIBRARIES = ("lmdb", "numpy", "opencv-python", "opencv-python-headless", "pillow", "pyarrow")


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of a build before its first image is opened.

    Attributes:
        name: of the data set in the store.
        source: where the words come from.
        options: of the build.
        parts: in the order of the store.
        pages: how many pages with annotations each split has, None for the pages that are in no split.
        leaks: where the splits overlap.
        compared: what the source makes it possible to compare between the splits; see `Counts.compared`.
        unannotated: for each split that has some, how many pages are listed for it without annotations.
        inputs: SHA-256, in hex, over the annotations and the sizes of the images.
        corrections: that the words of the parts were corrected by; None where there were none.
    """

    name: str
    source: Source
    options: BuildOptions
    parts: tuple[Part, ...]
    pages: dict[str | None, int]
    leaks: Leaks
    compared: tuple[Compared, ...]
    unannotated: dict[str, int]
    inputs: str
    corrections: Corrections | None = None

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The columns of the manifest that not every data set has."""
        return _extra_columns(self.source, self.corrections is not None)

    @property
    def words(self) -> int:
        """How many annotated words there are."""
        return sum(part.words for part in self.parts)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hex, over what the store depends on."""
        return hashlib.sha256(json.dumps(encode(self.provenance), sort_keys=True).encode()).hexdigest()

    @property
    def provenance(self) -> Provenance:
        """What the store depends on."""
        source = self.source
        return Provenance(
            format=FORMAT,
            source=source.name,
            settings=dict(source.settings),
            division=source.division,
            unit=source.unit,
            drawn=source.drawn,
            corrections=self.corrections,
            alignment=self.source.settings.get(ALIGNMENT),
            options=self.options.recorded(),
            inputs=self.inputs,
            versions=versions(),
        )


def versions() -> dict[str, str]:
    """The versions of this package and of the libraries that decide over pixels and bytes."""
    found = {"htrdata": __version__}
    for library in _LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue  # OpenCV comes in two packages, of which one is there
    return found


def make_plan(
    source: Source,
    options: BuildOptions,
    name: str | None = None,
    corrections: CorrectionFile | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Reads the annotations of a source and cuts them into parts.

    Args:
        source: where the words come from.
        options: of the build.
        name: of the data set in the store; that of the source where None.
        corrections: of the labels; each must fit a word.
        progress: is told of how many words the images were looked at: on a slow disk that is what takes the time.

    Raises:
        UsageError: the name is not one for a data set, a column of the source has the name of another one, or a
            member of `htrdata.sources.base.Source` is missing or of another type.
        SourceMissingError: the source is not there, or has no word.
        BadDataError: its annotations are damaged, or a name in them is longer than
            `htrdata.building.input_digest.LONGEST_NAME`; or a correction fits no word.
    """
    _check_members(source)
    part_schema(_extra_columns(source, corrections is not None))  # raises where parts could not be written
    pages, corrected = _read_pages(source, corrections)
    digest = hashlib.sha256()
    going_by = digested(pages if progress is None else _told(pages, progress), digest.update)
    unknown: list[str] = []
    leaks = find_leaks(_without_writers(going_by, unknown))
    assert next(going_by, None) is None, "the digest is of all pages only where all were looked at"
    if options.dedup:
        pages = drop_leaked(pages)
    unannotated = Counter(page.split for page in pages if page.split is not None and not page.words)
    pages = [page for page in pages if page.words]
    plan = Plan(
        name=checked_name(name or source.name),
        source=source,
        options=options,
        parts=(),
        pages=dict(Counter(page.split for page in pages)),
        leaks=leaks,
        compared=(*_kept_together(pages), *(() if unknown else ("writers",))),
        unannotated={split: unannotated[split] for split in SPLITS if unannotated[split]},
        inputs=digest.hexdigest(),
        corrections=corrected,
    )
    _check_description(plan)
    return replace(plan, parts=tuple(_parts(pages, options.part_words, plan.fingerprint)))


def _extra_columns(source: Source, corrected: bool) -> tuple[str, ...]:
    return (*source.extra_columns, CORRECTED_TEXT) if corrected else tuple(source.extra_columns)


def _read_pages(source: Source, corrections: CorrectionFile | None) -> tuple[list[Page], Corrections | None]:
    """All pages of a source, corrected, and what is recorded of that."""
    if corrections is None:
        return list(source.pages()), None
    corrector = Corrector(corrections)
    pages = list(corrector.corrected(source.pages()))
    return pages, Corrections(sha256=corrections.sha256, words=corrector.changed)


def _told(pages: Sequence[Page], progress: Progress) -> Iterator[Page]:
    """Passes pages on, and tells now and then of how many words they were; never where there are few."""
    total = sum(len(page.words) for page in pages)
    done = told = 0
    for page in pages:
        yield page
        done += len(page.words)
        if done - told >= _TOLD:
            told = done
            progress("words looked at", done, total)


def _without_writers(pages: Iterable[Page], found: list[str]) -> Iterator[Page]:
    """Passes pages on, and notes the first that is in a split and has a word whose writer is not known."""
    for page in pages:
        if not found and page.split is not None and any(word.writer is None for word in page.words):
            found.append(page.id)
        yield page


def _kept_together(pages: Sequence[Page]) -> tuple[Compared, ...]:
    """What the pages of a source are: pictures, or groups of words; where each is but one word they are neither."""
    if all(page.image is not None for page in pages):
        return ("pages",)
    return ("groups",) if any(len(page.words) > 1 for page in pages) else ()


def _check_members(source: Source) -> None:
    """Other packages add sources, and may have been written for a version that asked for less."""
    if missing := missing_members(source):
        raise UsageError(
            f"the source {type(source).__name__} has no {', '.join(missing)}: give it all members of "
            "htrdata.sources.base.Source"
        )


def _check_description(plan: Plan) -> None:
    """What a source says of itself is written as it is: nobody could read it again if it were of another type."""
    of = f"what the source {type(plan.source).__name__} says of itself cannot be recorded"
    try:
        decode(encode(plan.provenance), Provenance, of, "correct the source")
        decode(encode(plan.source.info), SourceInfo, of, "correct its info")
    except (BadDataError, TypeError) as error:
        raise UsageError(f"{error}; see htrdata.sources.base.Source for the types of its members") from error


def _parts(pages: Sequence[Page], part_words: int, build: str) -> Iterator[Part]:
    """Fills parts with whole pages until each has the words wanted, split by split."""
    number = 0
    for split in (*SPLITS, None):
        waiting: list[Page] = []
        words = 0
        for page in (page for page in pages if page.split == split):
            waiting.append(page)
            words += len(page.words)
            if words >= part_words:
                yield Part(number, split, tuple(waiting), build)
                number, waiting, words = number + 1, [], 0
        if waiting:
            yield Part(number, split, tuple(waiting), build)
            number += 1
