"""Exports as transcription tools write them, of pages that are drawn: ALTO and PAGE files with known word boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from htrdata.drawing.samples.iam_form import draw_form
from htrdata.drawing.samples.iam_records import DrawnForm, FormJob

ALTO = "http://www.loc.gov/standards/alto/ns-v4#"
PAGE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


@dataclass(frozen=True)
class Drawn:
    """A drawn line: its id, and text and box (left, top, right, bottom) of each of its words."""

    id: str
    words: tuple[tuple[str, tuple[int, int, int, int]], ...]

    @property
    def text(self) -> str:
        return " ".join(text for text, _ in self.words)

    @property
    def box(self) -> tuple[int, int, int, int]:
        lefts, tops, rights, bottoms = zip(*(box for _, box in self.words), strict=True)
        return min(lefts) - 6, min(tops) - 6, max(rights) + 6, max(bottoms) + 6


def draw_lines(name: str, seed: int = 0, scale: float = 0.5) -> tuple[bytes, tuple[int, int], list[Drawn]]:
    """A form of IAM's layout: its PNG, its width and height, and its lines; words without ink are left out."""
    form: DrawnForm = draw_form(FormJob(name, name, seed, scale))
    lines = []
    for line in form.lines:
        words = []
        for word in line.words:
            left, top, width, height = word.box
            if word.components:
                words.append((word.text, (left, top, left + width, top + height)))
        lines.append(Drawn(line.id, tuple(words)))
    size = np.array([2479, 3542]) * scale
    return form.png, (round(size[0]), round(size[1])), lines


def points(box: Sequence[float], comma: bool = True) -> str:
    """The corners of a box as a polygon."""
    left, top, right, bottom = box
    between = "," if comma else " "
    return " ".join(f"{x}{between}{y}" for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)))


def alto(image: str, size: tuple[int, int], lines: Sequence[Drawn], extra: str = "") -> str:
    """As eScriptorium writes it: one ``String`` a line; `extra` follows the lines."""
    rows = []
    for line in lines:
        left, top, right, bottom = line.box
        place = f'HPOS="{left}" VPOS="{top}" WIDTH="{right - left}" HEIGHT="{bottom - top}"'
        rows.append(
            f'<TextLine ID="{line.id}" TAGREFS="LT1" BASELINE="{left} {bottom - 20} {right} {bottom - 20}" {place}>'
            f'<Shape><Polygon POINTS="{points(line.box, comma=False)}"/></Shape>'
            f'<String CONTENT="{escape(line.text)}" {place}></String></TextLine>'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><alto xmlns="{ALTO}"><Description><MeasurementUnit>pixel'
        f"</MeasurementUnit><sourceImageInformation><fileName>{image}</fileName></sourceImageInformation></Description>"
        '<Tags><OtherTag ID="LT1" LABEL="default"/><OtherTag ID="BT1" LABEL="Main"/></Tags>'
        f'<Layout><Page WIDTH="{size[0]}" HEIGHT="{size[1]}"><PrintSpace><TextBlock ID="b" TAGREFS="BT1">'
        f"{''.join(rows)}{extra}</TextBlock></PrintSpace></Page></Layout></alto>"
    )


def page(image: str, size: tuple[int, int], lines: Sequence[Drawn], extra: str = "", words: bool = True) -> str:
    """As Transkribus writes it, with the words of each line."""
    rows = []
    for line in lines:
        parts = "".join(
            f'<Word id="{line.id}-{k}"><Coords points="{points(box)}"/><TextEquiv><Unicode>{escape(text)}</Unicode>'
            "</TextEquiv></Word>"
            for k, (text, box) in enumerate(line.words)
        )
        rows.append(
            f'<TextLine id="{line.id}" custom="readingOrder {{index:0;}} structure {{type:heading;}}">'
            f'<Coords points="{points(line.box)}"/>{parts if words else ""}'
            f"<TextEquiv><Unicode>{escape(line.text)}</Unicode></TextEquiv></TextLine>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="{PAGE}"><Page imageFilename="{image}" '
        f'imageWidth="{size[0]}" imageHeight="{size[1]}"><TextRegion id="r1" type="paragraph">{"".join(rows)}{extra}'
        "</TextRegion></Page></PcGts>"
    )


def write_export(root: Path, name: str, seed: int = 0, scale: float = 0.5) -> list[Drawn]:
    """Draws a page ``name.png`` and writes ``name.xml``, ALTO, beside it."""
    png, size, lines = draw_lines(name, seed, scale)
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{name}.png").write_bytes(png)
    (root / f"{name}.xml").write_text(alto(f"{name}.png", size, lines), encoding="utf-8")
    return lines
