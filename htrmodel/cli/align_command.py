"""``htrmodel align``: where the words of lines are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.errors import UsageError
from htrdata.records.counting import plural
from htrmodel import starter
from htrmodel.cli.filling import place_words
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed

if TYPE_CHECKING:
    from htrmodel.checkpoint.settings import Settings
    from htrmodel.runtime.word_places import Boxes

_BATCH = 16  # lines; more at once are not read any faster on a CPU


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="STORE|EXPORT…", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="FILE.parquet|DIR",
    type=click.Path(path_type=Path),
    help="The alignment; with --xml the folder of the files with boxes.",
)
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option("--xml", "as_xml", is_flag=True, help="Put boxes of words into the transcribed ALTO or PAGE of exports.")
@click.option(
    "--boxes",
    type=click.Choice(["words", "characters"]),
    help="With --xml: whether words have boxes of their characters, too.  [default: words]",
)
@click.option("--images", type=click.Path(path_type=Path), help="With --xml: the pictures.  [default: in the exports]")
@click.option(
    "--scaled", is_flag=True, help="With --xml: take pictures that are reduced copies; coordinates are scaled to them."
)
@click.option("--part", metavar="I/N", help="With --xml: every N-th page from the I-th on: N machines share them.")
@click.option(
    "--checkpoint",
    default=starter.LINES,
    show_default=True,
    metavar="starter-lines|starter-fast|FILE",
    type=click.Path(path_type=Path),
    help="A recogniser without TPS that decodes by CTC.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@foreign_options
def align(
    foreign: ForeignRequest,
    places: tuple[Path, ...],
    out: Path,
    name: str | None,
    as_xml: bool,
    boxes: Boxes | None,
    images: Path | None,
    scaled: bool,
    part: str | None,
    checkpoint: Path,
    device: str,
) -> None:
    """Find the words of lines: the text of each line is aligned with what a recogniser sees along it.

    The store is one of lines, with boxes on their pages (`htrdata xml --unit line`). `htrdata xml --unit word
    --alignment FILE` then cuts the words out; the lower a word's score, the less sure its cut.

    With --xml, PAGE or ALTO files that are transcribed, folders of them or the zip as it was exported are written anew
    into --out, with a box for each word of a line that has none, and not a byte else changed: texts, and words that
    are there, stay as they are. A killed run goes on; a bad page is named and passed.

    \b
    Examples:
      htrdata xml letters/ --name letters_lines
      htrmodel align lmdb --name letters_lines --out letters.parquet
      htrdata xml letters/ --unit word --alignment letters.parquet --name letters
      htrmodel align export.zip --xml --out boxed/
      htrmodel align letters/ --xml --out boxed/ --boxes characters
    """
    if as_xml:
        if name is not None:
            raise UsageError("--name is of a store, and --xml takes exports: leave one of them out")
        from htrmodel.runtime.predicting import load_reader

        reader = load_reader(checkpoint, device, None, foreign.settings(), say_assumed)
        place_words(reader, places, out, part, boxes or "words", _BATCH, images, scaled)
        return
    if boxes is not None or part is not None or images is not None or scaled:
        raise UsageError("--boxes, --images, --scaled and --part go with --xml, which writes pages")
    if len(places) > 1:
        raise UsageError(f"{len(places)} places: without --xml, name one store")
    _align_store(places[0], name, checkpoint, out, foreign.settings(), device)


def _align_store(
    store: Path, name: str | None, checkpoint: Path, out: Path, settings: Settings | None, device: str
) -> None:
    from htrdata.cli.console import echo, progress_bar
    from htrdata.files.outputs import check_output
    from htrdata.store.reading import open_store
    from htrmodel.alignment.aligning import align_lines

    if store.suffix.lower() in (".xml", ".zip") or next(store.glob("*.xml"), None) is not None:
        raise UsageError(f"{store} is an export: --xml --out DIR puts boxes of words into it; else build a store first")
    dataset = open_store(store).dataset(name)
    check_output(out, (dataset.manifest_path.parent, checkpoint))
    with progress_bar() as progress:
        aligned = align_lines(
            dataset,
            checkpoint,
            out,
            settings=settings,
            device=device,
            say=say_assumed,
            progress=lambda done, total: progress("lines", done, total),
        )
    lines = sum(dataset.count(split) for split in dataset.splits)
    echo(f"{out}: {plural(aligned.words, 'word')} of {plural(lines, 'line')}, {aligned.placed:,} aligned")
    if aligned.median is not None:
        echo(f"median of their scores {aligned.median:.2f}")
