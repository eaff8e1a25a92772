"""The whole of an alignment: weights, a data set of lines, and the file that comes of them."""

from __future__ import annotations

import hashlib
import json
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.errors import BadDataError
from htrdata.files.arrow_files import open_for_arrow
from htrdata.store.reading import Dataset
from htrmodel.alignment.fitted import check_aligns
from htrmodel.alignment.store import align_dataset
from htrmodel.alignment.table import ABOUT, write_alignment
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.settings import Settings
from htrmodel.devices import find_device


@dataclass(frozen=True, slots=True)
class Aligned:
    """What stands in the file of an alignment.

    Attributes:
        words: how many.
        placed: how many of them could be aligned.
        median: of their scores; None where there are none.
        already: whether the file was there, made from the same lines by the same weights.
    """

    words: int
    placed: int
    median: float | None
    already: bool = False


def align_lines(
    dataset: Dataset,
    checkpoint: Path,
    out: Path,
    *,
    settings: Settings | None = None,
    device: str = "auto",
    say: Callable[[str], object] = warnings.warn,
    progress: Callable[[int, int], None] | None = None,
) -> Aligned:
    """Aligns the lines of a data set and writes the file, unless it is there.

    Args:
        dataset: of a store of lines that were cut out of pages.
        checkpoint: of a recogniser without TPS that decodes by CTC: a file, or the name of a starter.
        out: the file; another alignment is replaced.
        settings: what somebody says of a checkpoint that does not say it itself.
        device: where torch computes, see `htrmodel.devices.find_device`.
        say: told in a sentence what was assumed of the checkpoint.
        progress: is told how many lines are done, and how many there are.

    Raises:
        UsageError: the recogniser cannot align, or a line has no place on a page.
        BadDataError: there is a file at `out` that is no alignment.
        HtrError: as `htrmodel.checkpoint.files.read_checkpoint`, `find_device` and `write_alignment` raise.
    """
    read = read_checkpoint(checkpoint, settings)
    if read.assumed:
        say(read.assumed)
    check_aligns(read.config, str(checkpoint))
    about: dict[str, object] = {
        "dataset": dataset.name,
        "content_digest": dataset.description.content_digest,
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": hashlib.sha256(read.path.read_bytes()).hexdigest(),
    }
    if settings not in (None, Settings()):
        about["config"] = read.config.to_dict()
    already = out.exists() and _about(out) == about
    if not already:
        recogniser = read.build()[0].to(find_device(device)).eval()
        write_alignment(out, align_dataset(recogniser, dataset, progress), about)
    scores = pq.read_table(open_for_arrow(out), columns=["score"]).column("score").to_pylist()
    placed = [score for score in scores if score is not None]
    return Aligned(len(scores), len(placed), statistics.median(placed) if placed else None, already)


def _about(path: Path) -> object:
    """What an alignment was made from, as its metadata say."""
    try:
        metadata = pq.read_schema(open_for_arrow(path)).metadata or {}
        return json.loads(metadata[ABOUT])
    except (pa.ArrowInvalid, KeyError, ValueError, RecursionError) as error:
        raise BadDataError(f"{path} is no alignment and is not replaced: name another file") from error
