"""Draws the picture at the front of README: a drawn page, the words that are cut out of it, and what `starter` reads.

    python docs/front_picture.py

All of it is made by the commands' own code on a page that a program has drawn; no data set is in it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Polygon
from PIL import Image

import htrdata
import htrmodel
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.records import Box
from htrmodel.tokenizer import Reading

PLACE = Path(__file__).parent / "pictures" / "front.png"
LINES = ("Dear Anna,", "the keeper lit", "the lamp")
SEED = 3
_PAGE, _LINE, _LETTER, _TURN = "letter", 86.0, 31.0, 4.0
_COLOURS = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#cf222e", "#0a7ea4", "#57606a")
_INCHES = (9.6, 3.6)


def main() -> None:
    """Draws a page, builds its store, reads the words, and writes the picture."""
    with tempfile.TemporaryDirectory() as folder:
        published = Path(folder) / "imgur5k_annotations_train.json"
        published.write_text(json.dumps(as_published()))
        root = Path(folder) / "imgur5k"
        draw_sample(root, annotations=published, seed=SEED, plain=True)
        source = htrdata.sources.imgur5k.Imgur5K(root)
        htrdata.build(source, Path(folder) / "lmdb", htrdata.BuildOptions(color="rgb", height=0), workers=1)
        dataset = htrdata.open(Path(folder) / "lmdb")["imgur5k"]
        words = list(dataset.words("train"))
        boxes = {row["id"]: Box(**row["box"]) for _, row in dataset.manifest().iterrows()}
        readings = htrmodel.load("starter").read([word.image for word in words])
        with Image.open(root / "images" / f"{_PAGE}.jpg") as image:
            page = image.convert("RGB")
        compose(page, [boxes[word.id] for word in words], [word.image.convert("RGB") for word in words], readings)


def as_published() -> dict[str, dict[str, object]]:
    """The words of `LINES` and where they shall stand, as Imgur5K's authors write such things down."""
    turn = np.deg2rad(_TURN)
    words: dict[str, object] = {}
    for number, line in enumerate(LINES):
        along = 0.0
        for text in line.split():
            width = _LETTER * (len(text) + 0.5)
            x, y = 60 + along + width / 2, 130 + 1.5 * _LINE * number
            box = [x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn), width, _LINE, _TURN]
            words[f"{_PAGE}_{len(words)}"] = {"word": text, "bounding_box": str([round(float(one), 2) for one in box])}
            along += width + _LETTER
    image = {"image_url": "", "image_path": f"images/{_PAGE}.jpg", "image_hash": "0" * 32}
    return {"index_id": {_PAGE: image}, "index_to_ann_map": {_PAGE: list(words)}, "ann_id": words}


def compose(page: Image.Image, boxes: list[Box], crops: list[Image.Image], readings: list[Reading]) -> None:
    """Writes the picture: page at the left, crops in the middle, text at the right."""
    figure = Figure(_INCHES, dpi=100, facecolor="white")
    left = figure.add_axes((0.01, 0.03, 0.42, 0.87))
    left.imshow(page)
    left.axis("off")
    figure.text(0.22, 0.93, "a page", ha="center", fontsize=12, color="#57606a")
    figure.text(0.62, 0.93, "words, in verified shards", ha="center", fontsize=12, color="#57606a")
    figure.text(0.90, 0.93, "text, and how sure", ha="center", fontsize=12, color="#57606a")
    for one, box in enumerate(boxes):
        colour, height = _COLOURS[one], 0.87 / len(boxes)
        corners = corners_of(box)
        left.add_patch(Polygon(corners, fill=False, edgecolor=colour, linewidth=1.8))
        middle = figure.add_axes((0.52, 0.90 - height * (one + 1) + 0.015, 0.2, height - 0.03))
        middle.imshow(crops[one])
        middle.set_anchor("C")
        middle.axis("off")
        figure.add_artist(
            ConnectionPatch(
                tuple(corners[:, 0].max() * np.array([1, 0]) + corners.mean(0) * np.array([0, 1])),
                (-0.05, 0.5),
                left.transData,
                middle.transAxes,
                arrowstyle="-|>",
                color=colour,
                alpha=0.7,
            )
        )
        y = 0.90 - height * (one + 0.5)
        figure.text(0.80, y, readings[one].text, fontsize=15, va="center", family="monospace")
        figure.text(0.99, y, f"{readings[one].confidence:.0%}", fontsize=11, va="center", ha="right", color="#57606a")
    with mpl.rc_context({"svg.hashsalt": "front"}):
        figure.savefig(PLACE, metadata={"Software": None})
    with Image.open(PLACE) as image:  # a palette makes it a third of the size
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(PLACE, optimize=True)


def corners_of(box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The corners of a box on its page, float64 [4, 2]; its angle is counter-clockwise, as seen."""
    turn = np.deg2rad(box.angle)
    along, across = np.array([np.cos(turn), -np.sin(turn)]), np.array([np.sin(turn), np.cos(turn)])
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([(box.xc, box.yc) + along * a * box.w / 2 + across * b * box.h / 2 for a, b in signs])


if __name__ == "__main__":
    main()
