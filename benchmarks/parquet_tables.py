"""What a Parquet table with the images in it takes of the memory: `htrdata folder`, with one worker.

Tables that differ in their size, their words and in how many rows their writer put into a group; a group's images are
one page of Parquet here, which is what has to be held whole. The images are noise, each its own, in PNGs without
compression. Memory is the most that all processes of the build hold at once, see `memory`.

    python benchmarks/parquet_tables.py [--tables 8000x160/1000,8000x500/100] [--folder DIR]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from constant_memory import watched
from timing import machine

_TABLES = "8000x160/1000,8000x500/100,8000x500/1000,77000x160/1000"
_SCHEMA = pa.schema({"image": pa.struct({"bytes": pa.binary(), "path": pa.string()}), "text": pa.string()})


def write_table(path: Path, words: int, side: int, rows: int) -> None:
    """A table as Hugging Face's `datasets` writes one: square images of noise, and texts."""
    random = np.random.default_rng(0)
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        for first in range(0, words, rows):
            numbers = range(first, min(words, first + rows))
            noise = random.integers(0, 256, (len(numbers), side, side), np.uint8)
            images = [{"bytes": png_of(pixels), "path": None} for pixels in noise]
            table = pa.table({"image": images, "text": [f"word{number}" for number in numbers]}, _SCHEMA)
            writer.write_table(table, row_group_size=rows)


def png_of(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """A PNG that takes as many bytes as it has pixels."""
    done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    assert done
    return data.tobytes()


@click.command()
@click.option("--tables", default=_TABLES, show_default=True, help="Words, x side in pixels / rows a group; commas.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work; two gigabytes and a half.")
def main(tables: str, folder: Path | None) -> None:
    """Watch the memory of builds out of Parquet tables."""
    click.echo(f"{machine('lmdb', 'pyarrow')}; load {os.getloadavg()[1]:.1f}\n")
    click.echo("| table | words | rows a group | an image | MiB (PSS), at most | anonymous, MiB |")
    click.echo("|---|---|---|---|---|---|")
    found: dict[tuple[int, ...], float] = {}
    for words, side, rows in (map(int, one.replace("/", "x").split("x")) for one in tables.split(",")):
        with tempfile.TemporaryDirectory(prefix="bench-parquet-", dir=folder) as place:
            path = Path(place, "words.parquet")
            write_table(path, words, side, rows)
            size = path.stat().st_size
            given = ["folder", str(path), "--out", f"{place}/lmdb", "--name", "words", "--workers", "1"]
            seen = watched([sys.executable, "-m", "htrdata", *given])
        found[words, side, rows] = seen.anonymous
        each = f"{size / words / 1e3:,.0f} kB"
        click.echo(
            f"| {size / 1e9:.1f} GB | {words:,} | {rows:,} | {each} | {seen.total:,.0f} | {seen.anonymous:,.0f} |"
        )
    (fewest, *like), (most, *too) = min(found), max(found)
    if like == too and fewest < most:
        slope = (found[most, *too] - found[fewest, *like]) / (most - fewest) * 2**20
        click.echo(f"\nA word more, of tables that differ in nothing else: {slope / 1e3:.1f} kB.")


if __name__ == "__main__":
    main()
