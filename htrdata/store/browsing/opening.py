"""Opens a data set for looking through it, with all that is known besides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from htrdata.errors import SourceMissingError
from htrdata.records.counting import plural
from htrdata.store.browsing.answers import Answers
from htrdata.store.browsing.correcting import CorrectionLog
from htrdata.store.browsing.filtering import Index
from htrdata.store.browsing.pictures import PageImages, WordImages
from htrdata.store.browsing.readings import join_audit, join_predictions
from htrdata.store.browsing.table import WordTable
from htrdata.store.reading import Dataset, open_store


def open_answers(
    store: Path,
    name: str | None = None,
    *,
    root: Path | None = None,
    predictions: Path | None = None,
    audit: Path | None = None,
    corrections: Path | None = None,
) -> Answers:
    """Reads what the page needs.

    Args:
        store: its folder.
        name: of the data set; None for the only one.
        root: a folder with images of the pages; None where there is none at hand.
        predictions: what a model read; see `htrdata.store.browsing.readings`.
        audit: what `htrmodel audit` found.
        corrections: where corrections go; a file in the working directory where None.

    Raises:
        HtrError: something is missing or damaged, or is of another data set.
    """
    dataset = _chosen(store, name)
    if root is not None and not root.is_dir():
        raise SourceMissingError(f"there is no folder {root}: --root names the one that the images of pages are in")
    words = WordTable(dataset.manifest_path)
    if predictions is not None:
        join_predictions(words, predictions, dataset.name)
    if audit is not None:
        join_audit(words, audit, dataset.name)
    log = CorrectionLog(corrections or Path(f"{dataset.name}-corrections.csv"))
    pages = PageImages(root) if root is not None else None
    return Answers(dataset, words, Index(words), WordImages(store), pages, log)


def said_of(answers: Answers) -> Iterator[str]:
    """What a person should know before the page opens: a line each."""
    words, log = answers.words, answers.log
    yield f"{answers.name}: {plural(len(words), 'word')}, {words.counts('reason').get('', 0):,} of them kept"
    for column, what in (("reading", "read"), ("rank", "ranked by an audit")):
        if column in words:
            yield f"{plural(len(words) - words.columns[column].null_count, 'word is', 'words are')} {what}"
    if answers.pages is not None and not len(answers.pages):
        yield f"no image of a page was found below {answers.pages.root}"
    if unknown := _unknown(words, log):
        yield f"{log.path} has {plural(len(unknown), 'word')} not in {answers.name}, such as {unknown[0]!r}"
    if answers.dataset.description.corrections is not None and not len(log):
        yield (
            f"{answers.name} was built with corrections: name their file with --corrections and go on in it, or what "
            "it says is lost"
        )


def _unknown(words: WordTable, log: CorrectionLog) -> list[str]:
    ids = pa.array(list(log.ids), pa.string())
    if not len(ids):
        return []
    unknown: list[str] = ids.filter(
        pc.invert(pc.is_in(ids, value_set=words.columns["id"].combine_chunks()))
    ).to_pylist()
    return unknown


def _chosen(store: Path, name: str | None) -> Dataset:
    return open_store(store).dataset(name)
