"""A drawn data set in the layout of IAM, unpacked or in archives as its site gives them out.

Under the root::

    xml/a01-000u.xml                            xml.tgz         a01-000u.xml
    ascii/words.txt, lines.txt, forms.txt       ascii.tgz       words.txt, lines.txt, forms.txt
    words/a01/a01-000u/a01-000u-00-00.png       words.tgz       a01/a01-000u/a01-000u-00-00.png
    lines/a01/a01-000u/a01-000u-00.png          lines.tgz       a01/a01-000u/a01-000u-00.png
    forms/a01-000u.png                          formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz    a01-000u.png
    drawn.json                                  that it is drawn: see `htrdata.sources.drawn`; with all images, too
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from htrdata.drawing.samples.iam_annotations import (
    FORMS_HEAD,
    LINES_HEAD,
    WORDS_HEAD,
    as_file,
    draw_annotated_form,
    form_row,
    line_rows,
    word_rows,
)
from htrdata.drawing.samples.iam_form import BROKEN
from htrdata.drawing.samples.iam_records import DrawnForm, FormJob
from htrdata.errors import CannotCreateError, StorageError, UsageError
from htrdata.files.refusals import cannot_create, refusal
from htrdata.records import SPLITS, SourceInfo
from htrdata.sources.base import DRAWN
from htrdata.sources.drawn import MARK, DrawnMark, mark_bytes, write_mark
from htrdata.sources.iam.source import IAM
from htrdata.sources.iam.splits import AACHEN

UNLISTED = "z99-001"
"""A form that is in no published list."""

Annotated = tuple[DrawnForm, bytes]
"""A form, and its XML."""

MapForms = Callable[[Callable[[FormJob], Annotated], Iterable[FormJob]], Iterable[Annotated]]
_DRAWN = ("words", "lines", "forms")
_Add = Callable[[str, str, bytes], None]  # the folder, and name and content of a file in it


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What `draw_sample` has written.

    Attributes:
        root: the folder.
        forms: pages.
        writers: hands.
        words: annotated words, with those that have no image.
    """

    root: Path
    forms: int
    writers: int
    words: int


