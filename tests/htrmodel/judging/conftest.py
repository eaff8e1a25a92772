"""Data sets of a store without images: judging needs the manifest and ``dataset.json`` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from htrdata.building.options import BuildOptions
from htrdata.labels import ALNUM, LabelPolicy
from htrdata.records import Leaks
from htrdata.store.description_file import write_json
from htrdata.store.manifest import manifest_schema
from htrdata.store.reading import Dataset, open_store

from ...descriptions import describe

MakeDataset = Callable[..., Dataset]


@pytest.fixture
def make_dataset(tmp_path_factory: pytest.TempPathFactory) -> MakeDataset:
    """Writes words (columns of the manifest by name) as a data set ``drawn``; those with a reason are dropped."""

    def make(
        words: Sequence[dict[str, Any]],
        ids: dict[str, list[str]] | None = None,
        copies: Sequence[Sequence[tuple[str, str]]] = (),
        word_copies: Sequence[Sequence[tuple[str, str]]] = (),
        writers: dict[str, tuple[str, ...]] | None = None,
        folds_case: bool = False,
        digest: str = "ab" * 32,
    ) -> Dataset:
        store: Path = tmp_path_factory.mktemp("store")
        rows = []
        for word in words:
            kept = "reason" not in word
            text = word.get("text")
            usual = {"dataset": "drawn", "split": "test", "page": "p1", "status": "kept" if kept else "dropped"}
            rows.append({"source_text": text, **usual, **word, "text": text if kept else None})
        (store / "drawn").mkdir()
        pq.write_table(pa.Table.from_pylist(rows, manifest_schema(())), store / "drawn" / "manifest.parquet")
        options = BuildOptions(labels=LabelPolicy(ALNUM if folds_case else None)).recorded()
        by_id = {page: tuple(splits) for page, splits in (ids or {}).items()}
        leaks = Leaks(by_id, tuple(map(tuple, copies)), writers or {}, words=tuple(map(tuple, word_copies)))
        description = describe(content_digest=digest, options=options, leaks=leaks)
        write_json(store / "drawn" / "dataset.json", description)
        return open_store(store).dataset("drawn")

    return make
