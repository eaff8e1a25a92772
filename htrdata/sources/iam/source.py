"""The IAM Handwriting Database (version 3.0), loose files or archives as its site gives them out.

Annotations come from ``xml`` or ``ascii``, pixels from ``words`` (each its own PNG) or ``forms`` (cut out of the page);
`htrdata.sources.iam.files` says where all of them are looked for. Both annotations have the same words with the same
transcriptions; boxes may differ by a few pixels, and the writer is in ``forms.txt`` where it is not in XML.

Columns of its own: ``line`` (its id), ``segmentation`` (of that line, ``ok`` or ``err``), ``threshold`` (the grey level
at which that line was binarised), ``tag`` (grammatical).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from htrdata.errors import BadDataError, HtrError, SourceMissingError, StorageError
from htrdata.records import Division, ImageFile, Page, Reason, SourceInfo, Unit, Word, first_reason
from htrdata.sources.drawn import DrawnMark, read_mark
from htrdata.sources.iam.files import FORM_ID, WORD_ID, IamFiles, Kind, find_files
from htrdata.sources.iam.splits import Segmentation, find_scheme
from htrdata.sources.iam.words_txt import read_words, read_writers
from htrdata.sources.iam.xml import read_form

_FORMS = "formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz"

Annotations = Literal["auto", "xml", "ascii"]
Pixels = Literal["auto", "words", "forms"]


IAM = SourceInfo(
    title="IAM Handwriting Database 3.0",
    url="https://fki.tic.heia-fr.ch/databases/iam-handwriting-database",
    licence="registration; non-commercial research only, no redistribution",
    citation="Marti, Bunke: The IAM-database: an English sentence database for offline handwriting recognition. "
    "IJDAR 5 (2002) 39-46",
)
"""The genuine data set."""


@dataclass(frozen=True)
class Iam:
    """IAM below a root folder.

    Attributes:
        root: the folder; see `htrdata.sources.iam.files`.
        scheme: the published split, see `htrdata.sources.iam.splits`; None leaves every form in no split, to be dealt
            out by `htrdata.sources.resplit`.
        segmentation: ``ok`` drops the words of lines whose segmentation is ``err``; ``all`` keeps them.
        annotations: which ones; ``auto`` is XML where it is there.
        pixels: where from; ``auto`` is the words' own PNGs where they are there.
    """

    root: Path
    scheme: str | None = "aachen"
    segmentation: Segmentation = "ok"
    annotations: Annotations = "auto"
    pixels: Pixels = "auto"

    extra_columns: ClassVar[tuple[str, ...]] = ("line", "segmentation", "threshold", "tag")
    unit: ClassVar[Unit] = "word"

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))  # a text will do

    @property
    def name(self) -> str:
        """``iam`` and the scheme."""
        return f"iam_{find_scheme(self.scheme).name}" if self.scheme is not None else "iam"

    @property
    def settings(self) -> Mapping[str, str]:
        """Scheme, segmentation, and which annotations and pixels are taken."""
        return {
            "scheme": self.scheme or "none",
            "segmentation": self.segmentation,
            "annotations": self._annotations,
            "pixels": self._pixels,
        }

    @property
    def published(self) -> Mapping[str, Mapping[str, int]]:
        """What the whole of IAM has in the splits of the scheme."""
        if self.scheme is None:
            return {}
        return find_scheme(self.scheme).published(self.segmentation, pngs=self._pixels == "words")

    def pages(self) -> Iterator[Page]:
        """Yields the forms of train, val and test in the order of the lists, then those that are in no list.

        A form whose lines are in several splits, or partly in none, comes once for each.

        Raises:
            SourceMissingError: annotations or pixels are not there; the message says how to get them.
            BadDataError: a file is not what its format promises.
            StorageError: a file cannot be read.
        """
        try:
            self._check_there()
            forms = _read_xml(self._files) if self._annotations == "xml" else _read_ascii(self._files)
            yield from _pages(self, self._files, forms)
        except HtrError:
            raise
        except OSError as error:
            raise StorageError(f"cannot read IAM in {self.root}: {error}") from error

    @functools.cached_property
    def _files(self) -> IamFiles:
        return find_files(self.root)

    @functools.cached_property
    def _mark(self) -> DrawnMark | None:
        return read_mark(self._files.marks[0]) if self._files.marks else None

    @property
    def _annotations(self) -> Literal["xml", "ascii"]:
        if self.annotations == "auto":
            return "ascii" if self._files.has("ascii") and not self._files.has("xml") else "xml"
        return self.annotations

    @property
    def _pixels(self) -> Literal["words", "forms"]:
        if self.pixels == "auto":
            return "forms" if self._files.has("forms") and not self._files.has("words") else "words"
        return self.pixels

    def _check_there(self) -> None:
        missing = []
        if not self._files.has(self._annotations):
            wanted = "xml.tgz or ascii.tgz" if self.annotations == "auto" else f"{self.annotations}.tgz"
            missing.append(f"annotations ({wanted})")
        if not self._files.has(self._pixels):
            packed = {"auto": "words.tgz or forms*.tgz", "words": "words.tgz", "forms": "forms*.tgz"}
            missing.append(f"pixels ({packed[self.pixels]})")
        if missing:
            raise SourceMissingError(
                f"IAM is not complete in {self.root}; missing: {' and '.join(missing)}\n"
                f"  1. register at {IAM.url} (for non-commercial research)\n"
                f"  2. with that login fetch xml.tgz (or ascii.tgz) and words.tgz (or {_FORMS})\n"
                f"  3. put them, as they are or unpacked, into {self.root}, or name their folder with --root\n"
                "  4. to try things without: `htrdata sample iam --out DIR` draws a small one"
            )


def read(
    root: Path | str,
    scheme: str | None = "aachen",
    segmentation: Segmentation = "ok",
    annotations: Annotations = "auto",
    pixels: Pixels = "auto",
) -> Iterator[Page]:
    """Yields the forms of IAM; see `Iam` for the arguments and `Iam.pages` for the order and the errors."""
    return Iam(Path(root), scheme, segmentation, annotations, pixels).pages()


_Forms = dict[str, list[Word]]


def _read_xml(files: IamFiles) -> _Forms:
    forms: _Forms = {}
    for file_id, name, data in files.annotations("xml"):
        form, words = read_form(data, name)
        if form != file_id:
            raise BadDataError(f"{name} is the annotation of another form, {form!r}")
        forms[form] = words
    if not forms:
        raise SourceMissingError(f"there is no annotation of a form, such as a01-000u.xml, in {_names(files, 'xml')}")
    return dict(sorted(forms.items()))


def _read_ascii(files: IamFiles) -> _Forms:
    tables = {table: (data, name) for table, name, data in files.annotations("ascii")}
    if "words" not in tables:
        raise SourceMissingError(f"there is no words.txt in {files.root} or {_names(files, 'ascii')}")
    writers = read_writers(*tables["forms"]) if "forms" in tables else {}
    return dict(sorted(read_words(*tables["words"], writers).items()))


def _names(files: IamFiles, kind: Kind) -> str:
    return ", ".join(map(str, files.archives[kind])) or f"{kind}.tgz"


def _pages(source: Iam, files: IamFiles, forms: _Forms) -> Iterator[Page]:
    """Deals the words out to the splits and gives them their images."""
    scheme = find_scheme(source.scheme) if source.scheme is not None else None
    split_of = scheme.ids() if scheme is not None else {}
    by_form = scheme is not None and scheme.unit == "form"

    def split(form: str, word: Word) -> str | None:
        return split_of.get(form if by_form else word.extra["line"])

    images = _Images(source, files, forms)
    listed = dict.fromkeys((name, unit if by_form else unit.rpartition("-")[0]) for unit, name in split_of.items())
    for name, form in listed:
        yield images.page(form, name, [word for word in forms.get(form, ()) if split(form, word) == name])
    for form, words in forms.items():
        rest = [word for word in words if split(form, word) is None]
        if rest:
            yield images.page(form, None, rest)


class _Images:
    """Where the pixels are, and what is wrong with words on their way to a page."""

    def __init__(self, source: Iam, files: IamFiles, forms: _Forms) -> None:
        self.segmentation = source.segmentation
        self.seen: set[tuple[str | None, str]] = set()
        self.words: dict[str, ImageFile] = {}
        self.forms: dict[str, ImageFile] = {}
        if source.settings["pixels"] == "forms":
            self.forms = files.images("forms", filter(FORM_ID.fullmatch, forms))
        else:
            boxed = (word.id for words in forms.values() for word in words if word.box is not None)
            self.words = files.images("words", filter(WORD_ID.fullmatch, boxed))

    def page(self, form: str, split: str | None, words: list[Word]) -> Page:
        reason = None
        if not FORM_ID.fullmatch(form):
            reason = Reason.INVALID_ID
        elif split is None:
            reason = Reason.NOT_IN_SPLIT
        return Page(
            form, split, tuple(self._word(form, split, word) for word in words), self.forms.get(form), None, reason
        )

    def _word(self, form: str, split: str | None, word: Word) -> Word:
        reasons: list[Reason | None] = []
        if not WORD_ID.fullmatch(word.id) or not word.id.startswith(f"{form}-"):
            return replace(word, reason=Reason.INVALID_ID)
        if (split, word.id) in self.seen:
            reasons.append(Reason.DUPLICATE_ID)
        self.seen.add((split, word.id))
        if self.segmentation == "ok" and word.extra["segmentation"] != "ok":
            reasons.append(Reason.SEGMENTATION_ERR)
        if word.box is None:
            reasons.append(Reason.EMPTY_BOX)
        # `dataclasses.replace` takes four times as long.
        image, reason = self.words.get(word.id), first_reason(reasons)
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
