"""Your own words: a folder of word images and a gt.txt become a store, a fine-tuned recogniser, and readings.

    python pipelines/own_data.py FOLDER

FOLDER/gt.txt has a line for each word whose text is known, as clova's create_lmdb_dataset takes it: the image's path
below FOLDER, a tab, the text; in UTF-8. Images that are in no line are read, too. Under --out stand the store, the
training run and ``readings.csv``. Run again, it goes on from what is finished; after a change to gt.txt, --overwrite.

The class `Folder` is a source of htrdata; docs/adding-a-source.md leads through writing one for any other layout.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

import click

from htrdata.cli.console import run
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.writing import write_atomically
from htrdata.labels import find_charset
from htrdata.records import SPLITS, Division, Page, SourceInfo, Unit, Word
from htrmodel.cli.scripting import Stages, finetune, say
from htrmodel.starter import DEFAULT
from htrmodel.training.recipes import SMALL

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset
    from htrmodel.runtime.predicting import Prediction
    from htrmodel.training.run_folder import RunFolder

RECIPE = replace(SMALL, name="own-data", lr=1e-3, epochs=20, augment=0.5)
"""AdamW with one cycle, gentler than for new weights, with more augmentation: for hundreds to thousands of words."""

_PATH = click.Path(path_type=Path)


@dataclass(frozen=True)
class Folder:
    """A source of htrdata: the words of a gt.txt. See `htrdata.sources.base.Source` for what each member is.

    Attributes:
        root: the folder that the paths in the gt.txt are below.
        labels: the gt.txt.
    """

    root: Path
    labels: Path

    name: ClassVar[str] = "own_data"
    info: ClassVar[SourceInfo] = SourceInfo(title="Own word images", url="", licence="that of the images", citation="")
    unit: ClassVar[Unit] = "word"
    division: ClassVar[Division] = Division("Own word images", "80/10/10 by SHA-256 of the name")
    drawn: ClassVar[str | None] = None
    extra_columns: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}

    def pages(self) -> Iterator[Page]:
        """Yields a page for each word, as every image is a file of its own, split by split in the order of the names.

        Raises:
            SourceMissingError: there is no such folder, or no gt.txt.
            BadDataError: lines of the gt.txt are wrong.
        """
        texts = self.texts()
        splits = split_of(texts)
        for split in SPLITS:
            for name in sorted(texts):
                if splits[name] == split:
                    word = Word(id=name, text=texts[name], image=FileOnDisk(self.root / name))
                    yield Page(id=name, split=split, words=(word,))

    def texts(self) -> dict[str, str]:
        """The text of each word by the path of its image, with what is wrong in the gt.txt told line by line."""
        try:
            lines = self.labels.read_bytes().decode("utf-8-sig").split("\n")
        except FileNotFoundError:
            raise SourceMissingError(f"there is no {self.labels}: write it, a line a word: path, tab, text") from None
        except UnicodeDecodeError as error:
            raise BadDataError(f"{self.labels} is not UTF-8 (byte {error.start:,}): convert it") from error
        found: dict[str, tuple[int, str]] = {}
        problems = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                name, tab, text = line.removesuffix("\r").partition("\t")
                name = PurePosixPath(name).as_posix()
                if not tab or "\t" in text:
                    problems.append(f"line {number} is not a path, one tab and a text: {line.strip()!r}")
                elif name in found:
                    problems.append(f"line {number}: {name} is in line {found[name][0]} already")
                elif problem := self._problem(name):
                    problems.append(f"line {number}: {problem}")
                found.setdefault(name, (number, text))
        if problems:
            more = f"; and {len(problems) - 5:,} more" if len(problems) > 5 else ""
            raise BadDataError(f"{self.labels} has to be corrected: {'; '.join(problems[:5])}{more}")
        if len(found) < 3:
            raise BadDataError(f"{self.labels} has {len(found)} words: to train, validate and test takes 3 at least")
        return {name: text for name, (_, text) in found.items()}

    def _problem(self, name: str) -> str | None:
        path = PurePosixPath(name)
        # The file may come from anybody: nothing in it makes us read outside of the folder.
        if path.is_absolute() or ".." in path.parts or re.search(r"[\x00-\x1f\\:]", name):
            return f"{name!r} is not a path below {self.root}, with / between its parts"
        try:
            return None if (self.root / path).is_file() else f"there is no image {self.root / path}"
        except OSError as error:
            return f"{name[:80]!r} cannot be an image: {error.strerror}"


def split_of(names: Mapping[str, str]) -> dict[str, str]:
    """Deals words out: 80 % train, 10 % val, 10 % test, each by its own name, so that more words move no other one.

    Where a split would stay empty, the last word of the largest one is moved there; there must be three words.
    """

    def share(name: str) -> float:
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48

    splits = {name: "train" if share(name) < 0.8 else "val" if share(name) < 0.9 else "test" for name in names}
    for split in SPLITS:
        if split not in splits.values():
            largest = max(SPLITS, key=list(splits.values()).count)
            splits[max((name for name in splits if splits[name] == largest), key=share)] = split
    return splits


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=_PATH)
@click.option("--labels", type=_PATH, help="The texts.  [default: FOLDER/gt.txt]")
@click.option("--out", default="runs/own_data", show_default=True, type=_PATH, help="Folder for all that is made.")
@click.option(
    "--start",
    default=str(DEFAULT),
    show_default=True,
    metavar="starter|starter-fast|FILE|scratch",
    help="Weights to start from; scratch is a narrow model with new ones, and needs thousands of words.",
)
@click.option("--charset", default="all", show_default=True, help="alnum, printable, a file; all: that of the start.")
@click.option("--epochs", default=RECIPE.epochs, show_default=True, type=click.IntRange(1), help="Of fine-tuning.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--overwrite", is_flag=True, help="Replace a store and a training of other words.")
def main(
    folder: Path, labels: Path | None, out: Path, start: str, charset: str, epochs: int, device: str, overwrite: bool
) -> None:
    """Fine-tune on the word images of FOLDER whose texts are known, and read all of them.

    \b
    Examples:
      python pipelines/own_data.py letters/
      python pipelines/own_data.py letters/ --labels checked.tsv --start starter-fast
      python pipelines/own_data.py briefe/ --charset german.txt --out runs/briefe
    """
    from htrmodel.training.finetuning import Request
    from htrmodel.training.initial_model import ModelChoice

    stages = Stages()
    source = Folder(folder, labels or folder / "gt.txt")
    dataset = build(source, out / "store", overwrite, stages)
    scratch = start == "scratch"
    request = Request(
        data=dataset.store,
        checkpoint=None if scratch else Path(start),
        model=ModelChoice(small=scratch, charset=find_charset(charset), fields={}),
        recipe=replace(SMALL if scratch else RECIPE, epochs=epochs),
        out=out / "run",
        overwrite=overwrite,
        device=device,
    )
    with stages("fine-tune") as progress:
        trained = finetune(request, progress).folder
    figures = judge([] if scratch else [Path(start)], trained.best, dataset, device, stages)
    readings = read(source, trained.best, out, device, stages)
    show(figures, readings, out, trained)


def build(source: Folder, store: Path, overwrite: bool, stages: Stages) -> Dataset:
    """Makes the store: the images as they are or smaller, the texts in normal form, and why a word was left out."""
    import htrdata
    from htrdata.building.report import summary

    with stages("build the store") as progress:
        built = htrdata.build(source, store, overwrite=overwrite, progress=progress)
    say(summary(built.description))
    return htrdata.open(store).dataset(source.name)


def judge(starts: list[Path], best: Path, dataset: Dataset, device: str, stages: Stages) -> dict[str, str]:
    """Judges by the test words, which the training has not seen: what it started from, and what came of it."""
    import htrmodel

    shown = {}
    with stages("judge by the test words"):
        for checkpoint in [*starts, best]:
            found = htrmodel.evaluate(checkpoint, dataset, device=device).find()
            figures = (found.metrics[name] for name in ("micro_cer", "accuracy"))
            cells = (f"{100 * one.value:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]" for one in figures)
            shown[str(checkpoint)] = f"{found.words:>6,}  " + "".join(f"{cell:<22}" for cell in cells).rstrip()
    return shown


def read(source: Folder, best: Path, out: Path, device: str, stages: Stages) -> list[Prediction]:
    """Reads every image of the folder, and writes what it read beside what is known."""
    from htrmodel.runtime.finding import NamedImage
    from htrmodel.runtime.folders import find_files
    from htrmodel.runtime.predicting import load_reader, predict_each

    texts = source.texts()
    splits = split_of(texts)
    images = (path for path in find_files(source.root).images if not path.resolve().is_relative_to(out.resolve()))
    names = sorted({path.relative_to(source.root).as_posix() for path in images} | texts.keys())
    content = io.StringIO()
    table = csv.writer(content, lineterminator="\n")
    table.writerow(("name", "text", "confidence", "label", "split", "problem"))
    readings = []
    with stages("read all images") as progress:
        for one in predict_each(load_reader(best, device), (NamedImage(name, source.root / name) for name in names)):
            confidence = "" if one.confidence is None else f"{one.confidence:.6f}"
            known = (texts.get(one.name, ""), splits.get(one.name, ""))
            table.writerow((one.name, one.text, confidence, *known, one.problem))
            readings.append(one)
            progress("images", len(readings), len(names))
    write_atomically(out / "readings.csv", content.getvalue().encode())
    return readings


def show(figures: Mapping[str, str], readings: list[Prediction], out: Path, folder: RunFolder) -> None:
    """Prints the closing table; an image that could not be read is an error, though all others are done."""
    click.echo(f"{'test, % with 95 % intervals':<44} words  {'CER':<22}word accuracy")
    for system, cells in figures.items():
        click.echo(f"  {system:<42}{cells}")
    click.echo(f"readings  {out / 'readings.csv'}, {len(readings):,} images")
    click.echo(f"store     {out / 'store' / Folder.name / 'report.html'}")
    click.echo(f"curves    {folder.curves}")
    click.echo(f"weights   {folder.best}")
    if bad := [one for one in readings if one.problem is not None]:
        raise BadDataError(f"{len(bad):,} of {len(readings):,} images could not be read, the first: {bad[0].problem}")


if __name__ == "__main__":
    run(main, "python pipelines/own_data.py")
