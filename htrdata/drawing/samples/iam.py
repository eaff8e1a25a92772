"""A drawn data set in the layout of IAM, unpacked or in archives as its site gives them out.

Under the root::

    xml/a01-000u.xml                            xml.tgz         a01-000u.xml
    ascii/words.txt, ascii/forms.txt            ascii.tgz       words.txt, forms.txt
    words/a01/a01-000u/a01-000u-00-00.png       words.tgz       a01/a01-000u/a01-000u-00-00.png
    forms/a01-000u.png                          formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz    a01-000u.png
    drawn.json                                  that it is drawn: see `htrdata.sources.drawn`
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from htrdata.drawing.samples.iam_form import BROKEN, DrawnForm, FormJob, draw_form, form_xml
from htrdata.errors import CannotCreateError, StorageError, UsageError
from htrdata.records import SPLITS, SourceInfo
from htrdata.sources.base import DRAWN
from htrdata.sources.drawn import DrawnMark, write_mark
from htrdata.sources.iam.source import IAM
from htrdata.sources.iam.splits import AACHEN

UNLISTED = "z99-001"
"""A form that is in no published list."""

MapForms = Callable[[Callable[[FormJob], DrawnForm], Iterable[FormJob]], Iterable[DrawnForm]]
_Add = Callable[[str, str, bytes], None]  # the folder, and name and content of a file in it

_WORDS_HEAD = """\
#--- words.txt: drawn, none of it is IAM ----------------------------------------#
#
# id of the word, segmentation of its line (ok or err), grey threshold of its line,
# number of components, box x y w h, grammatical tag, transcription:
#     a00-000-00-00 ok 180 2 300 800 90 40 NN ink
#
"""
_FORMS_HEAD = """\
#--- forms.txt: drawn, none of it is IAM ----------------------------------------#
#
# id of the form, writer, sentences, segmentation, lines, of which ok, words, of
# which in lines that are ok
#
"""


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
    words_txt, forms_txt, words = [_WORDS_HEAD], [_FORMS_HEAD], 0
    title = f"{IAM.title}, drawn by htrdata sample"
    about = SourceInfo(title, "", "Apache-2.0, as htrdata", "")
    try:
        write_mark(root, DrawnMark(DRAWN, f"{title}, {forms} forms, seed {seed}, scale {scale:g}", about))
        with (_packed if archives else _loose)(root) as add:
            for number, form in enumerate(map_forms(draw_form, jobs), 1):
                _add_images(form, add)
                add("xml", f"{form.job.form}.xml", form_xml(form))
                words_txt += _word_lines(form, words)
                forms_txt.append(_form_line(form))
                words += len(list(form.words))
                progress(number, len(jobs))
            for name, lines in (("words.txt", words_txt), ("forms.txt", forms_txt)):
                add("ascii", name, "".join(lines).replace("\n", "\r\n").encode("latin-1"))
    except OSError as error:
        raise StorageError(f"{root}: {error.strerror or error}; what is there is not complete: remove it") from error
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
    for word in form.words:
        if word.png is not None:
            add("words", f"{name[:3]}/{name}/{word.id}.png", word.png)


def _word_lines(form: DrawnForm, before: int) -> Iterator[str]:
    """The form's lines of ``words.txt``, after that many words of other forms."""
    for line in form.lines:
        for word in line.words:
            x, y, w, h = word.box
            before += 1
            if before % 7 == 0 and word.components:
                x, y, w, h = x - 1, y - 1, w + 2, h + 2
            yield f"{word.id} {line.flag} {line.threshold} {x} {y} {w} {h} {word.tag} {word.text}\n"


def _form_line(form: DrawnForm) -> str:
    ok = [line for line in form.lines if line.ok]
    words, sound = len(list(form.words)), sum(len(line.words) for line in ok)
    return f"{form.job.form} {form.job.writer} 2 prt {len(form.lines)} {len(ok)} {words} {sound}\n"


def _claim(root: Path) -> None:
    try:
        if root.exists() and any(root.iterdir()):
            raise CannotCreateError(f"{root} is not empty: remove it, or give another folder")
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreateError(f"{root} cannot be made ({error.strerror}): give another folder") from error


@contextlib.contextmanager
def _loose(root: Path) -> Iterator[_Add]:
    """Adds files to folders."""

    def add(folder: str, name: str, content: bytes) -> None:
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    yield add


@contextlib.contextmanager
def _packed(root: Path) -> Iterator[_Add]:
    """Adds files to archives, which hold neither times nor owners."""
    with contextlib.ExitStack() as stack:
        archives: dict[str, tarfile.TarFile] = {}

        def add(folder: str, name: str, content: bytes) -> None:
            if folder == "forms":
                folder = "formsA-D" if name < "e" else "formsE-H" if name < "i" else "formsI-Z"
            if folder not in archives:
                file = stack.enter_context((root / f"{folder}.tgz").open("wb"))
                zipped = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0))
                archives[folder] = stack.enter_context(tarfile.open(fileobj=zipped, mode="w"))
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archives[folder].addfile(info, io.BytesIO(content))

        yield add
