"""``htrmodel forecast``: how wrong what was read will be, and what to transcribe next."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.console import echo
from htrdata.errors import CannotCreateError, UsageError
from htrdata.records.counting import plural
from htrmodel.cli.language_options import LanguageRequest, language_options

if TYPE_CHECKING:
    from htrmodel.judging.forecast import Forecaster
    from htrmodel.runtime.read_lines import FilledLine


_REMEDIES = {
    "a picture": ": --images names their folder",
    "a picture of the size that their file says": ": --scaled takes copies of the same proportions",
}


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="FILLED…", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    default="starter-lines",
    show_default=True,
    metavar="starter-lines|FILE",
    type=click.Path(path_type=Path),
    help="What has read them.",
)
@click.option(
    "--held-out",
    metavar="STORE",
    type=click.Path(path_type=Path),
    help="Lines whose texts are known, in val, to learn the forecast on.  [default: what the checkpoint brings]",
)
@click.option("--images", type=click.Path(path_type=Path), help="The pictures.  [default: beside the files]")
@click.option("--scaled", is_flag=True, help="Take pictures that are reduced copies; coordinates are scaled to them.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder for the lists and the crops.")
@click.option("--lines", default=200, show_default=True, type=click.IntRange(1), help="To transcribe next.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@language_options
def forecast(
    language: LanguageRequest,
    places: tuple[Path, ...],
    checkpoint: Path,
    held_out: Path | None,
    images: Path | None,
    scaled: bool,
    out: Path | None,
    lines: int,
    device: str,
) -> None:
    """Forecast the CER of documents that `predict --xml` has filled, and choose the lines to transcribe next.

    A document is a folder of the export. The forecast is told by the confidences in the files and says by how much it
    was wrong on held-out writers. With --out, lines.csv lists the lines whose transcription would teach most, and
    transcribe/ has their crops with what was read in gt.txt: put that right, then `htrdata folder transcribe/ --unit
    line` and `htrmodel finetune --recipe lines`. What pages were read with stands in their folder; with --held-out,
    give the same --lm, --lexicon and --tta.

    \b
    Examples:
      htrmodel forecast filled/
      htrmodel forecast filled/ --images export/ --out next/ --lines 200
      htrmodel forecast filled/ --checkpoint runs/letters/best.safetensors --held-out lmdb
    """
    from htrmodel.evaluation.forecasting import known_forecast
    from htrmodel.judging.teaching import most_teaching
    from htrmodel.runtime.read_lines import filled_lines

    if held_out is None and (language.files or language.tta):
        raise UsageError("--lm, --lexicon and --tta are for reading the lines of --held-out: give a STORE there")
    if out is not None:
        _check(out)
    found = filled_lines(places)
    helped_by = _helped_by(places, checkpoint)
    if held_out is None:
        learnt = known_forecast(checkpoint, helped_by)
    else:
        learnt = _learnt(checkpoint, held_out, device, language, helped_by)
    documents: dict[str, list[FilledLine]] = defaultdict(list)
    for line in found:
        documents[line.document].append(line)
    rows = [(name, *_forecast(learnt, mine)) for name, mine in documents.items()]
    if len(rows) > 1:
        rows.append(("all", *_forecast(learnt, found)))
    echo(f"{'document':<32}{'pages':>7}{'lines':>8}  CER, forecast")
    for name, pages, count, cer in rows:
        echo(f"{name:<32.31}{pages:>7,}{count:>8,}  {cer:.1%}")
    echo(
        f"on {learnt.documents:,} held-out writers or pages such forecasts were wrong by {100 * learnt.mean_error:.1f} "
        f"points in the mean, and by at most {100 * learnt.error_90:.1f} for nine of ten",
        err=True,
    )
    if out is not None:
        chosen = [
            found[place] for place in most_teaching([x.text for x in found], [x.confidence for x in found], lines)
        ]
        _write(out, rows, chosen, images, scaled)


def _check(out: Path) -> None:
    """What stands in gt.txt is put right by hand, line by line: it is never replaced."""
    from htrdata.files.outputs import check_output_folder

    check_output_folder(out)
    texts = out / "transcribe" / "gt.txt"
    if texts.exists():
        raise CannotCreateError(f"{texts} is there, and somebody may have put it right: name another folder with --out")


def _forecast(learnt: Forecaster, lines: Sequence[FilledLine]) -> tuple[int, int, float]:
    pages = len({line.page.below for line in lines})
    return pages, len(lines), learnt.forecast([x.confidence for x in lines], [len(x.text) for x in lines])


def _helped_by(places: Sequence[Path], checkpoint: Path) -> str:
    """What helped to read the pages, as the record of their folder has it; empty for nothing, or without a record."""
    from htrmodel.evaluation.forecasting import digests_of
    from htrmodel.runtime.exported_pages import read_with

    records = {place: record for place in places if (record := read_with(place)) is not None}
    for place, record in records.items():
        if record.get("checkpoint") not in digests_of(checkpoint):
            raise UsageError(
                f"the pages in {place} were read by other weights than {checkpoint}: name them by --checkpoint"
            )
    ways = {record.get("language", "") for record in records.values()}
    if len(ways) > 1:
        raise UsageError(
            f"the pages in {', '.join(map(str, records))} were read in several ways: forecast them one by one"
        )
    return next(iter(ways), "")


def _learnt(checkpoint: Path, held_out: Path, device: str, language: LanguageRequest, helped_by: str) -> Forecaster:
    from htrmodel.checkpoint.files import load
    from htrmodel.devices import find_device
    from htrmodel.evaluation.forecasting import learn_forecast

    knowledge = language.knowledge()
    if (given := language.label(knowledge)) != helped_by:
        raise UsageError(
            f"the pages were read with {helped_by or 'no help'}, and the held-out lines would be with "
            f"{given or 'none'}: give the same --lm, --lexicon and --tta"
        )
    reader = load(checkpoint).to(find_device(device))
    return learn_forecast(reader, held_out, knowledge=knowledge, tta=language.tta)


def _write(
    out: Path,
    rows: Sequence[tuple[str, int, int, float]],
    chosen: Sequence[FilledLine],
    images: Path | None,
    scaled: bool,
) -> None:
    from htrdata.files.writing import make_folder, write_atomically
    from htrdata.images.codec import encode
    from htrdata.sources.xml.files import exported_files
    from htrdata.sources.xml.image_names import Pictures
    from htrmodel.runtime.read_lines import Missing, crops

    folder = out / "transcribe"
    make_folder(folder)
    cer = [(name, pages, count, f"{value:.4f}") for name, pages, count, value in rows]
    write_atomically(out / "forecast.csv", _table(("document", "pages", "lines", "cer"), cer))
    listed = [(line.name, line.text, f"{line.confidence:.4f}") for line in chosen]
    write_atomically(out / "lines.csv", _table(("line", "read", "confidence"), listed))
    pictures = None if images is None else Pictures(exported_files(images))
    texts, missing = [], Counter[str]()
    ordered = sorted(enumerate(chosen, 1), key=lambda one: one[1].page.below)  # a page is opened once
    for (number, line), cut in zip(ordered, crops([line for _, line in ordered], pictures, scaled), strict=True):
        if isinstance(cut, Missing):
            missing[cut.why] += 1
        else:
            write_atomically(folder / f"{number:04d}.png", encode(cut, "png", 95))
            texts.append(f"{number:04d}.png\t{' '.join(line.text.split())}\n")
    write_atomically(folder / "gt.txt", "".join(sorted(texts)).encode())
    lost = "".join(f"; {plural(count, 'line')} without {why}{_REMEDIES.get(why, '')}" for why, count in missing.items())
    echo(
        f"{out}: {plural(len(chosen), 'line')} to transcribe, {len(texts):,} of them as crops in {folder}{lost}",
        err=True,
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    content = io.StringIO()
    table = csv.writer(content, lineterminator="\n")
    table.writerows([head, *rows])
    return content.getvalue().encode()
