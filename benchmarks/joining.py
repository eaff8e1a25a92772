"""Where the head of a build becomes the bottleneck: what its own steps cost beside the parts, which others can build.

The words are cheap ones (`cheap_words`), so that parts cost little beyond their own writing: what is wanted are
the steps that only the head can do. A build is made in one process, and the CPU time of each step is taken.

    python benchmarks/joining.py [--sizes 20000,100000] [--part-words 2000]
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import click
from cheap_words import CheapWords, NoisyImage
from timing import machine

from htrdata import BuildOptions, build

_STEPS = {
    "plan": "make_plan",
    "parts (anybody)": "build_parts",
    "copies": "find_copies",
    "manifest": "write_manifest",
    "shards": "join_shard",
    "report": "write_report",
    "publication": "Workspace.publish",
}
"""What the head does, by the name that `htrdata.building.builder` has for it."""


@contextmanager
def timed(found: dict[str, float]) -> Iterator[None]:
    """Adds up the CPU seconds of each step of builds within the block."""
    from htrdata.building import builder

    def timing(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            began = time.process_time()
            try:
                return work(*given, **more)
            finally:
                found[step] += time.process_time() - began

        return run

    with ExitStack() as patches:
        for step, name in _STEPS.items():
            of, _, method = name.rpartition(".")
            owner = getattr(builder, of) if of else builder
            patches.enter_context(mock.patch.object(owner, method, timing(step, getattr(owner, method))))
        yield


@click.command()
@click.option("--sizes", default="20000,100000", show_default=True, help="Words, with commas.")
@click.option("--part-words", default=2000, show_default=True, help="Words of a part.")
@click.option("--side", default=48, show_default=True, help="Rows of the picture; it has 64 columns of noise.")
def main(sizes: str, part_words: int, side: int) -> None:
    """Time the steps of the head."""
    click.echo(
        f"{machine('lmdb', 'pyarrow')}; {NoisyImage(0, side, 64).size():,} bytes a word; load {os.getloadavg()[1]:.1f}"
    )
    click.echo(f"| words | parts | {' | '.join(_STEPS)} | all of the head, µs a word | ms a part |")
    click.echo(f"|---|---|{'---|' * (len(_STEPS) + 2)}")
    for size in map(int, sizes.split(",")):
        place = Path(tempfile.mkdtemp(prefix="bench-joining-"))
        found: dict[str, float] = defaultdict(float)
        try:
            with timed(found):
                build(CheapWords(size, side, 64), place / "lmdb", BuildOptions(part_words=part_words), workers=1)
            parts = -(-size // part_words)
        finally:
            shutil.rmtree(place)
        head = sum(seconds for step, seconds in found.items() if "anybody" not in step)
        cells = " | ".join(f"{found[step] / size * 1e6:.1f}" for step in _STEPS)
        click.echo(f"| {size:,} | {parts:,} | {cells} | {head / size * 1e6:.1f} | {head / parts * 1e3:.1f} |")
    click.echo("\nSteps in µs of the CPU a word.")


if __name__ == "__main__":
    main()
