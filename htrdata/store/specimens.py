"""Words to show in a picture: loaded from a store, or one from an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.on_disk import MOST
from htrdata.files.refusals import refusal
from htrdata.files.regular import read_regular
from htrdata.images import codec
from htrdata.store.manifest import INK_THRESHOLD
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrdata.store.selecting import Condition, kept_rows
from htrdata.store.shards import Shard


@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A word to show.

    Attributes:
        pixels: uint8 [H, W] or [H, W, 3].
        label: what it says; None where that is not known.
        threshold: between its paper and its ink, where the source gives one; see `htrdata.images.normalisation.whiten`.
        id: of the word; empty where it is not asked for.
    """

    pixels: np.ndarray
    label: str | None = None
    threshold: int | None = None
    id: str = ""


def specimens(
    path: Path, *, name: str | None = None, split: str | None = None, count: int | None = None
) -> list[Specimen]:
    """Loads words to show: the one of an image file, or some of a store, spread evenly over a split.

    Args:
        path: an image file, or the folder of a store.
        name: which data set of the store; None where it has one only.
        split: which split; None for the first that has words.
        count: how many words of the store, at most; None for 12, and for 4 where they are lines.

    Raises:
        UsageError: the store has no such data set or split, or several data sets of which none is named; or an image
            file has none of them.
        SourceMissingError: there is nothing at `path`.
        BadDataError: it is no image that can be read, or the store is damaged.
        StorageError: the system refuses to read it.
    """
    if path.is_dir():
        dataset = chosen_dataset(path, name)
        return _of_store(dataset, split, count or (4 if dataset.description.unit == "line" else 12))
    if name is not None or split is not None:
        raise UsageError(f"{path} is no folder of a store: --name and --split go with a store only")
    try:
        return [Specimen(codec.decode(read_regular(path, MOST), "rgb"))]
    except FileNotFoundError:
        raise SourceMissingError(f"nothing at {path}: give an image of a word, or the folder of a store") from None
    except codec.ImageError as error:
        raise BadDataError(f"{path}: {error}") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error


def specimens_where(
    dataset: Dataset, split: str | None, where: Sequence[str], count: int
) -> tuple[list[Specimen], int]:
    """Loads the kept words that meet conditions, spread evenly over all of them, and says how many these are.

    Args:
        dataset: of a store.
        split: one of its splits; None for all.
        where: conditions, see `htrdata.store.selecting.Condition`.
        count: how many words, at most.

    Raises:
        UsageError: a condition is none, or no kept word meets them; or there is no such split.
        BadDataError: the store is damaged.
    """
    conditions = [Condition.parse(text) for text in where]
    splits = dataset.splits if split is None else (dataset.words(split).split,)
    manifest = ManifestReader(dataset.manifest_path)
    columns = ("id", "text", "shard", "key")
    batches = (batch for one in splits for batch in kept_rows(manifest, one, conditions, columns))
    rows = [row for batch in batches for row in zip(*batch, strict=True)]
    if not rows:
        raise UsageError(
            f"no word of {dataset.name} that is kept in {', '.join(splits)} meets {' and '.join(where) or 'that'}; "
            "words that were left out have no picture in the store, but some stand in its report.html"
        )
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int).tolist()
    shards: dict[str, Shard] = {}
    found = []
    for word_id, text, folder, key in ((value.as_py() for value in rows[place]) for place in places):
        shard = shards.setdefault(folder, Shard(dataset.store / folder))
        found.append(Specimen(codec.decode(shard.image(key), "rgb"), text, id=word_id))
    return found, len(rows)


def chosen_dataset(path: Path, name: str | None) -> Dataset:
    """The data set of a store that is named, or its only one.

    Raises:
        UsageError: the store has no such data set, or several of which none is named.
        SourceMissingError: there is no store.
    """
    return open_store(path).dataset(name)


def _of_store(dataset: Dataset, split: str | None, count: int) -> list[Specimen]:
    split = split or next(iter(dataset.splits), None)
    if split is None:
        raise UsageError(f"{dataset.name} has no words to show")
    words = dataset.words(split)
    manifest = dataset.manifest()
    thresholds: dict[str, str] = {}
    if INK_THRESHOLD in manifest:
        given = manifest[(manifest["split"] == split) & manifest[INK_THRESHOLD].notna()]
        thresholds = dict(zip(given["id"], given[INK_THRESHOLD], strict=True))
    places = np.linspace(0, len(words) - 1, min(count, len(words))).round().astype(int).tolist()
    found = []
    for word in (words[place] for place in places):
        threshold = _read_threshold(thresholds.get(word.id), word.id)
        found.append(Specimen(codec.decode(word.encoded, "rgb"), word.text, threshold, word.id))
    return found


def _read_threshold(text: str | None, word: str) -> int | None:
    """Reads a word's ink threshold from the manifest, where there is one.

    Raises:
        BadDataError: it is no grey level.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= 255):
        raise BadDataError(f"word {word}: the threshold {text!r} is no grey level from 0 to 255: mend it in the source")
    return int(text)
