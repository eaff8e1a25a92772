"""The IAM Handwriting Database (version 3.0), words or lines, loose files or archives as its site gives them out.

Annotations come from ``xml``, from the PNGs of words, which carry the same, or from ``ascii``; pixels from ``words`` or
``lines`` (each its own PNG) or ``forms`` (cut out of the page). `htrdata.sources.iam.files` says where all of them are
looked for, `htrdata.sources.iam.choosing` which annotations are taken. All have the same words with the same
transcriptions; boxes may differ by a few pixels, and the writer is in ``forms.txt`` where it is not in XML.

Columns of its own: ``segmentation`` (of the line, ``ok`` or ``err``), ``threshold`` (the grey level at which it was
binarised), and of a word ``line`` (the id) and ``tag`` (grammatical).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from htrdata.errors import HtrError, SourceMissingError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.records import Division, Page, SourceInfo, Unit
from htrdata.sources.drawn import DrawnMark, parse_mark, read_mark
from htrdata.sources.iam import annotations as kinds
from htrdata.sources.iam.choosing import Chosen, Forms, choose
from htrdata.sources.iam.files import IamFiles, find_files, read_bounded
from htrdata.sources.iam.names import Kind
from htrdata.sources.iam.pages import Pages
from htrdata.sources.iam.splits import Segmentation, find_scheme

Annotations = Literal["auto", "xml", "png", "ascii"]
Pixels = Literal["auto", "words", "lines", "forms"]

IAM = SourceInfo(
    title="IAM Handwriting Database 3.0",
    url="https://fki.tic.heia-fr.ch/databases/iam-handwriting-database",
    licence="registration; non-commercial research only, no redistribution",
    citation="Marti, Bunke: The IAM-database: an English sentence database for offline handwriting recognition. "
    "IJDAR 5 (2002) 39-46",
)
"""The genuine data set."""

_FORMS = "formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz"
_ANNOTATIONS = {
    "auto": "xml.tgz, ascii.tgz, or the PNGs of the site, which carry them",
    "xml": "xml.tgz",
    "ascii": "ascii.tgz",
    "png": "words.tgz with the PNGs of the site, which carry them",
}
_PACKED = {"words": "words.tgz", "lines": "lines.tgz", "forms": "forms*.tgz"}


@dataclass(frozen=True)
class Iam:
    """IAM below a root folder.

    Attributes:
        root: the folder, or an archive; see `htrdata.sources.iam.files`.
        scheme: the published split, see `htrdata.sources.iam.splits`; None leaves every form in no split, to be dealt
            out by `htrdata.sources.resplit`.
        segmentation: ``ok`` drops the words of lines whose segmentation is ``err``, ``all`` keeps them; None is ``ok``
            for words and ``all`` for lines, as figures are published.
        annotations: which ones; ``auto`` those that cover the most forms.
        pixels: where from; ``auto`` is own PNGs where they are there.
        unit: what is read, ``word`` or ``line``.

    Raises:
        UsageError: there is no such split, or pixels are asked for that are not of this unit.
    """

    root: Path
    scheme: str | None = "aachen"
    segmentation: Segmentation | None = None
    annotations: Annotations = "auto"
    pixels: Pixels = "auto"
    unit: Unit = "word"

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))  # a text will do
        if self.scheme is not None:
            find_scheme(self.scheme)
        if self.pixels not in ("auto", "forms", f"{self.unit}s"):
            raise UsageError(f"{self.unit}s come from pixels of {self.unit}s or forms, not of {self.pixels}")

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # not what was found

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms; of a drawn sample, what that is."""
        return IAM if self._mark is None else self._mark.about

    @property
    def division(self) -> Division:
        """The scheme; ``none`` without one. Segmentation, annotations and pixels move no form to another split."""
        return Division(IAM.title if self._mark is None else self._mark.corpus, self.scheme or "none")

    @property
    def drawn(self) -> str | None:
        """What the sample says that it is; None of the genuine data set."""
        return None if self._mark is None else self._mark.drawn

    @property
    def name(self) -> str:
        """``iam`` and the scheme, and ``lines`` where it is of lines."""
        return "_".join(["iam", *([self.scheme] if self.scheme else []), *(["lines"] if self.unit == "line" else [])])

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """What is known of a word besides, or of a line."""
        return ("line", "segmentation", "threshold", "tag") if self.unit == "word" else ("segmentation", "threshold")

    @property
    def settings(self) -> Mapping[str, str]:
        """Scheme, segmentation, and which annotations and pixels are taken."""
        return {
            "scheme": self.scheme or "none",
            "segmentation": self._segmentation,
            "annotations": self._annotations,
            "pixels": self._pixels,
        }

    @property
    def published(self) -> Mapping[str, Mapping[str, int]]:
        """What the whole of IAM has in the splits of the scheme."""
        if self.scheme is None:
            return {}
        return find_scheme(self.scheme).published(self.unit, self._segmentation, pngs=self._pixels == "words")

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which annotations are taken, how others that are there differ, and what was found and is not read.

        Empty where the data set is not there, or damaged: `pages` says how.
        """
        chosen = self._told
        passed = (f"not read: {what}" for what in dict.fromkeys(self._files.passed))
        return (*chosen.remarks, *passed) if chosen is not None else ()

    def pages(self) -> Iterator[Page]:
        """Yields the forms of train, val and test in the order of the lists, then those that are in no list.

        A form whose lines are in several splits, or partly in none, comes once for each.

        Raises:
            SourceMissingError: annotations or pixels are not there; the message says how to get them.
            BadDataError: a file is not what its format promises.
            StorageError: a file cannot be read.
        """
        try:
            yield from Pages(
                self._files,
                self._take_forms(),
                scheme=find_scheme(self.scheme) if self.scheme is not None else None,
                segmentation=self._segmentation,
                pixels=self._pixels,
                unit=self.unit,
            )
        except HtrError:
            raise
        except OSError as error:
            raise StorageError(f"cannot read IAM in {self.root}: {refusal(error)}") from error

    def _take_forms(self) -> Forms:
        """The words of all forms, which are there once: whoever asks again has them read again."""
        chosen = self._chosen
        if chosen is not None and chosen.forms is None:
            self.__dict__.pop("_chosen")
            chosen = self._chosen
        missing = []
        if chosen is None or chosen.forms is None:
            missing.append(f"annotations ({_ANNOTATIONS[self.annotations]})")
        if not self._files.has(self._pixels):
            given = _PACKED[f"{self.unit}s"] + " or forms*.tgz" if self.pixels == "auto" else _PACKED[self.pixels]
            missing.append(f"pixels ({given})")
        if missing or chosen is None or chosen.forms is None:
            raise SourceMissingError("\n".join(self._how_to_get(" and ".join(missing))))
        forms, chosen.forms = chosen.forms, None
        return forms

    def _how_to_get(self, missing: str) -> Iterator[str]:
        yield f"IAM is not complete in {self.root}; missing: {missing}"
        yield from (f"  not read: {what}" for what in dict.fromkeys(self._files.passed))
        own = _PACKED[f"{self.unit}s"]
        yield f"  1. register at {IAM.url} (for non-commercial research)"
        yield f"  2. with that login fetch {own} (or {_FORMS}, and xml.tgz or ascii.tgz)"
        yield f"  3. put it, as it is or unpacked, into {self.root}, or name its folder with --root"
        yield "  4. to try things without: `htrdata sample iam --out DIR` draws a small one"

    @functools.cached_property
    def _files(self) -> IamFiles:
        return find_files(self.root)

    @functools.cached_property
    def _mark(self) -> DrawnMark | None:
        """What says that the sample is drawn: a file beside it, or in an archive that it is read from."""
        if self._files.marks:
            return read_mark(self._files.marks[0])
        _ = self._told  # archives of annotations are looked into for it
        try:
            packed = self._files.packed_marks(self._pixels)
        except (HtrError, OSError):  # `pages` says it
            return None
        return parse_mark(read_bounded(packed[0]), packed[0].name) if packed else None

    @functools.cached_property
    def _chosen(self) -> Chosen | None:
        return choose(self._files, self.unit, self.annotations, self._pixels)

    @property
    def _told(self) -> Chosen | None:
        """The annotations that are chosen; None of a data set that `pages` refuses."""
        try:
            return self._chosen
        except (HtrError, OSError):
            return None

    @property
    def _segmentation(self) -> Segmentation:
        return self.segmentation or ("ok" if self.unit == "word" else "all")

    @property
    def _annotations(self) -> kinds.Annotations:
        if self.annotations == "auto":
            return self._told.kind if self._told is not None else "xml"
        return self.annotations

    @functools.cached_property
    def _pixels(self) -> Kind:
        if self.pixels == "auto":
            own: Kind = "words" if self.unit == "word" else "lines"
            try:
                return "forms" if not self._files.has(own) and self._files.has("forms") else own
            except (HtrError, OSError):  # `pages` says it
                return own
        return self.pixels


def read(
    root: Path | str,
    scheme: str | None = "aachen",
    segmentation: Segmentation | None = None,
    annotations: Annotations = "auto",
    pixels: Pixels = "auto",
    unit: Unit = "word",
) -> Iterator[Page]:
    """Yields the forms of IAM; see `Iam` for the arguments and `Iam.pages` for the order and the errors."""
    return Iam(Path(root), scheme, segmentation, annotations, pixels, unit).pages()
