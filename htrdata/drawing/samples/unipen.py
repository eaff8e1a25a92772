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

from htrdata.drawing.handwriting import Strokes, random_style, write_words
from htrdata.drawing.handwriting.words import some_words
from htrdata.errors import CannotCreateError, UsageError
from htrdata.files.refusals import cannot_create
from htrdata.records import DRAWN, SourceInfo
from htrdata.sources.drawn import MARK, DrawnMark, mark_bytes, write_mark
from htrdata.sources.unipen.writers import file_pseudonym

CONTRIBUTORS = ("sma", "smb", "smc")
ARCHIVE = "train_r01_v07.tgz"

_SIZE = 60  # points per x-height
_LINE = 400  # points from line to line
_STRETCH = 1.25  # points of Y for one of X, where the units differ
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
        down = round(across * _STRETCH) if contributor == "smc" else across
        document = _DOCUMENT.format(columns=columns, unit=unit, across=across, down=down)
        yield f"include/{contributor}/{contributor}0.doc", document
    for number in range(writers):
        contributor = CONTRIBUTORS[number * len(CONTRIBUTORS) // writers]
        first = number == 0 or contributor != CONTRIBUTORS[(number - 1) * len(CONTRIBUTORS) // writers]
        name = f"nib{number:02d}"
        rng = np.random.default_rng([seed, number])
        ink = _Ink(contributor, name)
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


class _Ink:
    """What one writer writes, and how it is delineated."""

    def __init__(self, contributor: str, writer: str) -> None:
        self.contributor = contributor
        self.writer = writer
        self.texts: list[str] = []
        self.lines: list[str] = []
        self._segments: dict[int, list[str]] = {7: [], 8: []}
        self._spans: list[tuple[int, int]] = []  # the first and last component of each word
        self._line = 0
        self._lines: list[str] = []
        self._count = 0  # components so far
        self._time = 0
        self._place = 0.0  # where the next word begins, in x-heights

    def add(self, text: str, strokes: Strokes, quality: str) -> None:
        """Writes a word behind the last one."""
        first = self._count
        for points in strokes:
            self._stroke(points[:, 0] + self._place, points[:, 1], points[:, 2])
        self._place += float(strokes.x.max()) + 1.5
        self._spans.append((first, self._count - 1))
        self._segment(text, f"{first}-{self._count - 1}", quality)

    def new_line(self) -> None:
        """What follows stands below."""
        self._line, self._place = self._line + 1, 0.0

    def add_texts(self, middle: int) -> None:
        """Delineates texts of the words so far; the second line begins at the word of that number."""
        every = range(len(self.texts))
        parts = [part[i : i + 3] for part in (every[:middle], every[middle:]) for i in range(0, len(part) - 2, 3)]
        for part in [*parts, every[middle - 3 : middle + 2]]:
            if part:
                first, last = self._spans[part[0]][0], self._spans[part[-1]][1]
                self._segment(" ".join(self.texts[i] for i in part), f"{first}-{last}", "?", 8)

    def add_quirks(self, strokes: list[Strokes]) -> None:
        """Writes the words of which there is one each; see `draw_sample`."""
        self.add("bad", strokes[0], "BAD")
        first = self._count
        for _ in range(3):
            self._component([(0, 0)], "PEN_DOWN")
        self._segment("withheld", f"{first}-{first + 2}", "OK")
        self._segment("beyond", "99999", "?")
        self._segment("spans", f"{self._first_of_first()}:0-{self._first_of_first()},{first - 1}", "?")
        self.add('"', strokes[1], "?")

    def _first_of_first(self) -> int:
        return 0 if self.contributor != "smb" else 1

    def _stroke(self, x: np.ndarray, y: np.ndarray, pressure: np.ndarray) -> None:
        """A component with the pen down, and what a contributor says of the pen before it."""
        across = np.round(x * _SIZE).astype(int) + 100
        height = _SIZE * (_STRETCH if self.contributor == "smc" else 1)
        down = np.round((5 - self._line) * _LINE - y * height).astype(int)
        if self.contributor == "smb":
            self._component([(int(across[0]) - 5, int(down[0]) + 5), (int(across[0]), int(down[0]))], "PEN_UP")
        self._component(list(zip(across.tolist(), down.tolist(), strict=True)), "PEN_DOWN", pressure)
        if self.contributor == "sma":
            self._lines.append(".PEN_UP\n.DT 50")

    def _component(self, points: list[tuple[int, int]], keyword: str, pressure: np.ndarray | None = None) -> None:
        self._lines.append(f".{keyword}")
        for index, (x, y) in enumerate(points):
            self._time += 10
            force = 100 if pressure is None else round(100 * float(pressure[index]))
            more = f" {self._time} {force}" if self.contributor == "smc" else ""
            self._lines.append(f"{x} {y}{more}")
        self._count += 1

    def _segment(self, text: str, delineation: str, quality: str, category: int = 7) -> None:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        kind = "WORD" if category == 7 else "TEXT"
        self._segments[category].append(f'.SEGMENT {kind} {delineation} {quality} "{quoted}"')
        (self.texts if category == 7 else self.lines).append(text)

    def segments(self, category: int) -> str:
        """The file of segments of a category."""
        folder = f"{self.contributor}/data/{self.contributor}0"
        head = [".VERSION 1.0", f".INCLUDE {folder}/{self.writer}.dat"]
        if self.contributor != "smc":
            head.insert(1, f".INCLUDE {self.contributor}/{self.contributor}0.doc")
        return "\n".join([*head, *self._segments[category]]) + "\n"

    def strokes(self) -> str:
        """The file of components."""
        head = [f".WRITER_ID {self.writer}", ".DATE 01 01 94"]
        if self.contributor == "smc":
            head.insert(0, ".INCLUDE ../../smc0.doc")
        return "\n".join([*head, *self._lines]) + "\n"
