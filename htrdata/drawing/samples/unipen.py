r"""A drawn data set in the layout of UNIPEN's train_r01_v07: strokes made by a program, in files of the format.

Under the root, or under ``train_r01_v07/`` in the archive ``train_r01_v07.tgz``::

    data/7/CON/CON0/WRITER.dat              .INCLUDEs and a .SEGMENT for each word
    data/8/CON/CON0/WRITER.dat              the same for each text
    include/CON/CON0.doc                    what a contributor says of all files
    include/CON/data/CON0/WRITER.dat        .WRITER_ID, .PEN_DOWN and .PEN_UP with points
    drawn.json                              that it is drawn: see `htrdata.sources.drawn`; beside the archive, too

The three contributors differ as the published ones do:

- ``sma``: ``.PEN_UP`` without points, which is no component; a document whose prose has an indented ``.PEN_DOWN``;
- ``smb``: ``.PEN_UP`` with points, which is one, and with which segments begin;
- ``smc``: columns ``X Y T P``, other units for X than for Y, and ``.INCLUDE ../../smc0.doc`` within the ink.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from htrdata.drawing.handwriting import random_style, write_words
from htrdata.drawing.handwriting.words import some_words
from htrdata.drawing.samples.unipen_ink import STRETCH, WriterInk
from htrdata.errors import CannotCreateError, UsageError
from htrdata.files.refusals import cannot_create
from htrdata.records import DRAWN, SourceInfo
from htrdata.sources.drawn import MARK, DrawnMark, mark_bytes, write_mark
from htrdata.sources.unipen.writers import file_pseudonym

CONTRIBUTORS = ("sma", "smb", "smc")
ARCHIVE = "train_r01_v07.tgz"

_DOCUMENT = """.VERSION 1.0
.DATA_SOURCE htrdata
.COMMENT Drawn by a program.
.PAD
\twhen the pen is down, the driver does
\t.PEN_DOWN
\t17 4
.HIERARCHY WORD
.COORD {columns}
.X_POINTS_PER_{unit} {across}
.Y_POINTS_PER_{unit} {down}
"""


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What `draw_sample` has written.

    Attributes:
        root: the folder with ``data`` and ``include``, or with the archive.
        writers: how many there are.
        words: the text of each segment of category 7, by the id that the reader gives it.
        lines: those of category 8.
    """

    root: Path
    writers: int
    words: dict[str, str]
    lines: dict[str, str]


def draw_sample(
    root: Path, *, writers: int = 24, words: int = 20, seed: int = 0, archive: bool = False
) -> SampleSummary:
    r"""Draws a small data set in the layout of UNIPEN. The same arguments give the same files.

    Besides the words asked for, the first writer of each contributor has five more: one that is BAD, one that is
    withheld (its components have one point at the origin), one that names components that are not there, one of two
    spans with points (``0:0-0,5``) whose label is not that of its ink, and one labelled ``\"``. The last writer's ink
    is missing.

    A writer's words stand in two lines, half of them in each. Texts have three words each, within a line, and the last
    one five, which are of both.

    Args:
        root: the folder to make. It must not exist, or be empty.
        writers: how many, three or more, dealt out to `CONTRIBUTORS`.
        words: of each, 3 or more.
        seed: another seed gives other writers and words.
        archive: whether to write an archive instead of files.

    Raises:
        UsageError: a number is out of range.
        CannotCreateError: the root is in use, or cannot be made.
        OSError: writing failed.
    """
    if writers < 3 or words < 3 or seed < 0:
        raise UsageError(f"cannot draw {words} words of {writers} writers with seed {seed}: give 3, 3, 0 or more")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreateError(cannot_create(root, error)) from error
    if any(root.iterdir()):
        raise CannotCreateError(f"{root} is not empty: name a new folder")
    texts: dict[str, str] = {}
    files = dict(_files(writers, words, seed, texts))
    said = [{name: text for name, text in texts.items() if name[0] == category} for category in "78"]
    missing = [name for name in files if name.startswith("include/") and "/data/" in name][-1]
    del files[missing]
    about = SourceInfo("UNIPEN train_r01_v07, drawn by htrdata sample", "", "Apache-2.0, as htrdata", "")
    mark = DrawnMark(DRAWN, f"{about.title}, {words} words of {writers} writers, seed {seed}", about)
    write_mark(root, mark=mark)
    if archive:
        _pack(root / ARCHIVE, {MARK: mark_bytes(mark).decode("latin-1"), **files})
    else:
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="latin-1", newline="\n")
    return SampleSummary(root, writers, *said)


def _pack(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            data = text.encode("latin-1")
            info = tarfile.TarInfo(f"train_r01_v07/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def _files(writers: int, words: int, seed: int, texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names of all files and what they hold; notes the texts of segments by their ids."""
    for contributor in CONTRIBUTORS:
        columns, unit, across = ("X Y T P", "MM", 40) if contributor == "smc" else ("X Y", "INCH", 1000)
        down = round(across * STRETCH) if contributor == "smc" else across
        document = _DOCUMENT.format(columns=columns, unit=unit, across=across, down=down)
        yield f"include/{contributor}/{contributor}0.doc", document
    for number in range(writers):
        contributor = CONTRIBUTORS[number * len(CONTRIBUTORS) // writers]
        first = number == 0 or contributor != CONTRIBUTORS[(number - 1) * len(CONTRIBUTORS) // writers]
        name = f"nib{number:02d}"
        rng = np.random.default_rng([seed, number])
        ink = WriterInk(contributor, name)
        spoken = some_words(words, rng)
        for index, strokes in enumerate(write_words(spoken, random_style(rng), rng)):
            if index == words // 2:
                ink.new_line()
            ink.add(spoken[index], strokes, "OK" if rng.random() < 0.5 else "?")
        ink.add_texts(words // 2)
        if first:
            ink.add_quirks(write_words(["none", '"'], random_style(rng), rng))
        place = f"{contributor}/{contributor}0/{name}.dat"
        for category, said in ((7, ink.texts), (8, ink.lines)):
            for index, text in enumerate(said):
                texts[f"{file_pseudonym(f'data/{category}/{place}')}-{index:04d}"] = text
            yield f"data/{category}/{place}", ink.segments(category)
        yield f"include/{contributor}/data/{contributor}0/{name}.dat", ink.strokes()
