"""Words of openly licensed corpora of handwriting: from clones of their repositories to one store of words.

    python pipelines/open_words.py copiste=Copiste-d-un-jour dhsd=DHSD testaments=CREMMA-AN-TestamentsDePoilus

Each argument is a corpus and the folder that it is in. ``htrdata/sources/open_words`` has those that are known, with
where they are from, their terms, and the writers and pages that are held out; the path of such a file of your own will
do as well. Lines are cut out of the pages, the words of each line are found by forced alignment, and those that are
sure become words of the store; DHSD comes as words. Run again, it goes on from what is finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.console import echo, run
from htrdata.errors import UsageError
from htrdata.files.writing import write_atomically
from htrmodel.cli.scripting import Stages, say

if TYPE_CHECKING:
    from htrdata.sources.base import Source
    from htrdata.sources.xml.alignment import Alignment
    from htrdata.store.reading import Dataset

_PATH = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS=FOLDER…")
@click.option("--out", default="open_words", show_default=True, type=_PATH, help="Folder for all of it.")
@click.option("--checkpoint", default="starter-fast", show_default=True, type=_PATH, help="Aligns the lines.")
@click.option("--least-score", default=-2.0, show_default=True, help="Of words that are kept, see `htrdata xml`.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
def main(corpora: tuple[str, ...], out: Path, checkpoint: Path, least_score: float, device: str) -> None:
    """Make one store of words out of open corpora, and say whose they are.

    \b
    Examples:
      python pipelines/open_words.py copiste=Copiste-d-un-jour
      python pipelines/open_words.py copiste=Copiste-d-un-jour --checkpoint runs/unipen/best.safetensors
    """
    stages = Stages()
    made = [words_of(*_asked(one), out, checkpoint, least_score, device, stages) for one in corpora]
    write_atomically(out / "ATTRIBUTION.md", attribution(made).encode())
    for dataset in made:
        counts = ", ".join(f"{dataset.count(split):,} {split}" for split in dataset.splits)
        about = dataset.description
        left_out = f"{about.words - about.kept:,} of {about.words:,} left out, see {out / 'words' / dataset.name}"
        echo(f"{dataset.name}: {counts} words, {about.about.licence}; {left_out}/report.html")
    echo(out / "ATTRIBUTION.md")


def words_of(
    name: str, root: Path, out: Path, checkpoint: Path, least_score: float, device: str, stages: Stages
) -> Dataset:
    """The words of one corpus, in the store ``words`` below the folder."""
    from htrdata.sources.dhsd import Dhsd
    from htrdata.sources.xml import XmlExport
    from htrdata.sources.xml.corpus import find_corpus

    if name == "dhsd":
        return build(Dhsd(root), out / "words", f"cut words of {name}", stages)
    corpus = find_corpus(name)
    lines = build(XmlExport(root, corpus=corpus), out / "lines", f"cut lines of {corpus.name}", stages)
    alignment = align(lines, out / f"{corpus.name}.parquet", checkpoint, device, stages)
    source = XmlExport(root, unit="word", corpus=corpus, alignment=alignment, least_score=least_score)
    return build(source, out / "words", f"cut words of {corpus.name}", stages)


def build(source: Source, store: Path, title: str, stages: Stages) -> Dataset:
    """Builds a source into a store."""
    import htrdata

    with stages(title) as progress:
        built = htrdata.build(source, store, progress=progress)
    return htrdata.open(store).dataset(built.description.name)


def align(lines: Dataset, path: Path, checkpoint: Path, device: str, stages: Stages) -> Alignment:
    """Finds the words of the lines."""
    from htrdata.sources.xml.alignment import Alignment
    from htrmodel.alignment.aligning import align_lines

    with stages(f"align {lines.name}") as progress:
        found = align_lines(
            lines, checkpoint, path, device=device, progress=lambda done, total: progress("lines", done, total)
        )
    say(f"{path}: {found.placed:,} of {found.words:,} words" + (" (as before)" if found.already else ""))
    return Alignment(path)


def attribution(datasets: list[Dataset]) -> str:
    """Whose words these are, and on what terms, as CC BY asks for."""
    parts = [
        "# Attribution",
        "Words were cut out of these corpora's pages, made grey and reduced; what is not of their line became paper.",
    ]
    for dataset in datasets:
        about = dataset.description.about
        parts.append(f"## {about.title}\n\n{about.citation}\n\n- from {about.url}\n- licence: {about.licence}")
    return "\n\n".join(parts) + "\n"


def _asked(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise UsageError(f"{text!r} does not name a corpus and its folder: give copiste=FOLDER, for example")
    return name, Path(folder)


if __name__ == "__main__":
    run(main, "python pipelines/open_words.py")
