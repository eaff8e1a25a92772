"""The words of a store as a data set of Hugging Face's `datasets`, with typed features: the extra ``hf``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from htrdata.errors import importing
from htrdata.store.export_forms import PARQUET_SPLITS, arrow_schema
from htrdata.store.exported_words import ExportedWords

if TYPE_CHECKING:
    import datasets

    from htrdata.store.words import Words


def to_hugging_face(words: Words, positions: range, cache: Path | None = None) -> datasets.Dataset:
    """Words as `datasets` has them: Arrow on the disk, mapped into memory, of which only what is asked for is read.

    The file is written once, below the cache of `datasets`, under a name that holds the digest of the store: another
    build has another one, and the same words are there at once.

    Args:
        words: of a split.
        positions: theirs, in that split.
        cache: the folder of the file; None for that of `datasets`.

    Raises:
        MissingPackageError: `datasets` is not installed.
        BadDataError: the data set is damaged.
    """
    with importing("to_hf()", "hf"):
        import datasets
    exported = ExportedWords(words.dataset)
    schema = arrow_schema(exported.columns, exported.types)
    features = datasets.Features.from_arrow_schema(schema)
    split = datasets.NamedSplit(PARQUET_SPLITS[words.split])
    if not positions:
        return datasets.Dataset.from_dict({name: [] for name in features}, features=features, split=split)
    # In order, whatever order was asked for: a shard is read from its beginning to its end.
    upwards = positions if positions.step > 0 else positions[::-1]
    told = [words.dataset.description.computed_digest, words.split, repr(upwards), str(schema)]
    found = datasets.Dataset.from_generator(
        lambda: _rows(exported, words.split, upwards),
        features=features,
        cache_dir=None if cache is None else str(cache),
        split=split,
        fingerprint=hashlib.sha256("\n".join(told).encode()).hexdigest()[:32],
    )
    return found if upwards is positions else found.select(range(len(found) - 1, -1, -1))


def _rows(exported: ExportedWords, split: str, positions: range) -> Iterator[dict[str, object]]:
    as_text = {name for name in exported.columns if exported.types.get(name) == "json"}
    for word in exported.of(split, positions):
        columns = {
            name: json.dumps(value, ensure_ascii=False) if name in as_text and value is not None else value
            for name, value in word.columns.items()
        }
        yield {"image": {"bytes": word.image, "path": None}, "text": word.text, **columns}