def draw_sample(
    root: Path,
    *,
    forms: int = 16,
    seed: int = 0,
    scale: float = 1.0,
    archives: bool = False,
    map_forms: MapForms = map,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> SampleSummary:
    """Draws a small data set in the layout of IAM. The same arguments give the same bytes.

    The ids are those of forms in the Aachen lists, a fifth each in val and test, and one that is in no list. Two
    successive forms of train have one writer; all other writers have one form. XML, lines, word images and forms
    agree, with the quirks of the published ones:

    - on each form a line is marked ``err``, and a word of another has no component: no ``<cmp>``, box -1, no image;
    - the images of two words of train have no bytes (`htrdata.drawing.samples.iam_form.BROKEN`);
    - each other word's PNG carries the XML of its form;
    - texts in XML are escaped twice, and the lines of all annotations end with CRLF; ``words.txt`` is Latin-1;
    - words may have spaces inside; marks are words of their own;
    - every seventh box of ``words.txt`` is a pixel larger on each side than the union of the components in XML.

    Args:
        root: the folder to make. It must not exist, or be empty.
        forms: how many pages, 5 to 500.
        seed: another one gives other hands, words and paper.
        scale: of the pages; 1 is 2479 x 3542 pixels.
        archives: write the archives instead of folders.
        map_forms: a ``map``; pass ``executor.map`` to draw forms in parallel.
        progress: is told how many forms are drawn, and how many there are.

    Raises:
        UsageError: a number is out of range.
        CannotCreateError: the root is in use, or cannot be made.
        StorageError: the disk is full, or another failure of the system.
    """
    if not 5 <= forms <= 500 or seed < 0 or not 0.2 <= scale <= 2:
        raise UsageError(
            f"cannot draw {forms} forms of scale {scale} with seed {seed}: give 5 to 500 forms, a scale from 0.2 to 2 "
            "and a seed from 0"
        )
    jobs = _jobs(forms, seed, scale)
    _claim(root)
    lists, words = {"words.txt": [WORDS_HEAD], "lines.txt": [LINES_HEAD], "forms.txt": [FORMS_HEAD]}, 0
    title = f"{IAM.title}, drawn by htrdata sample"
    about = SourceInfo(title, "", "Apache-2.0, as htrdata", "")
    try:
        mark = DrawnMark(DRAWN, f"{title}, {forms} forms, seed {seed}, scale {scale:g}", about)
        write_mark(root, mark=mark)
        with (_packed if archives else _loose)(root, mark_bytes(mark)) as add:
            for number, (form, xml) in enumerate(map_forms(draw_annotated_form, jobs), 1):
                _add_images(form, add)
                add("xml", f"{form.job.form}.xml", xml)
                lists["words.txt"] += word_rows(form, words)
                lists["lines.txt"] += line_rows(form)
                lists["forms.txt"].append(form_row(form))
                words += len(list(form.words))
                progress(number, len(jobs))
            for name, rows in lists.items():
                add("ascii", name, as_file(rows))
    except OSError as error:
        raise StorageError(f"{root}: {refusal(error, root)}; what is there is not complete: remove it") from error
    return SampleSummary(root, len(jobs), len({job.writer for job in jobs}), words)


def _jobs(forms: int, seed: int, scale: float) -> list[FormJob]:
    """The forms to draw, in the order of their ids."""
    ids = AACHEN.ids()
    held_out = max(1, round((forms - 1) / 5))
    counts = {"train": forms - 1 - 2 * held_out, "val": held_out, "test": held_out}
    writers: dict[str, str] = {}  # of each form
    for split in SPLITS:
        listed = [form for form, own in ids.items() if own == split]
        broken = [_form_of(word) for word in BROKEN] if split == "train" else []
        chosen = broken + _evenly([form for form in listed if form not in broken], counts[split] - len(broken))
        hand = {form: k // 2 if split == "train" else k for k, form in enumerate(chosen)}
        before = len(set(writers.values()))
        writers.update((form, f"{before + number:03d}") for form, number in hand.items())
    writers[UNLISTED] = f"{len(set(writers.values())):03d}"
    return [FormJob(form, writer, seed, scale) for form, writer in sorted(writers.items())]


def _form_of(word: str) -> str:
    return word.rpartition("-")[0].rpartition("-")[0]


def _evenly(forms: list[str], count: int) -> list[str]:
    """That many of the forms, from the whole length of the list: each archive of forms gets some."""
    return [forms[k * len(forms) // count] for k in range(count)]


def _add_images(form: DrawnForm, add: _Add) -> None:
    name = form.job.form
    add("forms", f"{name}.png", form.png)
    for folder, pieces in (("words", form.words), ("lines", form.lines)):
        for piece in pieces:
            if piece.png is not None:
                add(folder, f"{name[:3]}/{name}/{piece.id}.png", piece.png)


def _claim(root: Path) -> None:
    try:
        if root.exists() and any(root.iterdir()):
            raise CannotCreateError(f"{root} is not empty: remove it, or give another folder")
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreateError(cannot_create(root, error)) from error


@contextlib.contextmanager
def _loose(root: Path, mark: bytes) -> Iterator[_Add]:
    """Adds files to folders; those of images get the mark, too."""

    def add(folder: str, name: str, content: bytes) -> None:
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    for folder in _DRAWN:
        add(folder, MARK, mark)
    yield add


@contextlib.contextmanager
def _packed(root: Path, mark: bytes) -> Iterator[_Add]:
    """Adds files to archives, which hold neither times nor owners; those of images begin with the mark."""
    with contextlib.ExitStack() as stack:
        archives: dict[str, tarfile.TarFile] = {}

        def add(folder: str, name: str, content: bytes) -> None:
            drawn = folder in _DRAWN
            if folder == "forms":
                folder = "formsA-D" if name < "e" else "formsE-H" if name < "i" else "formsI-Z"
            if folder not in archives:
                file = stack.enter_context((root / f"{folder}.tgz").open("wb"))
                zipped = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0))
                archives[folder] = stack.enter_context(tarfile.open(fileobj=zipped, mode="w"))
                if drawn:
                    _add_to(archives[folder], MARK, mark)
            _add_to(archives[folder], name, content)

        yield add


def _add_to(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
