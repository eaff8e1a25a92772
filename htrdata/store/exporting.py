"""Words out of a store again: as a folder of images, as Parquet or as plain shards, each with a card.

A folder is what Hugging Face's `imagefolder`, docTR and kraken open; Parquet what Hugging Face's `datasets` does; plain
shards are for clova's tools and those that read the same. ``htrdata folder`` reads each of them back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import lmdb

from htrdata.errors import StorageError, UsageError
from htrdata.files.cards import CARD_FILE
from htrdata.files.whole_folders import made_whole
from htrdata.store.export_card import card
from htrdata.store.export_forms import PARQUET_SPLITS, OnWritten, write_folder, write_parquet, write_plain_shards
from htrdata.store.exported_words import ExportedWords
from htrdata.store.reading import Dataset
from htrdata.store.selecting import Condition

Form = Literal["folder", "parquet", "clova"]

_WRITERS = {"folder": write_folder, "parquet": write_parquet, "clova": write_plain_shards}
_OPENING = {
    "folder": """\
    datasets.load_dataset("imagefolder", data_dir="DIR")                                    # Hugging Face
    doctr.datasets.RecognitionDataset("DIR/train/images", "DIR/train/labels.json")          # docTR
    find DIR/train/images -name '*.png' >train.lst; ketos train -f path -t train.lst        # kraken: NAME.gt.txt
    htrdata folder DIR""",
    "parquet": """\
    datasets.load_dataset("DIR")                                                            # Hugging Face
    htrdata folder DIR""",
    "clova": """\
    python train.py --train_data DIR/train --valid_data DIR/val                             # clova's benchmark
    htrdata folder DIR""",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What went out.

    Attributes:
        folder: where it is.
        counts: how many words of each split.
    """

    folder: Path
    counts: dict[str, int]


def export(
    dataset: Dataset,
    form: Form,
    out: Path,
    where: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Writes the kept words of a data set in another form. Images and labels are those of the shards, byte for byte.

    Args:
        dataset: of a store.
        form: which one.
        out: a folder that is empty or not there; it is there when all is written, or not at all.
        where: conditions, all of which must hold; see `Condition.parse`.
        progress: told how many words are written, and how many there are.

    Raises:
        UsageError: the form is unknown, a condition is none, or no word meets them.
        CannotCreateError: the folder has something in it, lies in the store, or cannot be created.
        LockedError: another process writes it.
        BadDataError: the data set is damaged.
        StorageError: writing failed.
    """
    if form not in get_args(Form):
        raise UsageError(f"{form!r} is no form to export to: take {', '.join(get_args(Form))}")
    words = ExportedWords(dataset, [Condition.parse(text) for text in where])
    total, done = sum(words.counts.values()), 0

    def written() -> None:
        nonlocal done
        done += 1
        if progress is not None and (done % 100 == 0 or done == total):
            progress(done, total)

    with made_whole(out, outside=dataset.store) as folder:
        columns = _write(form, folder, words, written)
        files = {PARQUET_SPLITS[split]: f"data/{PARQUET_SPLITS[split]}-*" for split in words.counts}
        text = card(words, columns, files if form == "parquet" else {}, _opening(form, words), where)
        (folder / CARD_FILE).write_text(text, encoding="utf-8")
    return Exported(out, words.counts)


def _write(form: Form, folder: Path, words: ExportedWords, written: OnWritten) -> list[str]:
    try:
        return _WRITERS[form](folder, words, written)
    except lmdb.Error as error:
        raise StorageError(f"writing {folder} failed ({error}): mend that, and run the same command again") from error


def _opening(form: Form, words: ExportedWords) -> list[str]:
    about = words.dataset.description
    unit = " --unit line" if about.unit == "line" else ""
    return ["To open it, where DIR is this folder:", "", *f"{_OPENING[form]}{unit}".split("\n")]
