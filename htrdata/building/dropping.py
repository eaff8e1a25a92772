"""Words of a finished part that are dropped after all, since another split has their picture, too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from htrdata.building.part import read_part
from htrdata.files.arrow_files import map_for_arrow
from htrdata.files.writing import place_beside
from htrdata.records import Reason, first_reason
from htrdata.store.manifest import DROPPED

_OF_KEPT = ("text", "width", "height", "image_sha256", "image")


def drop_words(part: Path, places: Mapping[int, frozenset[int] | None]) -> None:
    """Writes a part anew, with some of its words dropped as `Reason.DUPLICATE_PAGE`. Done again, it changes nothing.

    Args:
        part: its file.
        places: by number of the batch the rows of these words; None for all of the batch.

    Raises:
        OSError: it cannot be read or written.
    """
    temporary = place_beside(part)
    with temporary.open("wb") as file:
        with map_for_arrow(part) as source, pa.ipc.new_file(file, pa.ipc.open_file(source).schema) as writer:
            for number, batch in enumerate(read_part(part)):
                writer.write_batch(_without(batch, places[number]) if number in places else batch)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(part)


def _without(batch: pa.RecordBatch, rows: frozenset[int] | None) -> pa.RecordBatch:
    words: list[dict[str, Any]] = batch.to_pylist()
    for row, word in enumerate(words):
        if rows is None or row in rows:
            reason = first_reason([word["reason"] and Reason(word["reason"]), Reason.DUPLICATE_PAGE])
            if reason is Reason.DUPLICATE_PAGE:
                word.update(dict.fromkeys(_OF_KEPT), status=DROPPED, reason=reason.value, unknown="")
    return pa.RecordBatch.from_pylist(words, schema=batch.schema)
