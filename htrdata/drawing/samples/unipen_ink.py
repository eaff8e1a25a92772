"""What one writer of the drawn UNIPEN writes: the components of the ink, and the segments that delineate them."""

from __future__ import annotations

import numpy as np

from htrdata.drawing.handwriting import Strokes

STRETCH = 1.25
"""Points of Y for one of X, where the units differ."""

_SIZE = 60  # points per x-height
_LINE = 400  # points from line to line


class WriterInk:
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
        height = _SIZE * (STRETCH if self.contributor == "smc" else 1)
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
