"""The forms in which words go out; see `htrdata.store.exporting`.

Each writes below a folder that is empty, and returns the columns that went with image and text.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.files.arrow_files import open_for_arrow
from htrdata.files.strict_json import Json
from htrdata.store.exported_words import ExportedWord, ExportedWords
from htrdata.store.file_names import FileNames
from htrdata.store.shard_writer import SHARD_WORDS, write_shard

OnWritten = Callable[[], None]
"""Told of each word that is written."""

PARQUET_SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""What Hugging Face calls the splits."""

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_ROWS = 1000  # of a row group, and of a batch
_FILE_BYTES = 500 << 20  # of a Parquet file, about
_ARROW_TO_FEATURE = {"double": "float64", "float": "float32"}


def write_folder(folder: Path, words: ExportedWords, written: OnWritten) -> list[str]:
    """A folder for each split: images, each with its text beside it, and the tables of Hugging Face and of docTR."""
    for split in words.counts:
        names, images = FileNames(), folder / split / "images"
        images.mkdir(parents=True)
        labels: dict[str, str] = {}
        with (folder / split / "metadata.jsonl").open("w", encoding="utf-8", newline="\n") as table:
            for word in words.of(split):
                name = names.of(str(word.columns["id"]), word.image)
                path = images / name
                if "/" in name:
                    path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(word.image)
                # Who reads a text takes a mark of the byte order at its beginning for just that: one more stands there.
                mark = "\ufeff" if word.text.startswith("\ufeff") else ""
                path.with_suffix(".gt.txt").write_bytes(f"{mark}{word.text}\n".encode())
                row = {"file_name": f"images/{name}", "text": word.text, **word.columns}
                table.write(json.dumps(row, ensure_ascii=False) + "\n")
                labels[name] = word.text
                written()
        (folder / split / "labels.json").write_text(json.dumps(labels, ensure_ascii=False, indent=0), encoding="utf-8")
    return words.columns


def write_parquet(folder: Path, words: ExportedWords, written: OnWritten) -> list[str]:
    """Files of some 500 MB, with the images in them, named and described as `datasets` does it."""
    columns = [name for name in words.columns if name != "id" or not words.named]
    schema = arrow_schema(columns, words.types)
    (folder / "data").mkdir()
    shards = words.dataset.description.shards.values()
    for split, count in words.counts.items():
        # Of some of the words the share of the bytes of all: images are not looked at for it.
        recorded = [shard for shard in shards if shard.split == split]
        size = sum(shard.bytes for shard in recorded) * count // sum(shard.words for shard in recorded)
        files = max(1, -(-size // _FILE_BYTES))
        found, names = words.of(split), FileNames()
        for number in range(files):
            path = folder / "data" / f"{PARQUET_SPLITS[split]}-{number:05d}-of-{files:05d}.parquet"
            share = count * (number + 1) // files - count * number // files
            with open_for_arrow(path, "wb") as opened, pq.ParquetWriter(opened, schema) as file:
                for batch in _batches(itertools.islice(found, share)):
                    file.write_batch(_rows(batch, names, words, schema), row_group_size=_ROWS)
                    for _ in batch:
                        written()
    return columns


def write_plain_shards(folder: Path, words: ExportedWords, written: OnWritten) -> list[str]:
    """An LMDB for each split, as clova's tools read it; ids and columns have no place there."""
    name = words.dataset.name
    for split, count in words.counts.items():
        shards = words.dataset.description.shards.values()
        payload = sum(shard.bytes for shard in shards if shard.split == split)
        write_shard(folder / split / name, _shard_rows(words.of(split), written), count=count, payload=payload)
    return []


def _shard_rows(words: Iterable[ExportedWord], written: OnWritten) -> Iterator[pa.RecordBatch]:
    for batch in _batches(words):
        images = [word.image for word in batch]
        digests = [hashlib.sha256(image).digest() for image in images]
        arrays = [images, [word.text for word in batch], digests]
        typed = [pa.array(values, field.type) for values, field in zip(arrays, SHARD_WORDS, strict=True)]
        yield pa.RecordBatch.from_arrays(typed, schema=SHARD_WORDS)
        for _ in batch:
            written()


def _batches(words: Iterable[ExportedWord]) -> Iterator[list[ExportedWord]]:
    words = iter(words)
    while batch := list(itertools.islice(words, _ROWS)):
        yield batch


def arrow_schema(columns: Sequence[str], types: Mapping[str, str]) -> pa.Schema:
    """Arrow's schema of image, text and columns, with their features as `datasets` writes them there.

    Args:
        columns: besides image and text, in order.
        types: names of Arrow's types of those that are no texts; those that are ``json`` are texts here.
    """
    kinds = {
        name: pa.type_for_alias(types[name]) if types.get(name, "json") != "json" else pa.string() for name in columns
    }
    features: dict[str, Json] = {"image": {"_type": "Image"}}
    for name, kind in {"text": pa.string(), **kinds}.items():
        features[name] = {"dtype": _ARROW_TO_FEATURE.get(str(kind), str(kind)), "_type": "Value"}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return pa.schema([("image", _IMAGE), ("text", pa.string()), *kinds.items()], metadata=about)


def _rows(batch: list[ExportedWord], names: FileNames, words: ExportedWords, schema: pa.Schema) -> pa.RecordBatch:
    ids = [str(word.columns["id"]) for word in batch]
    paths = ids if words.named else [names.of(word_id, word.image) for word_id, word in zip(ids, batch, strict=True)]
    images = [{"bytes": word.image, "path": path} for word, path in zip(batch, paths, strict=True)]
    held: dict[str, Sequence[object]] = {"image": images, "text": [word.text for word in batch]}
    for name in schema.names[2:]:
        values = [word.columns[name] for word in batch]
        as_text = words.types.get(name) == "json"
        held[name] = (
            [None if one is None else json.dumps(one, ensure_ascii=False) for one in values] if as_text else values
        )
    return pa.RecordBatch.from_arrays([pa.array(held[field.name], field.type) for field in schema], schema=schema)
