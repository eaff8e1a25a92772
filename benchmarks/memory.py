"""Memory of a build: the most that all of its processes hold at one time, by the phase in which they do.

Counted is PSS, the proportional set size that Linux gives in ``/proc/PID/smaps_rollup``: a page that several processes
share counts once in all. Of it the anonymous part is what a machine must really have; the rest are pages of files, of
libraries and of shards under way, which the system can drop and read again.

The whole of Imgur5K has 230,573 words on 8,177 pages. With ``--annotations`` the published boxes and words of val and
test are drawn, on pages of their true extent but of even light; train is made of four copies of them, so that all
counts are those of the whole. Without, small pages of our own are drawn, as many as asked for. With ``--synth`` it is
``htrdata synth`` that is watched, whose memory should not depend on the number of words.

    python benchmarks/memory.py [--annotations IMGUR5K-Handwriting-Dataset/dataset_info] [--pages 400] [--workers 2]
    python benchmarks/memory.py --synth 20000
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from htrdata.drawing.samples.imgur5k import draw_sample

_COPIES = 4  # of val and test, that make train
_BEGINNING = "reading annotations"
_TABLES = ("index_id", "index_to_ann_map", "ann_id")


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process tree held at one time, in MiB.

    Attributes:
        total: its PSS.
        anonymous: the part of it that is not of a file.
        processes: how many there were.
    """

    total: float
    anonymous: float
    processes: int


def processes_of(root: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield root
    try:
        tasks = list(Path(f"/proc/{root}/task").iterdir())
        children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return  # it has just ended
    for child in children:
        yield from processes_of(child)


def memory_of(root: int) -> Memory:
    """Adds up what a process and its descendants hold."""
    total = anonymous = processes = 0
    for pid in processes_of(root):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        sizes = dict(line.split(":") for line in text.splitlines()[1:])
        if "Pss" in sizes:
            total += int(sizes["Pss"].split()[0])
            anonymous += int(sizes["Pss_Anon"].split()[0])
            processes += 1
    return Memory(total / 1024, anonymous / 1024, processes)


def phase_of(store: Path, name: str) -> str:
    """What the build of a data set is doing, as its folders tell."""
    work = store / ".build" / name
    if (work / "retired").exists():
        return "publishing"
    if (work / "stage").exists():
        return "joining"
    return "building parts" if (work / "parts").exists() else _BEGINNING


def watch(command: list[str], store: Path, name: str, every: float) -> tuple[dict[str, list[Memory]], float]:
    """Runs a build and looks at its memory all the time; returns what was seen in each phase, and the seconds taken."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        seen: dict[str, list[Memory]] = {}
        while process.poll() is None:
            phase = phase_of(store, name)
            if phase == _BEGINNING and seen.keys() - {_BEGINNING}:
                phase = "finishing"  # its folders have gone
            seen.setdefault(phase, []).append(memory_of(process.pid))
            time.sleep(every)
        if process.returncode:
            said.seek(0)
            raise click.ClickException(f"{' '.join(command)} gave {process.returncode}:\n{said.read()}")
    return seen, time.perf_counter() - began


def multiply(root: Path) -> int:
    """Makes train of copies of val and test, hard links as to the images; returns the number of words of all."""
    info = root / "dataset_info"
    held_out = [json.loads((info / f"imgur5k_annotations_{split}.json").read_bytes()) for split in ("val", "test")]
    train: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    for copy in range(_COPIES):
        for document in held_out:
            for page, entry in document["index_id"].items():
                name = f"{copy}{page}"
                image, other = root / "images" / f"{page}.jpg", root / "images" / f"{name}.jpg"
                if image.exists() and not other.exists():
                    other.hardlink_to(image)
                words = {f"{copy}{word}": document["ann_id"][word] for word in document["index_to_ann_map"][page]}
                train["index_id"][name] = entry
                train["index_to_ann_map"][name] = list(words)
                train["ann_id"].update(words)
    (info / "imgur5k_annotations_train.json").write_text(json.dumps(train))
    (info / "train_index_ids.lst").write_text("\n".join(train["index_id"]))
    (info / "imgur5k_hashes.lst").unlink(missing_ok=True)  # of other ids; the annotations have the hashes, too
    (info / "imgur5k_annotations.json").unlink(missing_ok=True)
    return sum(len(document["ann_id"]) for document in (*held_out, train))


def draw(folder: Path, annotations: Path | None, pages: int) -> int:
    """Draws the pages, and returns the number of their words."""
    with ProcessPoolExecutor() as executor:
        if annotations is not None:
            draw_sample(folder, annotations=annotations, plain=True, map_pages=executor.map)
            return multiply(folder)
        return draw_sample(folder, pages=pages, megapixels=(0.5, 1.0), plain=True, map_pages=executor.map).words


@click.command()
@click.option("--annotations", type=click.Path(path_type=Path, exists=True), help="Published ones of val and test.")
@click.option("--pages", default=400, show_default=True, help="Small pages to draw where there are none.")
@click.option("--workers", default=2, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="Pages drawn before; they are kept.")
@click.option("--synth", type=int, help="Watch htrdata synth with that many words instead.")
def main(annotations: Path | None, pages: int, workers: int, data: Path | None, synth: int | None) -> None:
    """Watch the memory of a build of Imgur5K, or of drawn words."""
    place = Path(tempfile.mkdtemp(prefix="bench-memory-"))
    root, store = data or place / "data", place / "lmdb"
    name = "imgur5k" if synth is None else "synth"
    try:
        if synth is not None:
            given = ["synth", "--words", str(synth)]
        else:
            given = ["imgur5k", "--root", str(root)]
            if not root.exists():
                draw(root, annotations, pages)
        command = [sys.executable, "-m", "htrdata", *given, "--out", str(store), "--workers", str(workers)]
        seen, seconds = watch(command, store, name, 0.05)
        document = json.loads((store / name / "dataset.json").read_text())
    finally:
        shutil.rmtree(place)
    click.echo(f"{os.cpu_count()} cores; {document['words']:,} words on {document['pages']:,} pages; {seconds:.0f} s")
    click.echo("| at its highest | MiB (PSS) | anonymous, MiB | processes |\n|---|---|---|---|")
    for phase, found in seen.items():
        total, anonymous = max(m.total for m in found), max(m.anonymous for m in found)
        click.echo(f"| {phase} | {total:.0f} | {anonymous:.0f} | {max(m.processes for m in found)} |")


if __name__ == "__main__":
    main()
