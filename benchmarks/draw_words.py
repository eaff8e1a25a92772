"""How fast `htrdata synth` draws: words per second of CPU time, by pens and in fonts, and in a whole build.

python benchmarks/draw_words.py [--words 3000] [--fonts DIR]
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
from timing import in_turn, machine, table

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.drawing.synth.source import Synth
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg


def draw(source: Synth) -> int:
    """Draws all words and encodes them."""
    count = 0
    for page in source.pages():
        for word in page.words:
            assert word.image is not None
            assert is_plain_grey_jpeg(word.image.read())
            count += 1
    return count


def store(source: Synth, folder: Path) -> int:
    """Builds a store of them in one process."""
    build(source, folder, BuildOptions(), workers=1)
    shutil.rmtree(folder)
    return source.words


@click.command()
@click.option("--words", default=3000, show_default=True, help="In a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds that count.")
@click.option("--fonts", type=click.Path(path_type=Path), help="Folder of fonts, to time these too.")
def main(words: int, rounds: int, fonts: Path | None) -> None:
    """Time the drawing of words."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "lmdb"
        pens = Synth(words)
        procedures: dict[str, Callable[[], int]] = {
            "limit: drawing by pens, without checks and store": lambda: draw(pens),
            "htrdata synth --workers 1": lambda: store(pens, folder),
        }
        if fonts is not None:
            source = Synth(words, fonts=fonts)
            procedures["drawing by pens and fonts"] = lambda: draw(source)
            procedures["htrdata synth --fonts DIR --workers 1"] = lambda: store(source, folder)
        timed = in_turn(procedures, rounds)
    click.echo(machine("numpy", "opencv-python", "pillow"))
    click.echo(table(timed, next(iter(procedures)), "words"))


if __name__ == "__main__":
    main()
