"""What a word takes on the disk: of a store, and of the parts that are there until they are joined.

Pages as Imgur5K's are drawn and built: the parts first, then the store. Of data sets that are there, each the path of
its folder in a store, what the store takes is told.

    python benchmarks/store_sizes.py [--pages 72] [stores/unipen/unipen stores/lines/copiste …]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click
from timing import machine

from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.store.reading import Dataset, open_store


def bytes_below(folder: Path) -> int:
    """All files of a folder together."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def bytes_of(store: Path, dataset: Dataset) -> int:
    """The shards and the manifest of a data set; its report has no more for more words."""
    return sum(bytes_below(store / shard) for shard in dataset.description.shards) + dataset.description.manifest.bytes


def row(title: str, store: Path, dataset: Dataset, parts: int | None) -> str:
    """One of Markdown's."""
    kept = dataset.description.kept
    height = dataset.description.options.height
    cells = [title, f"{height} pixels", f"{kept:,}", f"{bytes_of(store, dataset) / kept:,.0f}"]
    return f"| {' | '.join(cells)} | {'–' if parts is None else f'{parts / kept:,.0f}'} |"


def photographs(pages: int) -> str:
    """The row of pages that are drawn and built here."""
    with tempfile.TemporaryDirectory(prefix="bench-sizes-") as place:
        root, store = Path(place, "data"), Path(place, "lmdb")
        draw_sample(root, pages=pages, plain=True)
        build = [sys.executable, "-m", "htrdata", "imgur5k", "--root", str(root), "--out", str(store), "--workers", "1"]
        subprocess.run([*build, "--part", "1/1"], check=True, capture_output=True)
        parts = bytes_below(store / ".build/imgur5k/parts")
        subprocess.run(build, check=True, capture_output=True)
        return row("photographs, as Imgur5K's", store, open_store(store).dataset("imgur5k"), parts)


@click.command()
@click.argument("datasets", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--pages", default=72, show_default=True, help="To draw.")
def main(datasets: tuple[Path, ...], pages: int) -> None:
    """Measure the bytes of stores."""
    click.echo(f"{machine('lmdb', 'pyarrow', 'pillow')}\n")
    click.echo("| words of | as high as, at most | words | store, bytes a word | parts, bytes a word |")
    click.echo("|---|---|---|---|---|")
    click.echo(photographs(pages))
    for path in datasets:
        dataset = open_store(path.parent).dataset(path.name)
        click.echo(row(dataset.description.about.title, path.parent, dataset, None))


if __name__ == "__main__":
    main()
